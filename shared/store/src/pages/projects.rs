//! Projects, the pointers from their slugs, and what ties locations to services: an item for each project that names
//! some of either, all of an app in one partition, so that whoever asks what is done where reads no whole project.

use std::error::Error as StdError;

use chrono::{DateTime, Utc};
use model::ids::{AppId, LocationId, ProjectId, ResourceId, ServiceId};
use model::project::Project;
use serde::{Deserialize, Serialize};

use crate::dynamo::item::{Item, Key, record, text};
use crate::dynamo::list::{self, Chunk, Walk, sort_key};
use crate::dynamo::transaction::{Condition, Outcome, Transaction};
use crate::{Store, StoreError, Table, Tenant};

/// A project could not be kept.
#[derive(Debug, thiserror::Error)]
pub enum CreateProjectError {
    /// Another project of the deployment has this slug.
    #[error("another project has this slug")]
    SlugTaken,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A project could not be changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeProjectError<E: StdError + 'static> {
    /// There is none, or it is another tenant's.
    #[error("there is no such project")]
    NotFound,
    /// Another project of the deployment has the new slug.
    #[error("another project has this slug")]
    SlugTaken,
    /// The change itself says no.
    #[error(transparent)]
    Refused(E),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a project ties together: its resources, and each of its locations to each of its services.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tie {
    /// The project.
    pub project: ProjectId,
    /// Its resources.
    #[serde(default)]
    pub resources: Vec<ResourceId>,
    /// Its locations.
    pub locations: Vec<LocationId>,
    /// Its services.
    pub services: Vec<ServiceId>,
}

#[derive(Serialize, Deserialize)]
struct SlugPointer {
    app: AppId,
    project: ProjectId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    Project,
    Slug,
    Other,
}

fn key(tenant: Tenant, id: ProjectId) -> Key {
    Key::new(format!("app#{}#project#{id}", tenant.app), "project")
}

fn slug_key(slug: &str) -> Key {
    Key::new(format!("slug#{slug}"), "project")
}

fn ties_of(tenant: Tenant) -> String {
    format!("app#{}#ties", tenant.app)
}

fn tie_key(tenant: Tenant, id: ProjectId) -> Key {
    Key::new(ties_of(tenant), format!("project#{id}"))
}

fn month_prefix(tenant: Tenant) -> String {
    format!("app#{}#projects#", tenant.app)
}

/// Adds a project's item and its tie to a transaction; its slug's pointer is another matter.
fn add_to(
    transaction: &mut Transaction<'_, Of>,
    store: &Store,
    tenant: Tenant,
    project: &Project,
    condition: &Condition,
) -> Result<(), StoreError> {
    let item = Item::new(&key(tenant, project.id), project)?
        .with("version", store.new_version())
        .with("created_sk", sort_key(project.created_at, project.id))
        .with(
            "month_pk",
            month_prefix(tenant) + &list::month(project.created_at),
        );
    transaction.put(Of::Project, Table::Data, item, condition)?;
    let tie = Tie {
        project: project.id,
        resources: project.resources.clone(),
        locations: project.locations.clone(),
        services: project.services.clone(),
    };
    // The project's own condition stands for its tie: they are only ever written together.
    let item = Item::new(&tie_key(tenant, project.id), &tie)?;
    transaction.put_unconditionally(Of::Other, Table::Data, item)?;
    Ok(())
}

fn add_slug_to(
    transaction: &mut Transaction<'_, Of>,
    tenant: Tenant,
    project: &Project,
) -> Result<(), StoreError> {
    let pointer = SlugPointer {
        app: tenant.app,
        project: project.id,
    };
    let item = Item::new(&slug_key(&project.slug), &pointer)?;
    transaction.put(Of::Slug, Table::Data, item, &Condition::Absent)
}

impl Store {
    /// Keeps a new project.
    ///
    /// # Errors
    ///
    /// [`CreateProjectError::SlugTaken`] if its slug is another project's, whichever app's.
    pub async fn create_project(
        &self,
        tenant: Tenant,
        project: &Project,
    ) -> Result<(), CreateProjectError> {
        self.until_decided(|| async {
            let mut transaction = Transaction::new(self);
            add_to(&mut transaction, self, tenant, project, &Condition::Absent)?;
            add_slug_to(&mut transaction, tenant, project)?;
            match transaction.commit().await? {
                Outcome::Committed => Ok(Some(())),
                Outcome::Refused(of) if of.contains(&Of::Slug) => {
                    Err(CreateProjectError::SlugTaken)
                }
                Outcome::Refused(_) => Err(StoreError::broken(
                    "TransactWriteItems",
                    "a new project's id exists already",
                )
                .into()),
                Outcome::Conflict => Ok(None),
            }
        })
        .await
    }

    /// Reads a project, strongly consistent.
    ///
    /// # Errors
    ///
    /// Only if the store fails; a project outside the tenant is `None`.
    pub async fn get_project(
        &self,
        tenant: Tenant,
        id: ProjectId,
    ) -> Result<Option<Project>, StoreError> {
        self.get_record(Table::Data, &key(tenant, id)).await
    }

    /// Reads many projects, strongly consistent, in no order; those that do not exist are left out.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn get_projects(
        &self,
        tenant: Tenant,
        ids: &[ProjectId],
    ) -> Result<Vec<Project>, StoreError> {
        let keys: Vec<Key> = ids.iter().map(|id| key(tenant, *id)).collect();
        self.get_many(Table::Data, &keys)
            .await?
            .into_iter()
            .map(record)
            .collect()
    }

    /// Finds a project, and whose it is, by its slug, strongly consistent. This is how the app of a page is found, so
    /// it takes none.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn find_project(&self, slug: &str) -> Result<Option<(AppId, Project)>, StoreError> {
        let pointer: Option<SlugPointer> = self.get_record(Table::Data, &slug_key(slug)).await?;
        let Some(SlugPointer { app, project }) = pointer else {
            return Ok(None);
        };
        let project = self.get_project(Tenant::app(app), project).await?;
        // Between the two reads it may have been given another slug.
        Ok(project
            .filter(|project| project.slug == slug)
            .map(|project| (app, project)))
    }

    /// Applies `change` to a project on condition that nobody else changed it meanwhile; if so, asks again.
    ///
    /// # Errors
    ///
    /// [`ChangeProjectError::Refused`] with whatever `change` says no with, [`ChangeProjectError::SlugTaken`] if it
    /// gives the project another's slug.
    pub async fn change_project<E: StdError + 'static>(
        &self,
        tenant: Tenant,
        id: ProjectId,
        change: impl Fn(Project) -> Result<Project, E>,
    ) -> Result<Project, ChangeProjectError<E>> {
        self.until_decided(|| async {
            let found = self.get(Table::Data, &key(tenant, id)).await?;
            let found = found.ok_or(ChangeProjectError::NotFound)?;
            let condition = Condition::as_seen(text(&found, "version"));
            let before: Project = record(found)?;
            let project = change(before.clone()).map_err(ChangeProjectError::Refused)?;
            let mut transaction = Transaction::new(self);
            if project == before && transaction.is_empty() {
                return Ok(Some(project));
            }
            add_to(&mut transaction, self, tenant, &project, &condition)?;
            if project.slug != before.slug {
                transaction.delete(Of::Other, Table::Data, &slug_key(&before.slug), None)?;
                add_slug_to(&mut transaction, tenant, &project)?;
            }
            match transaction.commit().await? {
                Outcome::Committed => Ok(Some(project)),
                Outcome::Refused(of) if of == [Of::Slug] => Err(ChangeProjectError::SlugTaken),
                Outcome::Refused(_) | Outcome::Conflict => Ok(None),
            }
        })
        .await
    }

    /// Deletes a project; its slug is free again. Its bookings stay.
    ///
    /// # Errors
    ///
    /// Only if the store fails; `false` if there is no such project for the tenant.
    pub async fn delete_project(&self, tenant: Tenant, id: ProjectId) -> Result<bool, StoreError> {
        self.until_decided(|| async {
            let Some(found) = self.get(Table::Data, &key(tenant, id)).await? else {
                return Ok(Some(false));
            };
            let condition = Condition::as_seen(text(&found, "version"));
            let project: Project = record(found)?;
            let mut transaction = Transaction::new(self);
            transaction.delete(Of::Project, Table::Data, &key(tenant, id), Some(&condition))?;
            transaction.delete(Of::Slug, Table::Data, &slug_key(&project.slug), None)?;
            transaction.delete(Of::Other, Table::Data, &tie_key(tenant, id), None)?;
            match transaction.commit().await? {
                Outcome::Committed => Ok(Some(true)),
                Outcome::Refused(_) | Outcome::Conflict => Ok::<_, StoreError>(None),
            }
        })
        .await
    }

    /// The tenant's next projects in order of creation; `since` is when the app was made.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn list_projects(
        &self,
        tenant: Tenant,
        since: DateTime<Utc>,
        walk: &Walk<'_>,
        now: DateTime<Utc>,
    ) -> Result<Chunk<Project>, StoreError> {
        let months = list::by_month(Table::Data, month_prefix(tenant), since, now);
        self.chunk_by_month(&months, walk, record).await
    }

    /// All ties of the tenant's projects, strongly consistent.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn list_ties(&self, tenant: Tenant) -> Result<Vec<Tie>, StoreError> {
        self.partition(Table::Data, &ties_of(tenant), "project#")
            .await?
            .into_iter()
            .map(record)
            .collect()
    }
}

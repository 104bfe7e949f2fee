//! Projects, the pointers from their slugs, and their offers: an item for each project, all of an app in one partition, so
//! that asking what is offered where reads no whole project.

use std::error::Error as StdError;

use chrono::{DateTime, Utc};
use model::ids::{AppId, LocationId, ProjectId, ResourceId, ServiceId};
use model::outbox;
use model::project::Project;
use serde::{Deserialize, Serialize};

use crate::dynamo::list::month;
use crate::dynamo::{
    Attempt, Chunk, Condition, Direction, Item, MonthlyIndex, Place, Seen, Store, StoreError,
    Table, Transaction, Walk, Writer, read_or_skip, record,
};
use crate::outbox::tell_in;
use crate::places::{self, CREATED};
use crate::tenant::Tenant;

/// The most projects on an app's menu.
pub const MAX_MENU: usize = 100;

/// The most projects that are read for a menu, unlisted ones included.
pub const MAX_MENU_READ: usize = 500;

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

/// What a project offers where: its resources, and each of its services at each of its locations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectOffer {
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
enum Guard {
    Project,
    Slug,
    Other,
}

/// Adds a project's item and its offer to a transaction; its slug's pointer is another matter.
fn add_to(
    transaction: &mut Transaction<'_, Guard>,
    store: &Store,
    app: AppId,
    project: &Project,
    seen: Option<&Seen<Project>>,
) -> Result<(), StoreError> {
    let item = Item::new(&places::project(app, project.id), project)?
        .with("version", store.new_version())
        .with(CREATED, places::by_time(project.created_at, project.id))
        .listed(places::projects_by_month(app).of(&month(project.created_at)));
    let (item, condition) = Seen::rewrite(seen, item)?;
    transaction.put(Guard::Project, item, &condition)?;
    let offer = ProjectOffer {
        project: project.id,
        resources: project.resources.clone(),
        locations: project.locations.clone(),
        services: project.services.clone(),
    };
    // The project's own condition covers its offer: they are only ever written together.
    let item = Item::new(&places::project_offer(app, project.id), &offer)?;
    transaction.put_unconditionally(Guard::Other, item)?;
    let before = seen.map(|seen| &seen.record);
    let told = outbox::of_project(project.id, before, Some(project));
    tell_in(transaction, Guard::Other, app, told)
}

fn add_slug_to(
    transaction: &mut Transaction<'_, Guard>,
    app: AppId,
    project: &Project,
) -> Result<(), StoreError> {
    let pointer = SlugPointer {
        app,
        project: project.id,
    };
    let item = Item::new(&places::project_slug(&project.slug), &pointer)?;
    transaction.put(Guard::Slug, item, &Condition::Absent)
}

impl Store {
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
        self.get_record(&places::project(tenant.app, id)).await
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
        let app = tenant.app;
        let places: Vec<Place> = ids.iter().map(|id| places::project(app, *id)).collect();
        self.get_many(&places).await?.iter().map(record).collect()
    }

    /// Finds a project, and whose it is, by its slug, strongly consistent. This is how the app of a page is found, so
    /// it takes none.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn find_project(&self, slug: &str) -> Result<Option<(AppId, Project)>, StoreError> {
        let pointer: Option<SlugPointer> = self.get_record(&places::project_slug(slug)).await?;
        let Some(SlugPointer { app, project }) = pointer else {
            return Ok(None);
        };
        let project = self.get_project(Tenant::app(app), project).await?;
        // Between the two reads it may have been given another slug.
        Ok(project
            .filter(|project| project.slug == slug)
            .map(|project| (app, project)))
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
        let months = MonthlyIndex::all(places::projects_by_month(tenant.app), since, now);
        self.chunk_by_month(&months, walk, record).await
    }

    /// The projects of an app's menu, oldest first: at most [`MAX_MENU`] of those that do not say `unlisted`, among the
    /// first [`MAX_MENU_READ`] of the app. It is a list, so what was written an instant ago may be missing; one that cannot
    /// be read is left out. `since` is when the app was made.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn list_menu(
        &self,
        tenant: Tenant,
        since: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Vec<Project>, StoreError> {
        let (mut menu, mut read, mut after) = (Vec::new(), 0, None);
        loop {
            let walk = Walk {
                direction: Direction::Ascending,
                after: after.as_ref(),
                limit: MAX_MENU,
            };
            let chunk = self.list_projects(tenant, since, &walk, now).await?;
            read += chunk.rows.len();
            let is_last = chunk.is_last || read >= MAX_MENU_READ;
            after = chunk.rows.last().map(|(position, _)| position.clone());
            let projects = chunk.rows.into_iter().map(|(_, project)| project);
            menu.extend(projects.filter(|project| !project.unlisted));
            if is_last || menu.len() >= MAX_MENU {
                menu.truncate(MAX_MENU);
                return Ok(menu);
            }
        }
    }

    /// What each of the tenant's projects offers where, strongly consistent, for decisions.
    ///
    /// # Errors
    ///
    /// Only if the store fails, or one cannot be read.
    pub async fn get_project_offers(
        &self,
        tenant: Tenant,
    ) -> Result<Vec<ProjectOffer>, StoreError> {
        let partition = places::project_offers_of(tenant.app);
        self.partition(&partition)
            .await?
            .iter()
            .map(record)
            .collect()
    }

    /// As [`Store::get_project_offers`], for lists: those that cannot be read are left out.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn list_project_offers(
        &self,
        tenant: Tenant,
    ) -> Result<Vec<ProjectOffer>, StoreError> {
        let items = self
            .partition(&places::project_offers_of(tenant.app))
            .await?;
        let items = items.iter();
        Ok(items
            .filter_map(|item| read_or_skip(Table::Data, item, &record))
            .collect())
    }
}

impl Writer {
    /// Creates a project.
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
            add_to(&mut transaction, self, tenant.app, project, None)?;
            add_slug_to(&mut transaction, tenant.app, project)?;
            let refused = |guards: &[Guard]| match guards.contains(&Guard::Slug) {
                true => Err(CreateProjectError::SlugTaken),
                false => Err(StoreError::exists_already("project").into()),
            };
            transaction.decide_or((), refused).await
        })
        .await
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
            let seen = self
                .see::<Project>(&places::project(tenant.app, id))
                .await?;
            let seen = seen.ok_or(ChangeProjectError::NotFound)?;
            let before = &seen.record;
            let project = change(before.clone()).map_err(ChangeProjectError::Refused)?;
            let mut transaction = Transaction::new(self);
            if project == *before && transaction.is_empty() {
                return Ok(Attempt::Decided(project));
            }
            add_to(&mut transaction, self, tenant.app, &project, Some(&seen))?;
            if project.slug != before.slug {
                let old = places::project_slug(&before.slug);
                transaction.delete(Guard::Other, &old, None)?;
                add_slug_to(&mut transaction, tenant.app, &project)?;
            }
            let refused = |guards: &[Guard]| match guards {
                [Guard::Slug] => Err(ChangeProjectError::SlugTaken),
                _ => Ok(Attempt::LostRace),
            };
            transaction.decide_or(project, refused).await
        })
        .await
    }

    /// Deletes a project; its slug is free again. Its bookings stay.
    ///
    /// # Errors
    ///
    /// Only if the store fails; `false` if there is no such project for the tenant.
    pub async fn delete_project(&self, tenant: Tenant, id: ProjectId) -> Result<bool, StoreError> {
        let app = tenant.app;
        self.until_decided(|| async {
            let place = places::project(app, id);
            let Some(seen) = self.see::<Project>(&place).await? else {
                return Ok::<_, StoreError>(Attempt::Decided(false));
            };
            let slug = places::project_slug(&seen.record.slug);
            let mut transaction = Transaction::new(self);
            transaction.delete((), &place, Some(&seen.condition()))?;
            transaction.delete((), &slug, None)?;
            transaction.delete((), &places::project_offer(app, id), None)?;
            let told = outbox::of_project(id, Some(&seen.record), None);
            tell_in(&mut transaction, (), app, told)?;
            transaction.decide(true).await
        })
        .await
    }
}

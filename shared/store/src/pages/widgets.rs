//! What finds a widget without its app: pointers from its id and its slug, written with it and deleted with it. For the
//! rest it is an [`Entity`](crate::Entity).

use model::ids::{AppId, WidgetId};
use model::widget::Widget;
use serde::{Deserialize, Serialize};

use crate::dynamo::item::{Item, Key, record, text};
use crate::dynamo::transaction::{Condition, Outcome, Transaction};
use crate::pages::entities::{item, key};
use crate::{Store, StoreError, Table, Tenant};

/// A widget could not be kept.
#[derive(Debug, thiserror::Error)]
pub enum KeepWidgetError {
    /// Another widget of the deployment has this slug.
    #[error("another widget has this slug")]
    SlugTaken,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    Widget,
    Slug,
}

#[derive(Serialize, Deserialize)]
struct Pointer {
    app: AppId,
    widget: WidgetId,
}

fn id_key(id: WidgetId) -> Key {
    Key::new(format!("widget#{id}"), "widget")
}

fn slug_key(slug: &str) -> Key {
    Key::new(format!("widgetslug#{slug}"), "widget")
}

fn pointer(tenant: Tenant, widget: &Widget) -> Pointer {
    Pointer {
        app: tenant.app,
        widget: widget.id,
    }
}

impl Store {
    /// Keeps a new widget.
    ///
    /// # Errors
    ///
    /// [`KeepWidgetError::SlugTaken`] if its slug is another widget's, whichever app's.
    pub async fn create_widget(
        &self,
        tenant: Tenant,
        widget: &Widget,
    ) -> Result<(), KeepWidgetError> {
        let pointer = pointer(tenant, widget);
        self.until_decided(|| async {
            let mut transaction = Transaction::new(self);
            let absent = Condition::Absent;
            let item = item(self, tenant, widget)?;
            transaction.put(Of::Widget, Table::Data, item, &absent)?;
            for (of, key) in [
                (Of::Widget, id_key(widget.id)),
                (Of::Slug, slug_key(&widget.slug)),
            ] {
                transaction.put(of, Table::Data, Item::new(&key, &pointer)?, &absent)?;
            }
            match transaction.commit().await? {
                Outcome::Committed => Ok(Some(())),
                Outcome::Refused(of) if of == [Of::Slug] => Err(KeepWidgetError::SlugTaken),
                Outcome::Refused(_) => Err(StoreError::broken(
                    "TransactWriteItems",
                    "a new widget's id exists already",
                )
                .into()),
                Outcome::Conflict => Ok(None),
            }
        })
        .await
    }

    /// Applies `change` to a widget on condition that nobody else changed it meanwhile; if so, asks again. A new slug finds it
    /// from then on, and the old one is free.
    ///
    /// # Errors
    ///
    /// [`KeepWidgetError::SlugTaken`] if its new slug is another widget's; one outside the tenant is `None`.
    pub async fn change_widget(
        &self,
        tenant: Tenant,
        id: WidgetId,
        change: impl Fn(Widget) -> Widget,
    ) -> Result<Option<Widget>, KeepWidgetError> {
        self.until_decided(|| async {
            let Some(found) = self.get(Table::Data, &key::<Widget>(tenant, id)).await? else {
                return Ok(Some(None));
            };
            let condition = Condition::as_seen(text(&found, "version"));
            let before: Widget = record(found)?;
            let old_slug = before.slug.clone();
            let widget = change(before);
            let mut transaction = Transaction::new(self);
            let item = item(self, tenant, &widget)?;
            transaction.put(Of::Widget, Table::Data, item, &condition)?;
            if widget.slug != old_slug {
                let pointer = Item::new(&slug_key(&widget.slug), &pointer(tenant, &widget))?;
                transaction.put(Of::Slug, Table::Data, pointer, &Condition::Absent)?;
                transaction.delete(Of::Widget, Table::Data, &slug_key(&old_slug), None)?;
            }
            match transaction.commit().await? {
                Outcome::Committed => Ok(Some(Some(widget))),
                Outcome::Refused(of) if of == [Of::Slug] => Err(KeepWidgetError::SlugTaken),
                Outcome::Refused(_) | Outcome::Conflict => Ok(None),
            }
        })
        .await
    }

    /// Finds a widget of an app that is there by its id, whoever asks.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn find_widget(&self, id: WidgetId) -> Result<Option<Widget>, StoreError> {
        self.widget_at(&id_key(id)).await
    }

    /// Finds a widget of an app that is there by its slug, whoever asks.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn find_widget_by_slug(&self, slug: &str) -> Result<Option<Widget>, StoreError> {
        let found = self.widget_at(&slug_key(slug)).await?;
        // Between the two reads it may have been given another slug.
        Ok(found.filter(|widget| widget.slug == slug))
    }

    async fn widget_at(&self, pointer: &Key) -> Result<Option<Widget>, StoreError> {
        let found: Option<Pointer> = self.get_record(Table::Data, pointer).await?;
        let Some(Pointer { app, widget }) = found else {
            return Ok(None);
        };
        let (app, widget) =
            tokio::try_join!(self.get_app(app), self.get_entity(Tenant::app(app), widget))?;
        // What a deleted app had stays in the store, out of everybody's reach.
        Ok(app.and(widget))
    }

    /// Deletes a widget and what finds it.
    ///
    /// # Errors
    ///
    /// Only if the store fails; `false` if there is none for the tenant.
    pub async fn delete_widget(&self, tenant: Tenant, id: WidgetId) -> Result<bool, StoreError> {
        self.until_decided(|| async {
            let key = key::<Widget>(tenant, id);
            let Some(found) = self.get(Table::Data, &key).await? else {
                return Ok(Some(false));
            };
            // As it was seen, so that a slug given meanwhile is not left behind.
            let condition = Condition::as_seen(text(&found, "version"));
            let widget: Widget = record(found)?;
            let mut transaction = Transaction::new(self);
            transaction.delete((), Table::Data, &key, Some(&condition))?;
            for key in [id_key(id), slug_key(&widget.slug)] {
                transaction.delete((), Table::Data, &key, None)?;
            }
            match transaction.commit().await? {
                Outcome::Committed => Ok(Some(true)),
                Outcome::Refused(_) | Outcome::Conflict => Ok::<_, StoreError>(None),
            }
        })
        .await
    }
}

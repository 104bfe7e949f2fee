//! What finds a widget without its app: pointers from its id and its slug, written with it and deleted with it. For the
//! rest it is an [`Entity`](crate::Entity).

use model::ids::{AppId, WidgetId};
use model::widget::Widget;
use serde::{Deserialize, Serialize};

use crate::entities::{item, key};
use crate::item::{Item, Key};
use crate::transaction::{Condition, Outcome, Transaction};
use crate::{Store, StoreError, Table, Tenant};

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

impl Store {
    /// Keeps a new widget.
    ///
    /// # Errors
    ///
    /// Only if the store fails; its slug ends in random characters, so another's is as good as never in the way.
    pub async fn create_widget(&self, tenant: Tenant, widget: &Widget) -> Result<(), StoreError> {
        let pointer = Pointer {
            app: tenant.app,
            widget: widget.id,
        };
        self.until_decided(|| async {
            let mut transaction = Transaction::new(self);
            let absent = Condition::Absent;
            transaction.put((), Table::Data, item(self, tenant, widget)?, &absent)?;
            for key in [id_key(widget.id), slug_key(&widget.slug)] {
                transaction.put((), Table::Data, Item::new(&key, &pointer)?, &absent)?;
            }
            match transaction.commit().await? {
                Outcome::Committed => Ok(Some(())),
                Outcome::Refused(_) => Err(StoreError::broken(
                    "TransactWriteItems",
                    "a new widget's id or slug exists already",
                )),
                Outcome::Conflict => Ok(None),
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
        self.widget_at(&slug_key(slug)).await
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
        let Some(widget) = self.get_entity::<Widget>(tenant, id).await? else {
            return Ok(false);
        };
        self.until_decided(|| async {
            let mut transaction = Transaction::new(self);
            let present = Condition::Present;
            let key = key::<Widget>(tenant, id);
            transaction.delete((), Table::Data, &key, Some(&present))?;
            for key in [id_key(id), slug_key(&widget.slug)] {
                transaction.delete((), Table::Data, &key, None)?;
            }
            match transaction.commit().await? {
                Outcome::Committed => Ok(Some(true)),
                Outcome::Refused(_) => Ok(Some(false)),
                Outcome::Conflict => Ok::<_, StoreError>(None),
            }
        })
        .await
    }
}

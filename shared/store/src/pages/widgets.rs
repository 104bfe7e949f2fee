//! What finds a widget without its app: pointers from its id and its slug, written with it and deleted with it. For the
//! rest it is an [`Entity`](crate::Entity).

use model::ids::{AppId, WidgetId};
use model::widget::Widget;
use serde::{Deserialize, Serialize};

use crate::dynamo::{Attempt, Condition, Item, Place, Store, StoreError, Transaction, Writer};
use crate::pages::entities::{item, place};
use crate::places;
use crate::tenant::Tenant;

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
enum Guard {
    Widget,
    Slug,
}

#[derive(Serialize, Deserialize)]
struct Pointer {
    app: AppId,
    widget: WidgetId,
}

fn pointer(tenant: Tenant, widget: &Widget) -> Pointer {
    Pointer {
        app: tenant.app,
        widget: widget.id,
    }
}

impl Store {
    /// Finds a widget of an app that is there by its id, whoever asks.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn find_widget(&self, id: WidgetId) -> Result<Option<Widget>, StoreError> {
        self.widget_at(&places::widget_pointer(id)).await
    }

    /// Finds a widget of an app that is there by its slug, whoever asks.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn find_widget_by_slug(&self, slug: &str) -> Result<Option<Widget>, StoreError> {
        let found = self.widget_at(&places::widget_slug(slug)).await?;
        // Between the two reads it may have been given another slug.
        Ok(found.filter(|widget| widget.slug == slug))
    }

    async fn widget_at(&self, pointer: &Place) -> Result<Option<Widget>, StoreError> {
        let found: Option<Pointer> = self.get_record(pointer).await?;
        let Some(Pointer { app, widget }) = found else {
            return Ok(None);
        };
        let (app, widget) =
            tokio::try_join!(self.get_app(app), self.get_entity(Tenant::app(app), widget))?;
        // What a deleted app had stays in the store, out of everybody's reach.
        Ok(app.and(widget))
    }
}

impl Writer {
    /// Creates a widget.
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
            let item = item(self, tenant.app, widget)?;
            transaction.put(Guard::Widget, item, &absent)?;
            for (guard, place) in [
                (Guard::Widget, places::widget_pointer(widget.id)),
                (Guard::Slug, places::widget_slug(&widget.slug)),
            ] {
                transaction.put(guard, Item::new(&place, &pointer)?, &absent)?;
            }
            let refused = |guards: &[Guard]| match guards {
                [Guard::Slug] => Err(KeepWidgetError::SlugTaken),
                _ => Err(StoreError::exists_already("widget").into()),
            };
            transaction.decide_or((), refused).await
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
            let Some(seen) = self.see::<Widget>(&place::<Widget>(tenant.app, id)).await? else {
                return Ok(Attempt::Decided(None));
            };
            let widget = change(seen.record.clone());
            let mut transaction = Transaction::new(self);
            let item = seen.keep_in(item(self, tenant.app, &widget)?)?;
            transaction.put(Guard::Widget, item, &seen.condition())?;
            let old_slug = &seen.record.slug;
            if widget.slug != *old_slug {
                let place = places::widget_slug(&widget.slug);
                let pointer = Item::new(&place, &pointer(tenant, &widget))?;
                transaction.put(Guard::Slug, pointer, &Condition::Absent)?;
                transaction.delete(Guard::Widget, &places::widget_slug(old_slug), None)?;
            }
            let refused = |guards: &[Guard]| match guards {
                [Guard::Slug] => Err(KeepWidgetError::SlugTaken),
                _ => Ok(Attempt::LostRace),
            };
            transaction.decide_or(Some(widget), refused).await
        })
        .await
    }

    /// Deletes a widget and what finds it.
    ///
    /// # Errors
    ///
    /// Only if the store fails; `false` if there is none for the tenant.
    pub async fn delete_widget(&self, tenant: Tenant, id: WidgetId) -> Result<bool, StoreError> {
        self.until_decided(|| async {
            let place = place::<Widget>(tenant.app, id);
            let Some(seen) = self.see::<Widget>(&place).await? else {
                return Ok::<_, StoreError>(Attempt::Decided(false));
            };
            let mut transaction = Transaction::new(self);
            // As it was seen, so that a slug given meanwhile is not left behind.
            transaction.delete((), &place, Some(&seen.condition()))?;
            transaction.delete((), &places::widget_pointer(id), None)?;
            transaction.delete((), &places::widget_slug(&seen.record.slug), None)?;
            transaction.decide(true).await
        })
        .await
    }
}

//! What a transaction told becomes deliveries: one for each event and each endpoint that wants it.

use model::delivery::{Delivery, DeliveryId};
use model::ids::{AppId, BookingId};
use model::outbox::{ChangeEvent, ToldId};
use store::{Due, StoreError, Tenant};

use crate::Jobs;

impl Jobs {
    /// Hands on what was told, if nobody has yet, and answers the deliveries that this has created. They can be attempted at
    /// once, and if nobody does, they are found by being due.
    ///
    /// # Errors
    ///
    /// If the store fails for now. What cannot be read is put off.
    pub async fn hand_on(&self, app: AppId, id: ToldId) -> Result<Vec<DeliveryId>, StoreError> {
        match self.try_to_hand_on(app, id).await {
            Ok(created) => Ok(created),
            Err(error) => {
                self.defer_if_broken(Due::Told { app, id }, error).await?;
                Ok(Vec::new())
            }
        }
    }

    async fn try_to_hand_on(&self, app: AppId, id: ToldId) -> Result<Vec<DeliveryId>, StoreError> {
        let store = self.store();
        let Some(events) = store.get_due_told(app, id).await? else {
            return Ok(Vec::new());
        };
        let webhooks = store.webhooks_of(app).await?;
        let now = self.now();
        let mut deliveries = Vec::new();
        for told in &events {
            let wanting = webhooks.iter().filter(|webhook| webhook.wants(told));
            deliveries.extend(wanting.map(|webhook| Delivery::new(webhook.id, told.clone(), now)));
            let url = self.address_of_reminder(app, &told.event).await?;
            deliveries.extend(url.map(|url| Delivery::of_reminder(url, told.clone(), now)));
        }
        store.writer().hand_on(app, id, &deliveries).await
    }

    /// The address that a reminder of type `webhook` is sent to, if this tells of one.
    async fn address_of_reminder(
        &self,
        app: AppId,
        event: &ChangeEvent,
    ) -> Result<Option<String>, StoreError> {
        let Some(number) = event.reminder else {
            return Ok(None);
        };
        let id = BookingId::new(event.id);
        let booking = self.store().get_booking(Tenant::app(app), id).await?;
        let reminder = booking.and_then(|booking| booking.reminders.into_iter().nth(number));
        Ok(reminder.and_then(|one| one.reminder.url().map(str::to_owned)))
    }
}

//! What a transaction told becomes deliveries: one for each event and each endpoint that wants it.

use model::delivery::{Delivery, DeliveryId};
use model::ids::AppId;
use model::outbox::ToldId;
use store::{Due, StoreError};

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
        }
        store.writer().hand_on(app, id, &deliveries).await
    }
}

//! The body of a delivery, as it is made for the first attempt: what it is about is read here, and `views` writes it.

use chrono::{DateTime, Utc};
use futures_util::future::{OptionFuture, try_join3};
use model::app::App;
use model::booking::Booking;
use model::ids::{AppId, BookingId, EventId, ReservationId};
use model::outbox::{Family, ToldEvent};
use model::webhook::Webhook;
use store::{StoreError, Tenant};
use views::CustomerLinks;
use views::webhook::{Delivered, Subject};

use crate::Jobs;

/// An event is to be delivered whose app is not there.
#[derive(Debug, thiserror::Error)]
#[error("the app of a delivery is not there")]
struct NoApp;

impl Jobs {
    /// The body of what was told, for an endpoint.
    ///
    /// # Errors
    ///
    /// If the store fails, or what is told of cannot be read.
    pub(crate) async fn body_of(
        &self,
        app: AppId,
        webhook: &Webhook,
        told: &ToldEvent,
        now: DateTime<Utc>,
    ) -> Result<String, StoreError> {
        let app = self.store().get_app(app).await?;
        let app = app.ok_or_else(|| StoreError::unavailable(NoApp))?;
        let delivered = Delivered {
            app: &app,
            webhook,
            told,
        };
        let subject = self.subject_of(&delivered).await?;
        views::webhook::body(&delivered, subject, now).map_err(StoreError::unavailable)
    }

    /// What the event is about, as far as the body says it. It reads as the endpoint's maker could.
    async fn subject_of(&self, delivered: &Delivered<'_>) -> Result<Subject, StoreError> {
        let Some(family) = delivered.needs_subject() else {
            return Ok(Subject::default());
        };
        let tenant = Tenant {
            app: delivered.app.id,
            only_resource: delivered.webhook.only_resource,
        };
        let (store, id) = (self.store(), delivered.told.event.id);
        match family {
            Family::Booking | Family::Group => {
                let booking = store.get_booking(tenant, BookingId::new(id)).await?;
                match booking {
                    Some(booking) => self.booking_subject(delivered, tenant, booking).await,
                    None => Ok(Subject::default()),
                }
            }
            Family::Reservation => Ok(Subject {
                reservation: store
                    .get_reservation(tenant, ReservationId::new(id))
                    .await?,
                ..Subject::default()
            }),
            Family::Event => Ok(Subject {
                event: store.get_event(tenant, EventId::new(id)).await?,
                ..Subject::default()
            }),
            // What these say of themselves is all that is sent.
            _ => Ok(Subject::default()),
        }
    }

    async fn booking_subject(
        &self,
        delivered: &Delivered<'_>,
        tenant: Tenant,
        booking: Booking,
    ) -> Result<Subject, StoreError> {
        let store = self.store();
        let project = booking.project_id.map(|id| store.get_project(tenant, id));
        let owner = booking.owner_id.map(|id| store.get_booking(tenant, id));
        let project = async { OptionFuture::from(project).await.transpose() };
        let owner = async { OptionFuture::from(owner).await.transpose() };
        let resource = store.get_resource(tenant, booking.resource_id);
        let (resource, project, owner) = try_join3(resource, project, owner).await?;
        let links = match delivered.may_have_links() {
            true => self.links_of(delivered.app).await?,
            false => None,
        };
        Ok(Subject {
            booking: Some(booking),
            owner: owner.flatten(),
            resource,
            project: project.flatten(),
            links,
            ..Subject::default()
        })
    }

    /// What makes customers' links, if it is known where the deployment is reached.
    async fn links_of(&self, app: &App) -> Result<Option<CustomerLinks>, StoreError> {
        let Some(base) = self.state.config().base_url.clone() else {
            return Ok(None);
        };
        let master = self.state.master_secret().await;
        let master = master.map_err(StoreError::unavailable)?;
        let secret = master.signing_secret(app.id);
        let secret = secret.map_err(StoreError::unavailable)?;
        Ok(Some(CustomerLinks::new(
            base,
            app.slug.clone(),
            secret,
            None,
        )))
    }
}

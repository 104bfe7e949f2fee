//! Reservations as items. How they come and go is decided in [`unit`](crate::unit).

use chrono::TimeDelta;
use model::ids::{AppId, ReservationId, ResourceId};
use model::outbox::{self, ChangeEvent};
use model::reservation::Reservation;
use uuid::Uuid;

use crate::dynamo::{Item, Place, Store, StoreError};
use crate::places;
use crate::tenant::Tenant;
use crate::unit::drafts::Drafted;
use crate::unit::step::Move;

pub(crate) fn item(app: AppId, reservation: &Reservation) -> Result<Item, StoreError> {
    // Kept a while after it lapsed, so that a late caller learns that it lapsed; longer if nobody has noted yet that it did.
    let days = if reservation.expired { 1 } else { 30 };
    let tidied_s = (reservation.until + TimeDelta::days(days)).timestamp();
    let place = places::reservation(app, reservation.id);
    let id = reservation.id.uuid();
    Ok(Item::new(&place, reservation)?
        .with("version", &reservation.version)
        .due(id, reservation.next_due())
        .expiring(tidied_s))
}

impl Drafted for Reservation {
    fn uuid(&self) -> Uuid {
        self.id.uuid()
    }

    fn place(app: AppId, id: Uuid) -> Place {
        places::reservation(app, ReservationId::new(id))
    }

    fn item(&self, app: AppId) -> Result<Item, StoreError> {
        item(app, self)
    }

    fn version(&mut self) -> &mut String {
        &mut self.version
    }

    fn resource(&self) -> ResourceId {
        self.resource_id
    }

    fn tells(before: Option<&Self>, after: Option<&Self>) -> Vec<ChangeEvent> {
        outbox::of_reservation(before, after)
    }

    fn moves(before: Option<&Self>, after: Option<&Self>) -> Vec<(ResourceId, Move)> {
        let holds = |held: &&Self| !held.expired;
        let go = before.filter(holds).into_iter().flat_map(|held| {
            let claim = held.claim();
            held.resources().map(move |one| (one, Move::Go(claim)))
        });
        let come = after.filter(holds).into_iter().flat_map(|held| {
            let (claim, tolerance) = (held.claim(), held.tolerance());
            held.resources()
                .map(move |one| (one, Move::Come(claim, tolerance)))
        });
        go.chain(come).collect()
    }
}

impl Store {
    /// Reads a reservation as it was last written, strongly consistent, lapsed or not.
    ///
    /// # Errors
    ///
    /// Only if the store fails; a reservation outside the tenant is `None`.
    pub async fn get_reservation(
        &self,
        tenant: Tenant,
        id: ReservationId,
    ) -> Result<Option<Reservation>, StoreError> {
        let found = self.get(&places::reservation(tenant.app, id)).await?;
        let reservation = found.as_ref().map(Reservation::read).transpose()?;
        Ok(reservation.filter(|held| tenant.includes(held.resource_id)))
    }
}

//! Reservations as items. How they come and go is decided in [`decision`](crate::unit::decision).

use model::ids::ReservationId;
use model::reservation::Reservation;

use crate::dynamo::item::{Item, Key, record, text};
use crate::{Store, StoreError, Table, Tenant};

pub(crate) fn key(tenant: Tenant, id: ReservationId) -> Key {
    Key::new(
        format!("app#{}#reservation#{id}", tenant.app),
        "reservation",
    )
}

pub(crate) fn item(tenant: Tenant, reservation: &Reservation) -> Result<Item, StoreError> {
    // Kept a while after it lapsed, so that whoever comes late hears that it lapsed.
    let tidied_s = (reservation.until + chrono::TimeDelta::days(1)).timestamp();
    Ok(Item::new(&key(tenant, reservation.id), reservation)?
        .with("version", &reservation.version)
        .expiring(tidied_s))
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
        let Some(item) = self.get(Table::Data, &key(tenant, id)).await? else {
            return Ok(None);
        };
        let version = text(&item, "version")
            .ok_or_else(|| StoreError::broken("read", "a reservation without version"))?;
        let reservation: Reservation = record(item)?;
        let reservation = Reservation {
            version,
            ..reservation
        };
        Ok(Some(reservation).filter(|held| tenant.includes(held.resource_id)))
    }
}

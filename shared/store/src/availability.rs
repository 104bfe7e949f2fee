//! What searches for free time read: the claims of many resources over a range of days.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use model::TimeSlot;
use model::ids::ResourceId;
use model::occupancy::Claim;
use uuid::Uuid;

use crate::sheets;
use crate::{Store, StoreError, Table, Tenant};

/// How many resources are asked for at once. More would only wait for connections.
const AT_ONCE: usize = 64;

impl Store {
    /// Every claim that stands in a sheet of a UTC day that `range` touches, for each of `resources` in their order,
    /// strongly consistent: one query for each, side by side. Outside the tenant there are none.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn claims_of(
        &self,
        tenant: Tenant,
        resources: &[ResourceId],
        range: TimeSlot,
    ) -> Result<Vec<Vec<Claim>>, StoreError> {
        let resources = resources.iter().copied();
        let asked = resources.map(|id| self.claims(tenant, id, range));
        // In this task, because what a request costs is counted there.
        stream::iter(asked).buffered(AT_ONCE).try_collect().await
    }

    async fn claims(
        &self,
        tenant: Tenant,
        resource: ResourceId,
        range: TimeSlot,
    ) -> Result<Vec<Claim>, StoreError> {
        if !tenant.includes(resource) {
            return Ok(Vec::new());
        }
        let first = range.start().date_naive();
        let last = (range.end() - TimeDelta::seconds(1)).date_naive();
        let places = (sheets::place(first), sheets::place(last));
        let items = self
            .partition_between(
                Table::Data,
                &sheets::partition(tenant.app, resource),
                (&places.0, &places.1),
            )
            .await?;
        // A claim stands in several sheets and counts once.
        let mut claims: BTreeMap<Uuid, Claim> = BTreeMap::new();
        for item in &items {
            let (_, sheet) = sheets::read(item)?;
            claims.extend(sheet.claims);
        }
        Ok(claims.into_values().collect())
    }
}

//! What searches for free time read: the claims of many resources over a range of days.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use chrono::TimeDelta;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use model::TimeSlot;
use model::ids::ResourceId;
use model::occupancy::Claim;
use uuid::Uuid;

use crate::dynamo::{RawItem, Store, StoreError};
use crate::places;
use crate::tenant::Tenant;
use crate::unit::sheets;

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
        let found = self.claims_within(tenant, resources, range, usize::MAX);
        Ok(found.await?.unwrap_or_default())
    }

    /// As [`Store::claims_of`], unless there are more than `most` claims together: then reading ends, and there are none.
    /// A claim counts once for each sheet it stands in.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn claims_within(
        &self,
        tenant: Tenant,
        resources: &[ResourceId],
        range: TimeSlot,
        most: usize,
    ) -> Result<Option<Vec<Vec<Claim>>>, StoreError> {
        let left = Left(AtomicUsize::new(most));
        let resources = resources.iter().copied();
        let asked = resources.map(|id| self.claims(tenant, id, range, &left));
        // In this task, because what a request costs is counted there.
        let mut answers = stream::iter(asked).buffered(AT_ONCE);
        let mut found = Vec::new();
        while let Some(claims) = answers.try_next().await? {
            let Some(claims) = claims else {
                return Ok(None);
            };
            found.push(claims);
        }
        Ok(Some(found))
    }

    async fn claims(
        &self,
        tenant: Tenant,
        resource: ResourceId,
        range: TimeSlot,
        left: &Left,
    ) -> Result<Option<Vec<Claim>>, StoreError> {
        if !tenant.includes(resource) {
            return Ok(Some(Vec::new()));
        }
        let first = range.start().date_naive();
        let last = (range.end() - TimeDelta::seconds(1)).date_naive();
        let sheet = |day| places::sheet(tenant.app, resource, day);
        // A claim stands in several sheets and counts once.
        let mut claims: BTreeMap<Uuid, Claim> = BTreeMap::new();
        let mut fits = true;
        let read = |page: Vec<RawItem>| {
            for item in &page {
                let (_, read) = sheets::read(item)?;
                fits = fits && left.take(read.sheet.claims.len());
                if !fits {
                    break;
                }
                claims.extend(read.sheet.claims);
            }
            Ok(fits)
        };
        self.pages_between(&sheet(first), &sheet(last), read)
            .await?;
        Ok(fits.then(|| claims.into_values().collect()))
    }
}

/// How many claims may still be read.
struct Left(AtomicUsize);

impl Left {
    /// Whether so many were left. Otherwise none are from now on.
    fn take(&self, claims: usize) -> bool {
        let less = |left: usize| Some(left.saturating_sub(claims));
        let before = self.0.fetch_update(Relaxed, Relaxed, less);
        before.is_ok_and(|left| left >= claims)
    }
}

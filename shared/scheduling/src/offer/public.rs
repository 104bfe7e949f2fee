//! What booking pages may book without a project.

use model::availability::in_words;
use model::duration::CalendarSpan;
use model::fault::Faults;
use model::ids::ResourceId;
use model::resource::{DEFAULT_PUBLIC_LENGTH_S, Resource};
use model::wall::DAY_S;
use store::{Store, Tenant};

use crate::error::{SchedulingError, Stored};

/// A page may book only what is in no project, unless it names the project: it says when and how. A resource's own token acts
/// for the resource, not for a page.
pub(super) async fn check_in_no_project(
    (store, tenant): (&Store, Tenant),
    resources: &[ResourceId],
) -> Result<(), SchedulingError> {
    if tenant.only_resource.is_some() {
        return Ok(());
    }
    let offers = store.get_project_offers(tenant).await?;
    let tied: Vec<ResourceId> = resources
        .iter()
        .copied()
        .filter(|id| offers.iter().any(|offer| offer.resources.contains(id)))
        .collect();
    if tied.is_empty() {
        Ok(())
    } else {
        Err(SchedulingError::ProjectRequired { resources: tied })
    }
}

/// Checks that a search without a project is for slots that a public caller can book of every one of `resources`.
///
/// # Errors
///
/// [`SchedulingError::InvalidSettings`] at `length`.
pub fn check_public_length(
    length: CalendarSpan,
    resources: &[Resource],
) -> Result<(), SchedulingError> {
    for resource in resources {
        let most_s = longest_s(resource)?;
        if length.on_clock_s() > most_s {
            let sentence = format!(
                "must be at most {} for a public key or token: the resource's max_public_length",
                in_words(most_s)
            );
            return Err(SchedulingError::InvalidSettings {
                faults: Faults::one("length", sentence),
            });
        }
    }
    Ok(())
}

/// A bound in seconds as whole days of the calendar and the rest, so that a slot of so many days keeps to it where the clock
/// is put back.
pub(super) fn days_of(most_s: i64) -> CalendarSpan {
    let days = u32::try_from(most_s / DAY_S).unwrap_or(u32::MAX);
    CalendarSpan::new(days, most_s % DAY_S)
}

/// The longest slot of `resource` that a public caller books without a project, in seconds where the clock runs evenly.
pub(super) fn longest_s(resource: &Resource) -> Result<i64, SchedulingError> {
    match resource.max_public_length.as_deref() {
        None => Ok(DEFAULT_PUBLIC_LENGTH_S),
        Some(text) => match text.parse::<CalendarSpan>() {
            Ok(length) => Ok(length.on_clock_s()),
            Err(error) => Err(SchedulingError::UnreadableSettings {
                of: Stored::Resource(resource.id),
                faults: Faults::one("max_public_length", error.to_string()),
            }),
        },
    }
}

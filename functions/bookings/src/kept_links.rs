//! Customers' links in answers that are kept for a request that is sent again: they are signed, so they are left out of what
//! is kept, and made again when it is replayed, for the bookings as they are then.

use std::collections::HashMap;

use api::caller::{BaseUrl, principal};
use api::query::Query;
use api::replay::Completion;
use api::{ApiError, Include, OutputZone, State};
use auth::Principal;
use axum::http::request::Parts;
use model::ids::BookingId;
use serde_json::{Map, Value};
use store::KeptAnswer;
use views::CustomerLinks;

use crate::includes::{Includes, LINKS, Reader, links_for};
use crate::view::Presenter;

/// What adds the links to the answers of an operation.
pub(crate) fn of_anybody(state: &State, parts: &Parts) -> Option<Completion> {
    completion(state, parts, Reader::Anybody)
}

/// As [`of_anybody`], of the operation that creates a booking.
pub(crate) fn of_maker(state: &State, parts: &Parts) -> Option<Completion> {
    completion(state, parts, Reader::ItsMaker)
}

fn completion(state: &State, parts: &Parts, reader: Reader) -> Option<Completion> {
    let query = Query::parse(parts.uri.query().unwrap_or_default());
    if !Include::of(&query).has(LINKS) {
        return None;
    }
    let principal = principal(parts).ok()?.clone();
    let BaseUrl(base) = BaseUrl::of(state, parts);
    let state = state.clone();
    Some(Box::new(move |kept| {
        Box::pin(async move {
            match links_for(&state, &principal, base, reader).await? {
                Some(links) => with_links(&state, &principal, links, kept).await,
                None => Ok(kept),
            }
        })
    }))
}

/// The answer with the links of each booking in it, none of one that is gone.
async fn with_links(
    state: &State,
    principal: &Principal,
    links: CustomerLinks,
    kept: KeptAnswer,
) -> Result<KeptAnswer, ApiError> {
    let internal = |error: serde_json::Error| ApiError::Internal(error.into());
    let mut body: Value = serde_json::from_str(&kept.body).map_err(internal)?;
    let ids: Vec<BookingId> = shown(&mut body).filter_map(|shown| id_of(shown)).collect();
    let (store, now) = (state.store(), state.now());
    let bookings = store.get_bookings(principal.tenant(), &ids).await?;
    let include = Includes::only_links(links);
    let presenter = Presenter {
        principal,
        store,
        include: &include,
        zone: OutputZone(None),
        now,
    };
    let included = presenter.load(&bookings).await?;
    let links = bookings.into_iter().map(|booking| {
        let booking = booking.settled(now);
        (booking.id, included.links(&booking).unwrap_or_default())
    });
    let mut links: HashMap<BookingId, Map<String, Value>> = links.collect();
    for shown in shown(&mut body) {
        let links = id_of(shown).and_then(|id| links.remove(&id));
        shown.insert(LINKS.to_owned(), links.unwrap_or_default().into());
    }
    let body = serde_json::to_string(&body).map_err(internal)?;
    Ok(KeptAnswer { body, ..kept })
}

/// The bookings that an answer shows: one, or a list.
fn shown(body: &mut Value) -> impl Iterator<Item = &mut Map<String, Value>> {
    let data = match body.get_mut("data") {
        Some(Value::Array(list)) => list.as_mut_slice(),
        Some(one) => std::slice::from_mut(one),
        None => &mut [],
    };
    data.iter_mut().filter_map(Value::as_object_mut)
}

fn id_of(shown: &Map<String, Value>) -> Option<BookingId> {
    shown.get("id")?.as_str()?.parse().ok()
}

use std::collections::{BTreeMap, HashMap};

use api::answer_size::{MAX_BODY, escaped_length};
use api::caller::App;
use api::{ApiError, Body, OutputZone, State, Written};
use auth::Principal;
use auth::principal::credential_reach;
use axum::extract::State as Extract;
use chrono::{DateTime, Utc};
use model::ids::ResourceId;
use model::key::TokenType;
use model::resource::Resource;
use model::time::{Tz, format_instant};
use scheduling::search::Budget;
use serde::Serialize;
use store::Tenant;
use utoipa::ToSchema;

use crate::access::OlderSearch;
use crate::search::find_time_body::{FindTimesFields, SentSearches};
use crate::search::find_time_request::{FindTime, PlannedTimes, Times, run};

/// A time at which one of a team is free.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TeamTimeView<'a> {
    /// When it begins.
    #[schema(format = DateTime)]
    start: String,
    /// When it ends.
    #[schema(format = DateTime)]
    end: String,
    /// Who is free then, in the order of the request.
    #[schema(value_type = Vec<TeamUserView>)]
    users: Vec<&'a TeamUserView>,
}

/// One of a team.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct TeamUserView {
    /// The resource.
    #[schema(format = Uuid)]
    user_id: String,
    /// What people call it.
    name: String,
    /// Its address, as the request names it; `null` for a page that names it otherwise.
    email: Option<String>,
    /// Its calendars.
    calendar_ids: Vec<String>,
    /// Its `client-token`, to book it with; `null` for a caller whom that would give more than it has.
    token: Option<String>,
}

/// Finds the times at which any of a team is free, and who. **Deprecated**: use `POST /v2/availability` with the mode
/// `exclusive`.
///
/// Called with a resource's token, it finds resources of the same app that have a `client-token`, which is made for web
/// pages: all others are not found.
#[utoipa::path(
    post,
    path = "/v2/findtime/team",
    tag = "availability",
    request_body = FindTimesFields,
    responses(
        (status = 200, description = "The times, in order.", body = Vec<TeamTimeView>),
        (status = 404, description = "There is no such resource, or it is not yours, or it has no `client-token`."),
        (status = 422, description = "Something is wrong with the request: `errors`, by field."),
    )
)]
pub(crate) async fn find_time_team(
    App(principal): App<OlderSearch>,
    Extract(state): Extract<State>,
    zone: OutputZone,
    Body(request): Body<SentSearches>,
) -> Result<Written, ApiError> {
    let team = Tenant::app(principal.app);
    let searches = FindTime::parse_each(&request.0)?;
    let searches = FindTime::each_once(searches, &state, &principal, team).await?;
    let mut budget = Budget::new();
    let (mut users, mut planned) = (HashMap::new(), Vec::new());
    for (search, resources) in searches {
        let named = (search.email().map(str::to_owned), resources.clone());
        planned.push(search.plan(&state, resources, &mut budget)?);
        for resource in named.1 {
            // Who is named twice is shown as first named.
            users
                .entry(resource.id)
                .or_insert((named.0.clone(), resource));
        }
    }
    let mut shown = HashMap::new();
    for (id, (email, resource)) in users {
        shown.insert(id, user(&state, &principal, email, &resource).await?);
    }
    let read = PlannedTimes::read(planned, &state, team, &mut budget).await?;
    let (times, work) = read;
    let first = times.first().and_then(|times| times.resources().first());
    let zone = zone.or(first.map_or(Tz::UTC, |first| first.timezone));
    let show = move |state: &State| {
        let found = together(&times, &shown, state)?;
        Written::rows(found.into_iter().map(|((start, end), ids)| TeamTimeView {
            start: format_instant(start, zone),
            end: format_instant(end, zone),
            users: ids.iter().filter_map(|id| shown.get(id)).collect(),
        }))
    };
    run(&state, work, &budget, show).await
}

/// A start and an end, with who is free then.
type Together = BTreeMap<(DateTime<Utc>, DateTime<Utc>), Vec<ResourceId>>;

/// The times of all, each once, with who is free then in the order of the request: no more than an answer can show.
fn together(
    times: &[Times],
    shown: &HashMap<ResourceId, TeamUserView>,
    state: &State,
) -> Result<Together, ApiError> {
    let mut room = MAX_BODY;
    let mut found = Together::new();
    for times in times {
        let Some(id) = times.resources().first().map(|resource| resource.id) else {
            continue;
        };
        let size = serde_json::to_vec(&shown.get(&id)).map_or(0, |json| escaped_length(&json));
        for slot in times.slots(state.random()) {
            let who = found
                .entry((slot.slot.start(), slot.slot.end()))
                .or_default();
            if !who.contains(&id) {
                who.push(id);
                room = room.checked_sub(size).ok_or(ApiError::AnswerTooLarge)?;
            }
        }
    }
    Ok(found)
}

async fn user(
    state: &State,
    principal: &Principal,
    email: Option<String>,
    resource: &Resource,
) -> Result<TeamUserView, ApiError> {
    let is_resource = principal.tenant().only_resource.is_some();
    let credentials = state
        .store()
        .list_credentials_of(Tenant::app(principal.app), resource.id)
        .await?;
    let now = state.now();
    let usable = credentials
        .iter()
        .filter(|one| one.token_type == TokenType::ClientToken)
        .filter(|one| one.expires_at.is_none_or(|at| at > now))
        .filter_map(|one| Some((one, one.secret_version?)))
        // One that any page may use, before one that is some page's own.
        .min_by_key(|(one, _)| (!one.referrer.is_empty(), one.created_at));
    let token = match usable {
        Some((one, version))
            if is_resource || principal.reach().covers(&credential_reach(one)).is_ok() =>
        {
            let secret = state.master_secret().await?;
            Some(secret.resource_token(version, one.id)?.expose().to_owned())
        }
        None if is_resource => return Err(ApiError::NotFound("Resource")),
        _ => None,
    };
    // A page is told no address that it did not name itself.
    let own = resource.email.clone().filter(|_| !principal.is_public());
    Ok(TeamUserView {
        user_id: resource.id.to_string(),
        name: resource.name.clone(),
        email: email.or(own),
        calendar_ids: resource
            .calendars
            .iter()
            .map(|calendar| calendar.id.to_string())
            .collect(),
        token,
    })
}

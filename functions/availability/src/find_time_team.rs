use std::collections::BTreeMap;

use api::caller::App;
use api::credential_view::reach;
use api::{ApiError, Body, Data, OutputZone, State};
use auth::Principal;
use axum::extract::State as Extract;
use chrono::{DateTime, Utc};
use model::key::TokenType;
use model::resource::Resource;
use model::time::{Tz, format_instant};
use serde::Serialize;
use store::Tenant;
use utoipa::ToSchema;

use crate::find_time_request::{FindTime, FindTimesFields, SentSearches};

/// A time at which one of a team is free.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TeamTimeView {
    /// When it begins.
    #[schema(format = DateTime)]
    start: String,
    /// When it ends.
    #[schema(format = DateTime)]
    end: String,
    /// Who is free then, in the order of the request.
    users: Vec<TeamUserView>,
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
    Extract(state): Extract<State>,
    App(principal): App,
    zone: OutputZone,
    Body(request): Body<SentSearches>,
) -> Result<Data<Vec<TeamTimeView>>, ApiError> {
    let team = Tenant::app(principal.app);
    let mut output = zone.0;
    let mut found: BTreeMap<(DateTime<Utc>, DateTime<Utc>), Vec<TeamUserView>> = BTreeMap::new();
    for search in FindTime::parse_each(&request.0)? {
        let search = search.for_caller(&principal);
        for resource in search.resources(&state, &principal, team).await? {
            let user = user(&state, &principal, &search, &resource).await?;
            output.get_or_insert(resource.timezone);
            for slot in search.slots(&state, team, vec![resource]).await? {
                let time = (slot.slot.start(), slot.slot.end());
                found.entry(time).or_default().push(user.clone());
            }
        }
    }
    let zone = output.unwrap_or(Tz::UTC);
    let data = found
        .into_iter()
        .map(|((start, end), users)| TeamTimeView {
            start: format_instant(start, zone),
            end: format_instant(end, zone),
            users,
        })
        .collect();
    Ok(Data { data })
}

async fn user(
    state: &State,
    principal: &Principal,
    search: &FindTime,
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
        Some((one, version)) if is_resource || principal.reach().covers(&reach(one)).is_ok() => {
            let secret = state.master_secret().await?;
            Some(secret.resource_token(version, one.id)?.expose().to_owned())
        }
        None if is_resource => return Err(ApiError::NotFound("Resource")),
        _ => None,
    };
    // A page is told no address that it did not name itself.
    let own = resource.email.clone().filter(|_| !principal.is_public());
    let email = search.email().map(str::to_owned);
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

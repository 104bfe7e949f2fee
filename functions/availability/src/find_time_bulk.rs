use api::caller::App;
use api::{ApiError, Body, Data, OutputZone, State};
use axum::extract::State as Extract;
use serde::Serialize;
use utoipa::ToSchema;

use crate::find_time::TimeView;
use crate::find_time_request::{FindTime, FindTimesFields, SentSearches};

/// The times at which one resource is free.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ResourceTimesView {
    /// The resource.
    #[schema(format = Uuid)]
    user_id: String,
    /// What people call it.
    name: String,
    /// Its times, in order.
    timeslots: Vec<TimeView>,
}

/// Finds the times at which each of several resources is free, for each by itself. **Deprecated**: use
/// `POST /v2/availability`.
#[utoipa::path(
    post,
    path = "/v2/findtime/bulk",
    tag = "availability",
    request_body = FindTimesFields,
    responses(
        (status = 200, description = "The resources, as the request names them.", body = Vec<ResourceTimesView>),
        (status = 404, description = "There is no such resource, or it is not yours."),
        (status = 422, description = "Something is wrong with the request: `errors`, by field."),
    )
)]
pub(crate) async fn find_time_bulk(
    Extract(state): Extract<State>,
    App(principal): App,
    zone: OutputZone,
    Body(request): Body<SentSearches>,
) -> Result<Data<Vec<ResourceTimesView>>, ApiError> {
    let tenant = principal.tenant();
    let mut data = Vec::new();
    for search in FindTime::parse_each(&request.0)? {
        let search = search.for_caller(&principal);
        for resource in search.resources(&state, &principal, tenant).await? {
            let (user_id, name) = (resource.id.to_string(), resource.name.clone());
            let zone = zone.or(resource.timezone);
            let slots = search.slots(&state, tenant, vec![resource]).await?;
            data.push(ResourceTimesView {
                user_id,
                name,
                timeslots: slots.iter().map(|slot| TimeView::of(slot, zone)).collect(),
            });
        }
    }
    Ok(Data { data })
}

use api::caller::App;
use api::{ApiError, Data, OutputZone, Path, State, Tagged};
use axum::extract::State as Extract;
use store::Version;
use views::EventView;

use crate::access::Read;
use crate::common::own_event::{event_id, with_resource};

/// Shows one event.
#[utoipa::path(
    get,
    path = "/v2/events/{id}",
    tag = "calendars",
    params(("id" = String, Path, description = "The event's id.")),
    responses(
        (status = 200, description = "The event.", body = EventView),
        (status = 404, description = "There is none, or it is not yours."),
    )
)]
pub(crate) async fn get_event(
    App(principal): App<Read>,
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    zone: OutputZone,
) -> Result<Tagged<Data<EventView>>, ApiError> {
    let (store, tenant) = (state.store(), principal.tenant());
    let event = store.get_event(tenant, event_id(&id)?).await?;
    let (event, _) = with_resource(store, tenant, event).await?;
    let version = Version::claimed(&event.version);
    let data = EventView::of(&event, zone);
    Ok(Tagged::new(Data { data }, &version))
}

use api::caller::App;
use api::{ApiError, IfMatch, NoContent, Path, State};
use axum::extract::State as Extract;
use store::Version;

use crate::access::WriteOwn;
use crate::common::own_event::{event_id, own_event};
use crate::fields::event::refused;

/// Deletes an event and gives back its time.
#[utoipa::path(
    delete,
    path = "/v2/events/{id}",
    tag = "calendars",
    params(("id" = String, Path, description = "The event's id.")),
    responses(
        (status = 204, description = "It is gone, and its time is free again."),
        (status = 404, description = "There is none, or it is not yours."),
    )
)]
pub(crate) async fn delete_event(
    App(principal): App<WriteOwn>,
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    IfMatch(expected): IfMatch,
) -> Result<NoContent, ApiError> {
    let id = event_id(&id)?;
    let (writer, tenant, now) = (state.writer(), principal.tenant(), state.now());
    writer
        .until_decided(|| async {
            let mut decision = writer.decision(tenant, now);
            let (event, _) = own_event(&writer, &mut decision, tenant, id).await?;
            expected.check(&Version::claimed(&event.version))?;
            decision.delete_event(id);
            decision.commit(NoContent).await.map_err(refused)
        })
        .await
}

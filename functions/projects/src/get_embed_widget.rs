use api::caller::Public;
use api::{ApiError, Data, Path, State};
use axum::extract::State as Extract;
use model::ids::WidgetId;

use crate::access::Anybody;
use crate::fields::widget::WidgetView;

/// Shows a widget to anybody who knows its id. **Deprecated**: use `GET /v2/projects/embed/{id}`.
#[utoipa::path(
    get,
    path = "/v2/widgets/embed/{id}",
    tag = "projects",
    params(("id" = String, Path, description = "The widget's id.")),
    responses(
        (status = 200, description = "The widget.", body = WidgetView),
        (status = 404, description = "There is none."),
    )
)]
pub(crate) async fn get_embed_widget(
    _: Public<Anybody>,
    Extract(state): Extract<State>,
    Path(id): Path<String>,
) -> Result<Data<WidgetView>, ApiError> {
    let none = || ApiError::NotFound("Widget");
    let id: WidgetId = id.parse().map_err(|_| none())?;
    let found = state.store().find_widget(id).await?;
    let data = WidgetView::of(found.ok_or_else(none)?, state.master_secret().await?)?;
    Ok(Data { data })
}

use api::caller::App;
use api::{ApiError, Data, Path, State};
use axum::extract::State as Extract;
use model::ids::WidgetId;
use model::widget::Widget;

use crate::access::Read;
use crate::fields::widget::WidgetView;

/// Shows a widget. **Deprecated**.
#[utoipa::path(
    get,
    path = "/v2/widgets/{id}",
    tag = "projects",
    params(("id" = String, Path, description = "The widget's id.")),
    responses(
        (status = 200, description = "The widget.", body = WidgetView),
        (status = 404, description = "There is none, or it is not yours."),
    )
)]
pub(crate) async fn get_widget(
    App(principal): App<Read>,
    Extract(state): Extract<State>,
    Path(id): Path<String>,
) -> Result<Data<WidgetView>, ApiError> {
    let none = || ApiError::NotFound("Widget");
    let id: WidgetId = id.parse().map_err(|_| none())?;
    let tenant = principal.tenant();
    let found: Option<Widget> = state.store().get_entity(tenant, id).await?;
    let data = WidgetView::of(found.ok_or_else(none)?, state.master_secret().await?)?;
    Ok(Data { data })
}

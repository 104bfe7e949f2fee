use api::caller::App;
use api::{ApiError, Body, Data, Faults, Path, State};
use axum::extract::State as Extract;
use model::Dated as _;
use model::ids::WidgetId;
use model::widget::Widget;

use crate::access::Write;
use crate::fields::widget::{WidgetFields, WidgetRequest, WidgetView};

/// Changes a widget. **Deprecated**. What is not sent stays; a `config` takes the old one's place.
#[utoipa::path(
    put,
    path = "/v2/widgets/{id}",
    tag = "projects",
    params(("id" = String, Path, description = "The widget's id.")),
    request_body = WidgetRequest,
    responses(
        (status = 200, description = "The widget.", body = WidgetView),
        (status = 404, description = "There is none, or it is not yours."),
        (status = 422, description = "Something is wrong with the request, or the slug is taken: `errors`, by field."),
    )
)]
pub(crate) async fn update_widget(
    App(principal): App<Write>,
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    Body(request): Body<WidgetRequest>,
) -> Result<Data<WidgetView>, ApiError> {
    let none = || ApiError::NotFound("Widget");
    let id: WidgetId = id.parse().map_err(|_| none())?;
    let mut faults = Faults::none();
    let fields = WidgetFields::read(request, &state, principal.app, &mut faults).await?;
    faults.check()?;
    let now = state.now();
    let change = |widget: Widget| widget.changed(now, |widget| fields.apply(widget));
    let tenant = principal.tenant();
    let changed = state.writer().change_widget(tenant, id, change).await?;
    let data = WidgetView::of(changed.ok_or_else(none)?, state.master_secret().await?)?;
    Ok(Data { data })
}

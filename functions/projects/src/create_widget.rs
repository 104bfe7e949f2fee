use api::caller::App;
use api::{ApiError, Body, Created, Faults, Field, Idempotency, State};
use axum::extract::State as Extract;
use model::ids::WidgetId;
use model::slug;
use model::widget::Widget;
use serde_json::Map;

use crate::access::Write;
use crate::fields::widget::{CreateWidgetRequest, WidgetFields, WidgetRequest, WidgetView};

/// Makes a widget: the configuration of a booking page of the older kind (v1). **Deprecated**: use projects.
#[utoipa::path(
    post,
    path = "/v2/widgets",
    tag = "projects",
    request_body = CreateWidgetRequest,
    responses(
        (status = 201, description = "The widget.", body = WidgetView),
        (status = 422, description = "Something is wrong with the request, or the slug is taken: `errors`, by field."),
    )
)]
pub(crate) async fn create_widget(
    App(principal): App<Write>,
    Extract(state): Extract<State>,
    once: Idempotency,
    Body(request): Body<WidgetRequest>,
) -> Result<Created<WidgetView>, ApiError> {
    let mut faults = Faults::none();
    if matches!(request.name, Field::Absent | Field::Null) {
        faults.missing("name");
    }
    let fields = WidgetFields::read(request, &state, principal.app, &mut faults).await?;
    let name = faults.finish(fields.name.clone())?;
    let now = state.now();
    let widget = fields.apply(Widget {
        id: WidgetId::random(state.random()),
        slug: slug::generated(&name, "widget", state.random()),
        name,
        config: Map::new(),
        token: None,
        created_at: now,
        updated_at: now,
    });
    let view = WidgetView::of(widget.clone(), state.master_secret().await?)?;
    once.keep(&Created(view.without_token()))?;
    once.writer(&state)
        .create_widget(principal.tenant(), &widget)
        .await?;
    Ok(Created(view))
}

use api::caller::Public;
use api::{ApiError, Data, Path, State};
use axum::extract::State as Extract;

use crate::access::Anybody;
use crate::fields::widget::WidgetView;

/// Shows a widget to anybody who knows its slug. **Deprecated**: use `GET /v2/projects/hosted/{slug}`.
#[utoipa::path(
    get,
    path = "/v2/widgets/hosted/{slug}",
    tag = "projects",
    params(("slug" = String, Path, description = "The widget's slug.")),
    responses(
        (status = 200, description = "The widget.", body = WidgetView),
        (status = 404, description = "There is none."),
    )
)]
pub(crate) async fn get_hosted_widget(
    _: Public<Anybody>,
    Extract(state): Extract<State>,
    Path(slug): Path<String>,
) -> Result<Data<WidgetView>, ApiError> {
    let found = state
        .store()
        .find_widget_by_slug(&slug.to_ascii_lowercase())
        .await?;
    let widget = found.ok_or(ApiError::NotFound("Widget"))?;
    Ok(Data {
        data: WidgetView::of(widget, state.master_secret().await?)?,
    })
}

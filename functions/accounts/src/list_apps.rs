use api::caller::Anyone;
use api::{ApiError, Data, Faults, Query, State};
use auth::Caller;
use axum::extract::State as Extract;

use crate::access::ListApps;
use crate::common::own_app::account;
use crate::views::app::AppView;

/// Lists a person's apps. A key sees its own app only.
#[utoipa::path(
    get,
    path = "/v2/apps",
    tag = "accounts",
    responses(
        (status = 200, description = "The apps.", body = Vec<AppView>),
        (status = 422, description = "The list has no parameters: `errors`, by name."),
    )
)]
pub(crate) async fn list_apps(
    Anyone(caller): Anyone<ListApps>,
    Extract(state): Extract<State>,
    query: Query,
) -> Result<Data<Vec<AppView>>, ApiError> {
    let mut faults = Faults::none();
    query.refuse_others(&mut faults, &[]);
    faults.check()?;
    let apps = match (account(&caller), &caller) {
        (Some(account), _) => state.store().list_apps(account).await?,
        (None, Caller::App(principal)) => state
            .store()
            .get_app(principal.app)
            .await?
            .into_iter()
            .collect(),
        (None, Caller::Account(_) | Caller::Anonymous) => Vec::new(),
    };
    let mut views = Vec::with_capacity(apps.len());
    for app in apps {
        let settings = state.store().get_app_settings(app.id).await?;
        views.push(AppView::of(app, settings));
    }
    Ok(Data { data: views })
}

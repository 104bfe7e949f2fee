use api::caller::App;
use api::page::Paging;
use api::{ApiError, Written};
use serde_json::Value;

use crate::access::ReadProviders;

/// Lists calendar providers' accounts, of which there are none: no other calendar is kept in step with.
#[utoipa::path(
    get,
    path = "/v2/accounts",
    tag = "calendars",
    params(
        ("limit" = Option<u32>, Query, description = "Rows a page, 1 to 1000; 50 unless said."),
        ("page" = Option<u32>, Query, description = "The page, from 1."),
    ),
    responses((status = 200, description = "An empty page.", body = Vec<Object>))
)]
pub(crate) async fn list_accounts(
    App(_): App<ReadProviders>,
    page: Paging,
) -> Result<Written, ApiError> {
    let (page, ()) = page.with(&[], &[], Ok(()))?;
    page.of_all(Vec::<Value>::new()).answer().await
}

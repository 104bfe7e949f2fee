use api::caller::App;
use api::page::Paging;
use api::search::Search;
use api::{ApiError, OutputZone, Query, State, Written};
use axum::extract::State as Extract;
use model::audit::AuditEvent;
use model::time::{Tz, format_instant};
use serde::Serialize;
use store::{Direction, Position, Walk};
use utoipa::ToSchema;

use crate::access::ReadAudit;

/// One line of the audit log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditEventView {
    /// Names the line.
    id: String,
    /// `created`, `imported`, `updated`, `rotated`, `revoked`, `leaked` or `refused`.
    action: &'static str,
    /// To which key.
    #[schema(format = Uuid)]
    key_id: String,
    /// Who did it.
    by: String,
    /// From where, if that is known.
    source: Option<String>,
    /// Why a key was turned away, or what was changed.
    detail: Option<String>,
    /// When; for refusals, the minute they are counted in.
    #[schema(format = DateTime)]
    at: String,
    /// How often: refusals of one key, reason, source and minute are one line. A lower bound.
    count: u64,
}

/// What the audit log can be searched by.
const SEARCHABLE: &[&str] = &["action", "key.id", "by", "source"];

/// Lists the app's audit log, newest first. Lines are only ever added.
#[utoipa::path(
    get,
    path = "/v2/audit",
    tag = "keys",
    params(
        ("search" = Option<String>, Query, description = "`action`, `key.id`, `by`, `source`; pairs `attribute:value` separated by `;`."),
        ("limit" = Option<u32>, Query, description = "Rows a page, 1 to 1000; 50 unless said."),
        ("page" = Option<u32>, Query, description = "The page, from 1."),
    ),
    responses((status = 200, description = "A page of the log.", body = Vec<AuditEventView>))
)]
pub(crate) async fn list_audit_events(
    App(principal): App<ReadAudit>,
    Extract(state): Extract<State>,
    query: Query,
    zone: OutputZone,
    page: Paging,
) -> Result<Written, ApiError> {
    let (page, search) = page.with(&[], SEARCHABLE, Search::of(&query, SEARCHABLE))?;
    let (store, app, now) = (state.store(), principal.app, state.now());
    let since = principal.app_created_at;
    let fetch = |after: Option<Position>, limit| async move {
        let walk = Walk {
            direction: Direction::Descending,
            after: after.as_ref(),
            limit,
        };
        store.list_audit_events(app, since, &walk, now).await
    };
    let page = page
        .paginate(fetch, |event| matches(&search, event))
        .await?;
    let counts = store.get_refusal_counts(&page.rows).await?;
    let zone = zone.or(Tz::UTC);
    page.map(|event| AuditEventView {
        count: counts.get(&event.id).copied().unwrap_or(1),
        action: event.action.name(),
        key_id: event.key.to_string(),
        at: format_instant(event.at, zone),
        id: event.id,
        by: event.by,
        source: event.source,
        detail: event.detail,
    })
    .answer()
    .await
}

fn matches(search: &Search, event: &AuditEvent) -> bool {
    search.iter().all(|(attribute, value)| match attribute {
        "action" => event.action.name() == value,
        "key.id" => event.key.to_string().eq_ignore_ascii_case(value),
        "by" => event.by == value,
        _ => event.source.as_deref() == Some(value),
    })
}

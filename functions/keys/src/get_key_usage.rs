use std::collections::BTreeMap;

use api::caller::App;
use api::{ApiError, Data, Faults, Path, Query, State};
use axum::extract::State as Extract;
use chrono::{DateTime, TimeDelta, Utc};
use model::time::{Tz, format_instant};
use model::usage::Classes;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::Read;

/// How much a key was used.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KeyUsageView {
    /// The key.
    #[schema(format = Uuid)]
    id: String,
    /// `hour` or `day`, in UTC.
    by: &'static str,
    /// The beginning of the first row.
    from: String,
    /// Up to here.
    to: String,
    /// When the key was last used, to a minute.
    last_used_at: Option<String>,
    /// All requests of the rows.
    total: u64,
    /// Hours or days with requests, oldest first.
    rows: Vec<UsageRow>,
}

/// One hour or day.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UsageRow {
    /// Its beginning.
    at: String,
    /// Answers of the 200s.
    #[serde(rename = "2xx")]
    success: u64,
    /// Answers of the 300s.
    #[serde(rename = "3xx")]
    redirection: u64,
    /// Answers of the 400s.
    #[serde(rename = "4xx")]
    client_error: u64,
    /// Answers of the 500s.
    #[serde(rename = "5xx")]
    server_error: u64,
    /// All answers.
    total: u64,
}

/// The longest time asked about at once.
const MAX_SPAN: TimeDelta = TimeDelta::days(62);

const HOUR_S: i64 = 60 * 60;
const DAY_S: i64 = 24 * HOUR_S;

/// Shows how much a key was used, by hour or day and class of status.
///
/// The counts are lower bounds: an instance that ends takes what it counted in its last seconds with it.
#[utoipa::path(
    get,
    path = "/v2/keys/{id}/usage",
    tag = "keys",
    params(
        ("id" = String, Path, description = "The key's id, not the key."),
        ("from" = Option<String>, Query, description = "From the hour or day of this instant; 24 hours ago unless said."),
        ("to" = Option<String>, Query, description = "Up to this instant; now unless said. At most 62 days after `from`."),
        ("by" = Option<String>, Query, pattern = "^(hour|day)$", description = "`hour` or `day`; `hour` unless said."),
    ),
    responses(
        (status = 200, description = "The counts.", body = KeyUsageView),
        (status = 404, description = "There is no such key, or it is not yours."),
        (status = 422, description = "`from`, `to` or `by` cannot be read, or lie too far apart."),
    )
)]
pub(crate) async fn get_key_usage(
    App(principal): App<Read>,
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    query: Query,
) -> Result<Data<KeyUsageView>, ApiError> {
    let id = id.parse().map_err(|_| ApiError::NotFound("Key"))?;
    let UsageQuery {
        from,
        to,
        by,
        step_s,
    } = parse(&query, state.now())?;
    state
        .store()
        .get_key(principal.app, id)
        .await?
        .ok_or(ApiError::NotFound("Key"))?;
    let usage = state.store().get_usage(id, from, to).await?;
    let mut rows: BTreeMap<i64, Classes> = BTreeMap::new();
    for (hour, classes) in usage.hours.iter() {
        let sums = rows.entry(hour.div_euclid(step_s) * step_s).or_default();
        for (sum, count) in sums.iter_mut().zip(classes) {
            *sum += count;
        }
    }
    let rows: Vec<UsageRow> = rows.into_iter().map(row).collect();
    Ok(Data {
        data: KeyUsageView {
            id: id.to_string(),
            by,
            from: format_instant(from, Tz::UTC),
            to: format_instant(to, Tz::UTC),
            last_used_at: usage.last_used_at.map(|at| format_instant(at, Tz::UTC)),
            total: rows.iter().map(|row| row.total).sum(),
            rows,
        },
    })
}

fn row((at_s, [success, redirection, client_error, server_error]): (i64, Classes)) -> UsageRow {
    UsageRow {
        at: format_instant(
            DateTime::from_timestamp(at_s, 0).unwrap_or_default(),
            Tz::UTC,
        ),
        success,
        redirection,
        client_error,
        server_error,
        total: success + redirection + client_error + server_error,
    }
}

/// What is asked for, beginning with a whole row.
struct UsageQuery {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    by: &'static str,
    step_s: i64,
}

fn parse(query: &Query, now: DateTime<Utc>) -> Result<UsageQuery, ApiError> {
    let mut faults = Faults::none();
    query.refuse_others(&mut faults, &["from", "to", "by"]);
    let by = match query.get("by") {
        None | Some("hour") => Some(("hour", HOUR_S)),
        Some("day") => Some(("day", DAY_S)),
        Some(_) => {
            faults.add("by", "must be hour or day");
            None
        }
    };
    let to = query.instant(&mut faults, "to").unwrap_or(now);
    let from = query.instant(&mut faults, "from");
    let from = from.unwrap_or(to - TimeDelta::hours(24));
    if from >= to {
        faults.add("from", "must be before to");
    } else if to - from > MAX_SPAN {
        faults.add(
            "from",
            format!("lies more than {} days before to", MAX_SPAN.num_days()),
        );
    }
    let (by, step_s) = faults.finish(by)?;
    let begin_s = from.timestamp().div_euclid(step_s) * step_s;
    let from = DateTime::from_timestamp(begin_s, 0).unwrap_or(from);
    Ok(UsageQuery {
        from,
        to,
        by,
        step_s,
    })
}

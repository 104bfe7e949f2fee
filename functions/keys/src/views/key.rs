//! A key as callers see it: never a secret one, and never its hash.

use api::authorize::EXPIRY_NOTICE;
use auth::principal::{KEY_RATE, WIDGET_RATE, WIDGET_RATE_OF_ADDRESS};
use chrono::{DateTime, TimeDelta, Utc};
use model::app::App;
use model::key::{ApiKey, KeyKind};
use model::rate::RateLimit;
use model::time::{Tz, format_instant};
use model::usage::hour_of;
use serde::Serialize;
use store::LedgerRecord;
use utoipa::ToSchema;
use views::Member;

/// An API key's record.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KeyView {
    /// Names it.
    #[schema(format = Uuid)]
    id: String,
    /// What people call it.
    name: String,
    /// `api`, `widget` or `named`.
    kind: &'static str,
    /// `live` or `test`.
    mode: &'static str,
    /// How it begins, so that people can tell keys apart; empty for an imported one.
    start: String,
    /// What it may do. A widget key has none: what it may do is fixed.
    scopes: Vec<String>,
    /// Addresses it may be used from; empty means any.
    allowed_cidrs: Vec<String>,
    /// Origins a widget key may be used from; empty means any.
    allowed_origins: Vec<String>,
    /// How many requests in how long.
    rate_limit: RateLimitView,
    /// The same for one source address of a widget key; `null` for a secret key.
    address_rate_limit: Option<RateLimitView>,
    /// Whether it was brought along.
    imported: bool,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// Who made it.
    created_by: String,
    /// From when on it is refused; `null` means never.
    expires_at: Option<String>,
    /// Whether that is within seven days.
    expires_soon: bool,
    /// Since when it is refused for good.
    revoked_at: Option<String>,
    /// The key that replaced it, if one did: it works until `expires_at`.
    replaced_by: Option<String>,
    /// When it was last used, to a minute.
    last_used_at: Option<String>,
    /// Requests of the last 24 hours: a lower bound.
    requests_24h: u64,
    /// The key: once, in the answer that made it, and `null` if that is asked for again; always for a widget key, which
    /// is public.
    #[serde(skip_serializing_if = "Member::is_left_out")]
    #[schema(value_type = Option<String>)]
    key: Member<String>,
    /// In an answer that was kept without the key: what to do without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<&'static str>,
}

/// What to do about a key whose only showing was missed.
pub(crate) const SHOWN_ONCE: &str = "The key was shown once, in the first answer to this request, and is kept as a hash \
    only. If you do not have it, rotate this key or revoke it.";

/// A rate limit.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RateLimitView {
    /// The most requests.
    limit: u32,
    /// In this time.
    window: String,
}

impl From<RateLimit> for RateLimitView {
    fn from(rate: RateLimit) -> Self {
        Self {
            limit: rate.limit,
            window: format!("{} seconds", rate.window_s),
        }
    }
}

impl KeyView {
    /// The record, with the key itself if it is a public one, and how it was used if that was read.
    pub(crate) fn of(
        key: &ApiKey,
        app: Option<&App>,
        used: Option<&LedgerRecord>,
        now: DateTime<Utc>,
    ) -> Self {
        let rate = key.rate_limit.unwrap_or(if key.kind == KeyKind::Widget {
            WIDGET_RATE
        } else {
            KEY_RATE
        });
        let time = |at: DateTime<Utc>| format_instant(at, Tz::UTC);
        Self {
            id: key.id.to_string(),
            name: key.name.clone(),
            kind: key.kind.name(),
            mode: key.mode.name(),
            start: key.start.clone(),
            scopes: key.scopes.names().map(str::to_owned).collect(),
            allowed_cidrs: key.allowed_cidrs.iter().map(ToString::to_string).collect(),
            allowed_origins: key
                .allowed_origins
                .iter()
                .map(ToString::to_string)
                .collect(),
            rate_limit: rate.into(),
            address_rate_limit: (key.kind == KeyKind::Widget).then(|| {
                let own = key.address_rate_limit;
                own.unwrap_or(WIDGET_RATE_OF_ADDRESS).into()
            }),
            imported: key.imported,
            created_at: time(key.created_at),
            created_by: key.created_by.clone(),
            expires_at: key.expires_at.map(time),
            expires_soon: key.expires_at.is_some_and(|at| at - now <= EXPIRY_NOTICE),
            revoked_at: key.revoked_at.map(time),
            replaced_by: key.replaced_by.map(|id| id.to_string()),
            last_used_at: used.and_then(|used| used.last_used_at).map(time),
            requests_24h: used.map_or(0, |used| {
                used.hours.total_since(hour_of(now - TimeDelta::hours(23)))
            }),
            key: app
                .and_then(|app| app.widget_key(key.id))
                .map_or(Member::LeftOut, |key| Member::Value(key.to_owned())),
            notice: None,
        }
    }

    /// The record of a key just made, with the key itself.
    pub(crate) fn with_key(key: &ApiKey, plain: &str, now: DateTime<Utc>) -> Self {
        Self {
            key: Member::Value(plain.to_owned()),
            ..Self::of(key, None, None, now)
        }
    }

    /// The record of a key just made as it is kept: with the key itself only if it is public.
    pub(crate) fn to_keep(key: &ApiKey, public: Option<&str>, now: DateTime<Utc>) -> Self {
        match public {
            Some(public) => Self::with_key(key, public, now),
            None => Self {
                key: Member::Null,
                notice: Some(SHOWN_ONCE),
                ..Self::of(key, None, None, now)
            },
        }
    }
}

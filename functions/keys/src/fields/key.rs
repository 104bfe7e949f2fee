//! What a client may ask of a new key, and how far it may reach.

use api::{ApiError, Faults, Field, Object, PublicTexts};
use auth::issue::NewKey;
use auth::principal::key_reach;
use auth::{Principal, Reach, Wider};
use chrono::{DateTime, Utc};
use ipnet::{IpNet, Ipv4Net};
use model::duration::parse_exact;
use model::fault::quoted;
use model::key::{ApiKey, KeyKind};
use model::origin::Origin;
use model::rate::RateLimit;
use model::scope::{Scope, Scopes};
use model::time::parse_instant;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A key to make.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct KeyRequest {
    /// What to call it; need not be unique.
    #[serde(default)]
    #[schema(value_type = String, required, min_length = 1, max_length = 100, pattern = r"\S")]
    name: Field<String>,
    /// Defaults to `named`; may also be `api` or `widget`.
    #[serde(default)]
    #[schema(value_type = Option<api::schemas::KeyKind>)]
    pub(crate) kind: Field<String>,
    /// What it may do. Defaults to your own scopes; an empty list allows nothing.
    #[serde(default)]
    #[schema(value_type = Option<Vec<api::schemas::Scope>>)]
    scopes: Field<Vec<String>>,
    /// From when on it is refused. Defaults to never.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Field<String>,
    /// Addresses it may be used from. Defaults to any.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    allowed_cidrs: Field<Vec<String>>,
    /// Origins a widget key may be used from. Defaults to any.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    allowed_origins: Field<Vec<String>>,
    /// How many requests in how long: `{"limit": 600, "window": "1 minute"}`. Its kind's unless said.
    #[serde(default)]
    #[schema(value_type = Option<RateLimitRequest>)]
    rate_limit: Field<Object<RateLimitRequest>>,
    /// The same for one source address of a widget key; 60 a minute unless sent. Its visitors together keep to `rate_limit`.
    #[serde(default)]
    #[schema(value_type = Option<RateLimitRequest>)]
    address_rate_limit: Field<Object<RateLimitRequest>>,
    /// Whatever else was sent: nothing is ignored here.
    #[serde(flatten)]
    #[schema(ignore)]
    rest: Map<String, Value>,
}

/// A rate limit.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, ToSchema)]
pub(crate) struct RateLimitRequest {
    /// How many requests.
    #[serde(default)]
    #[schema(value_type = u32, required, minimum = 1)]
    limit: Field<i64>,
    /// In how long: a duration of at most a day.
    #[serde(default)]
    #[schema(value_type = String, required, example = "1 minute")]
    window: Field<String>,
}

/// The longest window, in seconds: a day.
const MAX_WINDOW_S: u32 = 24 * 60 * 60;

/// Reads the rate limit in `field` within the deployment's ceiling.
pub(crate) fn parse_rate(
    faults: &mut Faults,
    field: &str,
    Object(asked): Object<RateLimitRequest>,
    most: RateLimit,
) -> Option<RateLimit> {
    let (of_limit, of_window) = (format!("{field}.limit"), format!("{field}.window"));
    let limit = faults.required(&of_limit, asked.limit);
    // Out of range it stays out of range, and is refused by the bounds below.
    let limit = limit.map(|limit| u32::try_from(limit.max(0)).unwrap_or(u32::MAX));
    let window = faults.required(&of_window, asked.window);
    let window = faults.parsed(&of_window, window.as_deref(), parse_exact)?;
    let window_s = u32::try_from(window.num_seconds())
        .ok()
        .filter(|window_s| (1..=MAX_WINDOW_S).contains(window_s));
    let Some(window_s) = window_s else {
        faults.add(&of_window, "must be from 1 second to 1 day");
        return None;
    };
    let rate = RateLimit {
        limit: limit?,
        window_s,
    };
    if rate.limit == 0 {
        faults.add(
            &of_limit,
            "must be at least 1; revoke the key to allow nothing",
        );
        return None;
    }
    if !most.covers(rate) {
        faults.add(
            &of_limit,
            format!(
                "must be at most {} in {} seconds",
                most.limit, most.window_s
            ),
        );
        return None;
    }
    Some(rate)
}

/// Fields of a key's record that only the server sets.
const SET_BY_SERVER: &[&str] = &[
    "app",
    "app_id",
    "created_at",
    "created_by",
    "hash",
    "id",
    "imported",
    "key",
    "last_used_at",
    "mode",
    "owner",
    "revoked_at",
    "start",
    "user_id",
];

/// Reads the request; what is wrong with it goes to `faults`. It is one function because it has a statement for each field.
pub(crate) fn read(
    request: KeyRequest,
    principal: &Principal,
    most: RateLimit,
    now: DateTime<Utc>,
    faults: &mut Faults,
) -> Option<NewKey> {
    refuse_unknown(faults, &request.rest);

    let name = faults.required("name", request.name);
    let name = faults.text("name", name, 1..=100);
    PublicTexts::default().check_text(faults, "name", name.as_deref());
    let kind = faults
        .optional("kind", request.kind)
        .unwrap_or_else(|| KeyKind::Named.name().to_owned());
    let kind = faults.parsed("kind", Some(&kind), str::parse::<KeyKind>);
    let is_widget = kind == Some(KeyKind::Widget);

    let scopes = faults.optional("scopes", request.scopes);
    let scopes = match scopes {
        Some(names) if is_widget && !names.is_empty() => {
            faults.add("scopes", NO_SCOPES_FOR_WIDGETS);
            None
        }
        _ if is_widget => Some(Scopes::default()),
        Some(names) => Some(parse_scopes(faults, &names)),
        None => Some(principal.scopes.clone()),
    };
    let expires_at = faults.optional("expires_at", request.expires_at);
    let expires_at = faults.parsed("expires_at", expires_at.as_deref(), parse_instant);
    if expires_at.is_some_and(|at| at <= now) {
        faults.add("expires_at", "must lie in the future");
    }
    let cidrs = faults
        .optional("allowed_cidrs", request.allowed_cidrs)
        .unwrap_or_default();
    let allowed_cidrs = parse_cidrs(faults, &cidrs);
    let origins = faults
        .optional("allowed_origins", request.allowed_origins)
        .unwrap_or_default();
    if !origins.is_empty() && !is_widget {
        faults.add("allowed_origins", ORIGINS_FOR_WIDGETS_ONLY);
    }
    let allowed_origins = parse_origins(faults, &origins);
    let rate_limit = faults
        .optional("rate_limit", request.rate_limit)
        .and_then(|asked| parse_rate(faults, "rate_limit", asked, most));
    let address_rate_limit = faults
        .optional("address_rate_limit", request.address_rate_limit)
        .and_then(|asked| parse_rate(faults, "address_rate_limit", asked, most));
    if address_rate_limit.is_some() && !is_widget {
        faults.add("address_rate_limit", ADDRESS_LIMIT_FOR_WIDGETS_ONLY);
    }
    Some(NewKey {
        name: name?,
        kind: kind?,
        scopes: scopes?,
        expires_at,
        allowed_cidrs,
        allowed_origins,
        rate_limit,
        address_rate_limit,
    })
}

fn list<T, E: std::fmt::Display>(
    faults: &mut Faults,
    name: &str,
    texts: &[String],
    parse: impl Fn(&str) -> Result<T, E>,
) -> Vec<T> {
    texts
        .iter()
        .filter_map(|text| faults.parsed(name, Some(text), &parse))
        .collect()
}

/// A network, or a single address.
fn parse_cidr(text: &str) -> Result<IpNet, String> {
    let parsed = text.parse();
    let parsed = parsed.or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from));
    parsed.map(without_mapping).map_err(|_| {
        format!(
            "{} is not an address or network; write it like 203.0.113.0/24",
            quoted(text)
        )
    })
}

/// Callers' addresses are read as IPv4 where they are IPv4 written as IPv6, so a network of those must be, too: else it
/// would contain nobody.
fn without_mapping(net: IpNet) -> IpNet {
    let IpNet::V6(v6) = net else {
        return net;
    };
    let of_v4 = v6.addr().to_ipv4_mapped();
    let of_v4 = of_v4.zip(v6.prefix_len().checked_sub(96));
    let of_v4 = of_v4.and_then(|(addr, len)| Ipv4Net::new(addr, len).ok());
    of_v4.map_or(net, IpNet::V4)
}

/// Refuses a key that would reach further than the caller's own.
pub(crate) fn refuse_wider(key: &ApiKey, principal: &Principal) -> Result<(), ApiError> {
    principal
        .reach()
        .covers(&key_reach(key))
        .map_err(ApiError::from)
}

/// Why a key is neither changed nor replaced.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyRefused {
    /// It reaches, or would reach, further than the caller.
    #[error(transparent)]
    Wider(#[from] Wider),
    /// It is revoked or expired: there is nothing to change or replace any more.
    #[error("the key is revoked or expired")]
    Ended,
    /// It has been replaced, and works only until the overlap ends.
    #[error("the key has been replaced already")]
    Replaced,
    /// A field does not go with its kind.
    #[error("a field does not go with the key's kind")]
    WrongKind(Faults),
}

impl From<KeyRefused> for ApiError {
    fn from(refused: KeyRefused) -> Self {
        match refused {
            KeyRefused::Wider(wider) => wider.into(),
            KeyRefused::Ended => Self::Conflict("This key is revoked or expired. Make a new one."),
            KeyRefused::Replaced => Self::Conflict(
                "This key has been replaced already. Rotate the key that replaced it.",
            ),
            KeyRefused::WrongKind(faults) => Self::Invalid(faults),
        }
    }
}

/// Refuses a key that is wider than the caller, or has ended.
pub(crate) fn refuse_wider_or_ended(
    key: &ApiKey,
    own: &Reach,
    now: DateTime<Utc>,
) -> Result<(), KeyRefused> {
    own.covers(&key_reach(key))?;
    if key.revoked_at.is_some() || key.expires_at.is_some_and(|at| at <= now) {
        return Err(KeyRefused::Ended);
    }
    Ok(())
}

/// Why a widget key is given no scopes.
pub(crate) const NO_SCOPES_FOR_WIDGETS: &str =
    "cannot be chosen for a widget key: what it may do is fixed";

/// Why a secret key is given no origins.
pub(crate) const ORIGINS_FOR_WIDGETS_ONLY: &str =
    "is for widget keys: a secret key does not belong in a page";

/// Why a secret key is given no limit for each address.
pub(crate) const ADDRESS_LIMIT_FOR_WIDGETS_ONLY: &str =
    "is for widget keys, which many visitors share; a secret key has rate_limit alone";

/// Refuses fields that a key's requests do not know.
pub(crate) fn refuse_unknown(faults: &mut Faults, rest: &Map<String, Value>) {
    faults.unknown(rest, SET_BY_SERVER);
}

/// Reads scopes.
pub(crate) fn parse_scopes(faults: &mut Faults, names: &[String]) -> Scopes {
    list(faults, "scopes", names, str::parse::<Scope>)
        .into_iter()
        .collect()
}

/// Reads networks.
pub(crate) fn parse_cidrs(faults: &mut Faults, texts: &[String]) -> Vec<IpNet> {
    list(faults, "allowed_cidrs", texts, parse_cidr)
}

/// Reads origins.
pub(crate) fn parse_origins(faults: &mut Faults, texts: &[String]) -> Vec<Origin> {
    list(faults, "allowed_origins", texts, str::parse)
}

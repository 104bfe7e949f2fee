use api::caller::{Address, App};
use api::{ApiError, Body, Change, Data, Faults, Field, Object, Path, PublicTexts, State};
use auth::Reach;
use auth::principal::key_reach;
use axum::extract::State as Extract;
use ipnet::IpNet;
use model::audit::AuditAction;
use model::key::{ApiKey, KeyKind};
use model::origin::Origin;
use model::rate::RateLimit;
use model::scope::Scopes;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::access::Write;
use crate::common::audit_event;
use crate::fields;
use crate::fields::key::{KeyRefused, RateLimitRequest, refuse_wider_or_ended};
use crate::views::key::KeyView;

/// What to change of a key. What is not sent stays.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct UpdateKeyRequest {
    /// What to call it.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100, pattern = r"\S")]
    name: Field<String>,
    /// What it may do.
    #[serde(default)]
    #[schema(value_type = Option<Vec<api::schemas::Scope>>)]
    scopes: Field<Vec<String>>,
    /// How many requests in how long; `null` for its kind's.
    #[serde(default)]
    #[schema(value_type = Option<RateLimitRequest>)]
    rate_limit: Field<Object<RateLimitRequest>>,
    /// The same for one source address of a widget key; `null` for the usual one.
    #[serde(default)]
    #[schema(value_type = Option<RateLimitRequest>)]
    address_rate_limit: Field<Object<RateLimitRequest>>,
    /// Addresses it may be used from; an empty list for any.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    allowed_cidrs: Field<Vec<String>>,
    /// Origins a widget key may be used from; an empty list for any.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    allowed_origins: Field<Vec<String>>,
    /// Whatever else was sent: nothing is ignored here.
    #[serde(flatten)]
    #[schema(ignore)]
    rest: Map<String, Value>,
}

/// Changes a key's name, scopes, limit, addresses or origins.
///
/// Neither the key as it is nor as it would be may reach further than your own.
#[utoipa::path(
    patch,
    path = "/v2/keys/{id}",
    tag = "keys",
    params(("id" = String, Path, description = "The key's id, not the key.")),
    request_body = UpdateKeyRequest,
    responses(
        (status = 200, description = "The record.", body = KeyView),
        (status = 403, description = "It reaches, or would reach, further than your own key."),
        (status = 404, description = "There is none, or it is not yours."),
        (status = 409, description = "It is revoked or expired."),
        (status = 422, description = "Something is wrong with the request: `errors`, by field."),
    )
)]
pub(crate) async fn update_key(
    App(principal): App<Write>,
    Extract(state): Extract<State>,
    address: Address,
    Path(id): Path<String>,
    Body(request): Body<UpdateKeyRequest>,
) -> Result<Data<KeyView>, ApiError> {
    let id = id.parse().map_err(|_| ApiError::NotFound("Key"))?;
    let changes = Changes::read(request, state.config().max_rate)?;
    let mut event = audit_event::by_caller(&state, &principal, address, AuditAction::Updated, id);
    event.detail = Some(changes.names());
    let (own, now) = (principal.reach(), state.now());
    let change = |key: ApiKey| changes.apply(key, &own, now);
    let key = state.writer().change_key(&event, change).await?;
    let app = state.store().get_app(principal.app).await?;
    let used = state.store().get_last_day(&[key.id]).await?;
    Ok(Data {
        data: KeyView::of(&key, app.as_ref(), used.first(), now),
    })
}

/// What was asked for, sound in itself.
struct Changes {
    name: Option<String>,
    scopes: Option<Scopes>,
    rate_limit: Change<RateLimit>,
    address_rate_limit: Change<RateLimit>,
    allowed_cidrs: Option<Vec<IpNet>>,
    allowed_origins: Option<Vec<Origin>>,
}

impl Changes {
    fn read(request: UpdateKeyRequest, most: RateLimit) -> Result<Self, ApiError> {
        let mut faults = Faults::none();
        fields::key::refuse_unknown(&mut faults, &request.rest);
        let name = faults.optional("name", request.name);
        let name = faults.text("name", name, 1..=100);
        PublicTexts::default().check_text(&mut faults, "name", name.as_deref());
        let scopes = faults.optional("scopes", request.scopes);
        let scopes = scopes.map(|names| fields::key::parse_scopes(&mut faults, &names));
        let mut rate = |field: &str, sent: Field<Object<RateLimitRequest>>| {
            Change::read(&mut faults, field, sent, |faults, asked| {
                fields::key::parse_rate(faults, field, asked, most)
            })
        };
        let rate_limit = rate("rate_limit", request.rate_limit);
        let address_rate_limit = rate("address_rate_limit", request.address_rate_limit);
        let cidrs = faults.optional("allowed_cidrs", request.allowed_cidrs);
        let allowed_cidrs = cidrs.map(|texts| fields::key::parse_cidrs(&mut faults, &texts));
        let origins = faults.optional("allowed_origins", request.allowed_origins);
        let allowed_origins = origins.map(|texts| fields::key::parse_origins(&mut faults, &texts));
        Ok(faults.finish(Some(Self {
            name,
            scopes,
            rate_limit,
            address_rate_limit,
            allowed_cidrs,
            allowed_origins,
        }))?)
    }

    fn apply(
        &self,
        key: ApiKey,
        own: &Reach,
        now: chrono::DateTime<chrono::Utc>,
    ) -> Result<ApiKey, KeyRefused> {
        refuse_wider_or_ended(&key, own, now)?;
        let mut faults = Faults::none();
        if key.kind == KeyKind::Widget
            && self
                .scopes
                .as_ref()
                .is_some_and(|scopes| scopes.iter().next().is_some())
        {
            faults.add("scopes", fields::key::NO_SCOPES_FOR_WIDGETS);
        }
        if key.kind != KeyKind::Widget
            && self
                .allowed_origins
                .as_ref()
                .is_some_and(|origins| !origins.is_empty())
        {
            faults.add("allowed_origins", fields::key::ORIGINS_FOR_WIDGETS_ONLY);
        }
        if key.kind != KeyKind::Widget && self.address_rate_limit.value().is_some() {
            faults.add(
                "address_rate_limit",
                fields::key::ADDRESS_LIMIT_FOR_WIDGETS_ONLY,
            );
        }
        if !faults.is_empty() {
            return Err(KeyRefused::WrongKind(faults));
        }
        let changed = ApiKey {
            name: self.name.clone().unwrap_or(key.name),
            scopes: self.scopes.clone().unwrap_or(key.scopes),
            rate_limit: self.rate_limit.of(key.rate_limit),
            address_rate_limit: self.address_rate_limit.of(key.address_rate_limit),
            allowed_cidrs: self.allowed_cidrs.clone().unwrap_or(key.allowed_cidrs),
            allowed_origins: self.allowed_origins.clone().unwrap_or(key.allowed_origins),
            ..key
        };
        own.covers(&key_reach(&changed))?;
        Ok(changed)
    }

    /// Which fields were sent, for the audit log.
    fn names(&self) -> String {
        let sent = [
            ("name", self.name.is_some()),
            ("scopes", self.scopes.is_some()),
            ("rate_limit", self.rate_limit.is_some()),
            ("address_rate_limit", self.address_rate_limit.is_some()),
            ("allowed_cidrs", self.allowed_cidrs.is_some()),
            ("allowed_origins", self.allowed_origins.is_some()),
        ];
        let names: Vec<&str> = sent
            .iter()
            .filter(|(_, is_sent)| *is_sent)
            .map(|(name, _)| *name)
            .collect();
        names.join(", ")
    }
}

//! What a client may say of a resource, at its creation and later.

use api::body::MAX_FREE_FORM;
use api::{ApiError, Change, Faults, Field, PublicTexts, State, cleared};
use auth::principal::token_reach;
use auth::{Owner, Principal};
use model::availability::MIN_LENGTH_S;
use model::booking::MAX_BOOKING_DAYS;
use model::constraint::kept_constraints_faults;
use model::duration::CalendarSpan;
use model::key::TokenType;
use model::resource::{MAX_CAPACITY, Resource};
use model::time::{Tz, parse_zone};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A resource's fields. Fields that are not listed are ignored.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(crate) struct ResourceRequest {
    /// What people call it. At creation it is made of `first_name` and `last_name` unless said, and required without.
    #[serde(default)]
    #[schema(value_type = String, min_length = 1, max_length = 200, pattern = r"\S")]
    pub(crate) name: Field<String>,
    /// IANA time zone, like `Europe/Copenhagen`. Required at creation.
    #[serde(default)]
    #[schema(value_type = String)]
    pub(crate) timezone: Field<String>,
    /// Unique within the app; cannot be changed later. A room needs none.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Email)]
    pub(crate) email: Field<String>,
    /// Given name.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 2000)]
    pub(crate) first_name: Field<String>,
    /// Family name.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 2000)]
    pub(crate) last_name: Field<String>,
    /// Address of a picture.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 2000)]
    pub(crate) image: Field<String>,
    /// What it signs in with at `POST /v2/auth`; needs a caller with `*`, because it opens the resource's server-token.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 10, max_length = 200)]
    pub(crate) password: Field<String>,
    /// Whatever you want to keep with it.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub(crate) meta: Field<Map<String, Value>>,
    /// Words to group it by.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    pub(crate) tags: Field<Vec<String>>,
    /// How many bookings it takes at once; 1 unless said.
    #[serde(default)]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    pub(crate) capacity: Field<i64>,
    /// The longest booking that a widget key or `client-token` makes of it without a project, e.g. `3 days`: from
    /// `1 minute` to `31 days`. `null` stands for the default, 24 hours.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) max_public_length: Field<String>,
    /// When it may be booked, read off the clock of its own zone.
    #[serde(default)]
    #[schema(value_type = Option<Vec<api::schemas::Constraint>>)]
    pub(crate) availability_constraints: Field<Vec<Value>>,
}

api::required!(CreateResourceRequest: ResourceRequest { ["timezone", "name"], ["timezone", "first_name"], ["timezone", "last_name"] });

/// What was sent; `None` for what was not.
pub(crate) struct ResourceFields {
    pub(crate) name: Option<String>,
    pub(crate) timezone: Option<Tz>,
    pub(crate) email: Option<String>,
    pub(crate) password: Option<String>,
    first_name: Change<String>,
    last_name: Change<String>,
    image: Change<String>,
    meta: Option<Map<String, Value>>,
    tags: Option<Vec<String>>,
    capacity: Option<u32>,
    max_public_length: Change<String>,
    availability_constraints: Option<Vec<Value>>,
}

/// The most characters of a name.
const MAX_NAME: usize = 200;

/// The most characters of another text.
const MAX_TEXT: usize = 2_000;

/// The most bytes that tags have as JSON.
const MAX_TAGS: usize = 16 * 1024;

impl ResourceFields {
    /// Reads the request; what is wrong with it goes to `faults`.
    pub(crate) fn read(request: ResourceRequest, faults: &mut Faults) -> Self {
        let name = faults.optional("name", request.name);
        let timezone = faults.optional("timezone", request.timezone);
        let email = faults.optional("email", request.email);
        let password = faults.optional("password", request.password);
        let password = api::body::sound_password(faults, "password", password);
        let constraints = cleared(
            faults,
            "availability_constraints",
            request.availability_constraints,
        );
        if let Some(constraints) = &constraints {
            faults.append(kept_constraints_faults(
                constraints,
                "availability_constraints",
            ));
        }
        let meta = cleared(faults, "meta", request.meta);
        faults.size("meta", &meta, MAX_FREE_FORM);
        let tags = cleared(faults, "tags", request.tags);
        faults.size("tags", &tags, MAX_TAGS);
        Self {
            name: faults.text("name", name, 1..=MAX_NAME),
            timezone: faults.parsed("timezone", timezone.as_deref(), parse_zone),
            email: faults.parsed("email", email.as_deref(), api::body::parse_email),
            password,
            first_name: Change::text(faults, "first_name", request.first_name, MAX_TEXT),
            last_name: Change::text(faults, "last_name", request.last_name, MAX_TEXT),
            image: Change::text(faults, "image", request.image, MAX_TEXT),
            meta,
            tags,
            capacity: faults.whole("capacity", request.capacity, 1..=MAX_CAPACITY),
            max_public_length: max_public_length(faults, request.max_public_length),
            availability_constraints: constraints,
        }
    }

    /// Refuses secrets in what pages and sign-in show of a resource.
    pub(crate) fn check_public(&self, public: &PublicTexts, faults: &mut Faults) {
        public.check_text(faults, "name", self.name.as_deref());
        for (name, text) in [
            ("first_name", &self.first_name),
            ("last_name", &self.last_name),
            ("image", &self.image),
        ] {
            public.check_text(faults, name, text.value().map(String::as_str));
        }
    }

    /// The given and the family name, as far as they were said.
    pub(crate) fn full_name(&self) -> Option<String> {
        let parts = [&self.first_name, &self.last_name];
        let parts: Vec<&str> = parts
            .into_iter()
            .filter_map(|part| part.value().map(String::as_str))
            .collect();
        let name: String = parts.join(" ").trim().chars().take(MAX_NAME).collect();
        (!name.is_empty()).then_some(name)
    }

    /// The resource with everything that was said. Its e-mail address is not among it.
    pub(crate) fn apply(&self, resource: Resource) -> Resource {
        let given = self;
        Resource {
            name: given.name.clone().unwrap_or(resource.name),
            timezone: given.timezone.unwrap_or(resource.timezone),
            first_name: given.first_name.of(resource.first_name),
            last_name: given.last_name.of(resource.last_name),
            image: given.image.of(resource.image),
            meta: given.meta.clone().unwrap_or(resource.meta),
            tags: given.tags.clone().unwrap_or(resource.tags),
            capacity: given.capacity.unwrap_or(resource.capacity),
            max_public_length: given.max_public_length.of(resource.max_public_length),
            availability_constraints: given
                .availability_constraints
                .clone()
                .unwrap_or(resource.availability_constraints),
            ..resource
        }
    }

    /// The hash of the password that was sent, if one was.
    pub(crate) async fn password_hash(
        &self,
        state: &State,
        principal: &Principal,
    ) -> Result<Option<String>, ApiError> {
        let Some(password) = &self.password else {
            return Ok(None);
        };
        let (owner, password) = (Owner::App(principal.app), password.as_str().into());
        let hash = state.hashing().hash(owner, password, state.random());
        Ok(Some(hash.await?))
    }

    /// A password opens the resource's server-token, so only who may have that may set one.
    pub(crate) fn refuse_wider_password(&self, principal: &Principal) -> Result<(), ApiError> {
        if self.password.is_none() {
            return Ok(());
        }
        let server_token = token_reach(TokenType::ServerToken, None, Vec::new());
        principal
            .reach()
            .covers(&server_token)
            .map_err(ApiError::from)
    }
}

fn max_public_length(faults: &mut Faults, field: Field<String>) -> Change<String> {
    let name = "max_public_length";
    let text = Change::text(faults, name, field, MAX_TEXT);
    let sent = text.value().map(String::as_str);
    let length = faults.parsed(name, sent, str::parse::<CalendarSpan>);
    let range = MIN_LENGTH_S..=CalendarSpan::new(MAX_BOOKING_DAYS, 0).on_clock_s();
    if length.is_some_and(|length| !range.contains(&length.on_clock_s())) {
        let sentence = format!("must be from 1 minute to {MAX_BOOKING_DAYS} days, e.g. \"3 days\"");
        faults.add(name, sentence);
    }
    text
}

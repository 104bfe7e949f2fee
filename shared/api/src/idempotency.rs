//! `Idempotency-Key`: a request that is sent again with the same key does nothing and is answered as the first one
//! was. The layer here stands between [`authorize`](crate::authorize) and the handler of every operation that is
//! called by POST, changes something, and knows its caller; elsewhere the header has no effect.
//!
//! A handler takes part in three lines: it says what it will answer, writes with the writer that keeps this, and
//! answers it.
//!
//! ```text
//! pub(crate) async fn create_thing(
//!     App(principal): App<Write>,
//!     Extract(state): Extract<State>,
//!     once: Idempotency,
//!     Body(request): Body<ThingRequest>,
//! ) -> Result<Created<ThingView>, ApiError> {
//!     let thing = parse(request)?;
//!     let answer = Created(ThingView::of(&thing));
//!     // Nothing may come between here and the answer that could fail: what is kept is what was answered.
//!     once.keep(&answer)?;
//!     once.writer(&state).create_thing(principal.tenant(), &thing).await?;
//!     Ok(answer)
//! }
//! ```
//!
//! - If the answer is known only once the store has decided, `keep` is called in the closure that decides: the last
//!   one counts. What the answer needs beside the decision, such as includes, is read before.
//! - What only the first answer may show is left out of what is kept: `once.keep(&Created(view.without_key()))`.
//! - What must not be at rest and can be made again, e.g. a signature, is left out too, and its operation is added with
//!   [`Routes::completed_by`](crate::operations::Routes::completed_by): that adds it to the answer when it is replayed.
//! - Every error is simply returned. If a twin was faster, whatever error that brought, its answer is replayed.
//! - One transaction is written with `once.writer`. What makes many things in a transaction each calls
//!   [`Idempotency::begin`] for a seed to derive their ids from, writes with `state.writer()`, each thing on condition
//!   that it is not there yet, and ends with [`Idempotency::finish`].
//!
//! It is one file because the layer, the extractor and what is kept are three sides of one promise: a request is done once.

use auth::plain_key::hash_secret;
use auth::{Caller, MasterSecret};
use axum::body::{Body as HttpBody, Bytes};
use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use store::{
    IdempotencyKey, IdempotencyRecord, KeptAnswer, MAX_KEPT_BODY, PendingAnswer, RecordOwner, Seed,
    StoreError, Writer,
};

use crate::answer::{Created, Data, NoContent};
use crate::error::ApiError;
use crate::operation::Operation;
use crate::replay::Completion;
use crate::state::State;
use crate::warnings::Warnings;

/// What a client calls its request, so that it can send it again.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Says on an answer that it is the one to an earlier request with the same key.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The longest key, in characters.
pub const MAX_KEY: usize = 255;

/// Answers a request from its record, or lets it through to its handler.
pub(crate) async fn answer_once(
    state: &State,
    operation: &Operation,
    caller: &Caller,
    request: Request,
    next: Next,
) -> Response {
    if !operation.takes_idempotency_key_by(request.method()) {
        return next.run(request).await;
    }
    let key = match sent_key(request.headers()) {
        Ok(Some(key)) => key,
        Ok(None) => return next.run(request).await,
        Err(error) => return error.into_response(),
    };
    match answer_keyed(state, operation, caller, &key, request, next).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    }
}

async fn answer_keyed(
    state: &State,
    operation: &Operation,
    caller: &Caller,
    key: &str,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let Some(place) = place(operation, caller, key) else {
        return Ok(next.run(request).await);
    };
    let (mut parts, body) = request.into_parts();
    let body = crate::body::read(body).await?;
    let secret = state.master_secret().await?;
    let message = message(&parts, &body);
    let completion = operation
        .completes
        .and_then(|completes| completes(state, &parts));
    let known = find(state, &place).await?;
    let mut begun = None;
    if let Some(record) = known {
        check_same(&record, secret, &message)?;
        match record.answer {
            Some(answer) => return Ok(replay(completed(answer, completion).await?)),
            None => begun = Some(record),
        }
    }
    let code = RequestCode::of(secret, &message)?;
    let seed = Seed::random(state.random());
    let keep = PendingAnswer::new(place.clone(), code.to_string(), seed, state.now());
    parts.extensions.insert(Idempotency(Some(Once {
        keep: keep.clone(),
        begun,
        warnings: parts.extensions.get().cloned().unwrap_or_default(),
    })));
    let request = Request::from_parts(parts, HttpBody::from(body));
    let response = next.run(request).await;

    if response.status().is_success() {
        if !keep.is_committed() {
            tracing::error!(operation = operation.id, "an answer was not kept");
        }
        return Ok(response);
    }
    let sent = (secret, message.as_slice());
    or_of_twin(state, &place, sent, completion, response).await
}

/// The answer that a twin of a refused request was given or, without a twin, its own.
async fn or_of_twin(
    state: &State,
    place: &IdempotencyKey,
    (secret, message): (&MasterSecret, &[u8]),
    completion: Option<Completion>,
    response: Response,
) -> Result<Response, ApiError> {
    // Whatever it was refused for, a twin may have been the cause: then its answer is this one's too.
    let is_unknown = response
        .extensions()
        .get::<std::sync::Arc<ApiError>>()
        .is_some_and(|error| error.leaves_outcome_unknown());
    match find(state, place).await {
        Ok(Some(record)) => {
            check_same(&record, secret, message)?;
            match record.answer {
                Some(answer) => Ok(replay(completed(answer, completion).await?)),
                None => Ok(response),
            }
        }
        Ok(None) if !is_unknown => Ok(response),
        Ok(None) => Err(ApiError::OutcomeUnknown),
        Err(_) if is_unknown => Err(ApiError::OutcomeUnknown),
        Err(_) => Ok(response),
    }
}

async fn completed(
    answer: KeptAnswer,
    completion: Option<Completion>,
) -> Result<KeptAnswer, ApiError> {
    match completion {
        Some(complete) => complete(answer).await,
        None => Ok(answer),
    }
}

async fn find(
    state: &State,
    place: &IdempotencyKey,
) -> Result<Option<IdempotencyRecord>, StoreError> {
    let store = state.store();
    store.find_idempotency_record(place, state.now()).await
}

/// The key that was sent, if one was.
fn sent_key(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let mut sent = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(key) = sent.next() else {
        return Ok(None);
    };
    let is_sound = |text: &&str| {
        (1..=MAX_KEY).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
    };
    match (key.to_str().ok().filter(is_sound), sent.next()) {
        (Some(key), None) => Ok(Some(key.to_owned())),
        _ => Err(ApiError::InvalidHeader {
            header: "Idempotency-Key",
            fault: "must be sent once, with 1 to 255 printable ASCII characters",
        }),
    }
}

/// Where the request's record is; nowhere for nobody.
fn place(operation: &Operation, caller: &Caller, key: &str) -> Option<IdempotencyKey> {
    let (owner, id) = match caller {
        Caller::App(principal) => (RecordOwner::App(principal.app), principal.caller_id()),
        Caller::Account(account) => (RecordOwner::Account(*account), account.uuid()),
        Caller::Anonymous => return None,
    };
    let route = format!("POST {}", operation.path);
    Some(IdempotencyKey::new(owner, id, &route, hash_secret(key)))
}

/// Everything of a request that must be the same when it is sent again.
fn message(parts: &Parts, body: &[u8]) -> Vec<u8> {
    let path = parts.uri.path().as_bytes();
    let query = parts.uri.query().unwrap_or_default().as_bytes();
    let mut message = Vec::with_capacity(path.len() + query.len() + body.len() + 16);
    for part in [path, query] {
        message.extend((part.len() as u64).to_be_bytes());
        message.extend(part);
    }
    message.extend(body);
    message
}

/// A code of a request. It is no plain hash: a body may hold a password, which could be guessed from one.
struct RequestCode {
    version: u32,
    code: [u8; 32],
}

impl RequestCode {
    fn of(secret: &MasterSecret, message: &[u8]) -> Result<Self, ApiError> {
        Self::under(secret, secret.current(), message)
    }

    fn under(secret: &MasterSecret, version: u32, message: &[u8]) -> Result<Self, ApiError> {
        let code = secret.mac_under(version, "idempotency", message)?;
        Ok(Self { version, code })
    }
}

impl std::fmt::Display for RequestCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.version, URL_SAFE_NO_PAD.encode(self.code))
    }
}

/// Goes on only if `record` is of the same request.
fn check_same(
    record: &IdempotencyRecord,
    secret: &MasterSecret,
    message: &[u8],
) -> Result<(), ApiError> {
    let version = record.request.split_once('.');
    let version = version.and_then(|(version, _)| version.parse().ok());
    let version = version.ok_or_else(|| ApiError::Internal("a request without code".into()))?;
    // The master secret may have been renewed between the two.
    if RequestCode::under(secret, version, message)?.to_string() == record.request {
        Ok(())
    } else {
        Err(ApiError::IdempotencyKeyReused)
    }
}

/// The answer to the first request with this key.
fn replay(answer: KeptAnswer) -> Response {
    let KeptAnswer {
        status,
        headers,
        body,
    } = answer;
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let mut response = status.into_response();
    for (name, value) in &headers {
        if let (Ok(name), Ok(value)) = (
            HeaderName::from_bytes(name.as_bytes()),
            HeaderValue::from_str(value),
        ) {
            response.headers_mut().insert(name, value);
        }
    }
    if !body.is_empty() {
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        *response.body_mut() = HttpBody::from(Bytes::from(body));
    }
    response
        .headers_mut()
        .insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

/// How a handler does what it does once only, if its request has an idempotency key; nothing changes for it if not.
#[derive(Clone, Default)]
pub struct Idempotency(Option<Once>);

#[derive(Clone)]
struct Once {
    keep: PendingAnswer,
    begun: Option<IdempotencyRecord>,
    warnings: Warnings,
}

impl Once {
    /// The answer as it goes over the wire: with what is told beside its data.
    fn kept(&self, answer: &impl Keepable) -> Result<KeptAnswer, ApiError> {
        let mut kept = answer.kept()?;
        kept.body = self.warnings.beside(kept.body)?;
        Ok(kept)
    }
}

impl Idempotency {
    /// Whether the request has a key.
    pub const fn is_keyed(&self) -> bool {
        self.0.is_some()
    }

    /// Says what the request will be answered, before anything is written.
    ///
    /// # Errors
    ///
    /// [`ApiError::InvalidHeader`] if the answer is too large to be kept.
    pub fn keep(&self, answer: &impl Keepable) -> Result<(), ApiError> {
        let Some(once) = &self.0 else {
            return Ok(());
        };
        let kept = once.kept(answer)?;
        if kept.body.len() > MAX_KEPT_BODY {
            return Err(ApiError::InvalidHeader {
                header: "Idempotency-Key",
                fault: "cannot be honoured, for the answer would have over 320 KiB; ask for fewer includes",
            });
        }
        once.keep.set(kept);
        Ok(())
    }

    /// What this request writes with: one transaction, with which the answer is kept.
    pub fn writer(&self, state: &State) -> Writer {
        match &self.0 {
            Some(once) => state.store().writer_keeping(&once.keep),
            None => state.writer(),
        }
    }

    /// Begins a request that makes many things in a transaction each, and answers what to derive their ids from: the
    /// same as when it was sent first.
    ///
    /// # Errors
    ///
    /// If a twin has been answered meanwhile, or the store fails.
    pub async fn begin(&mut self, state: &State) -> Result<Seed, ApiError> {
        let Some(once) = &mut self.0 else {
            return Ok(Seed::random(state.random()));
        };
        if let Some(begun) = &once.begun {
            return Ok(begun.seed);
        }
        let known = state
            .writer()
            .begin_idempotent(&once.keep, state.now())
            .await?;
        // Whether it is the same request that a twin has begun or ended is found out on the way back.
        if known.answer.is_some() || !once.keep.is_same_request(&known) {
            return Err(StoreError::Replayed.into());
        }
        let seed = known.seed;
        once.begun = Some(known);
        Ok(seed)
    }

    /// Ends a request that was begun: keeps what it will be answered. An answer too large to be kept is not: then the
    /// request can be sent again all the same, and finds everything made.
    ///
    /// # Errors
    ///
    /// If a twin has been answered meanwhile, or the store fails.
    pub async fn finish(&self, state: &State, answer: &impl Keepable) -> Result<(), ApiError> {
        let Some(once) = &self.0 else {
            return Ok(());
        };
        let Some(begun) = &once.begun else {
            return Ok(());
        };
        let kept = once.kept(answer)?;
        if kept.body.len() <= MAX_KEPT_BODY {
            once.keep.set(kept);
            state
                .writer()
                .finish_idempotent(&once.keep, begun, state.now())
                .await?;
        }
        Ok(())
    }
}

impl FromRequestParts<State> for Idempotency {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &State) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}

/// An answer that went well, which can be kept as it goes over the wire.
pub trait Keepable {
    /// Its status, the headers that belong to it, and its body.
    ///
    /// # Errors
    ///
    /// Only if it cannot be written as JSON, which is a mistake of ours.
    fn kept(&self) -> Result<KeptAnswer, ApiError>;
}

fn json(status: StatusCode, body: &impl Serialize) -> Result<KeptAnswer, ApiError> {
    let body = serde_json::to_string(body).map_err(|error| ApiError::Internal(error.into()))?;
    Ok(KeptAnswer {
        status: status.as_u16(),
        headers: std::collections::BTreeMap::new(),
        body,
    })
}

impl<T: Serialize> Keepable for Data<T> {
    fn kept(&self) -> Result<KeptAnswer, ApiError> {
        json(StatusCode::OK, self)
    }
}

impl<T: Serialize> Keepable for Created<T> {
    fn kept(&self) -> Result<KeptAnswer, ApiError> {
        json(StatusCode::CREATED, &Data { data: &self.0 })
    }
}

impl<T: Serialize> Keepable for (StatusCode, axum::Json<T>) {
    fn kept(&self) -> Result<KeptAnswer, ApiError> {
        json(self.0, &self.1.0)
    }
}

impl Keepable for NoContent {
    fn kept(&self) -> Result<KeptAnswer, ApiError> {
        Ok(KeptAnswer {
            status: StatusCode::NO_CONTENT.as_u16(),
            headers: std::collections::BTreeMap::new(),
            body: String::new(),
        })
    }
}

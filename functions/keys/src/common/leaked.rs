//! What becomes of secrets that were found where they should not be.

use api::caller::Address;
use api::{ApiError, State};
use auth::FeedAddress;
use auth::development::is_development_key;
use auth::plain_key::hash_secret;
use auth::secret_scan::{Secret, secrets_in};
use model::audit::{AuditAction, AuditEvent};
use model::ids::{AppId, KeyId};
use model::key::{HashedKey, KeyKind, TokenType};
use store::Tenant;

use crate::common::audit_event;

/// Who is named in the audit log.
const BY: &str = "leak report";

/// The length of a session's token.
const SESSION: usize = 43;

/// Ends every secret in a text that is real, looking up at most `most`; answers how many were looked up.
pub(crate) async fn end_all(
    state: &State,
    address: Address,
    text: &str,
    most: usize,
) -> Result<usize, ApiError> {
    let text = text.trim();
    let found = secrets_in(text, most);
    if found.is_empty() && most > 0 {
        return end_without_shape(state, address, text).await;
    }
    for secret in &found {
        match secret {
            Secret::Key(key) => end_key(state, address, key.hashed()).await?,
            Secret::Token(token) => end_token(state, address, token.hashed()).await?,
            Secret::Feed(feed) => end_feed(state, address, *feed).await?,
        }
    }
    Ok(found.len())
}

/// Ends what is told by no shape of its own, and so must be the whole text: a session's token, with its cookie's name or
/// without, and where such are allowed an imported key or token.
async fn end_without_shape(state: &State, address: Address, text: &str) -> Result<usize, ApiError> {
    let mut looked_up = 0;
    let token = text.split_once('=').map_or(text, |(_, value)| value);
    let is_of_it = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    if token.len() == SESSION && token.bytes().all(is_of_it) {
        looked_up = 1;
        let hash = hash_secret(token);
        if let Some(session) = state.store().find_session(hash).await? {
            state.writer().end_session(session.account, hash).await?;
        }
    }
    if state.config().policy.allow_imported_keys && !text.is_empty() {
        looked_up = 1;
        end_key(state, address, hash_secret(text)).await?;
        end_token(state, address, hash_secret(text)).await?;
    }
    Ok(looked_up)
}

async fn end_key(state: &State, address: Address, hash: HashedKey) -> Result<(), ApiError> {
    let Some(key) = state.store().find_key(hash).await? else {
        return Ok(());
    };
    // A widget key is public, and so is the development key: nothing has leaked.
    if key.kind == KeyKind::Widget || key.revoked_at.is_some() || is_development_key(hash) {
        return Ok(());
    }
    let event = event(state, address, key.app, key.id);
    state.writer().revoke_key(&event, event.at).await?;
    Ok(())
}

async fn end_token(state: &State, address: Address, hash: HashedKey) -> Result<(), ApiError> {
    let Some(credential) = state.store().find_credential(hash).await? else {
        return Ok(());
    };
    // A client-token stands in public pages: whoever sees one could take the page down.
    if credential.token_type == TokenType::ClientToken {
        return Ok(());
    }
    let named = KeyId::new(credential.id.uuid());
    let detail = format!("a server-token of the resource {}", credential.resource);
    let event = AuditEvent {
        detail: Some(detail),
        ..event(state, address, credential.app, named)
    };
    state
        .writer()
        .delete_leaked_credential(&credential, &event)
        .await?;
    Ok(())
}

async fn end_feed(state: &State, address: Address, feed: FeedAddress) -> Result<(), ApiError> {
    let (writer, tenant) = (state.writer(), Tenant::app(feed.app));
    let resource = writer.get_resource(tenant, feed.resource).await?;
    let Some(kept) = resource.and_then(|resource| resource.calendar_feed) else {
        return Ok(());
    };
    if !feed.opens(&kept, state.master_secret().await?) {
        return Ok(());
    }
    let named = KeyId::new(kept.id.uuid());
    let detail = format!("the calendar's address of the resource {}", feed.resource);
    let event = AuditEvent {
        detail: Some(detail),
        ..event(state, address, feed.app, named)
    };
    writer
        .delete_leaked_feed(tenant, feed.resource, kept.id, &event)
        .await?;
    Ok(())
}

fn event(state: &State, address: Address, app: AppId, key: KeyId) -> AuditEvent {
    let by = BY.to_owned();
    audit_event::by(state, app, by, address, AuditAction::Leaked, key)
}

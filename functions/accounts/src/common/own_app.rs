//! Finding the app that a path names, for whoever may act on it.

use api::{ApiError, State};
use auth::{Caller, Who};
use model::ids::AccountId;
use store::AppIdentity;

/// The app with this slug, if it is the caller's: a session's account's, or the very app a key belongs to.
pub(crate) async fn own_app(
    state: &State,
    caller: &Caller,
    slug: &str,
) -> Result<AppIdentity, ApiError> {
    let found = state.store().find_app(slug).await?;
    let own = found.filter(|app| match caller {
        Caller::App(principal) => match principal.who {
            Who::Session { account } => app.account == account,
            Who::Key { .. } | Who::Resource { .. } => app.app == principal.app,
            Who::SignedSearch => false,
        },
        Caller::Account(account) => app.account == *account,
        Caller::Anonymous => false,
    });
    own.ok_or(ApiError::NotFound("App"))
}

/// The account of a person at the console; none for callers that are not persons.
pub(crate) const fn account(caller: &Caller) -> Option<AccountId> {
    match caller {
        Caller::Account(account) => Some(*account),
        Caller::App(principal) => match principal.who {
            Who::Session { account } => Some(account),
            Who::Key { .. } | Who::Resource { .. } | Who::SignedSearch => None,
        },
        Caller::Anonymous => None,
    }
}

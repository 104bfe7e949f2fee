//! What a new user finds on an empty store: an account with a live and a test app, a few resources and bookings, and in
//! each app a project, so that there is a booking page to look at. The ids are fixed, so that the example events fit. The
//! keys are new each time, except the published development key.

mod accounts;
mod bookings;
mod common;
mod ids;
mod pages;
mod resources;

use api::State;
use auth::issue::IssuedApp;

use crate::error::LocalError;

pub use ids::{
    ACCOUNT, CALENDAR, CONFIRMED, CREDENTIAL, DECLINED, DEVELOPMENT_KEY_ID, DOC_BROWN, EMAIL,
    LIVE_APP, LIVE_DOC_BROWN, LIVE_PROJECT, LIVE_SLUG, LOCATION, NAMED_KEY, ROOM, SERVICE,
    TENTATIVE, TEST_APP, TEST_PROJECT, TEST_SLUG,
};

/// What is shown once, at the first start.
#[derive(Debug)]
pub struct Demo {
    /// The account's password.
    pub password: String,
    /// The live app's keys.
    pub live: IssuedApp,
    /// The test app's keys.
    pub test: IssuedApp,
}

/// Creates the demo. The store must be empty.
///
/// # Errors
///
/// If the store fails.
pub async fn create(state: &State) -> Result<Demo, LocalError> {
    let password = accounts::password(state);
    let (live, test) = accounts::create(state, &password).await?;
    let doc_brown = resources::create(state).await?;
    pages::create(state).await?;
    bookings::create(state, &doc_brown).await?;
    Ok(Demo {
        password,
        live,
        test,
    })
}

//! `latchkey accounts`: what whoever runs a deployment does when sign-up is closed or a password is lost.
//! It works on the store itself, with the rights of the data folder or of AWS.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use api::ambient::{SystemClock, SystemRandom};
use auth::password::Hashing;
use auth::token::{PlainToken, RESET_LINK_MINUTES};
use auth::{Owner, issue};
use chrono::TimeDelta;
use clap::{Args, Subcommand};
use model::account::Account;
use model::ids::AccountId;
use model::text::{composed, email_key};
use model::{Clock, Random};
use store::{Connection, CreateAccountError, Store, Tables};

use crate::data_folder::DataFolder;
use crate::embedded::EmbeddedStore;
use crate::error::LocalError;
use crate::{data, tables};

/// What to do with accounts.
#[derive(Debug, Subcommand)]
pub enum AccountsCommand {
    /// Make an account; the password is read from standard input. Prints its apps' keys, once
    Create {
        /// The e-mail address to sign in with
        #[arg(long)]
        email: String,
        /// What to call the person; their e-mail address unless said
        #[arg(long)]
        name: Option<String>,
        /// Which deployment
        #[command(flatten)]
        deployment: Deployment,
    },
    /// Print a one-time link that sets a new password and ends every session; it holds for 30 minutes
    ResetLink {
        /// The account's e-mail address
        email: String,
        /// Where the API is reached
        #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
        url: String,
        /// Which deployment
        #[command(flatten)]
        deployment: Deployment,
    },
}

/// Which deployment.
#[derive(Debug, Args)]
pub struct Deployment {
    /// The data folder of a server on this machine, running or not
    #[arg(long, value_name = "DIR", default_value = ".latchkey")]
    data: PathBuf,
    /// The CloudFormation stack of a deployment on AWS, with the credentials of the environment
    #[arg(long, value_name = "NAME", conflicts_with = "data")]
    stack: Option<String>,
    /// Another DynamoDB
    #[arg(long, value_name = "URL", conflicts_with_all = ["data", "stack"])]
    dynamodb_endpoint: Option<String>,
}

/// Runs one.
///
/// # Errors
///
/// One clear sentence.
pub async fn run(command: AccountsCommand) -> Result<(), LocalError> {
    match command {
        AccountsCommand::Create {
            email,
            name,
            deployment,
        } => create(&email, name, deployment).await,
        AccountsCommand::ResetLink {
            email,
            url,
            deployment,
        } => reset_link(&email, &url, deployment).await,
    }
}

async fn create(
    email: &str,
    name: Option<String>,
    deployment: Deployment,
) -> Result<(), LocalError> {
    let email = api::body::parse_email(email)
        .map_err(|error| LocalError::Usage(format!("--email {error}")))?;
    let password = password_from_input()?;

    let (store, _taken) = open(deployment).await?;
    let (random, now) = (SystemRandom, SystemClock.now());
    let random: &dyn Random = &random;
    let hash = Hashing::default()
        .hash(Owner::Stranger(None), password.into(), random)
        .await
        .map_err(|error| LocalError::store(&error))?;
    let name = name.unwrap_or_else(|| email.clone());
    if !(1..=100).contains(&name.trim().chars().count()) {
        return Err(LocalError::Usage(
            "--name must have 1 to 100 characters".to_owned(),
        ));
    }
    let account = Account {
        id: AccountId::random(random),
        name,
        email: email_key(&email),
        created_at: now,
    };
    let apps = issue::first_apps(account.id, &account.name, random, now);
    let new: Vec<_> = apps.iter().map(|app| app.new.clone()).collect();
    match store.writer().create_account(&account, &hash, &new).await {
        Ok(()) => {}
        Err(CreateAccountError::EmailTaken) => {
            return Err(LocalError::Usage(format!(
                "{email} has an account already."
            )));
        }
        Err(CreateAccountError::Store(error)) => return Err(LocalError::store(&error)),
    }
    println!("Made the account {email}. Its keys are shown once:");
    for app in &apps {
        println!("  {} app {}", app.new.app.mode.name(), app.new.app.slug);
        println!("    API key     {}", app.api_key.expose());
        println!("    widget key  {}", app.widget_key.expose());
    }
    Ok(())
}

fn password_from_input() -> Result<String, LocalError> {
    let mut password = String::new();
    std::io::stdin()
        .read_to_string(&mut password)
        .map_err(|error| LocalError::store(&error))?;
    // Composed, as the API takes passwords.
    let password = composed(password.trim_end_matches(['\r', '\n'])).into_owned();
    let length = auth::password::LENGTH;
    if !length.contains(&password.chars().count()) {
        let sentence = format!(
            "The password on standard input must have {} to {} characters.",
            length.start(),
            length.end()
        );
        return Err(LocalError::Usage(sentence));
    }
    Ok(password)
}

async fn reset_link(email: &str, url: &str, deployment: Deployment) -> Result<(), LocalError> {
    let (store, _taken) = open(deployment).await?;
    let token = PlainToken::generate(&SystemRandom);
    let expires_at = SystemClock.now() + TimeDelta::minutes(RESET_LINK_MINUTES);
    let made = store
        .writer()
        .create_reset(email, token.hashed(), expires_at)
        .await
        .map_err(|error| LocalError::store(&error))?;
    if !made {
        return Err(LocalError::Usage(format!(
            "No account has the e-mail address {email}."
        )));
    }
    // Behind the #, so that no server or proxy ever logs the token.
    println!(
        "{}/v2/accounts/reset-password#{}",
        url.trim_end_matches('/'),
        token.expose()
    );
    Ok(())
}

/// The store, and what must stay locked for as long as it is used.
async fn open(deployment: Deployment) -> Result<(Store, Option<DataFolder>), LocalError> {
    let random = Arc::new(SystemRandom);
    let (connection, prefix, taken) = match (deployment.stack, deployment.dynamodb_endpoint) {
        (Some(stack), _) => (Connection::from_machine().await, format!("{stack}-"), None),
        (None, Some(url)) => (Connection::at(url), tables::PREFIX.to_owned(), None),
        (None, None) => {
            let (connection, taken) = local_store(&deployment.data).await?;
            (connection, tables::PREFIX.to_owned(), taken)
        }
    };
    let client = connection.client().await;
    Ok((
        Store::new(
            client,
            Tables::with_prefix(prefix),
            random,
            Arc::new(SystemClock),
        ),
        taken,
    ))
}

/// The way to the store of a folder, whether or not a server runs on it.
async fn local_store(folder: &Path) -> Result<(Connection, Option<DataFolder>), LocalError> {
    if !folder.is_dir() {
        return Err(LocalError::Usage(format!(
            "There is no data in {}. Name the folder with --data.",
            folder.display()
        )));
    }
    match DataFolder::take(folder) {
        Ok(taken) => {
            let (_, embedded) = data::open(&taken, &SystemRandom).await?;
            Ok((embedded.connection(), Some(taken)))
        }
        Err(LocalError::DataInUse { path }) => match DataFolder::announced(&path)? {
            Some(endpoint) => Ok((Connection::at(endpoint), None)),
            None => Ok((EmbeddedStore::open_beside(&path)?.connection(), None)),
        },
        Err(other) => Err(other),
    }
}

//! The `latchkey` command line.

use std::error::Error;
use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use api::ambient::{SystemClock, SystemRandom};
use api::{Config, State};
use auth::Policy;
use clap::{Args, Parser, Subcommand};
use store::{Connection, Table, Tables};
use tracing_subscriber::EnvFilter;

use crate::accounts_command::{self, AccountsCommand};
use crate::demo::{self, Demo};
use crate::embedded::{DataFolder, EmbeddedStore};
use crate::error::LocalError;
use crate::keys_command::{self, KeysCommand};
use crate::server::{self, Parts, Server};
use crate::{master_secret, secrets_manager, tables};

/// A booking API you own.
#[derive(Debug, Parser)]
#[command(name = "latchkey", version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start everything on this machine: the embedded store and the whole API on one port
    Serve(ServeOptions),
    /// Make accounts and one-time links, for whoever runs the deployment
    #[command(subcommand)]
    Accounts(AccountsCommand),
    /// Manage an app's keys over the API of a running deployment, called with the key in LATCHKEY_KEY
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Print the OpenAPI document
    Openapi,
}

/// Where and how to serve.
#[derive(Debug, Args)]
pub struct ServeOptions {
    /// The port to listen on, on 127.0.0.1
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// The folder for all data
    #[arg(long, value_name = "DIR", default_value = ".latchkey")]
    data: PathBuf,
    /// Make no demo account on an empty store, and refuse the published development key
    #[arg(long)]
    no_demo: bool,
    /// The address the embedded store listens on; loopback on a free port unless you ask
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    store_listen: SocketAddr,
    /// Also give the master secret to whoever asks at this address, as AWS Secrets Manager would: for functions in containers
    #[arg(long, value_name = "ADDR")]
    secret_listen: Option<SocketAddr>,
    /// Use this DynamoDB instead of the embedded store
    #[arg(long, value_name = "URL", conflicts_with = "store_listen")]
    dynamodb_endpoint: Option<String>,
    /// Accept keys that were brought along by their hash, whatever their shape
    #[arg(long)]
    allow_imported_keys: bool,
    /// Let nobody sign up; make accounts with `latchkey accounts create`
    #[arg(long)]
    closed_sign_up: bool,
}

/// Runs the command line.
pub async fn run() -> ExitCode {
    let cli = Cli::parse();
    let done: Result<(), Box<dyn Error>> = match cli.command {
        Command::Serve(options) => serve(options).await.map_err(Into::into),
        Command::Accounts(command) => accounts_command::run(command).await.map_err(Into::into),
        Command::Keys(command) => keys_command::run(command).await.map_err(Into::into),
        Command::Openapi => print_openapi().map_err(Into::into),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("latchkey: {error}");
            ExitCode::FAILURE
        }
    }
}

fn print_openapi() -> Result<(), LocalError> {
    let text = crate::operations()
        .openapi()
        .to_pretty_json()
        .map_err(|error| LocalError::store(&error))?;
    println!("{text}");
    Ok(())
}

async fn serve(options: ServeOptions) -> Result<(), LocalError> {
    log_to_stderr();
    // The port first: if it is taken, nothing has been begun.
    let listener = server::listen(SocketAddr::from(([127, 0, 0, 1], options.port))).await?;
    let folder = DataFolder::take(&options.data)?;
    let secret = master_secret::load_or_create(folder.path(), &SystemRandom)?;
    let secret_at = match options.secret_listen {
        Some(address) => {
            let text = master_secret::text(folder.path())?;
            Some(secrets_manager::start(address, text).await?)
        }
        None => None,
    };
    let (embedded, endpoint, connection) = match &options.dynamodb_endpoint {
        Some(url) => {
            folder.announce(url)?;
            (None, url.clone(), Connection::Endpoint(url.clone()))
        }
        None => {
            let embedded = EmbeddedStore::open(folder, options.store_listen).await?;
            let endpoint = embedded.endpoint();
            let connection = embedded.connection();
            (Some(embedded), endpoint, connection)
        }
    };
    let address = listener
        .local_addr()
        .map_err(|error| LocalError::store(&error))?;
    let config = Config {
        policy: Policy {
            allow_imported_keys: options.allow_imported_keys,
            is_development: !options.no_demo,
        },
        sign_up_open: !options.closed_sign_up,
        base_url: Some(format!("http://{address}")),
        secure_cookies: false,
        auth_cache_s: 0,
        max_rate: auth::principal::MAX_RATE,
        app_rate: auth::principal::APP_RATE,
        max_keys: auth::principal::MAX_KEYS,
        trusted_proxies: Vec::new(),
    };
    let parts = Parts {
        connection: connection.clone(),
        secret,
        clock: Arc::new(SystemClock),
        config,
    };
    let state = server::state(parts).await?;
    let demo = if options.no_demo {
        None
    } else {
        create_demo(&state, &connection).await?
    };

    let server = Server::start(listener, &state).map_err(|error| LocalError::store(&error))?;
    if let Some(address) = secret_at {
        println!("Whoever reaches http://{address} can read the master secret");
    }
    let stopped = stop_signal();
    announce(&server, &endpoint, &options, demo.as_ref());
    stopped.await;
    eprintln!("latchkey: stopping");
    server.stop().await;
    if let Some(embedded) = embedded {
        embedded.stop().await;
    }
    Ok(())
}

fn log_to_stderr() {
    let filter = EnvFilter::try_from_env("LATCHKEY_LOG")
        .unwrap_or_else(|_| EnvFilter::new("info,aws_smithy_runtime=error,aws_sdk_dynamodb=error"));
    let ansi = std::io::stderr().is_terminal();
    tracing_subscriber::fmt()
        .with_ansi(ansi)
        .compact()
        .with_target(false)
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
}

/// The demo, if there is nothing in the store yet.
async fn create_demo(state: &State, connection: &Connection) -> Result<Option<Demo>, LocalError> {
    let client = connection.client().await;
    let keys = Tables::with_prefix(tables::PREFIX).name(Table::Keys);
    let found = client
        .scan()
        .table_name(keys)
        .limit(1)
        .send()
        .await
        .map_err(|error| LocalError::store(&error))?;
    if found.items().is_empty() {
        demo::create(state).await.map(Some)
    } else {
        Ok(None)
    }
}

fn announce(server: &Server, endpoint: &str, options: &ServeOptions, demo: Option<&Demo>) {
    let base = format!("http://{}", server.address());
    println!("Latchkey is listening on {base}");
    println!("The console is at {base}/console");
    if !options.no_demo {
        println!("Book something at {base}/widget");
    }
    println!(
        "Its store is at {endpoint}; data is in {}",
        options.data.display()
    );
    let Some(demo) = demo else {
        if !options.no_demo {
            println!(
                "Keys are shown once, when they are made. Lost one? Sign in and make another; see the README."
            );
        }
        return;
    };
    println!();
    println!("This is shown once:");
    println!("  demo account  {} password {}", demo::EMAIL, demo.password);
    for (mode, app) in [("live", &demo.live), ("test", &demo.test)] {
        println!("  {mode} app      {}", app.new.app.slug);
        println!("    API key     {}", app.api_key.expose());
        println!("    widget key  {}", app.widget_key.expose());
    }
    println!();
    println!("Try it; the test app has two resources and a few bookings:");
    println!(
        "  curl --user :{} {base}/v2/bookings",
        demo.test.api_key.expose()
    );
}

/// Ctrl-C, or a request to terminate: heard from this call on, also while nobody waits for it yet.
fn stop_signal() -> impl Future<Output = ()> {
    #[cfg(unix)]
    let signals = {
        use tokio::signal::unix::{SignalKind, signal};
        signal(SignalKind::interrupt())
            .and_then(|interrupt| Ok((interrupt, signal(SignalKind::terminate())?)))
    };
    async move {
        #[cfg(unix)]
        if let Ok((mut interrupt, mut terminate)) = signals {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
        let _ = tokio::signal::ctrl_c().await;
    }
}

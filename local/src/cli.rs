//! The `latchkey` command line.

use std::error::Error;
use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use api::ambient::{SystemClock, SystemRandom};
use api::{Config, State};
use auth::{MasterSecret, Policy};
use clap::{Args, Parser, Subcommand};
use model::rate::RateLimit;
use store::Connection;
use tokio::sync::Notify;
use tracing_subscriber::EnvFilter;
use workers::Jobs;

use crate::accounts_command::{self, AccountsCommand};
use crate::data_folder::DataFolder;
use crate::demo::{self, Demo};
use crate::embedded::EmbeddedStore;
use crate::error::LocalError;
use crate::keys_command::{self, KeysCommand};
use crate::listen_command::{self, ListenOptions};
use crate::listener::Limits;
use crate::port_secret::PortSecret;
use crate::server::{self, Parts, Server};
use crate::signals::Signals;
use crate::webhooks_command::{self, WebhooksCommand};
use crate::workers::Workers;
use crate::{data, master_secret, secrets_manager};

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
    /// Manage an app's webhook endpoints over the API of a running deployment, called with the key in LATCHKEY_KEY
    #[command(subcommand)]
    Webhooks(WebhooksCommand),
    /// Follow the events of a running deployment, and send each to a program on this machine, signed as a webhook
    Listen(ListenOptions),
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
    /// Also serve the embedded store at this address, for other processes that present the text in DIR/port-secret as their
    /// AWS_SESSION_TOKEN
    #[arg(long, value_name = "ADDR")]
    store_listen: Option<SocketAddr>,
    /// Also serve the master secret at this address, as AWS Secrets Manager would, for functions in containers that present the
    /// same
    #[arg(long, value_name = "ADDR")]
    secret_listen: Option<SocketAddr>,
    /// Use this DynamoDB instead of the embedded store
    #[arg(long, value_name = "URL", conflicts_with = "store_listen")]
    dynamodb_endpoint: Option<String>,
    /// Accept keys that were brought along by their hash, whatever their shape
    #[arg(long)]
    allow_imported_keys: bool,
    /// Send webhooks by plain HTTP and to this machine itself too, for programs that are tried on a laptop
    #[arg(long)]
    allow_local_webhooks: bool,
    /// How many requests a minute a live app's secret keys may send together, and its public keys as many
    #[arg(long, value_name = "NUMBER", default_value_t = auth::principal::APP_RATE.limit)]
    app_rate_per_minute: u32,
    /// How many keys of an app may work at the same time
    #[arg(long, value_name = "NUMBER", default_value_t = auth::principal::MAX_KEYS)]
    max_keys_per_app: u32,
    /// Let nobody sign up; make accounts with `latchkey accounts create`
    #[arg(long)]
    closed_sign_up: bool,
    /// How many connections may be open at once; others wait
    #[arg(long, value_name = "NUMBER", default_value_t = Limits::MAX_CONNECTIONS,
          value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=1_000_000))]
    max_connections: usize,
    /// How long a client may take to send a request's head, to send its body, and to read some of the answer
    #[arg(long, value_name = "SECONDS", default_value_t = Limits::CLIENT_TIMEOUT_S,
          value_parser = clap::value_parser!(u64).range(1..=3_600))]
    client_timeout: u64,
    /// How long requests that have begun may take to end once the server is told to stop; a second signal stops it at once
    #[arg(long, value_name = "SECONDS", default_value_t = Limits::DRAIN_TIMEOUT_S,
          value_parser = clap::value_parser!(u64).range(0..=Limits::DRAIN_TIMEOUT_S))]
    drain_timeout: u64,
}

impl ServeOptions {
    const fn limits(&self) -> Limits {
        Limits {
            max_connections: self.max_connections,
            client_timeout: Duration::from_secs(self.client_timeout),
            drain_timeout: Duration::from_secs(self.drain_timeout),
        }
    }
}

/// Runs the command line.
pub async fn run() -> ExitCode {
    let cli = Cli::parse();
    let done: Result<(), Box<dyn Error>> = match cli.command {
        Command::Serve(options) => serve(options).await.map_err(Into::into),
        Command::Accounts(command) => accounts_command::run(command).await.map_err(Into::into),
        Command::Keys(command) => keys_command::run(command).await.map_err(Into::into),
        Command::Webhooks(command) => webhooks_command::run(command).await.map_err(Into::into),
        Command::Listen(options) => listen_command::run(options).await.map_err(Into::into),
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
    let text = crate::openapi().map_err(|error| LocalError::store(&error))?;
    println!("{text}");
    Ok(())
}

async fn serve(options: ServeOptions) -> Result<(), LocalError> {
    log_to_stderr();
    // The port first: if it is taken, nothing has been begun.
    let listener = server::listen(SocketAddr::from(([127, 0, 0, 1], options.port))).await?;
    let folder = DataFolder::take(&options.data)?;
    let opened = open(&folder, &options).await?;
    let address = listener
        .local_addr()
        .map_err(|error| LocalError::store(&error))?;
    let parts = Parts {
        connection: opened.connection.clone(),
        secret: opened.secret.clone(),
        clock: Arc::new(SystemClock),
        config: config(&options, address),
    };
    let woken = Arc::new(Notify::new());
    let begun = begin(parts, &options, woken.clone()).await;
    let (state, demo) = begun.map_err(|error| folder.explain(error))?;

    // From here on a signal is heard, so that what has begun is finished.
    let mut signals = Signals::listen().map_err(|error| LocalError::store(&error))?;
    let server = Server::start_within(listener, server::router(&state), options.limits())
        .map_err(|error| LocalError::store(&error))?;
    let workers = Workers::start(Jobs::new(state), woken);
    announce(&server, &opened, &options, demo.as_ref());
    if let Some(embedded) = &opened.embedded {
        embedded.look_for_damage();
    }
    signals.next().await;
    eprintln!("latchkey: stopping");
    tokio::select! {
        () = stop(server, workers, opened) => Ok(()),
        () = signals.next() => Err(LocalError::StoppedAtOnce),
    }
}

/// Stops all ports, then the workers, and then the store, so that what they have written is in the database's file.
async fn stop(server: Server, workers: Workers, opened: Opened) {
    let secret_port = async {
        if let Some(port) = opened.secret_port {
            port.stop().await;
        }
    };
    let mut embedded = opened.embedded;
    let store_port = async {
        if let Some(embedded) = &mut embedded {
            embedded.stop_listening().await;
        }
    };
    tokio::join!(server.stop(), secret_port, store_port);
    workers.stop().await;
    if let Some(embedded) = embedded {
        embedded.stop().await;
    }
}

/// The store of a server, and its ports for other processes.
struct Opened {
    connection: Connection,
    secret: MasterSecret,
    embedded: Option<EmbeddedStore>,
    secret_port: Option<Server>,
}

/// Opens the store and the master secret, and the ports that were asked for.
async fn open(folder: &DataFolder, options: &ServeOptions) -> Result<Opened, LocalError> {
    let random = SystemRandom;
    let mut opened = match &options.dynamodb_endpoint {
        Some(url) => {
            let connection = Connection::at(url.clone());
            let client = connection.client().await;
            let secret = data::open_beside(folder, &client, &random).await?;
            folder.announce(url)?;
            Opened {
                connection,
                secret,
                embedded: None,
                secret_port: None,
            }
        }
        None => {
            let (secret, embedded) = data::open(folder, &random).await?;
            Opened {
                connection: embedded.connection(),
                secret,
                embedded: Some(embedded),
                secret_port: None,
            }
        }
    };
    let limits = options.limits().of_a_side_door();
    if let (Some(address), Some(embedded)) = (options.store_listen, &mut opened.embedded) {
        let guard = PortSecret::load_or_create(folder, &random)?;
        embedded.listen(address, guard, limits).await?;
    }
    if let Some(address) = options.secret_listen {
        let guard = PortSecret::load_or_create(folder, &random)?;
        let text = master_secret::text(folder.path())?;
        let port = secrets_manager::start(address, text, guard, limits).await?;
        opened.secret_port = Some(port);
    }
    Ok(opened)
}

/// The state of the server, and the demo if one is wanted and nothing is in the store yet.
async fn begin(
    parts: Parts,
    options: &ServeOptions,
    woken: Arc<Notify>,
) -> Result<(State, Option<Demo>), LocalError> {
    let client = parts.connection.client().await;
    let state = server::state_waking(parts, woken).await?;
    let demo = if options.no_demo || data::has_keys(&client).await? {
        None
    } else {
        Some(demo::create(&state).await?)
    };
    Ok((state, demo))
}

fn config(options: &ServeOptions, address: SocketAddr) -> Config {
    Config {
        policy: Policy {
            allow_imported_keys: options.allow_imported_keys,
            is_development: !options.no_demo,
        },
        sign_up_open: !options.closed_sign_up,
        base_url: Some(format!("http://{address}")),
        secure_cookies: false,
        auth_cache_s: 0,
        max_rate: auth::principal::MAX_RATE,
        app_rate: RateLimit::per_minute(options.app_rate_per_minute),
        max_keys: options.max_keys_per_app,
        allow_local_webhooks: options.allow_local_webhooks,
        trusted_proxies: Vec::new(),
    }
}

/// What is logged unless LATCHKEY_LOG says otherwise. The AWS client's line about a connection that it cannot close after an
/// error is left out: within the process there is none.
const LEVELS: &str = "info,aws_smithy_runtime=error,aws_smithy_runtime::client::http::connection_poisoning=off,aws_sdk_dynamodb=error";

fn log_to_stderr() {
    let filter = EnvFilter::try_from_env("LATCHKEY_LOG").unwrap_or_else(|_| EnvFilter::new(LEVELS));
    let ansi = std::io::stderr().is_terminal();
    tracing_subscriber::fmt()
        .with_ansi(ansi)
        .compact()
        .with_target(false)
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
}

fn announce(server: &Server, opened: &Opened, options: &ServeOptions, demo: Option<&Demo>) {
    let base = format!("http://{}", server.address());
    println!("Latchkey is listening on {base}");
    println!("The console is at {base}/console");
    if !options.no_demo {
        println!("Book something at {base}/book/demo-test");
    }
    let folder = options.data.display();
    let port = opened.embedded.as_ref().and_then(EmbeddedStore::endpoint);
    if let Some(endpoint) = port.as_ref().or(options.dynamodb_endpoint.as_ref()) {
        println!("Its store is at {endpoint}");
    }
    if let Some(port) = &opened.secret_port {
        println!("Its master secret is at http://{}", port.address());
    }
    if port.is_some() || opened.secret_port.is_some() {
        println!(
            "They are for callers whose AWS_SESSION_TOKEN is the text in {folder}/port-secret"
        );
    }
    println!("Its data is in {folder}");
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

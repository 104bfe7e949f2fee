//! A door with TLS before the store, with a certificate of its own authority: what a client pays for TLS with AWS, as far
//! as one machine can show it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// What openssl makes the authority and the certificate by.
const COMMANDS: &str = "
req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=bench -keyout ca.key -out ca.pem
req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost -keyout key.pem -out request.pem
x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out certificate.pem
";

/// The operating system's root certificates.
const SYSTEM_ROOTS: [&str; 2] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
];

/// A door.
pub(crate) struct Door {
    /// Where it listens.
    pub(crate) endpoint: String,
    /// A file of its authority alone.
    pub(crate) authority: String,
    /// A file of its authority after all that the operating system trusts.
    pub(crate) all_authorities: String,
    _folder: tempfile::TempDir,
}

impl Door {
    /// One before `store`, or none if this machine has no openssl.
    pub(crate) async fn start(store: &str) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str| folder.path().join(name);
        write(&file("names"), b"subjectAltName=DNS:localhost");
        for command in COMMANDS.trim().lines() {
            let done = Command::new("openssl")
                .args(command.split(' '))
                .current_dir(folder.path())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            if !done.is_ok_and(|status| status.success()) {
                return None;
            }
        }
        let own = std::fs::read(file("ca.pem")).expect("an authority");
        let roots = SYSTEM_ROOTS
            .iter()
            .find_map(|path| std::fs::read(path).ok());
        write(&file("all.pem"), &[roots?, own].concat());

        let certificate = CertificateDer::from_pem_file(file("certificate.pem"));
        let key = PrivateKeyDer::from_pem_file(file("key.pem"));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions of TLS")
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.expect("a certificate")],
                key.expect("a key"),
            );
        let acceptor = TlsAcceptor::from(Arc::new(config.expect("a configuration")));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let store = store.trim_start_matches("http://").to_owned();
        tokio::spawn(async move {
            while let Ok((caller, _)) = listener.accept().await {
                let (acceptor, store) = (acceptor.clone(), store.clone());
                tokio::spawn(async move {
                    caller.set_nodelay(true)?;
                    let mut caller = acceptor.accept(caller).await?;
                    let mut store = TcpStream::connect(store).await?;
                    store.set_nodelay(true)?;
                    copy_bidirectional(&mut caller, &mut store).await
                });
            }
        });
        let path = |name: &str| -> String { text(file(name)) };
        Some(Self {
            endpoint: format!("https://localhost:{port}"),
            authority: path("ca.pem"),
            all_authorities: path("all.pem"),
            _folder: folder,
        })
    }
}

fn write(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).expect("written");
}

fn text(path: PathBuf) -> String {
    path.into_os_string().into_string().expect("text")
}

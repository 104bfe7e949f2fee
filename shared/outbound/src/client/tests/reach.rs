//! Where connections lead, and whom they trust.

use rcgen::{CertificateParams, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::target::HOSTILE;

#[tokio::test]
async fn no_resolver_leads_to_a_forbidden_address() {
    let receiver = Receiver::start(answering!("HTTP/1.1 200 Fine\r\n\r\n".to_owned())).await;
    let port = receiver.at.port();
    for lies in [
        &["127.0.0.1"][..],
        &["127.0.0.2"],
        &["0.0.0.0"],
        &["::"],
        &["::ffff:127.0.0.1"],
        &["::127.0.0.1"],
        &["64:ff9b::7f00:1"],
        &["2002:7f00:1::"],
        &["10.0.0.1", "192.168.1.1", "169.254.169.254"],
        &["fd00:ec2::254", "fe80::1"],
        &["168.63.129.16", "::1", "127.0.0.1"],
    ] {
        let resolver = Scripted::new(&[lies]);
        let client = Client::trusting(resolver.clone(), Reach::Internet, RootCertStore::empty());
        let url = format!("https://liar.example.com:{port}/");
        let target = Target::parse(&url, Reach::Internet).expect("a target");
        let attempt = post(&client, &target, DEADLINE).await;
        assert_eq!(attempt.reason, Some(Reason::ForbiddenAddress), "{lies:?}");
        assert_eq!(resolver.asked(), 1, "a name is resolved once");
        // What a private name leads to is nothing that a tenant may learn.
        assert_eq!(attempt.detail, None);
    }
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn a_hostile_url_makes_no_connection_even_if_it_is_in_the_records() {
    let receiver = Receiver::start(answering!("HTTP/1.1 200 Fine\r\n\r\n".to_owned())).await;
    let port = receiver.at.port();
    let resolver = Scripted::new(&[]);
    let client = Client::trusting(resolver, Reach::Internet, RootCertStore::empty());
    let hosts = HOSTILE.iter().filter_map(|(url, fault)| {
        let host = url.strip_prefix("https://")?.split('/').next()?;
        let is_address = *fault == TargetFault::Address && !host.ends_with(":8443");
        is_address.then_some(host)
    });
    let mut tried = 0;
    for host in hosts.filter(|host| !host.contains(":9001")) {
        // As if the rules had been weaker when it was saved.
        let url = url::Url::parse(&format!("https://{host}:{port}/")).expect("a URL");
        let target = Target::unchecked(&url);
        let attempt = post(&client, &target, SHORT).await;
        assert_eq!(attempt.reason, Some(Reason::ForbiddenAddress), "{host}");
        tried += 1;
    }
    assert!(tried > 30, "{tried}");
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn a_name_that_leads_elsewhere_the_second_time_gains_nothing() {
    let receiver = Receiver::start(answering!(
        "HTTP/1.1 200 Fine\r\nconnection: close\r\ncontent-length: 0\r\n\r\n".to_owned()
    ))
    .await;
    // For a laptop its own address stands for a public one.
    let resolver = Scripted::new(&[
        &["10.0.0.1", "127.0.0.1", "169.254.169.254"],
        &["192.168.0.1"],
    ]);
    let client = local(resolver.clone());
    let url = format!("http://rebinding.example.com:{}/", receiver.at.port());
    let target = Target::parse(&url, Reach::AlsoLocal).expect("a target");
    let first = post(&client, &target, DEADLINE).await;
    assert_eq!(first.outcome(), Outcome::Delivered);
    let second = post(&client, &target, DEADLINE).await;
    assert_eq!(second.reason, Some(Reason::ForbiddenAddress));
    assert_eq!((resolver.asked(), receiver.connections()), (2, 1));
}

#[tokio::test]
async fn a_name_that_is_not_known_is_an_attempt() {
    let client = local(Scripted::new(&[&[]]));
    let target = Target::parse("https://nobody.example.com/", Reach::AlsoLocal).expect("a target");
    for _ in ["it has no address", "it is unknown"] {
        let attempt = post(&client, &target, DEADLINE).await;
        assert_eq!(attempt.reason, Some(Reason::NameNotResolved));
        assert_eq!(attempt.outcome(), Outcome::Failed);
    }
}

/// A server with a certificate for `name`, and what trusts it.
async fn tls_receiver(name: &str) -> (SocketAddr, RootCertStore) {
    let key = KeyPair::generate().expect("a key");
    let certificate = CertificateParams::new([name.to_owned()])
        .and_then(|params| params.self_signed(&key))
        .expect("a certificate");
    let der = CertificateDer::from(certificate);
    let mut roots = RootCertStore::empty();
    roots.add(der.clone()).expect("a root");
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![der], key)
        .expect("a server's configuration");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    let at = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(stream) = acceptor.accept(stream).await {
                answer_in_tls(stream).await;
            }
        }
    });
    (at, roots)
}

async fn answer_in_tls(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    read_request(&mut stream).await;
    let answer = "HTTP/1.1 200 Fine\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}

async fn post_by_tls(at: SocketAddr, name: &str, roots: RootCertStore) -> Attempt {
    let client = Client::trusting(Scripted::new(&[&["127.0.0.1"]]), Reach::AlsoLocal, roots);
    let url = format!("https://{name}:{}/", at.port());
    let target = Target::parse(&url, Reach::AlsoLocal).expect("a target");
    post(&client, &target, DEADLINE).await
}

#[tokio::test]
async fn a_server_must_have_a_trusted_certificate_for_its_name() {
    let (at, roots) = tls_receiver("hooks.example.com").await;
    let right = post_by_tls(at, "hooks.example.com", roots.clone()).await;
    assert_eq!(right.outcome(), Outcome::Delivered, "{right:?}");

    let wrong_name = post_by_tls(at, "other.example.com", roots).await;
    assert_eq!(wrong_name.reason, Some(Reason::TlsFailed), "{wrong_name:?}");
    let detail = wrong_name.detail.expect("a detail");
    assert!(detail.contains("not valid for name"), "{detail}");

    let untrusted = post_by_tls(at, "hooks.example.com", RootCertStore::empty()).await;
    assert_eq!(untrusted.reason, Some(Reason::TlsFailed), "{untrusted:?}");
}

#[tokio::test]
async fn a_server_without_tls_is_told_as_such() {
    let plain = Receiver::start(|mut stream| {
        Box::pin(async move {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
            let _ = stream.read_to_end(&mut Vec::new()).await;
        })
    })
    .await;
    let url = format!("https://{}/", plain.at);
    let target = Target::parse(&url, Reach::AlsoLocal).expect("a target");
    let attempt = attempt(&target, DEADLINE).await;
    assert_eq!(attempt.reason, Some(Reason::TlsFailed), "{attempt:?}");
}

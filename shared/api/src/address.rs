//! Where a request comes from, and where the API itself is reached. Both are told by whoever accepted the
//! connection, never by a header that a caller could write.

use std::net::IpAddr;

use auth::Owner;
use axum::http::{Extensions, HeaderMap, header};
use ipnet::IpNet;
use model::origin::Origin;

use crate::state::State;

/// The address at the other end of the connection: the gateway's word on AWS, the socket's peer locally.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// The base address the gateway was reached at, without a slash at the end.
#[derive(Clone, Debug)]
pub struct ReachedAt(pub String);

/// The caller's address: the peer's, or what a trusted proxy says is behind it.
pub fn caller_address(
    extensions: &Extensions,
    headers: &HeaderMap,
    trusted: &[IpNet],
) -> Option<IpAddr> {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|net| net.contains(address));
    let peer = extensions.get::<Peer>()?.0;
    if !is_trusted(&peer) {
        return Some(peer);
    }
    // Each proxy appends whom it saw: the last one that is not ours is the caller.
    let seen: Vec<IpAddr> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|address| address.trim().parse().ok())
        .collect();
    seen.into_iter()
        .rev()
        .find(|address| !is_trusted(address))
        .or(Some(peer))
}

/// An address as limits count it: one IPv4 address, or the /64 that an IPv6 host picks its addresses from.
pub fn counted_as(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => {
            IpNet::new(v6.into(), 64).map_or_else(|_| v6.to_string(), |net| net.trunc().to_string())
        }
    }
}

/// Whose heavy work it is that somebody at this address asks for, who is not known: addresses count as in limits.
pub fn stranger(address: Option<IpAddr>) -> Owner {
    Owner::Stranger(address.map(|address| match address.to_canonical() {
        IpAddr::V6(v6) => IpNet::new(v6.into(), 64).map_or(v6.into(), |net| net.network()),
        v4 => v4,
    }))
}

/// Where the API is reached, without a slash at the end.
pub fn base_url(state: &State, extensions: &Extensions) -> String {
    match (&state.config().base_url, extensions.get::<ReachedAt>()) {
        (Some(configured), _) => configured.trim_end_matches('/').to_owned(),
        (None, Some(reached)) => reached.0.clone(),
        (None, None) => String::new(),
    }
}

/// Whether a page of `origin` is one that this API itself serves.
pub fn is_own_origin(origin: &Origin, base_url: &str, headers: &HeaderMap) -> bool {
    // Browsers do not let a page choose the Host header of a request.
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    host == Some(origin.authority()) || base_url == origin.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(peer: &str, forwarded: &str, trusted: &[&str]) -> Option<IpAddr> {
        let mut extensions = Extensions::new();
        extensions.insert(Peer(peer.parse().expect("an address")));
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", forwarded.parse().expect("a header"));
        let trusted: Vec<IpNet> = trusted
            .iter()
            .map(|net| net.parse().expect("a network"))
            .collect();
        caller_address(&extensions, &headers, &trusted)
    }

    #[test]
    fn a_caller_cannot_choose_its_address_by_a_header() {
        assert_eq!(
            from("198.51.100.9", "203.0.113.7", &[]),
            "198.51.100.9".parse().ok()
        );
        assert_eq!(
            from("198.51.100.9", "203.0.113.7", &["10.0.0.0/8"]),
            "198.51.100.9".parse().ok()
        );
    }

    #[test]
    fn behind_a_trusted_proxy_the_last_stranger_is_the_caller() {
        let seen = from(
            "10.0.0.1",
            "1.2.3.4, 203.0.113.7, 10.0.0.2",
            &["10.0.0.0/8"],
        );
        assert_eq!(seen, "203.0.113.7".parse().ok());
    }

    #[test]
    fn an_ipv6_host_cannot_escape_a_limit_by_changing_its_address() {
        let one = counted_as("2001:db8::1".parse().expect("an address"));
        let other = counted_as("2001:db8::ffff:2".parse().expect("an address"));
        assert_eq!(one, other);
        assert_eq!(
            counted_as("::ffff:192.0.2.1".parse().expect("an address")),
            "192.0.2.1"
        );
    }
}

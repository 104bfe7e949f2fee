//! Why an attempt failed.

use std::fmt;

/// Why an attempt failed, or what was wrong with its response beside the status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The URL may not be called, by rules that are newer than it.
    InvalidTarget,
    /// The name leads to no address of the public internet.
    ForbiddenAddress,
    /// The name could not be resolved.
    NameNotResolved,
    /// Nobody listens there.
    ConnectionRefused,
    /// No connection was made for another reason.
    ConnectionFailed,
    /// The server's certificate or its TLS was not accepted.
    TlsFailed,
    /// The connection ended before the response did.
    ConnectionClosed,
    /// The whole did not end in time.
    TimedOut,
    /// What came is not HTTP/1.1.
    InvalidResponse,
    /// The response had a larger head or body than is read.
    ResponseTooLarge,
    /// The response was a redirect, which is not followed.
    Redirect,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::InvalidTarget,
        Self::ForbiddenAddress,
        Self::NameNotResolved,
        Self::ConnectionRefused,
        Self::ConnectionFailed,
        Self::TlsFailed,
        Self::ConnectionClosed,
        Self::TimedOut,
        Self::InvalidResponse,
        Self::ResponseTooLarge,
        Self::Redirect,
    ];

    /// Its name on the wire, in logs and in records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::InvalidTarget => "invalid_target",
            Self::ForbiddenAddress => "forbidden_address",
            Self::NameNotResolved => "name_not_resolved",
            Self::ConnectionRefused => "connection_refused",
            Self::ConnectionFailed => "connection_failed",
            Self::TlsFailed => "tls_failed",
            Self::ConnectionClosed => "connection_closed",
            Self::TimedOut => "timed_out",
            Self::InvalidResponse => "invalid_response",
            Self::ResponseTooLarge => "response_too_large",
            Self::Redirect => "redirect",
        }
    }

    /// A sentence for whoever has to repair it.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::InvalidTarget => "The URL is no longer allowed. Change it.",
            Self::ForbiddenAddress => "The host name leads to no address of the public internet.",
            Self::NameNotResolved => "The host name could not be resolved.",
            Self::ConnectionRefused => "The server refused the connection.",
            Self::ConnectionFailed => "No connection could be made.",
            Self::TlsFailed => "The server's certificate or its TLS version was not accepted.",
            Self::ConnectionClosed => "The server closed the connection before its response ended.",
            Self::TimedOut => "The server did not respond in time.",
            Self::InvalidResponse => "The server's response is not HTTP/1.1.",
            Self::ResponseTooLarge => {
                "The response is larger than is read: 16 KB of headers, 20 KB of body."
            }
            Self::Redirect => "The server redirects, which is not followed. Change the URL.",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

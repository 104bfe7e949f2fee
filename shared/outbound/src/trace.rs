//! The trace that a request belongs to, as W3C Trace Context writes it.

use std::fmt;
use std::str::FromStr;

use model::Random;

/// The header that carries it.
pub const TRACEPARENT: &str = "traceparent";

/// A trace and one step in it: `00-<32 hex digits>-<16 hex digits>-<2 hex digits>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceParent {
    trace: [u8; 16],
    parent: [u8; 8],
    flags: u8,
}

/// Text that is not a `traceparent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a traceparent")]
pub struct InvalidTraceParent;

impl TraceParent {
    /// A new trace that is not sampled.
    pub fn random(random: &dyn Random) -> Self {
        let mut trace = random.bytes();
        // Zeros alone would be invalid.
        trace[0] |= 1;
        Self {
            trace,
            parent: step(random),
            flags: 0,
        }
    }

    /// Another step of the same trace.
    #[must_use]
    pub fn child(self, random: &dyn Random) -> Self {
        Self {
            parent: step(random),
            ..self
        }
    }
}

fn step(random: &dyn Random) -> [u8; 8] {
    let mut step = random.bytes();
    step[0] |= 1;
    step
}

impl FromStr for TraceParent {
    type Err = InvalidTraceParent;

    /// Reads version 00, and of later versions what version 00 knows.
    fn from_str(text: &str) -> Result<Self, InvalidTraceParent> {
        let mut parts = text.split('-');
        let mut part = || parts.next().ok_or(InvalidTraceParent);
        let [version] = hex(part()?)?;
        let (trace, parent, [flags]) = (hex(part()?)?, hex(part()?)?, hex(part()?)?);
        let is_valid = version != 0xff
            && trace != [0; 16]
            && parent != [0; 8]
            && (version != 0 || parts.next().is_none());
        let read = Self {
            trace,
            parent,
            // The others are not defined yet, and must not be passed on.
            flags: flags & 1,
        };
        is_valid.then_some(read).ok_or(InvalidTraceParent)
    }
}

fn hex<const N: usize>(text: &str) -> Result<[u8; N], InvalidTraceParent> {
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if text.len() != 2 * N || !text.bytes().all(is_hex) {
        return Err(InvalidTraceParent);
    }
    let mut bytes = [0; N];
    for (index, byte) in bytes.iter_mut().enumerate() {
        let digits = &text[2 * index..2 * index + 2];
        *byte = u8::from_str_radix(digits, 16).map_err(|_| InvalidTraceParent)?;
    }
    Ok(bytes)
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("00-")?;
        self.trace
            .iter()
            .try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str("-")?;
        self.parent
            .iter()
            .try_for_each(|byte| write!(f, "{byte:02x}"))?;
        write!(f, "-{:02x}", self.flags)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Zeros;

    impl Random for Zeros {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0);
        }
    }

    #[test]
    fn a_trace_goes_on_in_another_step() {
        let given = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let trace: TraceParent = given.parse().expect("a traceparent");
        assert_eq!(trace.to_string(), given);
        let child = trace.child(&Zeros).to_string();
        assert_eq!(
            child,
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0100000000000000-01"
        );
        let made: Result<TraceParent, _> = TraceParent::random(&Zeros).to_string().parse();
        assert!(made.is_ok());
    }

    #[test]
    fn what_is_no_traceparent_is_refused() {
        for text in [
            "",
            "00",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473é-00f067aa0ba902b7-01",
        ] {
            assert!(text.parse::<TraceParent>().is_err(), "{text}");
        }
        let later = "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-09-more";
        let read: TraceParent = later.parse().expect("a traceparent");
        assert!(read.to_string().ends_with("-01"));
    }
}

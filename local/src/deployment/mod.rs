//! What every command shares that works over the API of a running deployment: where that is, the key to call it with, and where
//! a command reads and writes.

mod remote;
#[cfg(test)]
pub(crate) mod running;
mod table;

use std::io::{self, Read, Write};

use clap::Args;

pub use remote::RemoteError;
pub(crate) use remote::{Answer, Remote};
pub(crate) use table::{Table, clean, minute};

/// The variable that holds the key to call with. It comes from the environment and never from an argument, because every user of
/// a machine can read its arguments.
pub const KEY_VARIABLE: &str = "LATCHKEY_KEY";

/// Where the API is reached. The key to call with is read from the variable `LATCHKEY_KEY`.
#[derive(Clone, Debug, Args)]
pub struct Deployment {
    /// Where the API is reached, such as `https://api.example.com`
    #[arg(long, env = "LATCHKEY_URL", value_name = "URL")]
    pub(crate) url: String,
    /// Send the key over plain http to another machine, where anyone on the way can read it
    #[arg(long)]
    pub(crate) allow_http: bool,
}

impl Deployment {
    /// The deployment, to be called with `key`.
    pub(crate) fn remote(&self, key: Option<&str>) -> Result<Remote, RemoteError> {
        Remote::new(&self.url, self.allow_http, key)
    }
}

/// Where a command reads and writes.
pub struct Terminal<'a> {
    /// What is read.
    pub input: &'a mut dyn Read,
    /// Results.
    pub output: &'a mut dyn Write,
    /// What is said about them.
    pub notes: &'a mut dyn Write,
}

/// Prints a result. Whoever reads it may stop when they have seen enough.
pub(crate) fn print(terminal: &mut Terminal<'_>, text: &str) -> Result<(), io::Error> {
    let printed =
        writeln!(terminal.output, "{}", text.trim_end()).and_then(|()| terminal.output.flush());
    match printed {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        printed => printed,
    }
}

/// Says something about a result. What was done is done, whether or not this can be read.
pub(crate) fn note(terminal: &mut Terminal<'_>, sentence: &str) {
    let _ = writeln!(terminal.notes, "latchkey: {sentence}");
}

//! Takes the language files, the names and orders of dates in each language, and the stylesheet into the program.
//!
//! Dates come from Unicode's CLDR through ICU4X, which is needed only here: what a date in German looks like does not change
//! while the program runs, and all languages of the CLDR would be many times the size of ours.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

#[path = "build/dates.rs"]
mod dates;
#[path = "build/style.rs"]
mod style;
#[path = "build/texts.rs"]
mod texts;

fn main() -> io::Result<()> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    for watched in ["build.rs", "build", "languages", "src/style.css"] {
        println!("cargo::rerun-if-changed={}", here.join(watched).display());
    }
    let languages = texts::read(&here.join("languages"))?;
    let code = texts::code(&languages)? + &dates::code(&languages)?;
    fs::write(out.join("languages.rs"), code)?;
    let style = fs::read_to_string(here.join("src/style.css"))?;
    fs::write(out.join("style.css"), style::compact(&style))
}

//! `latchkey keys check`: what a key's text alone says. Offline, and the key is never repeated.

use std::io::{self, Read};

use auth::PlainKey;
use auth::plain_key::{KEY_PREFIXES, NAMED_PREFIX};
use model::key::Mode;

use crate::deployment::Table;

/// More than any key has: the rest of a long input is not read.
const LONGEST: u64 = 1_024;

/// What a key's text says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CheckedKey {
    kind: Option<&'static str>,
    mode: Option<Mode>,
    shape_is_right: bool,
    checksum_is_right: bool,
}

/// What is wrong with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsound {
    /// It has none of our shapes.
    #[error(
        "This is no key of Latchkey's making, or part of it is missing. (A key brought along from elsewhere may look like anything.)"
    )]
    Shape,
    /// Its checksum does not fit.
    #[error("The checksum does not fit: the key is mistyped, or made up.")]
    Checksum,
}

/// Reads a key and judges it.
pub(super) fn read(input: &mut dyn Read) -> io::Result<CheckedKey> {
    let mut text = Vec::new();
    input.take(LONGEST).read_to_end(&mut text)?;
    Ok(judge(String::from_utf8_lossy(&text).trim()))
}

fn judge(text: &str) -> CheckedKey {
    let prefix = KEY_PREFIXES
        .iter()
        .find(|(prefix, ..)| text.starts_with(prefix));
    let (kind, mode, shape_is_right) = match prefix {
        Some((prefix, kind, mode)) => (
            Some(kind.name()),
            Some(*mode),
            is_base62(&text[prefix.len()..]),
        ),
        None => match text.strip_prefix(NAMED_PREFIX) {
            Some(rest) => (Some("named"), None, is_hex(rest)),
            None if is_base62(text) => (Some("resource token"), None, true),
            None => (None, None, false),
        },
    };
    CheckedKey {
        kind,
        mode,
        shape_is_right,
        checksum_is_right: PlainKey::parse_key(text).is_ok() || PlainKey::parse_token(text).is_ok(),
    }
}

fn is_base62(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn is_hex(text: &str) -> bool {
    text.len() == 64
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

impl CheckedKey {
    /// What was found, for people.
    pub(super) fn table(self) -> String {
        let right = |is_right: bool| if is_right { "right" } else { "wrong" };
        let checksum = if self.shape_is_right {
            right(self.checksum_is_right)
        } else {
            "not looked at"
        };
        let mut table = Table::new(["kind", self.kind.unwrap_or("unknown")]);
        let mode = self.mode.map_or("not in the text", Mode::name);
        for (name, value) in [
            ("mode", mode),
            ("shape", right(self.shape_is_right)),
            ("checksum", checksum),
        ] {
            table.row([name.to_owned(), value.to_owned()]);
        }
        table.to_string()
    }

    /// Whether it is sound.
    pub(super) const fn verdict(self) -> Result<(), Unsound> {
        match (self.shape_is_right, self.checksum_is_right) {
            (false, _) => Err(Unsound::Shape),
            (true, false) => Err(Unsound::Checksum),
            (true, true) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::ambient::SystemRandom;
    use model::key::KeyKind;
    use model::scope::Scope;

    fn every_key() -> Vec<(&'static str, Option<Mode>, String)> {
        let generate = |kind, mode| PlainKey::generate(kind, mode, &SystemRandom);
        let mut keys: Vec<_> = [Mode::Live, Mode::Test]
            .into_iter()
            .flat_map(|mode| {
                [KeyKind::Api, KeyKind::Widget].map(|kind| {
                    let key = generate(kind, mode).expose().to_owned();
                    (kind.name(), Some(mode), key)
                })
            })
            .collect();
        let named = generate(KeyKind::Named, Mode::Live).expose().to_owned();
        keys.push(("named", None, named));
        let token = PlainKey::token_from([7; 32]).expose().to_owned();
        keys.push(("resource token", None, token));
        keys
    }

    #[test]
    fn every_key_made_here_is_sound_and_tells_its_kind_and_mode() {
        for (kind, mode, key) in every_key() {
            let found = read(&mut format!("{key}\n").as_bytes()).expect("read");
            assert_eq!(found.verdict(), Ok(()), "{kind}");
            assert_eq!((found.kind, found.mode), (Some(kind), mode));
        }
    }

    #[test]
    fn a_typo_is_told_by_the_checksum_and_a_missing_part_by_the_shape() {
        for (kind, _, key) in every_key() {
            let last = key.chars().next_back().expect("a character");
            let typo = if last == '0' { '1' } else { '0' };
            let mistyped = format!("{}{typo}", &key[..key.len() - 1]);
            let cut = &key[..key.len() - 1];
            assert_eq!(judge(&mistyped).verdict(), Err(Unsound::Checksum), "{kind}");
            assert_eq!(judge(cut).verdict(), Err(Unsound::Shape), "{kind}");
        }
    }

    #[test]
    fn neither_the_table_nor_the_verdict_repeats_the_key() {
        for (_, _, key) in every_key() {
            let body = &key[key.len() - 30..];
            for text in [key.as_str(), &key[1..], &format!("{key}0")] {
                let found = judge(text);
                let said = format!("{found:?}{}{:?}", found.table(), found.verdict());
                assert!(!said.contains(&body[..8]), "{said}");
            }
        }
    }

    /// Notes that something cannot be tried here, as `scripts/test` describes.
    fn skip(what: &str) {
        use std::io::Write as _;
        let Some(file) = std::env::var_os("LATCHKEY_SKIPPED") else {
            return;
        };
        let file = std::fs::OpenOptions::new().append(true).open(file);
        writeln!(file.expect("a file"), "{what}").expect("a line");
    }

    #[test]
    fn the_published_program_finds_every_key_and_no_typo() {
        let page = include_str!("../../../docs/KEYS.md");
        let program = page.split("```python\n").nth(1).expect("a program");
        let program = program.split("```").next().expect("its end");
        let mut calls = String::new();
        for (kind, _, key) in every_key() {
            let last = key.chars().next_back().expect("a character");
            let typo = if last == '0' { '1' } else { '0' };
            let mistyped = format!("{}{typo}", &key[..key.len() - 1]);
            calls += &format!("assert is_sound('{key}')\nassert not is_sound('{mistyped}')\n");
            if kind != "resource token" {
                let text = format!("key = '{key}'; key = '{mistyped}'");
                calls += &format!("assert keys_in(\"{text}\") == ['{key}']\n");
            }
        }
        let run = std::process::Command::new("python3")
            .args(["-c", &format!("{program}\n{calls}")])
            .output();
        match run {
            Ok(run) => assert!(
                run.status.success(),
                "docs/KEYS.md: {}",
                String::from_utf8_lossy(&run.stderr)
            ),
            Err(_) => skip("the program in docs/KEYS.md: SKIPPED (install python3)"),
        }
    }

    #[test]
    fn the_published_scopes_are_all_there_are() {
        let page = include_str!("../../../docs/KEYS.md");
        for scope in Scope::ALL {
            let row = format!("| `{scope}` | {} |\n", scope.allows());
            assert!(page.contains(&row), "docs/KEYS.md needs the row {row}");
        }
    }

    #[test]
    fn odd_input_is_no_key_and_nothing_worse() {
        let endless = "0".repeat(1_000_000);
        for text in [
            "",
            " ",
            "tt1.",
            "live_api_key_é",
            "\u{0}",
            "two keys",
            &endless,
        ] {
            let found = read(&mut text.as_bytes()).expect("read");
            assert_eq!(found.verdict(), Err(Unsound::Shape));
        }
    }
}

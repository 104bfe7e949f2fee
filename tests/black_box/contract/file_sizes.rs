//! A file is short, or says at its top why it is not.

use std::fs;
use std::path::{Path, PathBuf};

use crate::contract::operations::root;

/// The most lines that a file has without saying why, tests at its end aside.
const MOST: usize = 400;

/// How a longer one begins to say why.
const REASON: &str = "It is one file because";

/// Every source below a folder.
pub(super) fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn a_long_file_says_at_its_top_why_it_is_one() {
    let mut found = Vec::new();
    for folder in ["shared", "functions", "local"] {
        sources(&root().join(folder), &mut found);
    }
    let in_sources = |path: &PathBuf| path.components().any(|part| part.as_os_str() == "src");
    found.retain(in_sources);
    assert!(found.len() > 100, "{} files", found.len());
    for path in found {
        let source = fs::read_to_string(&path).expect("text");
        let code = source.split("\n#[cfg(test)]\n").next().unwrap_or_default();
        let head: String = code
            .lines()
            .take_while(|line| line.starts_with("//!"))
            .collect();
        let lines = code.lines().count();
        assert!(
            lines <= MOST || head.replace("//!", "").contains(REASON),
            "{} has {lines} lines: split it by subject, or say at its top: {REASON} ...",
            path.display()
        );
    }
}

//! No circles: the modules of a crate can be put into an order in which each uses only those before it, so that every file can
//! be understood before those that use it. What a module uses is read from its source: `use` declarations and paths. Neither
//! declarations of modules nor re-exports count, nor does what is compiled for tests only.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;

use crate::contract::operations::root;

/// How many modules of a crate are in a circle still. Nothing may be added, and no number raised.
const LEFT: &[(&str, usize)] = &[];

/// A module: the path of its file below `src` in parts, without the ending. The crate's root has none.
type Module = Vec<String>;

/// A path as it is written, in parts.
type Written = Vec<String>;

/// The source of a module in words and marks, without comments and texts.
struct Tokens(Vec<String>);

/// A `use` declaration: one of its paths, and the name that it has from then on; `*` if it is all of a module.
struct Use {
    path: Written,
    name: String,
    is_re_export: bool,
}

impl Tokens {
    fn of(source: &str) -> Self {
        let mut tokens = Vec::new();
        let mut rest = source;
        while let Some(first) = rest.chars().next() {
            let length = if rest.starts_with("//") {
                rest.find('\n').unwrap_or(rest.len())
            } else if rest.starts_with("/*") {
                rest.find("*/").map_or(rest.len(), |end| end + 2)
            } else if let Some(length) = length_of_literal(rest) {
                length
            } else if first.is_alphanumeric() || first == '_' {
                let is_of_word = |c: char| c.is_alphanumeric() || c == '_';
                let end = rest.find(|c| !is_of_word(c)).unwrap_or(rest.len());
                tokens.push(rest[..end].to_owned());
                end
            } else if rest.starts_with("::") {
                tokens.push("::".to_owned());
                2
            } else {
                if !first.is_whitespace() {
                    tokens.push(first.to_string());
                }
                first.len_utf8()
            };
            rest = &rest[length..];
        }
        Self(tokens)
    }

    fn at(&self, place: usize) -> &str {
        self.0.get(place).map_or("", String::as_str)
    }

    fn before(&self, place: usize) -> &str {
        place.checked_sub(1).map_or("", |before| self.at(before))
    }

    /// Where the item ends that begins here.
    fn end_of_item(&self, begin: usize) -> usize {
        let (mut depth, mut has_braces) = (0_usize, None);
        for place in begin..self.0.len() {
            match self.at(place) {
                // These end with a semicolon, whatever braces are in them.
                "use" | "const" | "static" | "type" if depth == 0 => {
                    let _ = has_braces.get_or_insert(false);
                }
                "fn" | "struct" | "enum" | "impl" | "mod" | "trait" if depth == 0 => {
                    has_braces = Some(true);
                }
                "{" | "(" | "[" => depth += 1,
                "}" if depth == 1 && has_braces != Some(false) => return place + 1,
                "}" | ")" | "]" => depth -= 1,
                ";" if depth == 0 => return place + 1,
                _ => {}
            }
        }
        self.0.len()
    }

    /// Leaves out what is compiled for tests only, and answers the names of such modules that have files of their own.
    fn drop_tests(&mut self) -> Vec<String> {
        let marks = ["#", "[", "cfg", "(", "test", ")", "]"];
        let mut modules = Vec::new();
        while let Some(begin) = self.0.windows(marks.len()).position(|some| some == marks) {
            let end = self.end_of_item(begin + marks.len());
            let item = &self.0[begin..end];
            if let [.., before, name, end] = item
                && (before.as_str(), end.as_str()) == ("mod", ";")
            {
                modules.push(name.clone());
            }
            self.0.drain(begin..end);
        }
        modules
    }

    /// Within a module in braces, `super` is the file's own module.
    fn flatten(&mut self) {
        let (mut depth, mut inner) = (0_usize, Vec::new());
        for place in 0..self.0.len() {
            match self.at(place) {
                "{" => {
                    depth += 1;
                    if place > 1 && self.at(place - 2) == "mod" {
                        inner.push(depth);
                    }
                }
                "}" => {
                    if inner.last() == Some(&depth) {
                        inner.pop();
                    }
                    depth -= 1;
                }
                "super" if !inner.is_empty() && self.before(place) != "::" => {
                    self.0[place] = "self".to_owned();
                }
                _ => {}
            }
        }
    }

    fn macros(&self) -> impl Iterator<Item = &str> {
        let defined = self.0.windows(3);
        defined
            .filter(|some| some[0] == "macro_rules")
            .map(|some| some[2].as_str())
    }

    fn defines(&self, name: &str) -> bool {
        let kinds = [
            "fn", "struct", "enum", "trait", "const", "static", "type", "union",
        ];
        let mut pairs = self.0.windows(2);
        pairs.any(|pair| kinds.contains(&pair[0].as_str()) && pair[1] == name)
    }

    /// Every `use` declaration, and the paths that stand elsewhere and may lead to a module.
    fn used(&self) -> (Vec<Use>, Vec<Written>) {
        let (mut uses, mut paths) = (Vec::new(), Vec::new());
        let mut place = 0;
        while place < self.0.len() {
            let before = self.before(place);
            if self.at(place) == "use" && ["", ";", "}", "{", "]", ")", "pub"].contains(&before) {
                let is_re_export = ["pub", ")"].contains(&before);
                let end = self.end_of_item(place);
                let mut at = place + 1;
                let mut found = Vec::new();
                self.tree(&mut at, &mut Vec::new(), &mut found);
                uses.extend(found.into_iter().map(|(path, name)| Use {
                    path,
                    name,
                    is_re_export,
                }));
                place = end;
                continue;
            }
            if self.at(place + 1) == "::" && before != "::" && before != "in" {
                let mut path = vec![self.at(place).to_owned()];
                while self.at(place + 1) == "::" && is_word(self.at(place + 2)) {
                    place += 2;
                    path.push(self.at(place).to_owned());
                }
                paths.push(path);
            }
            place += 1;
        }
        (uses, paths)
    }

    /// The paths of a tree of a `use` declaration, each with the name that it gives.
    fn tree(&self, at: &mut usize, begun: &mut Written, found: &mut Vec<(Written, String)>) {
        let depth = begun.len();
        loop {
            match self.at(*at) {
                "{" => {
                    *at += 1;
                    while !["}", ""].contains(&self.at(*at)) {
                        self.tree(at, begun, found);
                        if self.at(*at) == "," {
                            *at += 1;
                        }
                    }
                    *at += 1;
                    break;
                }
                "*" => {
                    *at += 1;
                    found.push((begun.clone(), "*".to_owned()));
                    break;
                }
                "::" => *at += 1,
                word => {
                    if word != "self" || begun.is_empty() {
                        begun.push(word.to_owned());
                    }
                    *at += 1;
                    if self.at(*at) == "::" {
                        continue;
                    }
                    let mut name = begun.last().cloned().unwrap_or_default();
                    if self.at(*at) == "as" {
                        self.at(*at + 1).clone_into(&mut name);
                        *at += 2;
                    }
                    found.push((begun.clone(), name));
                    break;
                }
            }
        }
        begun.truncate(depth);
    }
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// The length of the text or letter that a source begins with, if it does.
fn length_of_literal(source: &str) -> Option<usize> {
    let raw = source.trim_start_matches(['b', 'c', 'r']);
    let prefix = source.len() - raw.len();
    let hashes = raw.len() - raw.trim_start_matches('#').len();
    if prefix <= 2 && source[..prefix].contains('r') && raw[hashes..].starts_with('"') {
        let end = format!("\"{}", "#".repeat(hashes));
        let begin = prefix + hashes + 1;
        return source[begin..].find(&end).map(|at| begin + at + end.len());
    }
    if prefix <= 1 && raw.starts_with('"') {
        let mut escaped = false;
        let end = raw[1..].find(|c| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        })?;
        return Some(prefix + 1 + end + 1);
    }
    // A letter, and no lifetime.
    let inner = raw.strip_prefix('\'').filter(|_| prefix <= 1)?;
    let escaped = inner.starts_with('\\');
    let first = inner.chars().nth(usize::from(escaped))?;
    let after = &inner[usize::from(escaped) + first.len_utf8()..];
    if escaped {
        let end = after.find('\'')?;
        return Some(source.len() - after.len() + end + 1);
    }
    after
        .starts_with('\'')
        .then(|| source.len() - after.len() + 1)
}

/// The sources of one crate, without tests.
#[derive(Default)]
struct Crate {
    files: BTreeMap<Module, Tokens>,
    /// By module, what it re-exports, and where that is; of the root its macros, too.
    re_exports: BTreeMap<(Module, String), Module>,
    /// By module, those of which it re-exports all.
    globs: BTreeMap<Module, Vec<Module>>,
}

impl Crate {
    fn read(folder: &Path) -> Self {
        let mut this = Self::default();
        this.add(&folder.join("src"), &Vec::new());
        let mut tests = Vec::new();
        for (module, tokens) in &mut this.files {
            let names = tokens.drop_tests().into_iter();
            tests.extend(names.map(|name| [module.as_slice(), &[name]].concat()));
            tokens.flatten();
        }
        this.files
            .retain(|module, _| !tests.iter().any(|of_tests| module.starts_with(of_tests)));
        for (module, tokens) in &this.files {
            for name in tokens.macros() {
                let key = (Module::new(), name.to_owned());
                this.re_exports.insert(key, module.clone());
            }
            for one in tokens.used().0 {
                let Some(path) = this.absolute(&one.path, module) else {
                    continue;
                };
                if !one.is_re_export {
                } else if one.name == "*" {
                    this.globs.entry(module.clone()).or_default().push(path);
                } else {
                    this.re_exports.insert((module.clone(), one.name), path);
                }
            }
        }
        this
    }

    fn add(&mut self, folder: &Path, within: &Module) {
        for entry in std::fs::read_dir(folder).expect("sources") {
            let path = entry.expect("an entry").path();
            let name = path.file_stem().expect("a name").to_string_lossy();
            let module = match &*name {
                "lib" | "mod" => within.clone(),
                name => [within.as_slice(), &[name.to_owned()]].concat(),
            };
            if path.is_dir() {
                self.add(&path, &module);
            } else if path.extension().is_some_and(|end| end == "rs") && name != "main" {
                let source = std::fs::read_to_string(&path).expect("text");
                self.files.insert(module, Tokens::of(&source));
            }
        }
    }

    /// A path from the crate's root, if it leads into the crate at all.
    fn absolute(&self, path: &[String], module: &Module) -> Option<Module> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => Some(rest.to_vec()),
            "self" => self.absolute_below(module, rest),
            "super" => {
                let (_, parent) = module.split_last()?;
                self.absolute_below(&parent.to_vec(), rest)
            }
            _ => {
                let child = [module.as_slice(), path].concat();
                let is_there = self.files.contains_key(&child[..=module.len()]);
                is_there.then_some(child)
            }
        }
    }

    fn absolute_below(&self, module: &Module, rest: &[String]) -> Option<Module> {
        match rest.first().map(String::as_str) {
            Some("super") => self.absolute(rest, module),
            _ => Some([module.as_slice(), rest].concat()),
        }
    }

    /// The module that defines what a path names.
    fn defining(&self, path: &[String], seen: &mut BTreeSet<Module>) -> Option<Module> {
        if !seen.insert(path.to_vec()) {
            return None;
        }
        let lengths = (0..=path.len()).rev();
        let mut modules = lengths.map(|length| path.split_at(length));
        let (module, rest) = modules.find(|(module, _)| self.files.contains_key(*module))?;
        let Some((name, rest)) = rest.split_first() else {
            return Some(module.to_vec());
        };
        if let Some(there) = self.re_exports.get(&(module.to_vec(), name.clone())) {
            return self.defining(&[there.as_slice(), rest].concat(), seen);
        }
        let globs = self.globs.get(module).into_iter().flatten();
        let mut globs = globs.filter(|glob| {
            let there = self.files.get(*glob);
            there.is_some_and(|tokens| tokens.defines(name))
        });
        Some(globs.next().map_or(module.to_vec(), Clone::clone))
    }

    /// The modules that a module uses.
    fn used_by(&self, module: &Module) -> BTreeSet<Module> {
        let (uses, paths) = self.files[module].used();
        let uses = uses.into_iter().filter(|one| !one.is_re_export);
        let paths = uses.map(|one| one.path).chain(paths);
        paths
            .filter_map(|path| self.absolute(&path, module))
            .filter_map(|path| self.defining(&path, &mut BTreeSet::new()))
            .filter(|used| used != module)
            .collect()
    }

    /// The shortest circle through each module that is in one.
    fn circles(&self) -> BTreeMap<Module, Vec<Module>> {
        let used: BTreeMap<&Module, BTreeSet<Module>> = self
            .files
            .keys()
            .map(|module| (module, self.used_by(module)))
            .collect();
        used.keys()
            .filter_map(|module| Some(((*module).clone(), shortest(&used, module)?)))
            .collect()
    }
}

/// The shortest way from a module back to itself.
fn shortest(used: &BTreeMap<&Module, BTreeSet<Module>>, from: &Module) -> Option<Vec<Module>> {
    let mut ways = VecDeque::from([vec![from.clone()]]);
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        for next in used.get(way.last()?).into_iter().flatten() {
            let longer = [way.as_slice(), std::slice::from_ref(next)].concat();
            if next == from {
                return Some(longer);
            }
            if seen.insert(next) {
                ways.push_back(longer);
            }
        }
    }
    None
}

fn name(module: &Module) -> String {
    if module.is_empty() {
        return "lib".to_owned();
    }
    module.join("/")
}

/// The folders of all crates, by name.
pub(crate) fn crates() -> Vec<String> {
    let mut crates = vec!["local".to_owned()];
    for folder in ["shared", "functions"] {
        for entry in std::fs::read_dir(root().join(folder)).expect("a folder") {
            let entry = entry.expect("an entry");
            if entry.path().join("src/lib.rs").is_file() {
                crates.push(format!("{folder}/{}", entry.file_name().to_string_lossy()));
            }
        }
    }
    crates.sort();
    crates
}

#[test]
fn no_modules_of_a_crate_use_each_other_in_a_circle() {
    let mut found = Vec::new();
    for folder in crates() {
        let left = LEFT.iter().find(|(name, _)| *name == folder);
        let left = left.map_or(0, |(_, count)| *count);
        let circles = Crate::read(&root().join(&folder)).circles();
        if circles.len() > left {
            found.extend(circles.values().map(|circle| {
                let circle: Vec<String> = circle.iter().map(name).collect();
                format!("{folder}: {}", circle.join(" -> "))
            }));
        }
    }
    assert!(
        found.is_empty(),
        "these modules use each other in a circle, so none can be understood first; move what both need into a third:\n{}",
        found.join("\n")
    );
}

/// The test above is worth as much as it sees.
#[test]
fn a_circle_is_found_however_it_is_written() {
    let circles_of = |files: &[(&str, &str)]| {
        let folder = tempfile::tempdir().expect("a folder");
        for (file, source) in files {
            let path = folder.path().join("src").join(file);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, source).expect("written");
        }
        let circles = Crate::read(folder.path()).circles();
        circles.keys().map(name).collect::<Vec<_>>()
    };
    let lib = (
        "lib.rs",
        "mod a;\nmod b;\npub use a::{A, helper as other};\n",
    );
    for b in [
        "use crate::a::A;",
        "use crate::A;",
        "use crate::{other};",
        "use super::a;",
        "use std::fmt; use super::{a::{self, A}};",
        "fn f() { crate::a::helper(\"}\"); }",
        "mod inner { fn f() -> super::super::a::A { '}' } }",
        "/* it's */ fn f<'a>(c: char) { json!({ \"{\": super::a::A }); }",
    ] {
        let a = ("a.rs", "use crate::b;\npub struct A;\npub fn helper() {}\n");
        assert_eq!(circles_of(&[lib, a, ("b.rs", b)]), ["a", "b"], "{b}");
    }
    for b in [
        "use std::fmt;",
        "// use crate::a::A;",
        "const TEXT: &str = \"crate::a::A\";",
        "const TEXT: &str = r#\"crate::a::A \"quoted\" \"#;",
        "pub use crate::a::A;",
        "#[cfg(test)]\nmod tests { use crate::a::A; fn f() { [0; 2] } }",
        "#[cfg(test)]\nuse crate::a::{A};\n",
        "mod inner { use super::*; }",
        "pub(in crate::a) fn f() {}",
    ] {
        let a = ("a.rs", "use crate::b;\npub struct A;\npub fn helper() {}\n");
        assert_eq!(circles_of(&[lib, a, ("b.rs", b)]), [""; 0], "{b}");
    }
    let child = ("a/child.rs", "fn f() -> super::A { super::A }");
    let parent = "mod child;\npub struct A;\nfn g() { child::f() }";
    let own = ("lib.rs", "mod a;");
    assert_eq!(
        circles_of(&[own, ("a.rs", parent), child]),
        ["a", "a/child"]
    );
}

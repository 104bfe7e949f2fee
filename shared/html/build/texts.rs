//! The texts of each language as one string with the ends of its parts: nothing is parsed or made before one is asked for,
//! and there is no pointer in it that has to be set when the program is loaded.

use std::fmt::Write as _;
use std::path::Path;
use std::{fs, io};

use serde_json::{Map, Value};

/// The language whose file says which texts there are.
const REFERENCE: &str = "en";

/// The plural categories of the CLDR, in the order of `icu_plurals::PluralCategory`.
const CATEGORIES: [&str; 6] = ["zero", "one", "two", "few", "many", "other"];

/// A language file.
pub(crate) struct Language {
    /// Its BCP 47 tag, which is its file's name, e.g. `de`.
    pub(crate) tag: String,
    file: Map<String, Value>,
}

impl Language {
    /// Where its dates are written in another way, as BCP 47 tags, e.g. `de-AT`.
    pub(crate) fn regions(&self) -> Vec<String> {
        let regions = self.file["regions"].as_array().into_iter().flatten();
        let tag = |region: &Value| Some(format!("{}-{}", self.tag, region.as_str()?));
        regions.filter_map(tag).collect()
    }

    fn section(&self, name: &str) -> io::Result<&Map<String, Value>> {
        let section = self.file.get(name).and_then(Value::as_object);
        section.ok_or_else(|| self.lacks(name))
    }

    fn lacks(&self, what: &str) -> io::Error {
        io::Error::other(format!("languages/{}.json lacks {what}", self.tag))
    }
}

/// The language files of `folder`, in order of their tags.
pub(crate) fn read(folder: &Path) -> io::Result<Vec<Language>> {
    let mut languages = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        let Some(tag) = stem.filter(|_| path.extension().is_some_and(|is| is == "json")) else {
            continue;
        };
        let told = |error| io::Error::other(format!("{}: {error}", path.display()));
        let file = serde_json::from_str(&fs::read_to_string(&path)?).map_err(told)?;
        languages.push(Language {
            tag: tag.to_owned(),
            file,
        });
    }
    languages.sort_by(|one, other| one.tag.cmp(&other.tag));
    Ok(languages)
}

/// The enums `Text` and `Count`, and the table `LANGUAGES`.
pub(crate) fn code(languages: &[Language]) -> io::Result<String> {
    let reference = languages.iter().find(|language| language.tag == REFERENCE);
    let reference = reference.ok_or_else(|| io::Error::other("there is no languages/en.json"))?;
    let (texts, counts) = (reference.section("texts")?, reference.section("counts")?);
    let mut code = String::new();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let other = |value: &Value| text(&value["other"]);
    code += &list(
        "Text",
        "A text of the pages. What it says in English:",
        texts,
        text,
    )?;
    code += &list(
        "Count",
        "A text with a number `n` in it. What it says in English:",
        counts,
        other,
    )?;
    let count = texts.len();
    wrote(writeln!(code, "const TEXT_COUNT: usize = {count};"))?;
    code += "static LANGUAGES: &[Texts] = &[\n";
    for language in languages {
        code += &table(language, texts, counts)?;
    }
    code += "];\n";
    Ok(code)
}

fn list(
    name: &str,
    about: &str,
    keys: &Map<String, Value>,
    said: impl Fn(&Value) -> Option<String>,
) -> io::Result<String> {
    let mut code =
        format!("/// {about}\n#[derive(Clone, Copy, Debug, PartialEq, Eq)]\npub enum {name} {{\n");
    let mut names = String::new();
    for (key, value) in keys {
        let said = said(value).ok_or_else(|| io::Error::other(format!("en.json: {key}")))?;
        let variant = camel_case(key);
        wrote(writeln!(code, "    /// `{said}`\n    {variant},"))?;
        wrote(writeln!(names, "    ({key:?}, {name}::{variant}),"))?;
    }
    code += "}\n";
    wrote(writeln!(
        code,
        "#[cfg(test)]\nconst {}S: &[(&str, {name})] = &[\n{names}];",
        name.to_uppercase()
    ))?;
    Ok(code)
}

fn table(
    language: &Language,
    texts: &Map<String, Value>,
    counts: &Map<String, Value>,
) -> io::Result<String> {
    let (own_texts, own_counts) = (language.section("texts")?, language.section("counts")?);
    // A text that is missing is empty here, and a failure of the tests.
    let said = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    let forms = counts.keys().flat_map(|key| {
        CATEGORIES.map(|category| said(own_counts.get(key).and_then(|forms| forms.get(category))))
    });
    let parts = texts
        .keys()
        .map(|key| said(own_texts.get(key)))
        .chain(forms);
    let name = language.file.get("name").and_then(Value::as_str);
    let name = name.ok_or_else(|| language.lacks("name"))?;
    let direction = language.file.get("direction").and_then(Value::as_str);
    Ok(format!(
        "    Texts {{ tag: {:?}, name: {name:?}, dir: {:?}, parts: {} }},\n",
        language.tag,
        direction.ok_or_else(|| language.lacks("direction"))?,
        parts_of(parts)?,
    ))
}

/// A `Parts` with these, which have less than 64 KB together: their ends are 16 bits.
pub(crate) fn parts_of(parts: impl Iterator<Item = String>) -> io::Result<String> {
    let (mut text, mut ends) = (String::new(), Vec::new());
    for part in parts {
        text += &part;
        ends.push(u16::try_from(text.len()).map_err(io::Error::other)?);
    }
    Ok(format!("Parts {{ text: {text:?}, ends: &{ends:?} }}"))
}

pub(crate) fn wrote(result: std::fmt::Result) -> io::Result<()> {
    result.map_err(io::Error::other)
}

fn camel_case(key: &str) -> String {
    let word = |word: &str| word[..1].to_uppercase() + &word[1..];
    key.split('_').map(word).collect()
}

//! Which parameters the address of a list may have. One that nobody knows was meant to narrow the list, so passing over it
//! would answer more than was asked for.

use crate::query::Query;
use crate::search::is_known;
use model::fault::{Faults, quoted};

/// What every list of pages knows.
const OF_PAGES: [&str; 3] = ["cursor", "limit", "page"];

/// What published clients send with any list, whether it has something to include or not.
const INCLUDES: [&str; 2] = ["include", "includes"];

/// What others add to addresses without meaning the list: jQuery's way around caches, the function of a JSONP request, and
/// (as a prefix) the marks of a campaign.
const ADDED_BY_OTHERS: [&str; 2] = ["_", "callback"];
const OF_CAMPAIGNS: &str = "utm_";

/// Other interfaces' words for ours.
const OTHER_WORDS: [(&str, &str); 9] = [
    ("perpage", "limit"),
    ("pagesize", "limit"),
    ("count", "limit"),
    ("from", "start"),
    ("since", "start"),
    ("to", "end"),
    ("until", "end"),
    ("sort", "orderBy"),
    ("query", "search"),
];

/// How alike two words must be for one to be offered in place of the other, from 0 to 1.
const ALIKE: f64 = 0.8;

impl Query {
    /// Notes every parameter that is not among `known`, in what is no list of pages.
    pub fn refuse_others(&self, faults: &mut Faults, known: &[&str]) {
        check(faults, self, false, known, &[]);
    }
}

/// Notes every parameter that a list does not know, with the one that is meant, and every one that is sent twice. `own`
/// are the list's parameters besides those of pages, `attributes` what it can be searched by, if it can be.
pub(crate) fn check(
    faults: &mut Faults,
    query: &Query,
    is_paged: bool,
    own: &[&str],
    attributes: &[&str],
) {
    let mut known: Vec<&str> = own.to_vec();
    known.extend(is_paged.then_some(OF_PAGES).into_iter().flatten());
    known.extend((!attributes.is_empty()).then_some("search"));
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for parameter in query.iter() {
        let (name, value) = (parameter.name.as_str(), parameter.value.as_str());
        let is_added = name.is_empty() || name.starts_with(OF_CAMPAIGNS);
        if is_added || ADDED_BY_OTHERS.contains(&name) || INCLUDES.contains(&name) {
            continue;
        }
        if !known.contains(&name) {
            faults.add(name, meant(name, &known, attributes));
            continue;
        }
        // Several searches are one.
        if name == "search" || value.is_empty() {
            continue;
        }
        match seen.iter().find(|(other, _)| *other == name) {
            Some((_, first)) if *first != value => {
                faults.add(name, "was sent twice, with different values; send one");
            }
            _ => seen.push((name, value)),
        }
    }
}

/// What to write in place of a parameter that is not known.
fn meant(name: &str, known: &[&str], attributes: &[&str]) -> String {
    let use_search = |attribute: &str| {
        let attribute = attribute.replace('*', "<name>");
        format!("is not a parameter of this list; write search={attribute}:<value>")
    };
    let use_parameter =
        |parameter: &str| format!("is not a parameter of this list; did you mean {parameter}?");
    let word = bare(name);
    let other_word = OTHER_WORDS.iter().find(|(other, _)| *other == word);
    if let Some((_, ours)) = other_word.filter(|(_, ours)| known.contains(ours)) {
        return use_parameter(ours);
    }
    if is_known(name, attributes) {
        return use_search(quoted(name).trim_matches('"'));
    }
    if let Some(parameter) = known.iter().find(|parameter| bare(parameter) == word) {
        return use_parameter(parameter);
    }
    let last = |attribute: &str| attribute.rsplit('.').next().map(bare);
    let is_same = |attribute: &&&str| {
        !word.is_empty() && (bare(attribute) == word || last(attribute).as_deref() == Some(&word))
    };
    let same = attributes.iter().find(is_same);
    if let Some(attribute) = same {
        return use_search(attribute);
    }
    let likeness = |other: &&str| strsim::jaro_winkler(&word, &bare(other));
    let nearest = known
        .iter()
        .chain(attributes)
        .map(|other| (likeness(other), *other))
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .filter(|(likeness, _)| *likeness >= ALIKE);
    match nearest {
        Some((_, found)) if known.contains(&found) => use_parameter(found),
        Some((_, found)) => use_search(found),
        None if known.is_empty() => "is not a parameter of this list, which has none".to_owned(),
        None => {
            let mut known = known.to_vec();
            known.sort_unstable();
            let known = known.join(", ");
            format!("is not a parameter of this list; the known ones are {known}")
        }
    }
}

/// A name without what its writing adds: `per_page`, `perPage` and `search[]` are words like any other.
fn bare(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ATTRIBUTES: &[&str] = &["resource.id", "state", "customer.*", "meta.*", "email"];

    fn told(raw: &str) -> Option<String> {
        let mut faults = Faults::none();
        let own = ["start", "end", "orderBy", "sortedBy"];
        check(&mut faults, &Query::parse(raw), true, &own, ATTRIBUTES);
        let told = faults.to_json();
        let (_, sentences) = told.as_object()?.iter().next()?;
        Some(sentences[0].as_str()?.to_owned())
    }

    #[test]
    fn an_unknown_parameter_is_told_with_what_is_meant() {
        for (raw, part) in [
            ("state=tentative", "write search=state:<value>"),
            ("resource_id=1", "write search=resource.id:<value>"),
            ("customer.phone=1", "write search=customer.phone:<value>"),
            ("email=a", "write search=email:<value>"),
            ("per_page=5", "did you mean limit?"),
            ("perPage=5", "did you mean limit?"),
            ("from=now", "did you mean start?"),
            ("order_by=state", "did you mean orderBy?"),
            ("Limit=5", "did you mean limit?"),
            ("limits=5", "did you mean limit?"),
            ("serach=state:x", "did you mean search?"),
            ("search[]=state:x", "did you mean search?"),
            ("resorce.id=1", "write search=resource.id:<value>"),
            ("xyz=1", "the known ones are cursor, end, limit, orderBy"),
            ("limit=5&limit=6", "was sent twice"),
        ] {
            let told = told(raw);
            assert!(
                told.as_deref().is_some_and(|told| told.contains(part)),
                "{raw}: {told:?}"
            );
        }
    }

    #[test]
    fn what_others_add_and_clients_send_is_let_through() {
        for raw in [
            "",
            "_=1700000000000",
            "utm_source=mail&utm_campaign=x",
            "callback=jQuery1",
            "include=a&includes=b",
            "limit=5&page=1&cursor=x",
            "search=state:x&search=meta.a:b",
            "limit=5&limit=5",
            "page=1include=",
            "&&",
        ] {
            assert_eq!(told(raw), None, "{raw}");
        }
    }
}

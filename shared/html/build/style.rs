//! The stylesheet without what only its readers need.

/// `style` without comments, and without blanks that mean nothing.
pub(crate) fn compact(style: &str) -> String {
    let mut bare = String::new();
    let mut rest = style;
    while let Some((before, comment)) = rest.split_once("/*") {
        bare += before;
        rest = comment.split_once("*/").map_or("", |(_, after)| after);
    }
    bare += rest;
    let mut compact = String::new();
    for line in bare.lines() {
        let line = line.trim();
        // A selector or a value that goes on in the next line.
        if compact.ends_with(|end: char| end.is_alphanumeric() || end == ')') {
            compact.push(' ');
        }
        compact += line;
    }
    for sign in ["{", "}", ";", ",", ">"] {
        compact = compact
            .replace(&format!("{sign} "), sign)
            .replace(&format!(" {sign}"), sign);
    }
    compact.replace(": ", ":").replace(";}", "}")
}

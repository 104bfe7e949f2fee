//! The console previews an accent color as booking pages will show it: both are compared with one list, here for the pages
//! and in `functions/console/web/test/shades.mjs` for the console.

use std::collections::BTreeMap;

use html::brand::{Color, Shades};
use model::app::Accent;
use serde::Deserialize;

const LIST: &str = include_str!("../../../functions/console/web/test/shades.json");

/// The accent and the text on it, in each scheme.
#[derive(Debug, Deserialize, PartialEq)]
struct Expected {
    light: [String; 2],
    dark: [String; 2],
}

#[test]
fn booking_pages_use_the_shades_that_the_console_previews() {
    let list: BTreeMap<String, Expected> = serde_json::from_str(LIST).expect("a list");
    assert!(list.len() >= 10);
    let css = |shades: Shades| [shades.accent.css(), shades.on_accent.css()];
    for (accent, expected) in list {
        let color: Accent = accent.parse().expect("a color");
        let color = Color::from(color);
        let found = Expected {
            light: css(Shades::light(color)),
            dark: css(Shades::dark(color)),
        };
        assert_eq!(found, expected, "{accent}");
    }
}

use super::*;

#[test]
fn every_accent_can_be_read_in_both_schemes_and_so_can_the_text_on_it() {
    let shares = [0, 0x33, 0x66, 0x99, 0xcc, 0xff];
    for index in 0..6 * 6 * 6 {
        let [red, green, blue] = [index / 36, index / 6 % 6, index % 6].map(|at| shares[at]);
        let accent = Color::new(red, green, blue);
        for (shades, surfaces) in [
            (Shades::light(accent), [WHITE, LIGHT_SURFACE]),
            (
                Shades::dark(accent),
                [Color::new(0x15, 0x17, 0x1b), DARK_SURFACE],
            ),
        ] {
            for surface in surfaces {
                assert!(
                    shades.accent.contrast(surface) >= MIN_CONTRAST,
                    "{accent:?} {shades:?}"
                );
            }
            assert!(
                shades.accent.contrast(shades.on_accent) >= MIN_CONTRAST,
                "{accent:?} {shades:?}"
            );
        }
    }
}

#[test]
fn a_colour_that_can_be_read_stays_as_it_is() {
    let accent: Accent = "#1D4ED8".parse().expect("a colour");
    assert_eq!(Shades::light(accent.into()).accent.css(), "#1d4ed8");
    assert!((WHITE.contrast(BLACK) - 21.0).abs() < 0.001);
}

#[test]
fn the_surfaces_that_accents_are_checked_against_are_those_of_the_stylesheet() {
    let style = crate::layout::STYLE;
    for (surface, dark) in [(LIGHT_SURFACE, false), (DARK_SURFACE, true)] {
        let (light_rules, dark_rules) = style.split_once("@media").expect("a dark scheme");
        let rules = if dark { dark_rules } else { light_rules };
        assert!(
            rules.contains(&format!("--surface:{}", surface.css())),
            "{rules}"
        );
    }
}

//! Whose page it is: name, logo and accent colour, in shades that can be read.

use maud::{Markup, html};
use model::app::{Accent, App};
use url::Url;

/// What customers know a business by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Brand {
    /// The business.
    pub name: String,
    /// Its logo, which is loaded by the visitor's browser.
    pub logo: Option<Url>,
    /// Its colour.
    pub accent: Option<Color>,
}

/// A colour of sRGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Color {
    red: u8,
    green: u8,
    blue: u8,
}

/// The accent in a scheme, light or dark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shades {
    /// Of links and buttons, readable on the page.
    pub accent: Color,
    /// Of text on a button.
    pub on_accent: Color,
}

/// The least contrast of text, as WCAG 2.2 asks of it (1.4.3).
pub const MIN_CONTRAST: f64 = 4.5;

/// The colour of brands that have none.
pub const DEFAULT_ACCENT: Color = Color::new(0x1d, 0x4e, 0xd8);

/// What pages are drawn on, as in `style.css`. The accent also stands on raised surfaces, whose contrast is less.
pub(crate) const LIGHT_SURFACE: Color = Color::new(0xf4, 0xf5, 0xf7);
/// The same in the dark.
pub(crate) const DARK_SURFACE: Color = Color::new(0x24, 0x27, 0x2d);

const WHITE: Color = Color::new(0xff, 0xff, 0xff);
const BLACK: Color = Color::new(0, 0, 0);

impl Color {
    /// The colour of these shares, 0 to 255 each.
    pub const fn new(red: u8, green: u8, blue: u8) -> Self {
        Self { red, green, blue }
    }

    /// Written as CSS has it, e.g. `#1d4ed8`.
    pub fn css(self) -> String {
        format!("#{:02x}{:02x}{:02x}", self.red, self.green, self.blue)
    }

    /// How bright it is, as WCAG 2.2 defines relative luminance: 0 to 1.
    fn luminance(self) -> f64 {
        let linear = |share: u8| {
            let share = f64::from(share) / 255.0;
            if share <= 0.040_45 {
                share / 12.92
            } else {
                ((share + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(self.red) + 0.7152 * linear(self.green) + 0.0722 * linear(self.blue)
    }

    /// The contrast of two colours, as WCAG 2.2 defines it: 1 to 21.
    pub fn contrast(self, other: Self) -> f64 {
        let (one, other) = (self.luminance(), other.luminance());
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    /// This colour with `share` of 255 of `other` in it.
    fn mixed(self, other: Self, share: u8) -> Self {
        let mix = |own: u8, theirs: u8| {
            let sum =
                u32::from(own) * (255 - u32::from(share)) + u32::from(theirs) * u32::from(share);
            u8::try_from((sum + 127) / 255).unwrap_or(u8::MAX)
        };
        Self::new(
            mix(self.red, other.red),
            mix(self.green, other.green),
            mix(self.blue, other.blue),
        )
    }

    /// The shade of this colour nearest to it that can be read on `surface`: darker or lighter, whichever leads away from
    /// the surface.
    #[must_use]
    pub fn readable_on(self, surface: Self) -> Self {
        let towards = if surface.contrast(BLACK) > surface.contrast(WHITE) {
            BLACK
        } else {
            WHITE
        };
        let shades = (0..=u8::MAX).map(|share| self.mixed(towards, share));
        let mut readable = shades.filter(|shade| shade.contrast(surface) >= MIN_CONTRAST);
        readable.next().unwrap_or(towards)
    }
}

impl Shades {
    /// The shades of `accent` on `surface`, each readable on what it stands on.
    pub fn of(accent: Color, surface: Color) -> Self {
        let accent = accent.readable_on(surface);
        let on_accent = if accent.contrast(WHITE) >= accent.contrast(BLACK) {
            WHITE
        } else {
            BLACK
        };
        Self { accent, on_accent }
    }

    /// The shades in the light scheme.
    pub fn light(accent: Color) -> Self {
        Self::of(accent, LIGHT_SURFACE)
    }

    /// The shades in the dark scheme.
    pub fn dark(accent: Color) -> Self {
        Self::of(accent, DARK_SURFACE)
    }
}

impl From<Accent> for Color {
    fn from(accent: Accent) -> Self {
        let [red, green, blue] = accent.rgb();
        Self::new(red, green, blue)
    }
}

impl Brand {
    /// The brand of an app; its name is the app's where it has none of its own.
    pub fn of(app: &App) -> Self {
        Self {
            name: app.business_name().to_owned(),
            logo: app.brand.logo.as_ref().map(|logo| logo.url().clone()),
            accent: app.brand.accent.map(Color::from),
        }
    }

    /// The accent in both schemes, as a stylesheet.
    pub fn style(&self) -> String {
        let accent = self.accent.unwrap_or(DEFAULT_ACCENT);
        let rules = |shades: Shades| {
            let (accent, on_accent) = (shades.accent.css(), shades.on_accent.css());
            format!(":root{{--accent:{accent};--on-accent:{on_accent}}}")
        };
        let (light, dark) = (rules(Shades::light(accent)), rules(Shades::dark(accent)));
        format!("{light}@media(prefers-color-scheme:dark){{{dark}}}")
    }

    /// Name and logo as they stand at the top of a page. The logo has no text of its own, because the name is beside it.
    pub fn markup(&self) -> Markup {
        html! {
            div.brand {
                @if let Some(logo) = &self.logo {
                    img src=(logo) alt="" width="40" height="40" referrerpolicy="no-referrer";
                }
                span { bdi { (self.name) } }
            }
        }
    }
}

#[cfg(test)]
#[path = "tests/brand.rs"]
mod tests;

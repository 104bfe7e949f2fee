// The shades of an accent color that booking pages use, so that the console can show them before they are saved. They are
// computed as `shared/html/src/brand.rs` does; `test/shades.json` is what both must find.

/** @typedef {"light" | "dark"} Scheme */
/** @typedef {readonly [number, number, number]} Rgb */

/** What pages are drawn on, as in `shared/html/src/style.css`. */
export const SCHEMES = {
  light: { page: "#ffffff", surface: "#f4f5f7", text: "#16181d" },
  dark: { page: "#15171b", surface: "#24272d", text: "#f1f2f4" },
};

export const DEFAULT_ACCENT = "#1d4ed8";

/** The least contrast of text, as WCAG 2.2 asks for (1.4.3). */
const MIN_CONTRAST = 4.5;

/** @type {Rgb} */
const WHITE = [255, 255, 255];
/** @type {Rgb} */
const BLACK = [0, 0, 0];

/** @type {(color: string) => Rgb} */
const parse = (color) => {
  const share = (/** @type {number} */ at) => Number.parseInt(color.slice(at, at + 2), 16);
  return [share(1), share(3), share(5)];
};

/** @type {(rgb: Rgb) => string} */
const css = (rgb) => `#${rgb.map((share) => share.toString(16).padStart(2, "0")).join("")}`;

/**
 * Relative luminance as WCAG 2.2 defines it: 0 to 1.
 * @param {Rgb} rgb
 */
function luminance([red, green, blue]) {
  const linear = (/** @type {number} */ of255) => {
    const share = of255 / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}

/**
 * The contrast of two colors: 1 to 21.
 * @param {Rgb} one
 * @param {Rgb} other
 */
function contrast(one, other) {
  const [a, b] = [luminance(one), luminance(other)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

/** @type {(rgb: Rgb, other: Rgb, share: number) => Rgb} */
const mixed = (rgb, other, share) => {
  const mix = (/** @type {number} */ own, /** @type {number} */ theirs) => Math.floor((own * (255 - share) + theirs * share + 127) / 255);
  return [mix(rgb[0], other[0]), mix(rgb[1], other[1]), mix(rgb[2], other[2])];
};

/**
 * The accent in a scheme: the nearest shade that can be read, the color of text on it, and whether it had to be changed.
 * @param {string} accent
 * @param {Scheme} scheme
 */
export function shadesOf(accent, scheme) {
  const [sent, surface] = [parse(accent), parse(SCHEMES[scheme].surface)];
  const towards = contrast(surface, BLACK) > contrast(surface, WHITE) ? BLACK : WHITE;
  /** @type {Rgb} */
  let shade = towards;
  for (let share = 0; share < 256; share += 1) {
    const next = mixed(sent, towards, share);
    if (contrast(next, surface) >= MIN_CONTRAST) {
      shade = next;
      break;
    }
  }
  const onAccent = contrast(shade, WHITE) >= contrast(shade, BLACK) ? WHITE : BLACK;
  return { accent: css(shade), onAccent: css(onAccent), contrast: contrast(sent, surface), isChanged: css(shade) !== accent.toLowerCase() };
}

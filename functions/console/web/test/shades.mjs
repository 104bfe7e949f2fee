// The console previews an accent color in the shades that booking pages will use: `shades.json` is what both must find, and
// shared/html/tests/shades.rs compares the pages with it. Usage: node shades.mjs
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { shadesOf } from "../src/console/shades.js";

const expected = JSON.parse(readFileSync(new URL("shades.json", import.meta.url), "utf8"));
const found = Object.fromEntries(
  Object.keys(expected).map((accent) => {
    const shades = (scheme) => {
      const { accent: shade, onAccent } = shadesOf(accent, scheme);
      return [shade, onAccent];
    };
    return [accent, { light: shades("light"), dark: shades("dark") }];
  }),
);
if (process.argv.includes("--print")) console.log(JSON.stringify(found, null, 2));
else assert.deepEqual(found, expected);

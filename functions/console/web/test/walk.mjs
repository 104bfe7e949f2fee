// Walks the console, the booking page and the documentation of a running server, as people do: in a browser, in two
// sizes, by mouse and by keyboard. Usage: node walk.mjs <server's address> <folder for screenshots>
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

import { failures } from "./failures.mjs";
import { firstRun } from "./first-run.mjs";
import { keyboardAlone } from "./keyboard.mjs";
import { readsDocs } from "./docs.mjs";
import { SIZES, visit } from "./visitor.mjs";
import { walksScreens } from "./screens.mjs";

const [, , address, folder] = process.argv;
const base = new URL(address).origin;
const launch = () => chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
const browser = await launch();
try {
  // Alone, because it is timed.
  await loadsFast();
  await inTurn(Object.keys(SIZES).map((size) => () => walk(size)).concat([() => firstRun(browser, base), () => keyboardAlone(browser, base)]), 2);
  console.log("console: ok");
} finally {
  await browser.close();
}

/** All that people do, in one size, in a browser of its own: a browser has one clipboard for all its visitors. */
async function walk(size) {
  const own = await launch();
  try {
    const visitor = await visit(own, base, size, folder);
    const key = await walksScreens(visitor);
    await failures(visitor);
    await readsDocs(visitor, key);
    await visitor.leave();
  } finally {
    await own.close();
  }
}

/** Runs all, so many at a time. The first that fails ends it. */
async function inTurn(tasks, atOnce) {
  const waiting = [...tasks];
  const worker = async () => {
    for (let task = waiting.shift(); task; task = waiting.shift()) await task();
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** The first load is small, and soon there: signed out, and where it matters most. */
async function loadsFast() {
  const visitor = await visit(browser, base, "desktop");
  const { page } = visitor;
  const sizes = [];
  page.on("requestfinished", (request) => sizes.push(request.sizes()));
  const begun = performance.now();
  await page.goto("/console");
  await visitor.button("Sign in").click({ trial: true });
  const took = Math.round(performance.now() - begun);
  await page.waitForLoadState("networkidle");
  const bytes = (await Promise.all(sizes)).reduce((sum, { responseBodySize, responseHeadersSize }) => sum + responseBodySize + responseHeadersSize, 0);
  console.log(`console: first load ${Math.round(bytes / 1_000)} kB compressed, ready after ${took} ms`);
  assert.ok(bytes > 0 && bytes < 200_000, `the first load is ${bytes} bytes`);
  await visitor.leave();
}

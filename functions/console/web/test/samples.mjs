// Runs every sample of the guides that is marked to run, against a server with the demo in it.
// Usage: node samples.mjs <server's address> <API key of the demo's test app>
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { appendFileSync, readdirSync, readFileSync } from "node:fs";

const [, , url, key] = process.argv;
const PROGRAMS = {
  sh: (text) => ["bash", ["-euo", "pipefail", "-c", text]],
  js: (text) => ["node", ["--input-type=module", "--eval", text]],
  python: (text) => ["python3", ["-c", text]],
  php: (text) => ["php", ["-r", text.replace("<?php", "")]],
};

const answer = await fetch(`${url}/v2/resources`, { headers: { Authorization: `Bearer ${key}` } });
const resource = (await answer.json()).data[0].id;
const env = { ...process.env, URL: url, KEY: key, LATCHKEY_URL: url, LATCHKEY_KEY: key, RESOURCE: resource };
const guides = new URL("../guides/", import.meta.url);
let count = 0;
const without = new Set();
for (const name of readdirSync(guides)) {
  const text = readFileSync(new URL(name, guides), "utf8");
  for (const [, language, sample] of text.matchAll(/^```(\w+) run\n(.*?)^```$/gms)) {
    const [program, options] = PROGRAMS[language](sample);
    const done = spawnSync(program, options, { env, encoding: "utf8" });
    if (done.error?.code === "ENOENT") {
      without.add(program);
      continue;
    }
    assert.equal(done.status, 0, `${name}:\n${sample}\n${done.stdout}\n${done.stderr}`);
    count++;
  }
}
await relays();

/** The relay of "Keeping keys safe" passes free times on, and nothing else. */
async function relays() {
  const text = readFileSync(new URL("keeping-keys-safe.md", guides), "utf8");
  const relay = /^```js\n(\/\/ relay.*?)^```$/ms.exec(text)?.[1];
  assert.ok(relay);
  const told = `${relay.replace("}).listen(PORT);", "}).listen(0, function () { console.log(this.address().port); });")}`;
  const server = spawn("node", ["--input-type=module", "--eval", told], { env, stdio: ["ignore", "pipe", "inherit"] });
  try {
    const [port] = await new Promise((resolve) => server.stdout.once("data", (data) => resolve(String(data).split("\n"))));
    const free = await fetch(`http://127.0.0.1:${port}/free/${resource}`);
    assert.equal(free.status, 200);
    assert.deepEqual(Object.keys((await free.json())[0]), ["start", "end"]);
    assert.equal((await fetch(`http://127.0.0.1:${port}/v2/bookings`)).status, 404);
    count++;
  } finally {
    server.kill();
  }
}

if (without.size > 0 && process.env.LATCHKEY_SKIPPED) {
  const what = `samples of the guides in ${[...without].join(", ")}: SKIPPED (install with: make setup)\n`;
  appendFileSync(process.env.LATCHKEY_SKIPPED, what);
}
const left = without.size > 0 ? `; those in ${[...without].join(", ")} cannot be run here` : "";
console.log(`guides: ${count} samples ran${left}`);

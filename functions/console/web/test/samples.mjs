// Runs every sample of the guides that is marked to run, and what the reference writes of some calls, against a server
// with the demo in it. Usage: node samples.mjs <server's address> <API key of the demo's test app>
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { appendFileSync, readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";

import * as written from "../src/docs/samples.js";

const [, , url, key] = process.argv;
const PROGRAMS = {
  sh: (text) => ["bash", ["-euo", "pipefail", "-c", text]],
  js: (text) => ["node", ["--input-type=module", "--eval", text]],
  python: (text) => ["python3", ["-c", text]],
  php: (text) => ["php", ["-r", text.replace("<?php", "")]],
};
/** Calls of which the reference's samples are run: one that reads, and bodies with all that JSON has. */
const CALLS = ["get_me", "list_bookings", "create_booking", "list_available_slots", "update_resource", "create_project"];

const guides = new URL("../guides/", import.meta.url);
const events = new URL("../../../../events/", import.meta.url);
/** The SDK is there. */
const cwd = fileURLToPath(new URL("../../../../tests/clients/", import.meta.url));
const answer = await fetch(`${url}/v2/resources`, { headers: { Authorization: `Bearer ${key}` } });
const resource = (await answer.json()).data[0].id;
const authorization = `Basic ${Buffer.from(`:${key}`).toString("base64")}`;
const env = { ...process.env, LATCHKEY_URL: url, LATCHKEY_KEY: key, LATCHKEY_AUTHORIZATION: authorization, RESOURCE: resource };
const without = new Set();

const samples = [...ofGuides(), ...ofReference()];
const counts = { guides: 0, reference: 0 };
const worker = async () => {
  for (let sample = samples.shift(); sample; sample = samples.shift()) await run(sample);
};
await Promise.all(Array.from({ length: availableParallelism() }, worker));
await relays();

/** Every sample of the guides that is marked to run. */
function ofGuides() {
  return readdirSync(guides).flatMap((name) => {
    const fences = readFileSync(new URL(name, guides), "utf8").matchAll(/^```(\w+) run\n(.*?)^```$/gms);
    return [...fences].map(([, language, text]) => ({ of: "guides", name, language, text }));
  });
}

/** What the reference writes of the example events, signed in each way. */
function ofReference() {
  return CALLS.flatMap((id, at) => {
    const { rawPath, rawQueryString, requestContext, body } = JSON.parse(readFileSync(new URL(`${id}/event.json`, events), "utf8"));
    const call = {
      url: `${url}${rawPath}${rawQueryString && `?${rawQueryString}`}`,
      method: requestContext.http.method,
      scheme: ["basic", "bearer", "raw"][at % 3],
      headers: {},
      body,
    };
    const languages = { sh: written.curl, js: written.javascript, python: written.python, php: written.php };
    return Object.entries(languages).map(([language, write]) => ({ of: "reference", name: id, language, text: write(call) }));
  });
}

async function run({ of, name, language, text }) {
  assert.ok(!text.includes(key), `${name}: the key stands in the sample`);
  const [program, options] = PROGRAMS[language](text);
  const { status, said } = await ended(spawn(program, options, { env, cwd, stdio: ["ignore", "pipe", "pipe"] }));
  if (status === "ENOENT") {
    without.add(program);
    return;
  }
  assert.equal(status, 0, `${name}:\n${text}\n${said}`);
  counts[of]++;
}

/** A process's status, or why there is none, and all that it wrote. */
function ended(process) {
  return new Promise((resolve) => {
    let said = "";
    process.stdout.on("data", (data) => (said += data));
    process.stderr.on("data", (data) => (said += data));
    process.on("error", (error) => resolve({ status: error.code, said }));
    process.on("close", (status) => resolve({ status, said }));
  });
}

/** The relay of "Keeping keys safe" fits into twenty lines, and passes free times on, and nothing else. */
async function relays() {
  const text = readFileSync(new URL("keeping-keys-safe.md", guides), "utf8");
  const relay = /^```js\n(\/\/ relay.*?)^```$/ms.exec(text)?.[1];
  assert.ok(relay);
  assert.ok(relay.trimEnd().split("\n").length <= 20, "the relay has more than twenty lines");
  const told = `${relay.replace("}).listen(PORT);", "}).listen(0, function () { console.log(this.address().port); });")}`;
  const server = spawn("node", ["--input-type=module", "--eval", told], { env, stdio: ["ignore", "pipe", "inherit"] });
  try {
    const [port] = await new Promise((resolve) => server.stdout.once("data", (data) => resolve(String(data).split("\n"))));
    const free = await fetch(`http://127.0.0.1:${port}/free/${resource}`);
    assert.equal(free.status, 200);
    assert.deepEqual(Object.keys((await free.json())[0]), ["start", "end"]);
    assert.equal((await fetch(`http://127.0.0.1:${port}/v2/bookings`)).status, 404);
    counts.guides++;
  } finally {
    server.kill();
  }
}

if (without.size > 0 && process.env.LATCHKEY_SKIPPED) {
  const what = `samples of the guides in ${[...without].join(", ")}: SKIPPED (install with: make setup)\n`;
  appendFileSync(process.env.LATCHKEY_SKIPPED, what);
}
const left = without.size > 0 ? `; those in ${[...without].join(", ")} cannot be run here` : "";
console.log(`guides: ${counts.guides} samples ran, and ${counts.reference} of the reference${left}`);

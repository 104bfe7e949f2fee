// What the reference takes for a credential, and how it sends it. Usage: node credential.mjs
import assert from "node:assert/strict";

import { credential } from "../src/docs/credential.js";

const KEY = "test_api_key_foobar";
/** The value that the first source document shows. */
const VALUE = "OnRlc3RfYXBpX2tleV9mb29iYXI=";
const NAMED = `tt1.${"0".repeat(64)}`;
const TOKEN = "XT1JO879JF1qUXXzmETD5ucgxaDwsFsd";
const PAIR = `doc.brown@timekit.io:${TOKEN}`;
const encoded = (text) => Buffer.from(text).toString("base64");

for (const [pasted, authorization, took] of [
  [KEY, `Basic ${VALUE}`, "a key"],
  [`  ${KEY}\n`, `Basic ${VALUE}`, "a key"],
  [`:${KEY}`, `Basic ${VALUE}`, "a colon and a key"],
  [VALUE, `Basic ${VALUE}`, "base64, sent as Basic"],
  [VALUE.replace("=", ""), `Basic ${VALUE.replace("=", "")}`, "base64, sent as Basic"],
  [`Basic ${VALUE}`, `Basic ${VALUE}`, "a whole header"],
  [`basic ${VALUE}`, `Basic ${VALUE}`, "a whole header"],
  [`Authorization: Basic ${VALUE}`, `Basic ${VALUE}`, "a whole header"],
  [`"Authorization: Bearer ${NAMED}"`, `Bearer ${NAMED}`, "a whole header"],
  [`Bearer: ${NAMED}`, `Bearer ${NAMED}`, "a whole header"],
  [`Bearer ${VALUE}`, `Basic ${VALUE}`, "a whole header"],
  [`Basic ${KEY}`, `Basic ${VALUE}`, "a whole header"],
  [NAMED, `Basic ${encoded(`:${NAMED}`)}`, "a key"],
  [PAIR, `Basic ${encoded(PAIR)}`, "a resource's address and token"],
  [encoded(PAIR), `Basic ${encoded(PAIR)}`, "base64, sent as Basic"],
  ["", "", ""],
  ["Basic", "", ""],
]) {
  const read = credential(pasted, "basic");
  assert.deepEqual({ authorization: read.authorization, took: read.took }, { authorization, took }, pasted);
}
assert.deepEqual(credential(`:${KEY}`, "bearer"), { authorization: `Bearer ${KEY}`, took: "a colon and a key", scheme: "bearer" });
console.log("What is pasted is taken for what it is.");

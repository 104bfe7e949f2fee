// How a call that the reference makes is written in other languages. The key never stands in them: it is read from the
// environment. Plain JavaScript, so that a test runs what this writes without building it first.

/**
 * A call, and how it is signed: with a key in `LATCHKEY_KEY`, or with a whole `Authorization` in `LATCHKEY_AUTHORIZATION`.
 *
 * @typedef {object} Call
 * @property {string} url
 * @property {string} method
 * @property {"basic" | "bearer" | "raw" | "none"} scheme
 * @property {Record<string, string>} headers those besides `Authorization`
 * @property {string | undefined} body JSON
 */

/** @param {string} text */
const shell = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

/** @param {Call} call */
export function curl({ url, method, scheme, headers, body }) {
  const sent = { ...headers, ...(body !== undefined && JSON_HEADER) };
  const lines = [
    `curl --fail-with-body --request ${method}`,
    { basic: `--user ":$LATCHKEY_KEY"`, bearer: `--header "Authorization: Bearer $LATCHKEY_KEY"`, raw: `--header "Authorization: $LATCHKEY_AUTHORIZATION"`, none: "" }[scheme],
    ...Object.entries(sent).map(([name, value]) => `--header ${shell(`${name}: ${value}`)}`),
    body === undefined ? "" : `--data ${shell(pretty(body))}`,
    shell(url),
  ];
  return lines.filter(Boolean).join(" \\\n  ");
}

/** With the SDK as it is published, whose own paths begin behind `/v2`. @param {Call} call */
export function javascript({ url, method, scheme, headers, body }) {
  const { origin, pathname, search } = new URL(url);
  const [, version = "", path = ""] = /^\/(?:(v\d+)(?=\/))?(.*)$/.exec(pathname) ?? [];
  const sent = { ...headers, ...(scheme === "raw" && { Authorization: new Expression("process.env.LATCHKEY_AUTHORIZATION") }) };
  const asked = {
    url: `${path}${search}`,
    method,
    ...(Object.keys(sent).length > 0 && { headers: sent }),
    ...(body !== undefined && { data: parsed(body) }),
  };
  const lines = [
    ...(scheme === "basic" || scheme === "bearer" ? ["  appKey: process.env.LATCHKEY_KEY,"] : []),
    `  apiBaseUrl: "${origin}/",`,
    ...(version === "v2" ? [] : [`  apiVersion: "${version}",`]),
    ...(body === undefined ? [] : ["  convertRequestToSnakecase: false,"]),
  ];
  return [`import timekit from "timekit-sdk";`, "", "timekit.configure({", ...lines, "});", `const { data } = await timekit.makeRequest(${literal(asked, JAVASCRIPT)});`, "console.log(data);"].join("\n");
}

/** @param {Call} call */
export function python({ url, method, scheme, headers, body }) {
  const signature = signatureOf(scheme);
  const sent = {
    ...(signature && { Authorization: new Expression(`${signature.prefix && `"${signature.prefix}" + `}os.environ["${signature.variable}"]`) }),
    ...headers,
    ...(body !== undefined && JSON_HEADER),
  };
  const lines = [
    `    ${JSON.stringify(url)},`,
    `    method="${method}",`,
    ...(Object.keys(sent).length > 0 ? [`    headers=${literal(sent, PYTHON, "    ")},`] : []),
    ...(body === undefined ? [] : [`    data=json.dumps(${literal(parsed(body), PYTHON, "    ")}).encode(),`]),
  ];
  const modules = [body === undefined ? "" : "json", signature ? "os" : "", "urllib.request"].filter(Boolean).join(", ");
  return [`import ${modules}`, "", "request = urllib.request.Request(", ...lines, ")", "with urllib.request.urlopen(request) as answer:", "    print(answer.read().decode())"].join("\n");
}

/** @param {Call} call */
export function php({ url, method, scheme, headers, body }) {
  const signature = signatureOf(scheme);
  const sent = Object.entries({ ...headers, ...(body !== undefined && JSON_HEADER) }).map(([name, value]) => single(`${name}: ${value}`));
  if (signature) sent.unshift(`"Authorization: ${signature.prefix}" . getenv("${signature.variable}")`);
  return [
    "<?php",
    `$context = stream_context_create(["http" => [`,
    `    "method" => "${method}",`,
    ...(sent.length > 0 ? [`    "header" => [${sent.join(", ")}],`] : []),
    ...(body === undefined ? [] : [`    "content" => json_encode(${literal(parsed(body), PHP, "    ")}),`]),
    "]]);",
    `$answer = file_get_contents(${single(url)}, false, $context);`,
    "if ($answer === false) exit(1);",
    `echo $answer, "\\n";`,
  ].join("\n");
}

const JSON_HEADER = { "Content-Type": "application/json" };

/** What goes before which variable in `Authorization`. @param {Call["scheme"]} scheme */
function signatureOf(scheme) {
  if (scheme === "none") return undefined;
  return scheme === "raw" ? { prefix: "", variable: "LATCHKEY_AUTHORIZATION" } : { prefix: "Bearer ", variable: "LATCHKEY_KEY" };
}

/** What stands in a sample as it is, among what is written as JSON. */
class Expression {
  /** @param {string} text */
  constructor(text) {
    this.text = text;
  }
}

/** @param {string} body */
function parsed(body) {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}

/** @param {string} body */
function pretty(body) {
  const value = parsed(body);
  return typeof value === "string" ? body : JSON.stringify(value, null, 2);
}

/** A PHP text in which nothing stands for anything else. @param {string} text */
const single = (text) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;

/** @param {string} name */
const word = (name) => (/^[a-z_]\w*$/i.test(name) ? name : JSON.stringify(name));

/**
 * @typedef {object} Language how it writes JSON
 * @property {(text: string) => string} text
 * @property {(name: string) => string} key
 * @property {string} pair between a name and its value
 * @property {[string, string]} braces
 * @property {string} empty an object with nothing in it
 * @property {Record<string, string>} words
 * @property {string} step how much deeper a level stands
 */
/** @type {Language} */
const JAVASCRIPT = { text: JSON.stringify, key: word, pair: ": ", braces: ["{", "}"], empty: "{}", words: {}, step: "  " };
/** @type {Language} */
const PYTHON = { text: JSON.stringify, key: JSON.stringify, pair: ": ", braces: ["{", "}"], empty: "{}", words: { true: "True", false: "False", null: "None" }, step: "    " };
/** @type {Language} */
const PHP = { text: single, key: single, pair: " => ", braces: ["[", "]"], empty: "new stdClass()", words: {}, step: "    " };

/**
 * A JSON value as a language writes it.
 *
 * @param {any} value
 * @param {Language} language
 * @returns {string}
 */
function literal(value, language, indent = "") {
  if (typeof value === "string") return language.text(value);
  if (typeof value !== "object" || value === null) return language.words[String(value)] ?? String(value);
  if (value instanceof Expression) return value.text;
  const deeper = indent + language.step;
  const [rows, [open, close]] = Array.isArray(value)
    ? [value.map((one) => literal(one, language, deeper)), ["[", "]"]]
    : [Object.entries(value).map(([name, one]) => `${language.key(name)}${language.pair}${literal(one, language, deeper)}`), language.braces];
  if (rows.length === 0) return Array.isArray(value) ? "[]" : language.empty;
  const isFlat = Array.isArray(value) && value.every((one) => typeof one !== "object" || one === null);
  if (isFlat) return `[${rows.join(", ")}]`;
  return [open, ...rows.map((row) => `${deeper}${row},`), `${indent}${close}`].join("\n");
}

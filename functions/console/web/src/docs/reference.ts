// The reference: a viewer of our OpenAPI document, whose calls are signed with what the form above it says.

import viewerStyle from "swagger-ui-dist/swagger-ui.css?url";
import viewerScript from "swagger-ui-dist/swagger-ui-bundle.js?url";

import examples from "virtual:examples";

import { credential } from "./credential.js";
import * as samples from "./samples.js";

interface Request {
  url: string;
  headers: Record<string, string>;
}

interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  description?: string;
  example?: string;
}

interface Operation {
  operationId?: string;
  security?: unknown;
  parameters?: Parameter[];
  requestBody?: { content?: Record<string, { example?: unknown }> };
  responses: Record<string, { content?: object }>;
}

/** A request as the viewer hands it to whoever writes a sample of it: an immutable map. */
interface Sent {
  get(name: "url" | "method" | "body"): unknown;
  get(name: "headers"): { toJS(): Record<string, string> } | undefined;
}

type Document = { paths: Record<string, Record<string, Operation>>; components: { securitySchemes?: unknown } };

declare global {
  interface Window {
    SwaggerUIBundle: (options: object) => void;
  }
}

const element = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;
const [form, key, app, sent] = [element<HTMLFormElement>("caller"), element<HTMLInputElement>("key"), element<HTMLInputElement>("app"), element("sent")];

/** What was pasted, as it is sent. */
const signed = () => credential(key.value, new FormData(form).get("scheme") === "bearer" ? "bearer" : "basic");

function show() {
  const { authorization, took } = signed();
  sent.textContent = authorization ? `Authorization: ${authorization}` : "nothing";
  element("took").textContent = took && ` (from ${took})`;
}

form.addEventListener("input", show);
form.addEventListener("submit", (event) => event.preventDefault());

/** The document as the viewer takes it: who calls is said above it, and everything that is sent has an example. */
function prepared(document: Document): Document {
  delete document.components.securitySchemes;
  for (const [pattern, operations] of Object.entries(document.paths)) {
    for (const operation of Object.values(operations)) {
      delete operation.security;
      // All errors have the same body, which the guide shows once.
      for (const [status, response] of Object.entries(operation.responses)) if (/^[45]/.test(status)) delete response.content;
      const example = operation.operationId ? examples[operation.operationId] : undefined;
      if (!example) continue;
      const values = { path: inPath(pattern, example.path), query: new URLSearchParams(example.query), header: new Map<string, string>() };
      for (const parameter of operation.parameters ?? []) {
        const value = values[parameter.in as keyof typeof values]?.get(parameter.name);
        // What may be left out would only narrow what somebody sees of their own.
        if (value && parameter.required) parameter.example = value;
        else if (value) parameter.description = `${parameter.description ?? ""} Like \`${value}\`.`;
      }
      const body = operation.requestBody?.content?.["application/json"];
      if (body && example.body !== undefined) body.example = example.body;
    }
  }
  return document;
}

/** What stands in a path for the names in a pattern, like `{id}`. */
function inPath(pattern: string, path: string): Map<string, string> {
  const parts = path.split("/");
  const named = pattern.split("/").map((name, at) => [name.replace(/^\{(.*)\}$/, "$1"), decodeURIComponent(parts[at] ?? "")] as const);
  return new Map(named);
}

const SAMPLES = [
  ["curl_bash", "curl", "bash", samples.curl],
  ["javascript", "JavaScript (timekit-sdk)", "javascript", samples.javascript],
  ["python", "Python", "python", samples.python],
  ["php", "PHP", "php", samples.php],
] as const;

/** What was sent, with the key left to the environment. */
function call(sent: Sent): samples.Call {
  const { Authorization: value, ...headers } = sent.get("headers")?.toJS() ?? {};
  const scheme = value ? signed().scheme : "none";
  for (const name of ["accept", "Content-Type"]) delete headers[name];
  const body = sent.get("body");
  return { url: String(sent.get("url")), method: String(sent.get("method")), scheme, headers, body: typeof body === "string" && body ? body : undefined };
}

/** The viewer's system, as far as it matters here. */
interface System {
  React: { createElement: (type: unknown, props: object | null, ...children: unknown[]) => unknown };
}

/** Mends what of the viewer those do not find their way in who use no mouse or see no page. */
const Accessible = () => ({
  wrapComponents: {
    // A link within a button is neither.
    DeepLink:
      (_: unknown, { React }: System) =>
      ({ text }: { text: unknown }) =>
        React.createElement("span", null, text),
    TextArea:
      (Original: unknown, { React }: System) =>
      (props: object) =>
        React.createElement("label", null, React.createElement("span", { className: "visually-hidden" }, "Request body"), React.createElement(Original, props)),
  },
});

async function start() {
  const style = Object.assign(document.createElement("link"), { rel: "stylesheet", href: viewerStyle });
  document.head.prepend(style);
  const script = Object.assign(document.createElement("script"), { src: viewerScript });
  const loaded = new Promise((resolve, reject) => {
    script.onload = resolve;
    script.onerror = reject;
  });
  document.head.append(script);
  const answer = await fetch("/openapi.json");
  const spec = prepared((await answer.json()) as Document);
  await loaded;
  window.SwaggerUIBundle({
    spec,
    domNode: element("viewer"),
    deepLinking: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    filter: true,
    validatorUrl: null,
    withCredentials: false,
    tryItOutEnabled: true,
    requestSnippetsEnabled: true,
    requestSnippets: {
      generators: Object.fromEntries(SAMPLES.map(([name, title, syntax]) => [name, { title, syntax }])),
      languages: SAMPLES.map(([name]) => name),
    },
    plugins: [Accessible, { fn: Object.fromEntries(SAMPLES.map(([name, , , write]) => [`requestSnippetGenerator_${name}`, (sent: Sent) => write(call(sent))])) }],
    requestInterceptor: (request: Request) => {
      const { authorization } = signed();
      if (authorization) request.headers.Authorization = authorization;
      if (app.value.trim()) request.headers["Timekit-App"] = app.value.trim();
      return request;
    },
  });
}

start().catch(() => {
  element("viewer").textContent = "The viewer could not be loaded. The document itself is at /openapi.json.";
});

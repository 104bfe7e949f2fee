// The reference: a viewer of our OpenAPI document, whose calls are signed with what the form above it says.

import viewerStyle from "swagger-ui-dist/swagger-ui.css?url";
import viewerScript from "swagger-ui-dist/swagger-ui-bundle.js?url";

import examples from "virtual:examples";

interface Request {
  url: string;
  headers: Record<string, string>;
}

interface Operation {
  operationId?: string;
  security?: unknown;
  requestBody?: { content?: Record<string, { example?: unknown }> };
}

type Document = { paths: Record<string, Record<string, Operation>>; components: { securitySchemes?: unknown } };

declare global {
  interface Window {
    SwaggerUIBundle: (options: object) => void;
  }
}

const element = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;
const [form, key, app, sent] = [element<HTMLFormElement>("caller"), element<HTMLInputElement>("key"), element<HTMLInputElement>("app"), element("sent")];

/** What goes into `Authorization`, if anything. */
function authorization(): string {
  const value = key.value.trim();
  if (!value) return "";
  const scheme = new FormData(form).get("scheme");
  if (scheme === "raw") return value;
  // btoa knows bytes only; a key has nothing else.
  return scheme === "bearer" ? `Bearer ${value}` : `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(`:${value}`)))}`;
}

function show() {
  const isRaw = new FormData(form).get("scheme") === "raw";
  key.type = isRaw ? "text" : "password";
  element("key-label").textContent = isRaw ? "The value" : "A test key";
  const value = authorization();
  sent.textContent = value ? `Authorization: ${value}` : "nothing";
}

form.addEventListener("input", show);
form.addEventListener("submit", (event) => event.preventDefault());

/** The document as the viewer takes it: who calls is said above it, and bodies have examples. */
function prepared(document: Document): Document {
  delete document.components.securitySchemes;
  for (const operations of Object.values(document.paths)) {
    for (const operation of Object.values(operations)) {
      delete operation.security;
      const example = operation.operationId && examples[operation.operationId];
      const body = operation.requestBody?.content?.["application/json"];
      if (body && example) body.example = example;
    }
  }
  return document;
}

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
    requestInterceptor: (request: Request) => {
      const value = authorization();
      if (value) request.headers.Authorization = value;
      if (app.value.trim()) request.headers["Timekit-App"] = app.value.trim();
      return request;
    },
  });
}

start().catch(() => {
  element("viewer").textContent = "The viewer could not be loaded. The document itself is at /openapi.json.";
});

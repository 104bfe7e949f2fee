// The public API as the console calls it: with the session's cookie, the app in `Timekit-App`, and the CSRF token.

import { effect, signal } from "@preact/signals";
import createClient from "openapi-fetch";

import type { components, paths } from "../api.gen";

export type Schemas = components["schemas"];
export type Session = Schemas["SessionView"];
export type App = Schemas["SessionAppView"];

/** Who is signed in: undefined until that is known. */
export const session = signal<Session | null | undefined>(undefined);

/** Whether a session ended while a page was open. The page stays, so that nothing typed is lost. */
export const hasExpired = signal(false);

/** How often a session was renewed while a page was open: what it refused to load meanwhile is then asked for again. */
export const renewals = signal(0);

const APP = "latchkey.app";
const chosen = signal(localStorage.getItem(APP) ?? "");
effect(() => {
  if (chosen.value) localStorage.setItem(APP, chosen.value);
});

/** The app that the console acts for: the one chosen last, or else the first test app. */
export function currentApp(): App | undefined {
  const apps = session.value?.apps ?? [];
  return apps.find((app) => app.slug === chosen.value) ?? apps.find((app) => app.test_mode) ?? apps[0];
}

export function chooseApp(slug: string) {
  chosen.value = slug;
}

/** What the API said when it did not do what was asked. */
export class Failure extends Error {
  constructor(
    readonly status: number,
    /** For programs. */
    readonly code: string,
    /** For people. */
    readonly sentence: string,
    /** What is wrong with which field. */
    readonly fields: Record<string, string[]>,
    readonly requestId: string | null,
    /** When to try again, in seconds. */
    readonly retryAfter: number | null,
  ) {
    super(sentence);
  }
}

/** A field's faults, with the name that people see it by. */
export function faultOf(failure: Failure | undefined, field: string): string | undefined {
  return failure?.fields[field]?.map((fault) => fault.charAt(0).toUpperCase() + fault.slice(1)).join(". ");
}

const client = createClient<paths>({ baseUrl: location.origin, credentials: "same-origin" });

client.use({
  onRequest({ request, schemaPath }) {
    const app = currentApp();
    const isOfNoApp = schemaPath.startsWith("/v2/sessions") || schemaPath.startsWith("/v2/accounts");
    if (app && !isOfNoApp) request.headers.set("Timekit-App", app.slug);
    if (request.method !== "GET" && session.value) request.headers.set("X-CSRF-Token", session.value.csrf_token);
    return request;
  },
});

export const api = client;

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** What was answered, or a Failure. */
export async function ask<T>(asked: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await asked;
  } catch {
    const sentence = navigator.onLine
      ? "The server did not answer. Is it running? Nothing you typed is lost; try again."
      : "You are offline. Nothing you typed is lost; try again when you are back.";
    throw new Failure(0, "no_answer", sentence, {}, null, null);
  }
  if (answer.response.ok) return answer.data as T;
  const failure = read(answer.response, answer.error);
  if (failure.status === 401 && session.value) hasExpired.value = true;
  throw failure;
}

function read(response: Response, body: unknown): Failure {
  // What stands before the API, like a gateway, answers in shapes of its own.
  const said: Partial<Schemas["Error"]> = typeof body === "object" && body !== null ? body : {};
  const fields = said.errors ?? {};
  const faults = Object.entries(fields).map(([field, sentences]) => `${field} ${sentences.join(", ")}`);
  const sentence = said.error ?? (faults.join(". ") || `The server answered ${response.status}.`);
  const wait = response.headers.get("retry-after");
  return new Failure(
    response.status,
    said.code ?? "unknown",
    sentence,
    fields,
    said.request_id ?? response.headers.get("x-request-id"),
    wait ? Number(wait) : null,
  );
}

/** Finds out who is signed in. */
export async function loadSession() {
  try {
    session.value = (await ask(api.GET("/v2/sessions"))).data;
  } catch (error) {
    if (!(error instanceof Failure) || error.status !== 401) throw error;
    session.value = null;
  }
}

export async function signIn(email: string, password: string) {
  session.value = (await ask(api.POST("/v2/sessions", { body: { email, password } }))).data;
  if (hasExpired.value) renewals.value++;
  hasExpired.value = false;
}

export async function signOut() {
  await ask(api.DELETE("/v2/sessions"));
  leave();
}

/** Forgets who was signed in. */
export function leave() {
  session.value = null;
  hasExpired.value = false;
}

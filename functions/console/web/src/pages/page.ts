// Makes the booking page quicker. Every step of it is a link or a form that works without this script, and all texts
// come from the page, so that a language stays one file.
//
// What it needs of the page, besides its links and forms:
// - `<main data-zone data-loading data-sending data-offline data-away data-unknown>`: the zone that times are shown in,
//   and what to say while times are fetched, while the form is sent, when the visitor is offline, when the server refuses
//   (429, 5xx), and when the form was sent but no answer came
// - `#free`: JSON, `{ "2026-12-01": [[label, start, note?], …] }` of all times in the month shown; `start` is what
//   `?start=` takes, and `note` is e.g. the seats left
// - `#month-title`: the month's name; `a.prev` and `a.next` are links to other months
// - `#month a.day[data-day]`: the day's key in `#free`; `data-title` is the heading of its times
// - `#day`: the times of a day: a heading, and `ul.times` with `a.time`
// - a field that may be wrong has `data-missing` and `data-bad`, its messages, and `aria-describedby` with the id of an
//   element `.error`, which is there and `hidden` while nothing is wrong
import { tellParent } from "./frame";

/** What was fetched is shown again for so long without another request, e.g. by the browser's back button. */
const FRESH_MS = 60_000;

/** The times of one day: label, start, and a note. */
type Free = Record<string, [label: string, start: string, note?: string][]>;

const fetched = new Map<string, { html: string; at: number }>();
const live = document.createElement("p");
let main = document.querySelector("main") as HTMLElement;
/** The request whose answer would be shown, and the address that is shown. */
let pending: AbortController | undefined;
let shown = location.href;
const zone = zoneToApply();

live.setAttribute("role", "status");
live.className = "visually-hidden";
document.body.append(live);
history.scrollRestoration = "manual";
prepare();
if (!zone) fetched.set(shown, { html: document.documentElement.outerHTML, at: Date.now() });
else void open(new URL(shown), { how: "replace", quietly: true });

document.addEventListener("click", (event) => {
  const link = (event.target as Element).closest<HTMLAnchorElement>("main a[href]");
  if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const url = new URL(link.href);
  if (link.target || link.hasAttribute("download") || !isThisPage(url) || url.hash) return;
  event.preventDefault();
  if (link.matches(".day") && showDay(link)) {
    history.pushState(null, "", (shown = url.href));
  } else {
    void open(url, { how: "push", focus: link.matches(".prev, .next") ? "#month-title" : undefined });
  }
});

document.addEventListener("submit", (event) => {
  const form = event.target as HTMLFormElement;
  if (!main.contains(form)) return;
  // By attribute, because a form's properties are also its fields, e.g. one that is called `action`.
  const url = new URL(form.getAttribute("action") ?? "", location.href);
  if (!isThisPage(url)) return;
  event.preventDefault();
  if (form.getAttribute("method") === "post") return void send(form, url, event.submitter);
  url.search = new URLSearchParams([...new FormData(form)] as [string, string][]).toString();
  void open(url, { how: "push", focus: `#${form.getAttribute("id")}` });
});

addEventListener("popstate", () => {
  const link = dayLink(new URL(location.href));
  if (link && showDay(link)) shown = location.href;
  else void open(new URL(location.href), { how: "stay" });
});

document.addEventListener("focusout", ({ target }) => {
  if (isField(target) && target.value) check(target);
});
document.addEventListener("input", ({ target }) => {
  if (isField(target) && target.getAttribute("aria-invalid") === "true") check(target);
});

function isThisPage(url: URL) {
  return url.origin === location.origin && url.pathname === location.pathname;
}

/** The visitor's zone, if the page was not asked for one and its clocks differ from those shown. */
function zoneToApply() {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const asked = new URL(shown).searchParams.has("zone");
  if (asked || !timeZone || !main.dataset.zone || !document.querySelector("#times, #month")) return undefined;
  const year = [0, 3, 6, 9].map((months) => Date.now() + months * 30 * 86_400_000);
  const clocks = (zone?: string) => year.map((at) => new Date(at).toLocaleString("en", { timeZone: zone })).join();
  return clocks(timeZone) === clocks(main.dataset.zone) ? undefined : timeZone;
}

/** Shows what this address answers, without leaving the page. */
async function open(url: URL, { how, focus, quietly }: { how: "push" | "replace" | "stay"; focus?: string; quietly?: boolean }) {
  if (zone && !url.searchParams.has("zone")) url.searchParams.set("zone", zone);
  const { signal } = (pending = renewed(pending));
  if (!quietly) say(main.dataset.loading);
  main.setAttribute("aria-busy", "true");
  try {
    let found = fetched.get(url.href);
    if (!found || found.at < Date.now() - FRESH_MS) {
      const response = await fetch(url, { signal, headers: { accept: "text/html" } });
      found = { html: await response.text(), at: Date.now() };
      if (response.status === 429 || response.status >= 500) return fail(main.dataset.away, quietly);
      if (response.ok) fetched.set(url.href, found);
    }
    if (!swap(found.html)) return location.assign(url);
    if (how === "push") history.pushState(null, "", url);
    if (how === "replace") history.replaceState(null, "", url);
    shown = url.href;
    if (!quietly) arrive(focus);
  } catch {
    if (!signal.aborted) fail(main.dataset.offline, quietly);
  } finally {
    main.removeAttribute("aria-busy");
  }
}

function renewed(old?: AbortController) {
  old?.abort();
  return new AbortController();
}

/** Sends the form that books. While one answer is awaited nothing else is sent; the form's `once` does the rest. */
async function send(form: HTMLFormElement, url: URL, button: HTMLElement | null) {
  if (form.ariaBusy) return;
  const wrong = [...form.elements].filter(isField).filter((field) => !check(field));
  if (wrong[0]) return wrong[0].focus();
  const buttons = [...form.querySelectorAll<HTMLButtonElement>("button")];
  // A button may say which time is meant.
  const body = new URLSearchParams([...new FormData(form, button)] as [string, string][]);
  form.ariaBusy = "true";
  for (const button of buttons) button.disabled = true;
  say(main.dataset.sending);
  const { signal } = (pending = renewed(pending));
  try {
    const response = await fetch(url, { method: "POST", body, signal, headers: { accept: "text/html" } });
    const html = await response.text();
    if (response.status === 429 || response.status >= 500) return fail(main.dataset.away);
    // Times that were fetched before may be taken now.
    fetched.clear();
    if (!swap(html)) return fail(main.dataset.away);
    if (response.url !== shown) history.pushState(null, "", (shown = response.url));
    arrive();
  } catch {
    if (!signal.aborted) fail(navigator.onLine ? main.dataset.unknown : main.dataset.offline);
  } finally {
    form.ariaBusy = null;
    for (const button of buttons) button.disabled = false;
  }
}

/** Takes over the `<main>` of a page of ours. */
function swap(html: string) {
  const next = new DOMParser().parseFromString(html, "text/html");
  const found = next.querySelector("main");
  if (!found) return false;
  const { lang, dir } = next.documentElement;
  Object.assign(document.documentElement, { lang, dir });
  document.title = next.title;
  main.replaceWith(found);
  main = found;
  // Its links to other languages lead to what is shown; some pages have none.
  document.querySelector("body > footer")?.remove();
  const footer = next.querySelector("body > footer");
  if (footer) main.after(footer);
  prepare();
  return true;
}

/** The script checks fields when they were left; a browser would do so too early or in words of its own. */
function prepare() {
  for (const form of main.querySelectorAll<HTMLFormElement>("form[method=post]")) form.noValidate = true;
}

/** Says what is shown now, and moves the focus to its beginning. */
function arrive(focus?: string) {
  for (const at of ["#problem", focus, "#done", "#book", "#day", "h1"]) {
    const found = at && main.querySelector<HTMLElement>(at);
    if (!found || found.hidden) continue;
    const heading = found.matches("section, form") ? (found.querySelector<HTMLElement>("h1, h2, h3") ?? found) : found;
    say(found.id === "problem" ? "" : heading.matches("form") ? document.title : heading.innerText);
    return focusOn(heading);
  }
}

function focusOn(element: HTMLElement) {
  element.tabIndex = -1;
  element.focus();
}

/** Tells a failure where the visitor is, and leaves everything else as it is. */
function fail(text = "", quietly = false) {
  if (quietly) return;
  main.querySelector("#problem")?.remove();
  const problem = document.createElement("div");
  problem.id = "problem";
  problem.setAttribute("role", "alert");
  const sentence = document.createElement("p");
  sentence.textContent = text;
  problem.append(sentence);
  const form = main.querySelector<HTMLElement>("#book");
  if (form) form.before(problem);
  else main.prepend(problem);
  say("");
  focusOn(problem);
}

function say(text = "") {
  live.textContent = text;
}

/** The link of the day that an address asks for, if all else of the address is shown already. */
function dayLink(url: URL) {
  const here = new URL(shown);
  const date = url.searchParams.get("date");
  for (const { searchParams } of [url, here]) {
    searchParams.delete("date");
    searchParams.delete("month");
    searchParams.sort();
  }
  return url.search === here.search && date ? main.querySelector<HTMLAnchorElement>(`a.day[data-day="${CSS.escape(date)}"]`) : null;
}

/** Shows the times of a day that the page knows already. */
function showDay(link: HTMLAnchorElement) {
  const { day = "", title = "" } = link.dataset;
  const free = JSON.parse(document.getElementById("free")?.textContent ?? "{}") as Free;
  const section = main.querySelector<HTMLElement>("#day");
  const heading = section?.querySelector<HTMLElement>("h2, h3");
  const list = section?.querySelector("ul.times");
  const times = free[day];
  if (!section || !heading || !list || !times) return false;
  const address = new URL(link.href);
  address.searchParams.delete("date");
  address.searchParams.delete("month");
  list.replaceChildren(
    ...times.map(([label, start, note]) => {
      const time = document.createElement("a");
      address.searchParams.set("start", start);
      time.className = "time";
      time.href = address.search;
      time.textContent = label;
      if (note) time.append(" ", Object.assign(document.createElement("small"), { textContent: note }));
      const item = document.createElement("li");
      item.append(time);
      return item;
    }),
  );
  heading.textContent = title;
  section.hidden = false;
  for (const other of main.querySelectorAll("a.day[aria-current]")) other.removeAttribute("aria-current");
  link.setAttribute("aria-current", "date");
  say(link.ariaLabel ?? title);
  focusOn(heading);
  return true;
}

function isField(target: unknown): target is HTMLInputElement {
  return target instanceof HTMLElement && "validity" in target && (target.dataset.missing !== undefined || target.dataset.bad !== undefined);
}

/** Whether a field is right. Says at the field what is wrong, in the page's words. */
function check(field: HTMLInputElement) {
  const { missing = "", bad = missing } = field.dataset;
  const text = field.validity.valid ? "" : field.validity.valueMissing ? missing : bad;
  const ids = field.getAttribute("aria-describedby")?.split(" ") ?? [];
  const error = ids.map((id) => document.getElementById(id)).find((element) => element?.matches(".error"));
  field.setAttribute("aria-invalid", String(text !== ""));
  if (error) Object.assign(error, { textContent: text, hidden: text === "" });
  return text === "";
}

tellParent();

// Debian's Chromium, and the pages it visits: they have another origin than the API, and nothing but a configuration.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

import { target } from './server.js';

const packages = fileURLToPath(new URL('../node_modules', import.meta.url));
const EXECUTABLE = execFileSync('/bin/sh', ['-c', 'command -v chromium'], { encoding: 'utf8' }).trim();
const TYPES = { '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.woff2': 'font/woff2', '.png': 'image/png' };
/** The style of widget v3 asks for a font there, and does without. */
const FONTS_ORIGIN = 'https://fonts.googleapis.com';
const PATIENCE_MS = 30_000;

/** How many tests run at the same time, each with an app and a window of its own: a page waits more than it computes. */
export const AT_ONCE = 3;

/** What Chromium itself writes of an answer that is no success, for those tests that provoke one. */
export const refusal = (status) => new RegExp(`the server responded with a status of ${status}`);

/** Who fills in a form, unless somebody else does. */
export const MARTY = { name: 'Marty McFly', email: 'marty@example.com' };

export class Browser {
  /** Serves the packages' own files, unmodified, and pages; `name` is the folder that screenshots go to. */
  static async start(server, name) {
    const browser = new Browser();
    const shots = path.join(target, 'clients', name);
    await mkdir(shots, { recursive: true });
    const pages = new Map();
    const host = createServer((request, answer) => browser.#serve(request, answer)).listen(0, '127.0.0.1');
    await once(host, 'listening');
    const origin = `http://127.0.0.1:${host.address().port}`;
    // Names of hosts lead nowhere. Intercepting requests would do too, but then preflights never reach the API.
    const args = ['--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1'];
    const chrome = await chromium.launch({ executablePath: EXECUTABLE, args });
    return Object.assign(browser, { server, shots, pages, host, origin, chrome });
  }

  async stop() {
    await this.chrome.close();
    this.host.close();
  }

  async #serve(request, answer) {
    const { pathname } = new URL(request.url, this.origin);
    const page = this.pages.get(pathname);
    if (page !== undefined) {
      answer.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page);
      return;
    }
    const file = path.join(packages, path.normalize(decodeURIComponent(pathname)));
    const body = await readFile(file).catch(() => null);
    answer.writeHead(body ? 200 : 404, { 'content-type': TYPES[path.extname(file)] ?? 'text/plain' }).end(body);
  }

  /** A page with this in its head and body; answers its address. */
  page(head, body) {
    const address = `/page-${this.pages.size + 1}`;
    const style = 'body { background-color: #E6E6E6; max-width: 700px; margin: 0 auto; }';
    const icon = '<link rel="icon" href="data:,">';
    const html = `<!DOCTYPE html><html><head><meta charset="UTF-8"><title>Shop</title>${icon}<style>${style}</style>${head}</head><body>${body}</body></html>`;
    this.pages.set(address, html);
    return this.origin + address;
  }

  /** Somebody new opens an address. `expected` are the patterns of what may stand in the console as an error, `more` is
   of Playwright's context. */
  async visit(address, { zone = 'America/Los_Angeles', expected = [], viewport = { width: 760, height: 640 }, ...more } = {}) {
    const context = await this.chrome.newContext({ timezoneId: zone, locale: 'en-US', viewport, ...more });
    context.setDefaultTimeout(PATIENCE_MS);
    const visit = new Visit(this, context, expected);
    visit.page = await context.newPage();
    visit.page.on('console', (message) => {
      if (message.type() === 'error') {
        visit.errors.push({ text: message.text(), url: message.location().url });
      }
    });
    visit.page.on('pageerror', (error) => visit.errors.push({ text: String(error), url: '' }));
    visit.page.on('request', (request) => visit.hosts.add(new URL(request.url()).host));
    // Read at once, because an answer is gone when the page is.
    visit.page.on('response', (response) => visit.responses.push({ response, answer: response.json().catch(() => null) }));
    await visit.page.goto(address);
    return visit;
  }
}

class Visit {
  constructor(browser, context, expected) {
    Object.assign(this, { browser, context, expected, hosts: new Set(), errors: [], responses: [] });
  }

  /** What the API was asked for on this path, preflights left out, and what it answered. */
  async calls(path) {
    const found = this.responses.filter(({ response }) => {
      const url = new URL(response.url());
      return url.origin === this.browser.server.base && url.pathname === path && response.request().method() !== 'OPTIONS';
    });
    return Promise.all(
      found.map(async ({ response, answer }) => ({
        status: response.status(),
        sent: response.request().postDataJSON(),
        query: new URL(response.url()).searchParams,
        asked: await response.request().allHeaders(),
        headers: await response.allHeaders(),
        answer: await answer,
      })),
    );
  }

  async lastCall(path) {
    const calls = await this.calls(path);
    assert.notEqual(calls.length, 0, `${path} was not called`);
    return calls.at(-1);
  }

  /** Resolves when the answer to the next call of this path is there. */
  next(method, path) {
    return this.page.waitForResponse((response) => {
      const url = new URL(response.url());
      return url.pathname === path && response.request().method() === method;
    });
  }

  /** Waits until the widget has drawn what it was answered, and its spinner is gone. */
  async drawn() {
    const first = await this.page.waitForSelector('.fc-event, .bookingjs-error.show');
    const classes = await first.getAttribute('class');
    assert.doesNotMatch(classes, /bookingjs-error/, await first.innerText());
    await this.page.waitForSelector('.bookingjs-loading', { state: 'detached' });
  }

  /** Goes to the first week from now on that has some slots to choose from. */
  async firstWeek() {
    await this.page.click('.fc-today-button');
    while ((await this.page.$$('.fc-event')).length < 2) {
      await this.page.click('.fc-next-button');
    }
  }

  /** Clicks on the slot with this index among those shown; opens its form. */
  async pick(index = 0) {
    await this.page.locator('.fc-event').nth(index).click();
    await this.page.waitForSelector('.bookingjs-bookpage.show');
  }

  async fill(fields = MARTY) {
    for (const [name, value] of Object.entries(fields)) {
      await this.page.fill(`.bookingjs-form [name="${name}"]`, value);
    }
  }

  submit() {
    return this.page.click('.bookingjs-form-button');
  }

  /** Submits the form, and answers the call once the page says that it went well. */
  async succeed() {
    await this.submit();
    await this.page.waitForSelector('.bookingjs-form.success .bookingjs-form-success-message');
    const call = await this.lastCall('/v2/bookings');
    assert.equal(call.status, 201);
    return call;
  }

  /** What the page says went wrong. */
  async errorText() {
    const error = await this.page.waitForSelector('.bookingjs-error.show');
    return error.innerText();
  }

  async shotOfSlots(name) {
    await this.page.locator('.fc-event').first().scrollIntoViewIfNeeded();
    await this.shot(name);
  }

  shot(name) {
    return this.page.screenshot({ path: `${this.browser.shots}/${name}.png`, animations: 'disabled' });
  }

  /** Ends the visit; nothing unexpected may have gone wrong in the console, and nothing may have left for elsewhere. */
  async leave() {
    const unexpected = this.errors
      .filter(({ url }) => !url.startsWith(`${FONTS_ORIGIN}/`) && !url.endsWith('/favicon.ico'))
      .map(({ text }) => text)
      .filter((text) => !this.expected.some((pattern) => pattern.test(text)));
    const own = [this.browser.server.base, this.browser.origin, FONTS_ORIGIN].map((base) => new URL(base).host);
    const foreign = [...this.hosts].filter((host) => host !== '' && !own.includes(host));
    await this.context.close();
    assert.deepEqual(unexpected, [], `errors in the console: ${this.errors.map(({ url }) => url)}`);
    assert.deepEqual(foreign, [], 'hosts that were asked for something');
  }
}

// A customer in a browser, and what must be true of every page that one sees.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { target } from '../lib/server.js';
import { MARTY } from './shop.js';

export const SIZES = {
  desktop: { viewport: { width: 1280, height: 860 } },
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true },
};
export const LOCALES = { en: 'en-US', de: 'de-DE', ar: 'ar-EG' };

const AXE = readFileSync(new URL('../../../functions/console/web/node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
const golden = fileURLToPath(new URL('golden', import.meta.url));
const shots = path.join(target, 'pages');
mkdirSync(shots, { recursive: true });

/** Somebody opens a booking page. `path` is its address without the origin. */
export async function customer(browser, address, { size = 'desktop', scheme = 'light', language = 'en', scripted = true, zone = 'America/Los_Angeles', expected = [], ...more } = {}) {
  const options = { ...SIZES[size], colorScheme: scheme, locale: LOCALES[language], javaScriptEnabled: scripted, zone, expected, ...more };
  const visit = await browser.visit(new URL(address, browser.server.base).href, options);
  return new Customer(visit, { size, scheme, language, scripted });
}

class Customer {
  constructor(visit, options) {
    Object.assign(this, options, { visit, page: visit.page, taps: 0 });
    this.page.setDefaultTimeout(15_000);
  }

  /** Taps, once whatever it leads to is there; counts it. */
  async tap(selector, then) {
    this.taps += 1;
    await this.page.locator(selector).first().click();
    if (then) await this.page.waitForSelector(then);
  }

  /** Chooses the first of the nearest times. */
  nearest() {
    return this.tap('#times a.time', '#book');
  }

  /** Shows the month after this one. */
  async nextMonth() {
    const before = await this.page.locator('#month-title').innerText();
    await this.tap('#month a.next');
    await this.page.waitForFunction((text) => document.querySelector('#month-title')?.innerText !== text, before);
  }

  async fill({ name, email } = MARTY) {
    await this.page.fill('#book [autocomplete="name"]', name);
    await this.page.fill('#book [type="email"]', email);
  }

  async send(then = '#done') {
    await this.page.locator('#book button').click();
    await this.page.waitForSelector(then);
  }

  text(selector) {
    return this.page.locator(selector).first().innerText();
  }

  /** What has the focus: a heading by its text, all else by its id. */
  focused() {
    return this.page.evaluate(() => (document.activeElement.matches('h1, h2, h3') ? document.activeElement.innerText : document.activeElement.id));
  }

  /** What must be true of every page; `name` is the screenshot's, and with `tree` the golden file's. */
  async look(name, { tree = false } = {}) {
    await this.page.screenshot({ path: path.join(shots, `${name}.png`), fullPage: true, animations: 'disabled' });
    assert.deepEqual(await this.sideways(), [], `${name}: what is wider than the page`);
    assert.deepEqual(await this.violations(), [], `axe on ${name}`);
    const { lang, dir } = await this.page.evaluate(() => ({ lang: document.documentElement.lang, dir: document.documentElement.dir }));
    // The region decides the clock only, so it does not matter here.
    assert.deepEqual([lang.split('-')[0], dir], [this.language, this.language === 'ar' ? 'rtl' : 'ltr'], name);
    if (tree) await this.matches(name);
  }

  /** Everything that axe finds, whatever its severity. */
  async violations() {
    const page = this.scripted ? this.page : await this.copy();
    await page.evaluate(AXE);
    const { violations } = await page.evaluate(() => globalThis.axe.run(document, { rules: { 'target-size': { enabled: true } } }));
    if (page !== this.page) await page.context().close();
    return violations.map(({ id, impact, nodes }) => `${id} (${impact}): ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
  }

  /** The page as it is, without its scripts, in a window that runs those of others: axe waits for timers, which need that. */
  async copy() {
    const context = await this.visit.browser.chrome.newContext({ ...SIZES[this.size], colorScheme: this.scheme, locale: LOCALES[this.language] });
    const page = await context.newPage();
    const body = (await this.page.content()).replaceAll(/<script\b[^>]*src=[^>]*><\/script>/g, '');
    await page.route('**/*', (route) => (route.request().isNavigationRequest() ? route.fulfill({ contentType: 'text/html; charset=utf-8', body }) : route.abort()));
    await page.goto(this.page.url());
    return page;
  }

  /** What makes the page scroll sideways, and texts that are cut off. */
  sideways() {
    return this.page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      const isHidden = (element) => element.closest('.visually-hidden, .skip, [hidden]');
      const name = (element) => `${element.tagName}#${element.id}.${element.className}: ${element.innerText?.slice(0, 60)}`;
      const cut = [...document.querySelectorAll('body *')].filter((element) => {
        const { overflowX, textOverflow } = getComputedStyle(element);
        const isCut = element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0 && (overflowX !== 'visible' || textOverflow === 'ellipsis');
        return isCut && !isHidden(element) && !element.matches('input, textarea, select');
      });
      const wide = [...document.querySelectorAll('body *')].filter((element) => scrollWidth > clientWidth && element.getBoundingClientRect().right > clientWidth + 1 && !isHidden(element));
      return [...(scrollWidth > clientWidth ? [`the page, by ${scrollWidth - clientWidth} px`] : []), ...wide.map(name), ...cut.map(name)];
    });
  }

  /** The accessibility tree is the one of the golden file. */
  async matches(name) {
    // Links are signed and pages numbered, differently each time.
    const ids = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
    const tree = await this.page.locator('body').ariaSnapshot();
    const text = tree
      .replaceAll(this.visit.browser.server.base, 'http://latchkey')
      .replaceAll(encodeURIComponent(this.visit.browser.server.base), 'http%3A%2F%2Flatchkey')
      .replaceAll(ids, 'ID')
      .replaceAll(/eyJ[\w-]+\.[\w-]+\.[\w-]+/g, 'SIGNED')
      .replaceAll(/walk-\d+/g, 'walk-N');
    const file = path.join(golden, `${name}.yml`);
    if (process.env.LATCHKEY_GOLDEN === 'write') {
      mkdirSync(golden, { recursive: true });
      writeFileSync(file, `${text}\n`);
    }
    assert.equal(`${text}\n`, readFileSync(file, 'utf8'), `${file} differs; if that is meant: tests/clients/pages/run --golden`);
  }

  /** Ends the visit: nothing was run that somebody wrote, and the page made no mistake. */
  async leave() {
    if (this.scripted) assert.equal(await this.page.evaluate(() => globalThis.hacked), undefined, 'the page ran what somebody wrote');
    await this.visit.leave();
  }
}

// WCAG 2.2 AA on every step: what a program can see of it. docs/BOOKING-PAGE.md lists the criteria.

import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { AT_ONCE, Browser } from '../lib/browser.js';
import { target } from '../lib/server.js';
import { MARTY, shop, startServer } from './shop.js';
import { customer, LOCALES } from './walker.js';

let server;
let browser;

before(async () => {
  server = await startServer();
  browser = await Browser.start(server, 'pages');
});

after(async () => {
  await browser?.stop();
  await server?.stop();
});

/** Goes through all steps; `each` is called on every one with its name. */
async function steps(walker, each) {
  await each('times');
  await walker.nextMonth();
  await each('month');
  await walker.tap('#month a.day', '#day a.time');
  await each('day');
  await walker.tap('#day a.time', '#book');
  await each('form');
  await walker.fill();
  await walker.send();
  await each('done');
}

describe('accessibility', { concurrency: AT_ONCE }, () => {
  for (const language of Object.keys(LOCALES)) {
    test(`each step reads as its golden accessibility tree: ${language}`, async () => {
      const at = await shop(server, 'Hill Valley Clinic', { project: { price: '$ 40' } });
      const walker = await customer(browser, at.path, { language });
      await steps(walker, (name) => walker.look(`${language}-${name}`, { tree: true }));
      await walker.leave();
    });
  }

  for (const [name, viewport, scale] of [['320 px', { width: 320, height: 640 }, 1], ['200 % of 1280 px', { width: 640, height: 512 }, 2]]) {
    for (const language of ['en', 'de', 'ar']) {
      test(`at ${name} nothing is lost and nothing scrolls sideways: ${language}`, async () => {
        const at = await shop(server, 'Zahnarztpraxis Donaudampfschifffahrtsgesellschaft', { resources: ['Prof. Dr. Emmett Lathrop Brown'] });
        const walker = await customer(browser, at.path, { language, viewport, deviceScaleFactor: scale, scheme: 'dark' });
        await steps(walker, (step) => walker.look(`zoom-${viewport.width}-${language}-${step}`));
        await walker.leave();
      });
    }
  }

  test('with a text of twice the size, and spacing as WCAG 1.4.12 has it, nothing is cut off', async () => {
    const at = await shop(server, 'Spacing');
    const walker = await customer(browser, at.path, { size: 'phone' });
    await steps(walker, async (step) => {
      // The policy forbids styles of others, but not the browser's own.
      await walker.page.evaluate(() => {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync('* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important } p { margin-bottom: 2em !important }');
        document.adoptedStyleSheets = [sheet];
      });
      assert.deepEqual(await walker.sideways(), [], `spacing, ${step}`);
      await walker.page.evaluate(() => { document.documentElement.style.fontSize = '200%'; });
      assert.deepEqual(await walker.sideways(), [], `twice the size, ${step}`);
      await walker.page.evaluate(() => { document.documentElement.style.fontSize = ''; });
    });
    await walker.leave();
  });

  test('forced colours keep every border and focus, and reduced motion moves nothing', async () => {
    const at = await shop(server, 'Forced');
    const walker = await customer(browser, at.path, { forcedColors: 'active', reducedMotion: 'reduce' });
    await steps(walker, async (step) => {
      await walker.page.screenshot({ path: path.join(target, 'pages', `forced-${step}.png`), fullPage: true });
      const moving = await walker.page.evaluate(() =>
        [...document.querySelectorAll('*')].filter((element) => {
          const { transitionDuration, animationName, animationDuration } = getComputedStyle(element);
          const lasts = (text) => text.split(',').some((part) => parseFloat(part) > 0.01);
          return lasts(transitionDuration) || (animationName !== 'none' && lasts(animationDuration));
        }).length,
      );
      assert.equal(moving, 0, `${step} moves although it should not`);
      const bare = await walker.page.evaluate(() =>
        [...document.querySelectorAll('a.time, a.day, button, input:not([type=hidden]), select, textarea')]
          .filter((element) => element.offsetWidth > 0)
          .filter((element) => {
            const { borderTopWidth, outlineStyle, textDecorationLine } = getComputedStyle(element);
            return parseFloat(borderTopWidth) === 0 && outlineStyle === 'none' && textDecorationLine === 'none';
          })
          .map(({ outerHTML }) => outerHTML.slice(0, 120)),
      );
      assert.deepEqual(bare, [], `${step}: controls that cannot be told from text`);
    });
    await walker.leave();
  });

  test('the keyboard alone books, the focus is always seen and never hidden', async () => {
    const at = await shop(server, 'Keyboard');
    const walker = await customer(browser, at.path);
    const { page } = walker;
    await page.keyboard.press('Tab');
    assert.match(await page.evaluate(() => document.activeElement.hash), /#/, 'the first link skips to the content');
    await reach(page, '#times a.time');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#book');
    await reach(page, '#book [autocomplete="name"]');
    await page.keyboard.type(MARTY.name);
    await reach(page, '#book [type="email"]');
    await page.keyboard.type(MARTY.email);
    await page.keyboard.press('Enter');
    await page.waitForSelector('#done');
    assert.equal((await at.app.bookings()).length, 1);
    assert.equal(await walker.focused(), await walker.text('#done :is(h1, h2)'));
    await walker.leave();
  });

  /** Tabs to the first match; what has the focus on the way shows it, and nothing covers it. */
  async function reach(page, selector) {
    for (let step = 0; step < 60; step += 1) {
      await page.keyboard.press('Tab');
      const { isThere, isSeen, name } = await page.evaluate((wanted) => {
        const element = document.activeElement;
        const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
        const { x, y, width, height } = element.getBoundingClientRect();
        const top = document.elementFromPoint(x + width / 2, y + height / 2);
        const isSeen = ((outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2) || boxShadow !== 'none') && (top === element || element.contains(top) || top?.contains(element));
        return { isThere: element.matches(wanted), isSeen, name: element.outerHTML.slice(0, 120) };
      }, selector);
      assert.ok(isSeen, `the focus is not seen on ${name}`);
      if (isThere) return;
    }
    assert.fail(`${selector} cannot be reached by the keyboard`);
  }

  test('no target is smaller than 24 px, and those of times and days are at least 44 px high on a phone', async () => {
    const at = await shop(server, 'Targets');
    const walker = await customer(browser, at.path, { size: 'phone' });
    await steps(walker, async (step) => {
      const small = await walker.page.evaluate(() =>
        [...document.querySelectorAll('a.time, a.day, a.prev, a.next, button, select, input:not([type=hidden])')]
          .map((element) => ({ element, ...element.getBoundingClientRect().toJSON() }))
          .filter(({ width, height }) => width > 0 && height < 44)
          .map(({ element, width, height }) => `${element.outerHTML.slice(0, 80)}: ${width} x ${height}`),
      );
      assert.deepEqual(small, [], step);
    });
    await walker.leave();
  });
});

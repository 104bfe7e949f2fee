// The page in pages of another origin: inline, in a pop-up, behind a button; and only where the widget key may be used.

import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { AT_ONCE, Browser } from '../lib/browser.js';
import { target } from '../lib/server.js';
import { MARTY, shop, startServer } from './shop.js';

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

/** A shop whose widget key may be used on the origin of the browser's pages, or on `origin`. */
async function framed(name, origin = browser.origin) {
  const at = await shop(server, name);
  const key = (await at.app.send('GET', '/v2/keys')).find(({ kind }) => kind === 'widget');
  await at.app.send('PATCH', `/v2/keys/${key.id}`, { allowed_origins: [origin] });
  return at;
}

/** Somebody visits a page of the customer's site with these links. */
function visit(at, kinds, options) {
  const links = kinds.map((kind) => `<p><a id="${kind}" href="${server.base}${at.path}" data-latchkey="${kind}" data-close="Back to the shop">Book a time</a></p>`);
  return browser.visit(browser.page('', `<h1>Shop</h1>${links.join('')}<script src="${server.base}/book/assets/embed.js" async></script>`), options);
}

async function bookIn(frame) {
  await frame.locator('#times a.time').first().click();
  await frame.locator('#book [autocomplete="name"]').fill(MARTY.name);
  await frame.locator('#book [type="email"]').fill(MARTY.email);
  await frame.locator('#book button').click();
  await frame.locator('#done').waitFor();
}

const shot = (page, name) => page.screenshot({ path: path.join(target, 'pages', `${name}.png`), animations: 'disabled' });

describe('embedded', { concurrency: AT_ONCE }, () => {
  test('inline, the frame is as high as the page, and books', async () => {
    const at = await framed('Inline');
    const { page, ...visitor } = await opened(at, ['inline']);
    const frame = page.frameLocator('iframe');
    await frame.locator('#times a.time').first().waitFor();
    await page.waitForFunction(() => document.querySelector('iframe').style.height !== '640px');
    const height = await frame.locator('body').evaluate(() => document.documentElement.scrollHeight - window.innerHeight);
    assert.ok(height <= 0, `${height} px are out of sight`);
    await shot(page, 'embedded-inline');
    await bookIn(frame);
    assert.equal((await at.app.bookings()).length, 1);
    await visitor.leave();
  });

  for (const kind of ['popup', 'button']) {
    test(`${kind}: a dialog that keeps the focus, closes by Escape and gives the focus back`, async () => {
      const at = await framed(kind);
      const { page, ...visitor } = await opened(at, [kind]);
      await page.locator(`#${kind}`).click();
      const dialog = page.getByRole('dialog', { name: 'Book a time' });
      await dialog.waitFor();
      const frame = page.frameLocator('dialog iframe');
      await frame.locator('#times a.time').first().waitFor();
      await shot(page, `embedded-${kind}`);
      // Round once with the keyboard: nothing of the page behind has the focus on the way.
      for (let step = 0; step < 80; step += 1) {
        await page.keyboard.press('Tab');
        const outside = await page.evaluate(() => document.activeElement !== document.body && !document.activeElement.closest('dialog'));
        assert.ok(!outside, `step ${step} is outside of the dialog`);
      }
      await frame.locator('#times a.time').first().focus();
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
      assert.equal(await page.evaluate(() => document.activeElement.id), kind);
      await page.keyboard.press('Enter');
      await bookIn(page.frameLocator('dialog iframe'));
      await shot(page, `embedded-${kind}-done`);
      await page.getByRole('button', { name: 'Back to the shop' }).click();
      await dialog.waitFor({ state: 'detached' });
      await visitor.leave();
    });
  }

  test('on an origin that is not the widget key\'s, the page is not shown', async () => {
    const at = await framed('Elsewhere', 'https://shop.example');
    const { page, ...visitor } = await opened(at, ['inline'], { expected: [/frame-ancestors/, /ERR_BLOCKED_BY_RESPONSE/] });
    await page.waitForSelector('iframe');
    assert.equal(await page.frames()[1].locator('main').count(), 0);
    await visitor.leave();
  });

  test('what another frame says is not listened to', async () => {
    const at = await framed('Origin');
    const { page, ...visitor } = await opened(at, ['popup']);
    await page.locator('#popup').click();
    await page.frameLocator('dialog iframe').locator('#times a.time').first().waitFor();
    await page.evaluate(() => new Promise((heard) => {
      addEventListener('message', () => setTimeout(heard));
      postMessage({ latchkey: 'escape' }, '*');
    }));
    assert.equal(await page.locator('dialog').count(), 1);
    await visitor.leave();
  });
});

/** The visit with its page, once the script has run. */
async function opened(at, kinds, options) {
  const visitor = await visit(at, kinds, options);
  await visitor.page.waitForSelector('iframe, [aria-haspopup=dialog]');
  return { page: visitor.page, leave: () => visitor.leave() };
}

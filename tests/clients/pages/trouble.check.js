// What can go wrong on the page, and that it loses nobody what they typed.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { AT_ONCE, Browser, refusal } from '../lib/browser.js';
import { book, MARTY, shop, startServer } from './shop.js';
import { customer } from './walker.js';

const FIRST = '2027-03-11T14:00:00-08:00';
const HOSTILE = `"><img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'-window.hacked=1-' \${window.hacked=1} {{1}}`;

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

describe('trouble', { concurrency: AT_ONCE }, () => {
  for (const scripted of [true, false]) {
    test(`a time taken under the hand keeps what was typed and offers the nearest${scripted ? '' : ', without the script'}`, async () => {
      const at = await shop(server, 'Taken');
      const walker = await customer(browser, at.path, { size: 'phone', scripted, expected: [refusal(409)] });
      await walker.nearest();
      await walker.fill();
      await book(at, FIRST);
      await walker.send('#problem');
      if (scripted) assert.equal(await walker.focused(), 'problem');
      await walker.look(scripted ? 'taken' : 'taken-noscript', { tree: scripted });
      assert.equal(await walker.page.inputValue('#book [autocomplete="name"]'), MARTY.name, 'what was typed stays');
      assert.equal(await walker.page.inputValue('#book [type="email"]'), MARTY.email);
      await walker.tap('#nearest button', '#done');
      assert.equal((await at.app.bookings()).length, 2);
      await walker.leave();
    });
  }

  test('offline, nothing is lost: a sentence and a next step, and then it books once', async () => {
    const at = await shop(server, 'Offline');
    const walker = await customer(browser, at.path, { expected: [/ERR_INTERNET_DISCONNECTED/] });
    const { context } = walker.visit;
    await context.setOffline(true);
    await walker.tap('#month a.next', '#problem');
    await walker.look('offline-month');
    await context.setOffline(false);
    await walker.nearest();
    assert.equal(await walker.page.locator('#problem').count(), 0);
    await walker.fill();
    await context.setOffline(true);
    await walker.send('#problem');
    assert.equal(await walker.focused(), 'problem');
    await walker.look('offline-form', { tree: true });
    assert.equal(await walker.page.inputValue('#book [type="email"]'), MARTY.email);
    await context.setOffline(false);
    await walker.send();
    assert.equal((await at.app.bookings()).length, 1);
    await walker.leave();
  });

  for (const status of [429, 503]) {
    test(`an answer of ${status} is a sentence, never JSON, and keeps what was typed`, async () => {
      const at = await shop(server, `Refused ${status}`);
      const walker = await customer(browser, at.path, { expected: [refusal(status)] });
      await walker.nearest();
      await walker.fill();
      await walker.page.route('**/book/**', (route) => route.fulfill({ status, contentType: 'application/json', body: '{"error":"no"}' }), { times: 1 });
      await walker.send('#problem');
      assert.doesNotMatch(await walker.text('#problem'), /[{}]/);
      assert.equal(await walker.page.inputValue('#book [autocomplete="name"]'), MARTY.name);
      await walker.send();
      await walker.leave();
    });
  }

  test('an answer that was lost on its way is asked for again, and books once', async () => {
    const at = await shop(server, 'Lost');
    const walker = await customer(browser, at.path, { expected: [/ERR_FAILED/] });
    await walker.nearest();
    await walker.fill();
    const lose = async (route) => {
      await route.fetch();
      await route.abort();
    };
    await walker.page.route('**/book/**', lose, { times: 1 });
    await walker.send('#problem');
    await walker.look('lost-answer');
    assert.equal((await at.app.bookings()).length, 1);
    await walker.send();
    assert.equal((await at.app.bookings()).length, 1);
    await walker.leave();
  });

  test('sending twice books once', async () => {
    const at = await shop(server, 'Twice');
    const walker = await customer(browser, at.path);
    await walker.nearest();
    await walker.fill();
    const sent = [];
    walker.page.on('request', (request) => request.method() === 'POST' && sent.push(request));
    await walker.page.evaluate(() => {
      const form = document.querySelector('#book');
      form.requestSubmit();
      form.requestSubmit();
    });
    await walker.page.waitForSelector('#done');
    assert.equal(sent.length, 1);
    // The same form from two windows: its one-time value is the booking's idempotency key.
    const again = await fetch(sent[0].url(), { method: 'POST', body: sent[0].postData(), headers: { 'content-type': 'application/x-www-form-urlencoded' } });
    assert.ok(again.ok, `${again.status}`);
    assert.equal((await at.app.bookings()).length, 1);
    await walker.leave();
  });

  test('a field is checked once it was touched and not before, and the focus goes to the first that is wrong', async () => {
    const at = await shop(server, 'Fields');
    const walker = await customer(browser, at.path);
    await walker.nearest();
    const mail = walker.page.locator('#book [type="email"]');
    await mail.click();
    await walker.page.locator('#book [autocomplete="name"]').click();
    assert.equal(await walker.page.locator('#book .error:visible').count(), 0);
    await mail.fill('marty');
    await walker.page.locator('#book [autocomplete="name"]').click();
    assert.equal(await walker.page.locator('#book .error:visible').count(), 1);
    assert.equal(await mail.getAttribute('aria-invalid'), 'true');
    await walker.page.locator('#book button').click();
    assert.equal(await walker.page.locator('#book .error:visible').count(), 2);
    assert.equal(await walker.page.evaluate(() => document.activeElement.autocomplete), 'name');
    await walker.look('errors', { tree: true });
    await walker.fill();
    assert.equal(await walker.page.locator('#book .error:visible').count(), 0);
    await walker.send();
    await walker.leave();
  });

  test('hostile texts in every field of a project and a booking show as text', async () => {
    const customer_fields = {
      name: { title: HOSTILE, required: true },
      email: { title: 'E-mail', format: 'email', required: true },
      topic: { title: HOSTILE, format: 'select', enum: [HOSTILE, 'Other'] },
      note: { title: HOSTILE, format: 'textarea', prefilled: HOSTILE },
    };
    const project = {
      name: HOSTILE, price: HOSTILE.slice(0, 100), customer_fields, meta: { [HOSTILE]: HOSTILE }, ui: { display_name: HOSTILE },
      booking: { graph: 'instant', what: HOSTILE, where: HOSTILE, description: HOSTILE },
    };
    const at = await shop(server, HOSTILE.slice(0, 100), { resources: [HOSTILE, `B ${HOSTILE}`], project });
    for (const size of ['desktop', 'phone']) {
      const walker = await customer(browser, at.path, { size });
      await walker.look(`hostile-${size}-times`);
      assert.match(await walker.text('#who'), /<script>window\.hacked=1<\/script>/);
      await walker.nearest();
      await walker.fill({ name: HOSTILE, email: `${size}@example.com` });
      await walker.page.selectOption('#book select', { index: 1 });
      await walker.page.fill('#book textarea', HOSTILE);
      await walker.look(`hostile-${size}-form`);
      await walker.send();
      await walker.look(`hostile-${size}-done`);
      await walker.leave();
    }
    const query = new URLSearchParams({ lang: HOSTILE, zone: HOSTILE, month: HOSTILE, date: HOSTILE, start: HOSTILE, resource: HOSTILE });
    const walker = await customer(browser, `${at.path}?${query}`, { expected: [refusal(400), refusal(404), refusal(422)] });
    await walker.page.waitForSelector('main h1');
    await walker.leave();
  });

  test('a page that does not exist says so with a way on', async () => {
    const walker = await customer(browser, '/book/there-is-no-such-page', { size: 'phone', expected: [refusal(404)] });
    assert.doesNotMatch(await walker.text('main'), /[{}]/);
    await walker.look('unknown-page', { tree: true });
    await walker.leave();
  });
});

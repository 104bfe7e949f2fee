// Books a first time on the page, as whoever comes does.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { AT_ONCE, Browser } from '../lib/browser.js';
import { MARTY, shop, startServer } from './shop.js';
import { customer, LOCALES, SIZES } from './walker.js';

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

describe('the first booking', { concurrency: AT_ONCE }, () => {
  for (const size of Object.keys(SIZES)) {
    for (const scheme of ['light', 'dark']) {
      for (const language of Object.keys(LOCALES)) {
        for (const scripted of [true, false]) {
          const name = [size, scheme, language, scripted ? 'script' : 'noscript'].join('-');
          test(`three taps and the form book the nearest time: ${name}`, () => booksNearest(name, { size, scheme, language, scripted }));
        }
      }
    }
  }

  async function booksNearest(name, how) {
    const at = await shop(server, name, { project: { price: '$ 40' } });
    const walker = await customer(browser, at.path, how);
    const head = `${await walker.text('header.top')} ${await walker.text('#who')}`;
    for (const said of [name, 'First consultation', 'Doc Brown', 'Hill Valley', '$ 40']) assert.ok(head.includes(said), `${said}: ${head}`);
    assert.equal(await walker.page.locator('#times a.time').count(), 10);
    await walker.look(`${name}-1-times`);
    await walker.nearest();
    await walker.look(`${name}-2-form`);
    await walker.fill();
    await walker.send();
    await walker.look(`${name}-3-done`);
    assert.ok(walker.taps <= 3, `${walker.taps} taps`);
    const [booking] = await at.app.bookings();
    assert.equal(booking.customers[0].email, MARTY.email);
    assert.equal(new Date(booking.event.start).toISOString(), '2027-03-11T22:00:00.000Z');
    await walker.leave();
  }

  for (const scripted of [true, false]) {
    test(`three taps lead to a date three weeks ahead${scripted ? '' : ' without the script'}`, async () => {
      const at = await shop(server, 'Three weeks');
      const walker = await customer(browser, at.path, { size: 'phone', scripted });
      await walker.nextMonth();
      await walker.tap('#month a.day[data-day="2027-04-01"]', '#day a.time');
      await walker.tap('#day a.time', '#book');
      assert.equal(walker.taps, 3);
      await walker.fill();
      await walker.send();
      const [booking] = await at.app.bookings();
      assert.equal(new Date(booking.event.start).toISOString(), '2027-04-01T21:00:00.000Z');
      await walker.leave();
    });
  }

  test('choosing a day asks nobody, and a month once; back shows what was there', async () => {
    const at = await shop(server, 'Requests');
    const walker = await customer(browser, at.path);
    const asked = [];
    walker.page.on('request', (request) => asked.push(new URL(request.url()).search));
    await walker.tap('#month a.day[data-day="2027-03-15"]');
    await walker.page.waitForURL(/date=2027-03-15/);
    assert.equal(await walker.focused(), await walker.text('#day h2'));
    assert.equal(await walker.page.locator('#day a.time').count(), 3);
    assert.deepEqual(asked, []);
    await walker.nextMonth();
    assert.equal(asked.length, 1);
    assert.equal(await walker.focused(), await walker.text('#month-title'));
    assert.equal(await walker.page.locator('p[role=status]').last().textContent(), await walker.text('#month-title'), 'a live region says so');
    await walker.page.goBack();
    await walker.page.waitForSelector('#month a.day[data-day="2027-03-15"]');
    await walker.page.waitForSelector('#day a.time');
    await walker.leave();
  });

  test('times are in the zone of the visitor, who can change it', async () => {
    const at = await shop(server, 'Zones');
    const walker = await customer(browser, at.path, { zone: 'Europe/Berlin', language: 'de' });
    await walker.page.waitForURL(/zone=Europe%2FBerlin/);
    const body = await walker.text('main');
    assert.match(body, /23:00/, 'what is 14:00 in Los Angeles');
    await walker.look('zone-berlin');
    await walker.page.locator('a[href*="choose=zone"]').click();
    await walker.page.waitForSelector('select[name=zone]');
    await walker.look('zone-choice');
    await walker.page.locator('select[name=zone]').selectOption('America/Los_Angeles');
    await walker.page.locator('form:has(select[name=zone]) button').click();
    await walker.page.waitForURL(/zone=America%2FLos_Angeles/);
    await walker.page.waitForFunction(() => /14:00/.test(document.querySelector('#times')?.innerText));
    await walker.leave();
  });

  test('in Arabic the page reads from right to left, and the next month is to the left', async () => {
    const at = await shop(server, 'Right to left');
    const walker = await customer(browser, at.path, { size: 'phone', language: 'ar' });
    const at_ = async (selector) => (await walker.page.locator(selector).first().boundingBox()).x;
    const days = await walker.page.locator('#month th').evaluateAll((cells) => cells.map((cell) => cell.getBoundingClientRect().x));
    assert.ok(days[0] > days[6], 'the week begins at the right');
    assert.equal(await walker.page.evaluate(() => getComputedStyle(document.querySelector('main')).direction), 'rtl');
    await walker.nextMonth();
    assert.ok((await at_('#month a.next')) < (await at_('#month a.prev')));
    await walker.look('arabic-month');
    await walker.leave();
  });
});

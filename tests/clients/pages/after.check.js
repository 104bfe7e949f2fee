// After a booking: move and cancel from the done page; and what is booked otherwise, by seats and by choice of staff.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { AT_ONCE, Browser } from '../lib/browser.js';
import { group, MARTY, shop, SLOTS, startServer } from './shop.js';
import { customer } from './walker.js';

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

/** A customer who has just booked the nearest time. */
async function booked(at, how) {
  const walker = await customer(browser, at.path, how);
  await walker.nearest();
  await walker.fill();
  await walker.send();
  return walker;
}

const states = async (at) => (await at.app.bookings()).map(({ state }) => state).sort();

describe('after booking', { concurrency: AT_ONCE }, () => {
  for (const scripted of [true, false]) {
    const name = scripted ? 'script' : 'noscript';

    test(`whoever booked can move it from the done page: ${name}`, async () => {
      const at = await shop(server, `Move ${name}`);
      const walker = await booked(at, { scripted, size: 'phone' });
      await walker.page.locator('main .actions a:nth-of-type(1)').first().click();
      await walker.page.waitForSelector('#times a.time');
      await walker.look(`move-${name}-1-times`, { tree: scripted });
      await walker.page.locator('#times a.time').nth(1).click();
      await walker.page.waitForSelector('#book');
      await walker.look(`move-${name}-2-form`);
      await walker.send();
      await walker.look(`move-${name}-3-done`, { tree: scripted });
      assert.deepEqual(await states(at), ['confirmed', 'rescheduled_by_customer']);
      await walker.leave();
    });

    test(`whoever booked can cancel it from the done page: ${name}`, async () => {
      const at = await shop(server, `Cancel ${name}`);
      const walker = await booked(at, { scripted, scheme: 'dark' });
      await walker.page.locator('main .actions a:nth-of-type(2)').first().click();
      await walker.page.waitForSelector('form[method=post]');
      await walker.look(`cancel-${name}-1-question`, { tree: scripted });
      assert.deepEqual(await states(at), ['confirmed'], 'opening a link changes nothing');
      await walker.page.locator('form[method=post] button').first().click();
      await walker.page.waitForURL((url) => url.pathname.includes('cancel'));
      await walker.page.waitForLoadState();
      await walker.look(`cancel-${name}-2-done`, { tree: scripted });
      assert.deepEqual(await states(at), ['cancelled_by_customer']);
      await walker.leave();
    });
  }

  test('the done page has a calendar file, and links to Google and Outlook', async () => {
    const at = await shop(server, 'Calendars');
    const walker = await booked(at);
    const links = await walker.page.locator('main a').evaluateAll((found) => found.map(({ href }) => href));
    const file = links.find((href) => /calendar/.test(new URL(href).pathname) && href.startsWith(server.base));
    const text = await (await fetch(file)).text();
    assert.match(text, /BEGIN:VCALENDAR[\s\S]*DTSTART[^:]*:20270311T/);
    assert.ok(links.some((href) => href.startsWith('https://calendar.google.com/')));
    assert.ok(links.some((href) => href.startsWith('https://outlook.')));
    await walker.leave();
  });

  test('seats of a group are told, and booked', async () => {
    const at = await shop(server, 'Group', { project: { booking: { graph: 'group_customer' } } });
    const owner = await group(at, '2027-03-15T09:00:00-07:00', 3);
    const walker = await customer(browser, at.path, { size: 'phone' });
    assert.match(await walker.text('#times'), /3/);
    await walker.look('group-1-times', { tree: true });
    await walker.nearest();
    await walker.fill();
    await walker.send();
    await walker.look('group-2-done', { tree: true });
    const { attributes } = await at.app.send('GET', `/v2/bookings/groups/${owner.id}`);
    assert.deepEqual(attributes.group_booking, { max_seats: 3, current_seats: 1 });
    await walker.leave();
    const next = await customer(browser, at.path, { size: 'phone' });
    assert.match(await next.text('#times'), /2/);
    await next.leave();
  });

  for (const scripted of [true, false]) {
    test(`whom to see is the customer's choice: ${scripted ? 'script' : 'noscript'}`, async () => {
      const resources = ['Doc Brown', 'Clara Clayton', 'Emmett'];
      const at = await shop(server, 'Staff', { resources, project: { availability: { ...SLOTS, mode: 'exclusive' } } });
      const walker = await customer(browser, at.path, { scripted });
      await walker.look(`staff-${scripted ? 'script' : 'noscript'}`, { tree: scripted });
      await walker.page.getByRole('link', { name: 'Clara Clayton' }).first().click();
      await walker.page.waitForURL(/resource=/);
      await walker.page.waitForSelector('#times a.time');
      await walker.nearest();
      await walker.fill();
      await walker.send();
      const [booking] = await at.app.bookings();
      assert.equal(booking.resource.name, 'Clara Clayton');
      assert.equal(booking.customers[0].email, MARTY.email);
      await walker.leave();
    });
  }

  test('the menu of an app leads to its pages, but not to those that are unlisted', async () => {
    const at = await shop(server, 'Menu');
    await at.app.project(at.resources, { name: 'Second opinion', slug: 'walk-second-opinion', availability: SLOTS, booking: { graph: 'instant', what: 'Second opinion' } });
    await at.app.project(at.resources, { name: 'Not for all', slug: 'walk-not-for-all', unlisted: true, availability: SLOTS, booking: { graph: 'instant', what: 'Not for all' } });
    const walker = await customer(browser, `/book/app/${at.app.slug}`, { size: 'phone' });
    assert.doesNotMatch(await walker.text('main'), /Not for all/);
    await walker.look('menu', { tree: true });
    await walker.page.getByRole('link', { name: /Second opinion/ }).first().click();
    await walker.page.waitForSelector('#times a.time');
    await walker.leave();
  });

  test('where nothing can be booked, the page says so with a way on', async () => {
    const at = await shop(server, 'Nothing', { project: { availability: { ...SLOTS, length: '5 hours' } } });
    const walker = await customer(browser, at.path, { size: 'phone' });
    await walker.look('nothing', { tree: true });
    assert.equal(await walker.page.locator('#times a.time').count(), 0);
    await walker.leave();
  });
});

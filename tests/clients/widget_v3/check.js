// Books through the published widget of version 3 in Chromium, from pages of another origin.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { AT_ONCE, Browser, MARTY, refusal } from '../lib/browser.js';
import { clock, in24Hours, instant, reading, written } from '../lib/clock.js';
import { basic, Server } from '../lib/server.js';

const BUILD = '/timekit-booking/public/build';
const HEAD = `<link rel="stylesheet" href="${BUILD}/booking.min.css">`;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

const OFFICE = [{ allow_hours: { start: 9, end: 12 } }];
const TOMORROW = { mode: 'roundrobin_random', length: '1 hour', from: 'tomorrow', to: '2 weeks' };
const WORDS = { what: 'Talk with {{customer.name}}', where: 'Lab' };

let server;
let browser;

before(async () => {
  server = await Server.start();
  browser = await Browser.start(server, 'widget_v3');
});

after(async () => {
  await browser?.stop();
  await server?.stop();
});

/** An app with one project, and whom it books. */
async function shop(name, { project = {}, live, zones = ['America/Los_Angeles'], constraints = OFFICE } = {}) {
  const app = await server.app(name, { live });
  const names = ['Doc Brown', 'Clara Clayton', 'Biff Tannen'];
  const resources = [];
  for (const [index, zone] of zones.entries()) {
    resources.push(await app.resource(names[index], zone, { availability_constraints: constraints }));
  }
  const defaults = { availability: TOMORROW, booking: { graph: 'instant', ...WORDS } };
  const made = await app.project(resources, { ...defaults, ...project });
  return { app, resources, project: made };
}

/** A page with nothing but the widget and its configuration; `script` can add to that, as `config`. */
function page(config, script = '') {
  const all = JSON.stringify({ api_base_url: `${server.base}/`, ...config });
  const body = `<div id="bookingjs"></div><script src="${BUILD}/booking.min.js"></script>
    <script>const config = ${all}; ${script} new TimekitBooking().init(config)</script>`;
  return browser.page(HEAD, body);
}

const embedded = ({ app, project }, more = {}) => ({ app_key: app.widgetKey, project_id: project.id, ...more });

const open = async (config, options) => {
  const visit = await browser.visit(page(config), options);
  await visit.drawn();
  return visit;
};

/** What the week's grid says: `2026-11-22 09:00` for each slot. With `24h-dmy-mon` the widget heads its columns a day
 * early in browsers west of Greenwich, whatever it is answered, so the heads are not looked at. */
async function grid(visit) {
  // A slot over midnight has a second part on the next day, which is not where it starts.
  const found = await visit.page.$$eval('.fc-timegrid-col[data-date] .fc-timegrid-event.fc-event-start', (events) =>
    events.map((event) => [event.closest('[data-date]').dataset.date, event.querySelector('.fc-event-time').textContent]),
  );
  return found.map(([date, text]) => `${date} ${in24Hours(text.split(' - ')[0])}`).sort();
}

/** Every slot of the answer is in the zone, and the weeks of the grid show exactly these. */
async function gridShows(visit, slots, zone) {
  for (const { start, end } of slots) {
    assert.deepEqual([start, end], [written(start, zone), written(end, zone)]);
  }
  const wanted = slots.map(({ start }) => reading(start, zone)).sort();
  const shown = new Set();
  while (shown.size === 0 || (await visit.page.$$('.fc-event')).length > 0) {
    const week = await grid(visit);
    const days = await visit.page.$$eval('.fc-timegrid-col[data-date]', (columns) => columns.map(({ dataset }) => dataset.date));
    assert.deepEqual(week, wanted.filter((slot) => days.includes(slot.slice(0, 10))), `the week of ${days[0]} in ${zone}`);
    week.forEach((slot) => shown.add(slot));
    await visit.page.click('.fc-next-button');
  }
  assert.deepEqual([...shown].sort(), [...new Set(wanted)]);
}

/** The app has exactly one booking, of this slot; answers it. */
async function onlyBooking({ app }, { sent: { start, end, resource_id } }) {
  const bookings = await app.bookings();
  assert.equal(bookings.length, 1);
  const [booking] = bookings;
  assert.deepEqual(
    [instant(booking.event.start), instant(booking.event.end), booking.resource.id],
    [instant(start), instant(end), resource_id],
  );
  return booking;
}

const picker = '.bookingjs-footer-tz-picker-select';

describe('widget v3', { concurrency: AT_ONCE }, () => {
  test('a page with project_id and app_key books what it shows', async () => {
    const at = await shop('Embedded');
    const visit = await open(embedded(at));
    const [load] = await visit.calls(`/v2/projects/embed/${at.project.id}`);
    assert.equal(load.status, 200);
    assert.deepEqual(Object.keys(load.answer.data).sort(), ['app_key', 'booking', 'customer_fields', 'id', 'name', 'slug', 'ui']);
    const { answer, sent } = await visit.lastCall('/v2/availability');
    assert.deepEqual(sent, { output_timezone: 'America/Los_Angeles', project_id: at.project.id });
    await visit.shot('week');
    await gridShows(visit, answer.data, 'America/Los_Angeles');
    await visit.firstWeek();
    const before = await grid(visit);
    await visit.pick(1);
    const [, label] = await Promise.all([
      visit.shot('form'),
      visit.page.innerText('.bookingjs-bookpage-resource'),
    ]);
    assert.equal(label, 'Doc Brown');
    const names = await visit.page.$$eval('.bookingjs-form input', (inputs) => inputs.map(({ name }) => name));
    assert.deepEqual(names, ['name', 'email']);
    await visit.fill();
    const { sent: sentBooking } = await visit.succeed();
    assert.equal(await visit.page.innerText('.bookingjs-form-success-message'), 'We have received your booking for marty@example.com');
    await visit.shot('success');
    const booking = await onlyBooking(at, { sent: sentBooking });
    const { name, email, timezone } = booking.customers[0];
    assert.deepEqual({ name, email, timezone }, { ...MARTY, timezone: 'America/Los_Angeles' });
    assert.deepEqual([booking.state, booking.graph], ['confirmed', 'instant']);
    assert.deepEqual([booking.event.what, booking.event.where], ['Talk with Marty McFly', 'Lab']);
    assert.equal(reading(booking.event.start, 'America/Los_Angeles'), before[1]);

    // Closing what went well searches again, and the slot is gone.
    const again = visit.next('POST', '/v2/availability');
    await visit.page.click('.bookingjs-bookpage-close');
    const left = (await (await again).json()).data;
    assert.equal(left.length, answer.data.length - 1);
    assert.ok(!left.some(({ start }) => instant(start) === instant(booking.event.start)));
    await visit.leave();
  });

  test('a page with project_slug alone is told the widget key, and books with it', async () => {
    const at = await shop('Hosted', { project: { slug: `hosted-${process.pid}`, booking: { graph: 'confirm_decline', ...WORDS } } });
    const visit = await open({ project_slug: at.project.slug });
    const [load] = await visit.calls(`/v2/projects/hosted/${at.project.slug}`);
    assert.equal(load.asked.authorization, undefined);
    assert.equal(load.answer.data.app_key, at.app.widgetKey);
    const { asked } = await visit.lastCall('/v2/availability');
    assert.equal(asked.authorization, `Basic ${btoa(`:${at.app.widgetKey}`)}`);
    assert.equal(asked['timekit-context'], 'widget');
    await visit.pick();
    await visit.fill();
    const booking = await onlyBooking(at, await visit.succeed());
    assert.equal(booking.state, 'tentative');
    await visit.leave();
  });

  for (const key of ['id', 'slug']) {
    test(`a wrong project ${key} is told in the page`, async () => {
      const { app } = await shop(`Wrong ${key}`);
      const config = key === 'id' ? { app_key: app.widgetKey, project_id: app.slug } : { project_slug: `nobody-${process.pid}` };
      const visit = await browser.visit(page(config), { expected: [refusal(404)] });
      const text = await visit.errorText();
      assert.match(text, /The project could not be found/);
      assert.match(text, /Resource does not exist/);
      await visit.leave();
    });
  }

  test('a wrong widget key is 401, and the page can show our sentence', async () => {
    const at = await shop('Wrong key');
    const wrong = `${at.app.widgetKey.slice(0, -1)}${at.app.widgetKey.endsWith('a') ? 'b' : 'a'}`;
    const visit = await browser.visit(page({ ...embedded(at), app_key: wrong }), { expected: [refusal(401)] });
    const text = await visit.errorText();
    const { status, headers, answer } = await visit.lastCall(`/v2/projects/embed/${at.project.id}`);
    assert.equal(status, 401);
    assert.equal(headers['access-control-allow-origin'], '*');
    // A browser asks for a password if this says Basic.
    assert.doesNotMatch(headers['www-authenticate'] ?? '', /basic/i);
    assert.ok(text.includes(answer.error), text);
    await visit.shot('wrong-key');
    await visit.leave();
  });

  test('a widget key bound to pages works on these and is refused on others', async () => {
    const at = await shop('Bound');
    const bound = (origin) => at.app.send('POST', '/v2/keys', { name: origin, kind: 'widget', allowed_origins: [origin] });
    const own = await bound(browser.origin);
    const visit = await open({ ...embedded(at), app_key: own.key });
    await visit.pick();
    await visit.fill();
    await onlyBooking(at, await visit.succeed());
    await visit.leave();
    const other = await bound('https://shop.example');
    const refused = await browser.visit(page({ ...embedded(at), app_key: other.key }), { expected: [refusal(403)] });
    assert.match(await refused.errorText(), /The project could not be found.*\n.*\w+/);
    const { answer } = await refused.lastCall(`/v2/projects/embed/${at.project.id}`);
    assert.ok((await refused.errorText()).includes(answer.error.slice(0, 40)));
    await refused.leave();
  });

  test('whoever changes the time zone sees slots in it, and books the same instants', async () => {
    const at = await shop('Zones', { project: { ui: { time_date_format: '24h-dmy-mon' } } });
    const visit = await open(embedded(at), { zone: 'America/New_York' });
    const first = (await visit.lastCall('/v2/availability')).answer.data;
    await gridShows(visit, first, 'America/New_York');
    for (const [key, zone] of [['Asia/Kolkata', 'Asia/Kolkata'], ['Europe/Kiev', 'Europe/Kyiv'], ['Asia/Kathmandu', 'Asia/Kathmandu'], ['Europe/Kyiv', 'Europe/Kyiv']]) {
      const again = visit.next('POST', '/v2/availability');
      await visit.page.selectOption(picker, key);
      await again;
      await visit.drawn();
      const { answer, sent } = await visit.lastCall('/v2/availability');
      assert.equal(sent.output_timezone, zone);
      assert.deepEqual(answer.data.map(({ start }) => instant(start)), first.map(({ start }) => instant(start)));
      await visit.shotOfSlots(`week-in-${key.replace('/', '-')}`);
      await gridShows(visit, answer.data, zone);
      await visit.firstWeek();
    }
    await visit.pick(2);
    const heading = await visit.page.innerText('.bookingjs-bookpage-time');
    await visit.fill();
    await visit.shot('form-in-Europe-Kyiv');
    const { sent } = await visit.succeed();
    assert.deepEqual([sent.start, sent.end], [written(sent.start, 'Europe/Kyiv'), written(sent.end, 'Europe/Kyiv')]);
    assert.equal(heading, `${clock(sent.start, 'Europe/Kyiv').time} - ${clock(sent.end, 'Europe/Kyiv').time}`);
    assert.ok(first.some(({ start }) => instant(start) === instant(sent.start)));
    const booking = await onlyBooking(at, { sent });
    assert.equal(booking.customers[0].timezone, 'Europe/Kyiv');
    await visit.leave();
  });

  for (const zone of ['Asia/Kolkata', 'Europe/Kyiv', 'Australia/Lord_Howe', 'Pacific/Chatham']) {
    test(`a browser in ${zone} is shown its own hours`, async () => {
      const at = await shop(`Browser in ${zone}`);
      const visit = await open(embedded(at), { zone });
      const { sent, answer } = await visit.lastCall('/v2/availability');
      assert.equal(sent.output_timezone, zone);
      await gridShows(visit, answer.data, zone);
      await visit.firstWeek();
      await visit.pick();
      await visit.fill();
      await onlyBooking(at, await visit.succeed());
      await visit.leave();
    });
  }

  /** The next change of a clock that is more than two days and less than five months away, somewhere in the world. */
  function nextChange() {
    const offset = (at, zone) => written(at, zone).slice(19);
    const hour = Math.ceil(Date.now() / (60 * MINUTE_MS)) * 60 * MINUTE_MS;
    for (const zone of ['America/New_York', 'Europe/Kyiv', 'Australia/Sydney', 'America/Santiago']) {
      for (let at = hour + 3 * DAY_MS; at < hour + 150 * DAY_MS; at += 60 * MINUTE_MS) {
        if (offset(at, zone) !== offset(at - 60 * MINUTE_MS, zone)) {
          return { zone, at };
        }
      }
    }
    throw new Error('no clock changes in the next five months');
  }

  test('a week in which the clock changes shows each hour that there is', async () => {
    const { zone, at: change } = nextChange();
    const at = await shop('Change of clocks', {
      zones: ['UTC'], constraints: [], project: { availability: { mode: 'roundrobin_random', length: '1 hour', to: '6 months' } },
    });
    const availability = { from: new Date(change - DAY_MS).toISOString(), to: new Date(change + DAY_MS).toISOString() };
    const visit = await open(embedded(at, { availability }), { zone });
    const { answer } = await visit.lastCall('/v2/availability');
    assert.equal(answer.data.length, 48);
    assert.equal(new Set(answer.data.map(({ start }) => start.slice(19))).size, 2, 'offsets before and after');
    await visit.page.click('.fc-next-button');
    await visit.shotOfSlots('week-of-clock-change');
    await visit.page.click('.fc-prev-button');
    await gridShows(visit, answer.data, zone);
    await visit.leave();
  });

  test('a slot taken between load and submit is told with our sentence', async () => {
    const at = await shop('Taken');
    const visit = await open(embedded(at), { expected: [refusal(409)] });
    await visit.pick();
    await visit.fill();
    const [slot] = (await visit.lastCall('/v2/availability')).answer.data;
    const first = await at.app.send('POST', '/v2/bookings', {
      graph: 'instant', resource_id: at.resources[0].id, start: slot.start, end: slot.end, what: 'A', where: 'B',
      customer: { name: 'Biff', email: 'biff@example.com' },
    });
    await visit.submit();
    const text = await visit.errorText();
    assert.match(text, /An error with Timekit Create Booking occured/);
    const { answer } = await visit.lastCall('/v2/bookings');
    assert.ok(text.includes(answer.errors.event[0]), text);
    await visit.shot('slot-taken');
    assert.deepEqual((await at.app.bookings()).map(({ id }) => id), [first.id]);
    await visit.leave();
  });

  test('of two visitors who pick the same slot one books it', async () => {
    const at = await shop('Two visitors');
    const options = { expected: [refusal(409)] };
    const visits = [await open(embedded(at), options), await open(embedded(at), options)];
    for (const visit of visits) {
      await visit.pick(1);
      await visit.fill();
    }
    const answers = visits.map((visit) => visit.next('POST', '/v2/bookings'));
    await Promise.all(visits.map((visit) => visit.submit()));
    const statuses = await Promise.all(answers.map(async (answer) => (await answer).status()));
    assert.deepEqual([...statuses].sort(), [201, 409]);
    const [winner, loser] = [visits[statuses.indexOf(201)], visits[statuses.indexOf(409)]];
    await winner.page.waitForSelector('.bookingjs-form.success');
    assert.match(await loser.errorText(), /taken/);
    await onlyBooking(at, await winner.lastCall('/v2/bookings'));
    await winner.leave();
    await loser.leave();
  });

  async function group(at, days, more = {}) {
    const start = written(Math.ceil(Date.now() / DAY_MS) * DAY_MS + (days * 24 + 18) * 60 * MINUTE_MS, 'UTC');
    return at.app.send('POST', '/v2/bookings', {
      graph: 'group_owner', resource_id: at.resources[0].id, project_id: at.project.id, start,
      end: written(Date.parse(start) + 60 * MINUTE_MS, 'UTC'), what: `Dance ${days}`, where: 'School', settings: { max_seats: 2 }, ...more,
    });
  }

  test('seats of a group are booked until it is full', async () => {
    const at = await shop('Group', { project: { booking: { graph: 'group_customer' } } });
    const [early, late] = [await group(at, 1), await group(at, 2)];
    const other = await shop('Group of others');
    await group(other, 1);
    const open_ = (options) => open(embedded(at, { ui: { time_date_format: '24h-dmy-mon' } }), options);
    const visit = await open_({ zone: 'Asia/Kolkata' });
    const { query, asked, answer } = await visit.lastCall('/v2/bookings/groups');
    assert.equal(query.get('search'), `project.id:${at.project.id}`);
    assert.equal(asked['timekit-timezone'], 'Asia/Kolkata');
    assert.deepEqual(answer.data.map(({ id }) => id), [early.id, late.id]);
    assert.deepEqual(answer.data.map((item) => Object.keys(item.resource).sort()), [['id', 'name', 'timezone'], ['id', 'name', 'timezone']]);
    await gridShows(visit, answer.data.map((item) => item.attributes.event_info), 'Asia/Kolkata');
    await visit.firstWeek();
    await visit.shotOfSlots('group-week');
    const dance = (found) => found.page.locator('.fc-event', { hasText: 'Dance 1' }).first();
    await dance(visit).click();
    await visit.page.waitForSelector('.bookingjs-bookpage.show');
    await visit.fill();
    const { sent } = await visit.succeed();
    assert.deepEqual(sent.related, { owner_booking_id: early.id });
    const seats = async () => (await at.app.send('GET', `/v2/bookings/groups/${early.id}`)).attributes.group_booking;
    assert.deepEqual(await seats(), { max_seats: 2, current_seats: 1 });
    const [mine] = await at.app.send('GET', '/v2/bookings?search=graph:group_customer&include=customers,event,related');
    assert.equal(mine.customers[0].email, MARTY.email);
    assert.equal(instant(mine.event.start), instant(early.attributes.event_info.start));
    await visit.leave();

    // The last seat goes to somebody else while the form is filled in.
    const slow = await open_({ expected: [refusal(409)] });
    await dance(slow).click();
    await slow.page.waitForSelector('.bookingjs-bookpage.show');
    await slow.fill({ name: 'Lorraine', email: 'lorraine@example.com' });
    const customer = { name: 'George', email: 'george@example.com' };
    await at.app.send('POST', '/v2/bookings', { graph: 'group_customer', related: { owner_booking_id: early.id }, customer });
    await slow.submit();
    const text = await slow.errorText();
    const refused = await slow.lastCall('/v2/bookings');
    assert.ok(text.includes(refused.answer.errors.event[0]), text);
    await slow.shot('group-full');
    await slow.leave();
    assert.deepEqual(await seats(), { max_seats: 2, current_seats: 2 });

    const later = await open_();
    assert.deepEqual((await later.lastCall('/v2/bookings/groups')).answer.data.map(({ id }) => id), [late.id]);
    await later.leave();
  });

  test('a customer moves a booking with the widget key, and the page says so', async () => {
    const at = await shop('Reschedule');
    const slots = await at.app.send('POST', '/v2/availability', { project_id: at.project.id });
    const booked = await at.app.send('POST', '/v2/bookings', {
      project_id: at.project.id, resource_id: at.resources[0].id, start: slots[0].start, end: slots[0].end, customer: MARTY,
    });
    // The vendor's hosted page reads these from its address in the same way.
    const script = `const query = new URLSearchParams(location.search); config.reschedule = { uuid: query.get('uuid'),
      action: query.get('action'), eventStart: query.get('event.start'), eventEnd: query.get('event.end') };`;
    const address = page(embedded(at), script);
    const query = new URLSearchParams({
      uuid: booked.id, action: 'reschedule', 'event.start': slots[0].start, 'event.end': slots[0].end,
    });
    const visit = await browser.visit(`${address}?${query}`);
    await visit.drawn();
    await visit.pick(1);
    assert.match(await visit.page.innerText('.bookingjs-bookpage-header'), /Confirm Rescheduling/);
    const former = await visit.page.innerText('.former-booking-time');
    assert.equal(former, '09:00am - 10:00am');
    await visit.page.fill('.bookingjs-form [name="message"]', 'Something came up');
    await visit.shot('reschedule-form');
    await visit.submit();
    await visit.page.waitForSelector('.bookingjs-form.success');
    const { status, sent, answer } = await visit.lastCall(`/v2/bookings/${booked.id}/reschedule`);
    await visit.shot('reschedule-success');
    assert.equal(status, 200);
    const { customers, available_actions, attributes } = answer.data;
    assert.deepEqual([customers, available_actions, attributes.event_info.participants], [undefined, undefined, []]);
    await visit.page.waitForURL(address);
    await visit.drawn();
    const bookings = new Map((await at.app.bookings()).map((booking) => [booking.state, booking]));
    assert.deepEqual([...bookings.keys()].sort(), ['confirmed', 'rescheduled_by_customer']);
    assert.equal(bookings.get('rescheduled_by_customer').id, booked.id);
    assert.equal(instant(bookings.get('confirmed').event.start), instant(sent.start));
    assert.equal(instant(sent.start), instant(slots[2].start));
    const again = (await visit.lastCall('/v2/availability')).answer.data.map(({ start }) => instant(start));
    assert.ok(again.includes(instant(slots[0].start)) && !again.includes(instant(sent.start)));
    await visit.leave();
  });

  test('moving to a slot that was taken meanwhile is told, and the booking stays', async () => {
    const at = await shop('Reschedule taken');
    const slots = await at.app.send('POST', '/v2/availability', { project_id: at.project.id });
    const book = (slot, customer) =>
      at.app.send('POST', '/v2/bookings', {
        project_id: at.project.id, resource_id: at.resources[0].id, start: slot.start, end: slot.end, customer,
      });
    const booked = await book(slots[0], MARTY);
    const reschedule = { uuid: booked.id, action: 'reschedule', eventStart: slots[0].start, eventEnd: slots[0].end };
    const visit = await open(embedded(at, { reschedule }), { expected: [refusal(409)] });
    await visit.pick(1);
    await visit.page.fill('.bookingjs-form [name="message"]', 'Later');
    await book(slots[2], { name: 'Biff', email: 'biff@example.com' });
    await visit.submit();
    const text = await visit.errorText();
    const { answer } = await visit.lastCall(`/v2/bookings/${booked.id}/reschedule`);
    assert.ok(text.includes(answer.errors.event[0]), text);
    assert.equal((await at.app.send('GET', `/v2/bookings/${booked.id}`)).state, 'confirmed');
    await visit.leave();
  });

  test('a test app shows the ribbon and a live app does not', async () => {
    for (const live of [false, true]) {
      const at = await shop(`Ribbon ${live}`, { live });
      const visit = await open(embedded(at));
      const { headers } = await visit.lastCall('/v2/availability');
      assert.equal(headers['timekit-testmode'], live ? undefined : 'true');
      const ribbon = await visit.page.$$eval('.bookingjs-ribbon', (found) => found.map(({ innerText }) => innerText.trim()));
      assert.deepEqual(ribbon.map((text) => text.toLowerCase()), live ? [] : ['test mode']);
      await visit.shot(live ? 'no-ribbon-of-live-app' : 'ribbon-of-test-app');
      await visit.pick();
      await visit.fill();
      await onlyBooking(at, await visit.succeed());
      await visit.leave();
    }
  });

  test('the list view shows slots by day, and books', async () => {
    const at = await shop('List', { project: { ui: { availability_view: 'listing', display_name: 'Doc Brown, inventor' } } });
    const visit = await open(embedded(at));
    const times = await visit.page.$$eval('.fc-list-event .fc-list-event-time', (cells) => cells.map(({ innerText }) => innerText));
    assert.ok(times.length >= 3);
    assert.deepEqual([...new Set(times)], ['09:00am - 10:00am', '10:00am - 11:00am', '11:00am - 12:00pm']);
    await visit.shot('list');
    await visit.pick(1);
    await visit.fill();
    await onlyBooking(at, await visit.succeed());
    await visit.leave();
  });

  test('a small screen books too', async () => {
    const at = await shop('Small');
    const visit = await open(embedded(at), { viewport: { width: 390, height: 700 } });
    await visit.shot('small-screen');
    await visit.pick();
    await visit.shot('small-screen-form');
    await visit.fill();
    await onlyBooking(at, await visit.succeed());
    await visit.leave();
  });

  test('whatever a form asks for arrives, several ticks as a list', async () => {
    const customer_fields = {
      name: { title: 'Name', required: true, split_name: true },
      email: { title: 'E-mail', format: 'email', required: true },
      company: { title: 'Company' },
      phone: { title: 'Phone', format: 'tel', required: true },
      comment: { title: 'Comment', format: 'textarea' },
      topic: { title: 'Topic', format: 'select', enum: ['Past', 'Future'] },
      extras: { title: 'Extras', format: 'checkbox', enum: ['Plutonium', 'Garbage', 'Lightning'] },
      terms: { title: 'I agree', format: 'checkbox', required: true },
      news: { title: 'News', format: 'checkbox' },
      note: { title: 'See our ((terms, https://example.com/terms))', format: 'label' },
    };
    const at = await shop('Fields', { project: { customer_fields } });
    const address = page(embedded(at));
    const visit = await browser.visit(`${address}?customer.company=Acme%20%26%20S%C3%B8n`, { viewport: { width: 760, height: 1200 } });
    await visit.drawn();
    await visit.pick();
    const order = await visit.page.$$eval('.bookingjs-form [name]', (inputs) => [...new Set(inputs.map(({ name }) => name))]);
    assert.deepEqual(order, ['name', 'first_name', 'last_name', ...Object.keys(customer_fields).slice(1, -1)], 'in the order of the project');
    await visit.fill({ first_name: 'Marty', last_name: 'McFly', email: MARTY.email, phone: '+1 555 88', comment: 'Hi\nthere' });
    await visit.page.selectOption('[name="topic"]', 'Future');
    await visit.page.check('#input-extras-Plutonium');
    await visit.page.check('#input-extras-Lightning');
    await visit.page.check('[name="terms"]');
    await visit.shot('custom-fields');
    const { sent } = await visit.succeed();
    const booking = await onlyBooking(at, { sent });
    const [customer] = booking.customers;
    const wanted = {
      name: 'Marty McFly', first_name: 'Marty', last_name: 'McFly', email: MARTY.email, company: 'Acme & Søn', phone: '+1 555 88',
      comment: 'Hi\nthere', topic: 'Future', extras: ['Plutonium', 'Lightning'], terms: ['true'], news: [],
    };
    const got = { ...customer.meta, ...customer };
    assert.deepEqual(Object.fromEntries(Object.keys(wanted).map((name) => [name, got[name]])), wanted);
    assert.match(booking.event.description, /Company: Acme & Søn\n/);
    await visit.leave();
  });

  test('a mutual project offers only what suits everybody in their own zones', async () => {
    const zones = ['America/New_York', 'Europe/Copenhagen', 'Africa/Johannesburg'];
    const at = await shop('Mutual', {
      zones, constraints: [{ allow_hours: { start: 8, end: 18 } }, { allow_weekdays: {} }],
      project: { availability: { ...TOMORROW, mode: 'mutual', length: '30 minutes', timeslot_increments: '30 minutes' } },
    });
    const visit = await open(embedded(at), { zone: 'Asia/Kolkata' });
    const { answer } = await visit.lastCall('/v2/availability');
    for (const { start, end, resources } of answer.data) {
      assert.deepEqual(resources.map(({ id }) => id), at.resources.map(({ id }) => id));
      assert.deepEqual(Object.keys(resources[0]).sort(), ['id', 'name', 'timezone']);
      for (const zone of zones) {
        const [from, to] = [clock(start, zone), clock(end, zone)];
        assert.ok(from.time >= '08:00' && to.time <= '18:00' && !['Sat', 'Sun'].includes(from.weekday), `${start} in ${zone}`);
      }
    }
    await visit.shotOfSlots('mutual-week-in-Asia-Kolkata');
    await gridShows(visit, answer.data, 'Asia/Kolkata');
    await visit.firstWeek();
    await visit.pick();
    await visit.fill();
    await onlyBooking(at, await visit.succeed());
    await visit.leave();
  });

  test('the embed code, pasted into a page as it is, books', async () => {
    const at = await shop('Embed code');
    const headers = { authorization: basic('', at.app.apiKey) };
    const answer = await fetch(`${server.base}/v2/projects/${at.project.id}/embed-code`, { headers });
    const visit = await browser.visit(browser.page('', await answer.text()));
    await visit.drawn();
    await visit.pick();
    await visit.fill();
    const call = await visit.succeed();
    assert.equal(call.asked.authorization, basic('', at.app.widgetKey));
    await onlyBooking(at, call);
    await visit.leave();
  });

  test('a page without a project offers resources that it names', async () => {
    const app = await server.app('No project');
    const doc = await app.resource('Doc Brown', 'America/Los_Angeles', { availability_constraints: OFFICE });
    const visit = await open({ app_key: app.widgetKey, resources: [doc.id], availability: TOMORROW });
    await visit.pick();
    await visit.fill();
    const booking = await onlyBooking({ app }, await visit.succeed());
    assert.equal(booking.event.what, 'Meeting with Marty McFly');
    await visit.leave();
  });

  test('the demo page books under the content policy that it is sent with', async () => {
    const demo = await Server.start([], { demo: true });
    const own = await Browser.start(demo, 'widget_v3');
    try {
      const html = await (await fetch(`${demo.base}/widget`)).text();
      assert.match(html, /bookingjs/, 'the pages are not built: run `make web`, and build the program again');
      // The policy forbids the font that the widget's style asks for.
      const visit = await own.visit(`${demo.base}/widget`, { expected: [/fonts\.googleapis\.com/] });
      await visit.drawn();
      await visit.shot('demo-page');
      await visit.pick();
      await visit.fill();
      const { sent, answer } = await visit.succeed();
      const headers = { authorization: basic('', demo.demoKey) };
      const { data } = await demo.request('GET', `/v2/bookings/${answer.data.id}?include=customers,event`, { headers });
      assert.equal(instant(data.event.start), instant(sent.start));
      assert.equal(data.customers[0].email, MARTY.email);
      await visit.leave();
    } finally {
      await own.stop();
      await demo.stop();
    }
  });
});

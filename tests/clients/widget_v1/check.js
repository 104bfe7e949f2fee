// Books through the published widget of version 1 in Chromium, with resources' own tokens.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { AT_ONCE, Browser, MARTY, refusal } from '../lib/browser.js';
import { clock, in24Hours, instant, reading, written } from '../lib/clock.js';
import { basic, Server } from '../lib/server.js';

/** Its pages bring jQuery themselves: the version that its examples load. */
const HEAD = '<script src="/jquery/dist/jquery.min.js"></script><script src="/timekit-booking-v1/dist/booking.min.js"></script>';

const ZONE = 'America/Los_Angeles';
const OFFICE = [{ allow_hours: { start: 9, end: 12 } }];
/** What a page may read of a resource with its token, and no more. */
const MINE_ONLY = ['/v2/bookings', '/v2/resources', '/v2/credentials', '/v2/app'];

let server;
let browser;

before(async () => {
  server = await Server.start();
  browser = await Browser.start(server, 'widget_v1');
});

after(async () => {
  await browser?.stop();
  await server?.stop();
});

/** A resource with a client-token, or with the `server-token` that each has from the start. */
async function host(app, name, email, { zone = ZONE, type = 'client-token', more = {} } = {}) {
  const resource = await app.resource(name, zone, { email, availability_constraints: OFFICE });
  if (type === 'client-token') {
    const body = { type, resource_id: resource.id, scopes: ['widget'], description: 'Page', ...more };
    const { token } = await app.send('POST', '/v2/credentials', body);
    return { ...resource, token };
  }
  const { credentials } = await app.send('GET', `/v2/resources/${resource.id}?include=credentials`);
  return { ...resource, token: credentials.find((found) => found.type === type).token };
}

function page(app, { name, email, token }, more = {}) {
  const timekitConfig = { apiBaseUrl: `${server.base}/` };
  const config = { name, email, apiToken: token, app: app.slug, timekitConfig, ...more };
  return browser.page(HEAD, `<div id="bookingjs"></div><script>TimekitBooking().init(${JSON.stringify(config)})</script>`);
}

/** A page that knows a widget's id or slug and no more. */
function widgetPage(app, widget, how) {
  const names = { id: 'widgetId', slug: 'widgetSlug' };
  const config = { [names[how]]: widget[how], app: app.slug, timekitConfig: { apiBaseUrl: `${server.base}/`, app: app.slug } };
  return browser.page(HEAD, `<div id="bookingjs"></div><script>TimekitBooking().init(${JSON.stringify(config)})</script>`);
}

/** A group the day after tomorrow. */
function group(app, resource) {
  const start = Math.ceil(Date.now() / 86_400_000) * 86_400_000 + 42 * 3_600_000;
  return app.send('POST', '/v2/bookings', {
    graph: 'group_owner', resource_id: resource.id, start: written(start, 'UTC'), end: written(start + 3_600_000, 'UTC'),
    what: 'Dance', where: 'School', settings: { max_seats: 2 },
  });
}

async function open(app, resource, more, options) {
  const visit = await browser.visit(page(app, resource, more), options);
  await visit.drawn();
  return visit;
}

/** What the week's grid says: `2026-11-22 09:00` for each slot. */
async function grid(visit) {
  const found = await visit.page.evaluate(() => {
    const days = [...document.querySelectorAll('.fc-time-grid .fc-bg td[data-date]')].map(({ dataset }) => dataset.date);
    const columns = [...document.querySelectorAll('.fc-time-grid .fc-content-skeleton tr > td:not(.fc-axis)')];
    return columns.flatMap((column, index) =>
      [...column.querySelectorAll('.fc-event.fc-start .fc-time')].map((time) => [days[index], time.dataset.full.split(' - ')[0]]),
    );
  });
  return found.map(([day, time]) => `${day} ${in24Hours(time)}`).sort();
}

/** The weeks of the grid show exactly these, in the browser's zone. */
async function gridShows(visit, slots, zone) {
  const wanted = slots.map(({ start }) => reading(start, zone)).sort();
  const shown = [];
  while (shown.length === 0 || (await visit.page.$$('.fc-event')).length > 0) {
    shown.push(...(await grid(visit)));
    await visit.page.click('.fc-next-button');
  }
  assert.deepEqual(shown, wanted);
  await visit.firstWeek();
}

/** The app has exactly one booking, of this resource and time; answers it. */
async function onlyBooking(app, resource, { start, end }) {
  const bookings = await app.bookings();
  assert.equal(bookings.length, 1);
  const [booking] = bookings;
  assert.deepEqual(
    [instant(booking.event.start), instant(booking.event.end), booking.resource.id],
    [instant(start), instant(end), resource.id],
  );
  return booking;
}

describe('widget v1', { concurrency: AT_ONCE }, () => {
  for (const type of ['client-token', 'server-token']) {
    test(`a page with a ${type} finds time and books it`, async () => {
      const app = await server.app(`With a ${type}`);
      const doc = await host(app, 'Doc Brown', 'doc.brown@example.com', { type });
      const other = await app.resource('Clara', ZONE, { email: 'clara@example.com' });
      const more = { bookingFields: { phone: { enabled: true }, comment: { enabled: true } } };
      const visit = await open(app, doc, more, { viewport: { width: 760, height: 760 } });
      const { sent, asked, answer, headers } = await visit.lastCall('/v2/findtime');
      assert.deepEqual(sent, { emails: [doc.email], future: '4 weeks', length: '1 hour' });
      assert.equal(asked.authorization, basic(doc.email, doc.token));
      assert.equal(asked['timekit-app'], app.slug);
      assert.equal(headers['timekit-testmode'], 'true');
      const free = await app.send('POST', '/v2/availability', { mode: 'mutual', resources: [doc.id], length: '1 hour', to: '4 weeks' });
      // The two searches are not made at the same instant.
      const later = (slots) => slots.map(({ start }) => instant(start)).filter((start) => Date.parse(start) > Date.now() + 60_000);
      assert.deepEqual(later(answer.data), later(free));
      await visit.page.waitForSelector('.bookingjs-ribbon');
      await visit.page.waitForSelector('text=You are in the same timezone as Doc Brown');
      await visit.shot(`week-with-${type}`);
      await gridShows(visit, answer.data, ZONE);
      await visit.pick(1);
      await visit.shot(`form-with-${type}`);
      await visit.fill({ ...MARTY, phone: '+1 555 88', comment: 'Hi' });
      const call = await visit.succeed();
      assert.match(await visit.page.innerText('.bookingjs-form-success-message'), /sent to:\s+marty@example\.com/);
      await visit.shot(`success-with-${type}`);
      assert.equal(call.query.get('include'), 'attributes,event,user');
      assert.equal(call.sent.start, undefined, 'all of it is in `event`');
      const booking = await onlyBooking(app, doc, call.sent.event);
      const { name, email, timezone, phone } = booking.customers[0];
      assert.deepEqual({ name, email, timezone, phone }, { ...MARTY, timezone: ZONE, phone: '+1 555 88' });
      assert.deepEqual([booking.state, booking.graph], ['confirmed', 'instant']);
      assert.deepEqual([booking.event.what, booking.event.where], ['Doc Brown x Marty McFly', 'TBD']);
      assert.match(booking.event.description, /Comment: Hi\n/);

      // What went well is searched again, and the slot is gone.
      const again = visit.next('POST', '/v2/findtime');
      await visit.submit();
      const left = (await (await again).json()).data;
      assert.deepEqual(left.length, answer.data.length - 1);
      await visit.leave();

      const authorization = basic(doc.email, doc.token);
      const statusOf = async (path) =>
        (await fetch(server.base + path, { headers: { authorization, 'timekit-app': app.slug } })).status;
      for (const path of MINE_ONLY) {
        assert.equal(await statusOf(path), type === 'client-token' ? 403 : 200, path);
      }
      assert.notEqual(await statusOf(`/v2/users/timezone/${other.email}`), 200);
    });
  }

  for (const zone of ['Asia/Kolkata', 'Europe/Kyiv']) {
    test(`a browser in ${zone} is shown its own hours, and how far away the host is`, async () => {
      const app = await server.app(`Browser in ${zone}`);
      const doc = await host(app, 'Doc Brown', 'doc.brown@example.com');
      const visit = await open(app, doc, {}, { zone });
      const { answer } = await visit.lastCall(`/v2/users/timezone/${doc.email}`);
      assert.equal(answer.data.timezone, ZONE);
      const hours = (at) => Number(at.slice(19, 22)) + (Math.sign(Number(at.slice(19, 22))) * Number(at.slice(23))) / 60;
      const ahead = hours(written(Date.now(), zone)) - hours(written(Date.now(), ZONE));
      await visit.page.waitForSelector(`text=Your timezone is ${ahead} hours ahead of Doc Brown`);
      await visit.shot(`week-in-${zone.replace('/', '-')}`);
      await gridShows(visit, (await visit.lastCall('/v2/findtime')).answer.data, zone);
      await visit.pick();
      await visit.fill();
      const { sent } = await visit.succeed();
      await onlyBooking(app, doc, sent.event);
      await visit.leave();
    });
  }

  test('a slot taken between load and submit is told with our sentence', async () => {
    const app = await server.app('Taken');
    const doc = await host(app, 'Doc Brown', 'doc.brown@example.com');
    const visit = await open(app, doc, {}, { expected: [refusal(409)] });
    const [slot] = (await visit.lastCall('/v2/findtime')).answer.data;
    await visit.pick();
    await visit.fill();
    const first = await app.send('POST', '/v2/bookings', {
      graph: 'instant', resource_id: doc.id, ...slot, what: 'A', where: 'B', customer: { name: 'Biff', email: 'biff@example.com' },
    });
    await visit.submit();
    const text = await visit.errorText();
    const { answer } = await visit.lastCall('/v2/bookings');
    assert.match(text, /An error with Timekit CreateBooking occured/);
    assert.ok(text.includes(answer.errors.event[0]), text);
    await visit.shot('slot-taken');
    assert.deepEqual((await app.bookings()).map(({ id }) => id), [first.id]);
    await visit.leave();
  });

  test('a wrong token is 401, and one bound to another page 403; both are told in the page', async () => {
    const app = await server.app('Wrong token');
    const doc = await host(app, 'Doc Brown', 'doc.brown@example.com', { more: { referrer: ['https://clinic.example'] } });
    for (const [token, status] of [[`${doc.token.slice(0, -4)}0000`, 401], [doc.token, 403]]) {
      const visit = await browser.visit(page(app, { ...doc, token }), { expected: [refusal(status)] });
      const text = await visit.errorText();
      const call = await visit.lastCall('/v2/findtime');
      assert.equal(call.status, status);
      assert.equal(call.headers['access-control-allow-origin'], '*');
      assert.match(text, /An error with Timekit FindTime occured/);
      assert.ok(text.includes(call.answer.error.slice(0, 30)), text);
      await visit.leave();
    }
  });

  test('a team is offered together, and each books with a token of their own', async () => {
    const app = await server.app('Team');
    const doc = await host(app, 'Doc Brown', 'doc.brown@example.com');
    const clara = await host(app, 'Clara Clayton', 'clara@example.com', { zone: 'America/New_York' });
    const calendarOf = ({ calendars: [{ id }] }) => id;
    const users = [doc, clara].map((one) => ({ _email: one.email, _calendar: calendarOf(one), calendar_ids: [calendarOf(one)] }));
    const visit = await open(app, doc, { timekitFindTimeTeam: { users } });
    const { sent, answer } = await visit.lastCall('/v2/findtime/team');
    assert.deepEqual(sent.users.map(({ _email }) => _email), [doc.email, clara.email]);
    const tokens = new Map();
    for (const { id, email } of [doc, clara]) {
      const { credentials } = await app.send('GET', `/v2/resources/${id}?include=credentials`);
      tokens.set(email, credentials.filter(({ type }) => type === 'client-token').map(({ token }) => token));
    }
    for (const { start, users: found } of answer.data) {
      for (const { name, email, token } of found) {
        const zone = email === doc.email ? ZONE : 'America/New_York';
        assert.ok(name === doc.name || name === clara.name);
        assert.ok(tokens.get(email).includes(token), 'their own client-token, and no server-token');
        assert.ok(['09:00', '10:00', '11:00'].includes(clock(start, zone).time), `${start} of ${name}`);
      }
    }
    await visit.shot('team-week');
    // In New York it is three hours later, so the first slot of a day is hers, and the last is his.
    const first = answer.data.findIndex(({ users: [{ email }] }) => email === clara.email);
    assert.ok(first >= 0);
    const wanted = reading(answer.data[first].start, ZONE);
    while (!(await grid(visit)).includes(wanted)) {
      await visit.page.click('.fc-next-button');
    }
    await visit.pick((await grid(visit)).indexOf(wanted));
    assert.equal(await visit.page.innerText('.bookingjs-bookpage-resource'), clara.name);
    await visit.shot('team-form');
    await visit.fill();
    const call = await visit.succeed();
    assert.equal(call.asked.authorization, basic(clara.email, answer.data[first].users[0].token));
    assert.equal(call.sent.event.calendar_id, calendarOf(clara));
    await onlyBooking(app, clara, call.sent.event);
    await visit.leave();
  });

  test('a seat in a group is booked', async () => {
    const app = await server.app('Group');
    const doc = await host(app, 'Doc Brown', 'doc.brown@example.com');
    const owner = await group(app, doc);
    const visit = await open(app, doc, { bookingGraph: 'group_customer' });
    await visit.shot('group-week');
    await visit.pick();
    await visit.fill();
    const { sent } = await visit.succeed();
    assert.deepEqual([sent.event, sent.related], [undefined, { owner_booking_id: owner.id }]);
    assert.match(await visit.page.innerText('.bookingjs-form-success-message'), /Your seat has been reserved/);
    const { attributes } = await app.send('GET', `/v2/bookings/groups/${owner.id}`);
    assert.deepEqual(attributes.group_booking, { max_seats: 2, current_seats: 1 });
    const [mine] = await app.send('GET', '/v2/bookings?search=graph:group_customer&include=customers');
    assert.equal(mine.customers[0].email, MARTY.email);
    await visit.leave();
  });

  for (const how of ['id', 'slug']) {
    test(`a page with a widget's ${how} is told the rest`, async () => {
      const app = await server.app(`By ${how}`);
      const doc = await host(app, 'Doc Brown', 'doc.brown@example.com');
      const remote = { name: doc.name, email: doc.email, apiToken: doc.token };
      const widget = await app.send('POST', '/v2/widgets', { name: 'Page', config: remote });
      const visit = await browser.visit(widgetPage(app, widget, how));
      await visit.drawn();
      await visit.pick();
      await visit.fill();
      const { sent } = await visit.succeed();
      assert.equal(sent.widget_id, widget.id);
      await onlyBooking(app, doc, sent.event);
      await visit.leave();
    });
  }

  test("a widget's page of a group asks for the widget's own, and is shown the resource's", async () => {
    const app = await server.app('Group by widget');
    const doc = await host(app, 'Doc Brown', 'doc.brown@example.com');
    await group(app, doc);
    const config = { name: doc.name, email: doc.email, apiToken: doc.token, bookingGraph: 'group_customer' };
    const widget = await app.send('POST', '/v2/widgets', { name: 'Page', config });
    const visit = await browser.visit(widgetPage(app, widget, 'id'));
    await visit.drawn();
    assert.equal((await visit.lastCall('/v2/bookings/groups')).query.get('search'), `widget.id:${widget.id}`);
    await visit.pick();
    await visit.fill();
    assert.equal((await visit.succeed()).sent.widget_id, widget.id);
    await visit.leave();
  });
});

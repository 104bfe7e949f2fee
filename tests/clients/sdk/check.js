// Calls every method of the published SDK for real, and prints what each was answered.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import timekit from 'timekit-sdk';

import { basic, Server } from '../lib/server.js';

/** These configure the SDK and call nothing of their own. */
const HELPERS = [
  'asApp', 'asUser', 'carry', 'configure', 'getAppKey', 'getConfig', 'getUser', 'headers', 'include', 'makeRequest',
  'newInstance', 'setAppKey', 'setUser',
];
/** No calendar provider is ever asked, and these are answered with 501 for that. */
const PROVIDERS = [
  'accountGoogleSignup', 'accountGoogleSync', 'accountMicrosoftSignup', 'accountMicrosoftSync', 'accountSync',
];
/** As published, it refers to a variable that is not there, and sends nothing. */
const BROKEN = ['getService'];

const rows = [];

function day(days, time = '10:00:00') {
  const date = new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
  return `${date}T${time}+00:00`;
}

/** A request as it went over the wire, but for ids. */
const named = (method, path) => `${method} ${path.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, ':id')}`;

/** Writes down what a method was answered, whatever that is. */
async function call(sdk, method, ...args) {
  const answer = await sdk[method](...args).catch((refusal) => refusal);
  assert.ok(answer?.config, `${method}: ${answer?.stack ?? answer?.message}`);
  const ok = answer.status < 300 || (answer.status === 501 && PROVIDERS.includes(method));
  rows.push({ method, request: named(answer.request.method, answer.request.path), status: answer.status, ok });
  if (!ok) {
    console.error(`${method}: ${answer.status} ${JSON.stringify(answer.data)}`);
  }
  return answer;
}

/** The data of an answer; a method that failed is in the table, and what follows from it should not hide that. */
const data = async (promise) => (await promise).data ?? {};

async function refused(promise, status) {
  const answer = await promise.then(
    () => assert.fail('this should have been refused'),
    (refusal) => refusal,
  );
  assert.equal(answer.status, status, JSON.stringify(answer.data));
  assert.ok(answer.headers['x-request-id']);
  return answer.data;
}

/** What was asked for by the last request, as it went over the wire. */
const sent = (answer) => ({ body: JSON.parse(answer.config.data ?? 'null'), headers: answer.config.headers });

async function everyMethod(server) {
  const app = await server.app('Every method');
  const sdk = timekit.newInstance();
  sdk.configure({ apiBaseUrl: `${server.base}/`, appKey: app.apiKey });
  const run = (method, ...args) => call(sdk, method, ...args);
  const email = 'doc.brown@example.com';
  const password = 'great scott 1955';

  // Resources, and what they call with.
  const doc = await data(run('createResource', { name: 'Doc Brown', timezone: 'America/Los_Angeles', email, password }));
  const spare = await data(run('createResource', { name: 'Delorean', timezone: 'Europe/Copenhagen' }));
  await run('getResources');
  await run('getResource', { id: doc.id });
  await run('updateResource', { id: doc.id, firstName: 'Emmett' });
  await run('getResourceTimezone', { email });
  await run('resetResourcePassword', { email });
  const credential = await data(run('createCredential', { type: 'client-token', resourceId: doc.id, description: 'Page' }));
  await run('getCredentials');
  await run('deleteCredential', { id: credential.id });
  const asDoc = timekit.newInstance();
  asDoc.configure({ apiBaseUrl: `${server.base}/`, app: app.slug });
  await call(asDoc, 'auth', { email, password });

  // Apps.
  await run('getApps');
  await run('getApp');
  const other = await data(run('createApp', { name: 'Other' }));
  const asOther = timekit.newInstance();
  asOther.configure({ apiBaseUrl: `${server.base}/`, appKey: other.api_key });
  await call(asOther, 'updateApp', { slug: other.slug, settings: { contactName: 'Clara' } });
  await call(asOther, 'deleteApp', { slug: other.slug });

  // Calendars and events.
  await run('getCalendars');
  const calendar = await data(run('createCalendar', { name: 'Second', description: 'Time travel', resourceId: doc.id }));
  await run('getCalendar', { id: calendar.id });
  await run('updateCalendar', { id: calendar.id, name: 'Renamed' });
  const event = await data(
    run('createEvent', {
      start: day(3), end: day(3, '11:00:00'), what: 'Lunch', where: 'Diner', calendarId: calendar.id, resourceId: doc.id,
    }),
  );
  await run('getEvents', { start: day(2), end: day(4) });
  await run('getEvent', { id: event.id });
  await run('updateEvent', { id: event.id, what: 'Long lunch' });
  await run('deleteEvent', { id: event.id });
  await run('deleteCalendar', { id: calendar.id });

  // Providers of calendars.
  await run('getAccounts');
  await run('accountGoogleSync');
  await run('accountMicrosoftSync');
  await run('accountSync');
  for (const provider of ['Google', 'Microsoft']) {
    const method = `account${provider}Signup`;
    const address = asDoc[method]({ callback: 'https://example.com/back' });
    const { status } = await fetch(address, { redirect: 'manual' });
    rows.push({ method, request: named('GET', address.slice(server.base.length)), status, ok: status === 501 });
  }

  // Free time, in the older words and in the newer.
  const search = { emails: [email], future: '2 days', length: '30 minutes' };
  await run('findTime', search);
  await run('findTimeBulk', { users: [{ emails: [email] }, { userIds: [spare.id] }], future: '2 days', length: '1 hour' });
  await run('findTimeTeam', { users: [{ _email: email, emails: [email], future: '2 days', length: '1 hour' }] });
  const filters = await data(run('createFindTimeFilterCollection', { name: 'Office', filters: { and: [{ businessHours: {} }] } }));
  await run('getFindTimeFilterCollections');
  await run('updateFindTimeFilterCollection', { id: filters.id, name: 'Office hours' });
  const availability = { mode: 'mutual', resources: [doc.id, spare.id], length: '1 hour', to: '3 days' };
  const slots = await data(run('fetchAvailability', availability));
  assert.ok(slots.length > 0);
  await run('fetchAvailabilityDates', availability);
  await run('fetchAvailabilityCounts', availability);
  await run('fetchUnAvailableSlots', availability);

  // Projects, locations and services.
  const project = await data(
    run('createProject', {
      name: 'Consultation',
      resources: [doc.id],
      availability: { mode: 'roundrobin_random', length: '1 hour' },
      booking: { graph: 'instant', what: 'Talk', where: 'Lab' },
    }),
  );
  await run('getProjects');
  await run('getProject', { id: project.id });
  await run('getHostedProject', { slug: project.slug });
  await run('getEmbedProject', { id: project.id });
  await run('updateProject', { id: project.id, name: 'Consultation, long' });
  await run('addProjectResource', { id: project.id, resourceId: spare.id });
  await run('removeProjectResource', { id: project.id, resourceId: spare.id });
  await run('setProjectResources', { id: project.id, resources: [spare.id, doc.id] });
  const ofProject = await data(run('getProjectResources', { id: project.id }));
  assert.deepEqual(ofProject.map(({ id }) => id), [spare.id, doc.id]);
  const location = await data(run('createLocation', { name: 'Clock tower', meta: { tStoreCity: 'Hill Valley' } }));
  await run('getLocations');
  await run('getLocation', { id: location.id });
  await run('updateLocation', { id: location.id, description: 'It stopped at 22:04' });
  const service = await data(run('createService', { name: 'Time travel' }));
  await run('getServices');
  await run('updateService', { id: service.id, description: 'There and back' });
  await sdk.updateProject({ id: project.id, locations: [location.id], services: [service.id] });
  for (const [method, ...ids] of [
    ['getLocationProjects', location.id],
    ['getServiceProjects', service.id],
    ['getLocationServiceProjects', location.id, service.id],
  ]) {
    const found = await data(run(method, ...ids));
    assert.deepEqual(found.map(({ id }) => id), [project.id], method);
  }
  const nothing = await sdk.getLocationServiceProjects(location.id, spare.id);
  assert.deepEqual(nothing.data, [], 'both criteria count');

  // Bookings.
  const customer = { name: 'Marty McFly', email: 'marty@example.com' };
  const words = { what: 'Catch the lightning', where: 'Courthouse', description: '1.21 GW' };
  const at = (days, more = {}) => ({
    graph: 'instant', resourceId: doc.id, start: day(days), end: day(days, '11:00:00'), customer, ...words, ...more,
  });
  const booking = await data(run('createBooking', at(7, { graph: 'confirm_decline' })));
  await run('getBookings');
  await run('getBooking', { id: booking.id });
  await run('updateBooking', { id: booking.id, action: 'confirm' });
  const moved = await data(run('rescheduleBooking', { id: booking.id, ...at(8), message: 'Later' }));
  const { data: cancelled } = await sdk.updateBooking({ id: moved.id, action: 'cancel', cancel: { message: 'Rain' } });
  assert.equal(cancelled.state, 'cancelled');
  await run('deleteBooking', { id: moved.id });
  const bulk = await data(run('createBookingsBulk', { bookings: [at(9), at(10)] }));
  await run('updateBookingsBulk', { bookings: bulk.map(({ id }) => ({ id, action: 'cancel' })) });
  const group = await sdk.createBooking(at(11, { graph: 'group_owner', customer: undefined, settings: { maxSeats: 3 } }));
  await run('getGroupBookings');
  const read = await data(run('getGroupBooking', { id: group.data.id }));
  assert.deepEqual(read.attributes.group_booking, { max_seats: 3, current_seats: 0 });
  const hold = await data(run('reserveBooking', { ...at(12), reservationTime: 60 }));
  await run('extendReservedBooking', { reservationId: hold.id, reservationTime: 120 });
  const { data: kept } = await sdk.createBooking(at(12, { reservationId: hold.id }));
  assert.equal(kept.state, 'confirmed');

  // Templates.
  const [template] = await data(run('getEmailTemplates'));
  await run('getEmailTemplate', template.slug);
  await run('updateEmailTemplate', { slug: template.slug, subject: 'See you soon' });

  // What is deprecated.
  const { data: withTokens } = await sdk.include('credentials').getResource({ id: doc.id });
  const { token: apiToken } = withTokens.credentials.find(({ type }) => type === 'client-token');
  const widget = await data(run('createWidget', { name: 'Old page', config: { email, apiToken, name: 'Doc' } }));
  await run('getWidgets');
  await run('getWidget', { id: widget.id });
  await run('getHostedWidget', { slug: widget.slug });
  await run('getEmbedWidget', { id: widget.id });
  await run('updateWidget', { id: widget.id, name: 'Older page' });
  await run('deleteWidget', { id: widget.id });
  await run('createUser', { name: 'Clara', timezone: 'America/Denver', email: 'clara@example.com' });
  await call(asDoc, 'getUserInfo');
  await call(asDoc, 'updateUser', { lastName: 'Brown' });
  await run('resetUserPassword', { email });
  await run('getUserTimezone', { email });

  // Deleting comes last, because all of the above hangs on it.
  await run('deleteService', { id: service.id });
  await run('deleteLocation', { id: location.id });
  await run('deleteProject', { id: project.id });
  await run('deleteResource', { id: spare.id });

  const invited = await sdk.makeRequest({ url: '/app/invite', method: 'post', data: { email: 'new@example.com' } })
    .catch((refusal) => refusal);
  rows.push({
    method: 'makeRequest', request: 'POST /v2/app/invite', status: invited.status, ok: invited.status < 300,
  });
  const methods = Object.keys(sdk).filter((name) => typeof sdk[name] === 'function').sort();
  const called = new Set([...rows.map(({ method }) => method), ...HELPERS, ...BROKEN]);
  assert.deepEqual(methods.filter((name) => !called.has(name)), [], 'methods that were not called');
  assert.throws(() => sdk.getService({ id: service.id }), ReferenceError);
}

/** What callers of the SDK rely on besides the methods themselves. */
async function conventions(server) {
  const app = await server.app('Conventions');
  const sdk = timekit.newInstance();
  sdk.configure({ apiBaseUrl: `${server.base}/`, appKey: app.apiKey });
  const email = 'doc+brown@example.com';
  const { data: doc } = await sdk.createResource({
    name: 'Doc', firstName: 'Emmett', timezone: 'America/Los_Angeles', email, meta: { fluxCapacitor: { isOn: true } },
  });
  assert.equal(doc.first_name, 'Emmett');
  assert.deepEqual(doc.meta, { flux_capacitor: { is_on: true } }, 'keys are sent in snake case, also inside');

  const { data: key } = await sdk.makeRequest({
    url: '/keys/import',
    method: 'post',
    data: { name: 'Golden', kind: 'api', sha256: createHash('sha256').update('test_api_key_foobar').digest('hex') },
  });
  assert.equal(key.imported, true);
  const golden = timekit.newInstance();
  golden.configure({ apiBaseUrl: `${server.base}/`, appKey: 'test_api_key_foobar' });
  const { data: own, ...answer } = await golden.getApp();
  assert.equal(answer.request.getHeader('authorization'), 'Basic OnRlc3RfYXBpX2tleV9mb29iYXI=');
  assert.equal(own.slug, app.slug);
  assert.equal(answer.headers['timekit-testmode'], 'true');

  const { data: zone } = await sdk.getResourceTimezone({ email });
  assert.equal(zone.timezone, 'America/Los_Angeles', 'a plus in a path stays a plus');

  const names = ['Marty', 'Biff', 'Clara', 'Lorraine'];
  for (const name of names) {
    await sdk.createResource({ name, timezone: 'UTC' });
  }
  const page = await sdk.carry({ params: { limit: 2, page: 2 } }).getResources();
  assert.ok(Array.isArray(page.data), 'lists are flattened');
  const { total, current_page, last_page, from, to, next_page_url } = page.metaData;
  assert.deepEqual({ total, current_page, last_page, from, to }, { total: 5, current_page: 2, last_page: 3, from: 3, to: 4 });
  const next = await fetch(next_page_url, { headers: { authorization: basic('', app.apiKey) } });
  assert.deepEqual((await next.json()).data.map(({ name }) => name), ['Doc']);
  const whole = timekit.newInstance();
  whole.configure({ apiBaseUrl: `${server.base}/`, appKey: app.apiKey, autoFlattenResponse: false });
  assert.equal((await whole.getResources()).data.data.length, 5);
  const camel = timekit.newInstance();
  camel.configure({ apiBaseUrl: `${server.base}/`, appKey: app.apiKey, convertResponseToCamelcase: true });
  assert.equal((await camel.getResource({ id: doc.id })).data.firstName, 'Emmett');
  const none = await sdk.carry({ params: { search: 'name:Nobody' } }).getResources();
  assert.deepEqual(none.data, []);

  const start = day(5);
  const words = { what: 'Talk', where: 'Lab', description: '', customer: { name: 'Marty', email: 'marty+b@example.com' } };
  const { data: booking } = await sdk
    .include('attributes', 'event', 'user', 'unheard_of')
    .createBooking({ graph: 'instant', resourceId: doc.id, start, end: day(5, '11:00:00'), ...words });
  assert.equal(booking.user.id, doc.id);
  assert.equal(Date.parse(booking.event.start), Date.parse(start));
  assert.equal((await sdk.getBooking({ id: booking.id })).data.event, undefined, 'includes are for the next request only');

  const searches = {
    [`resource.id:${doc.id}`]: 1,
    [`resource.id:${doc.id};customer.email:marty+b@example.com`]: 1,
    [`resource.id:${doc.id};state:cancelled`]: 0,
  };
  for (const [search, count] of Object.entries(searches)) {
    assert.equal((await sdk.carry({ params: { search } }).getBookings()).data.length, count, search);
  }

  const inKolkata = await sdk.headers({ 'Timekit-Timezone': 'Asia/Kolkata' }).include('event').getBooking({ id: booking.id });
  assert.match(inKolkata.data.event.start, /T15:30:00\+05:30$/);
  const configured = timekit.newInstance();
  configured.configure({
    apiBaseUrl: `${server.base}/`, appKey: app.apiKey, timezone: 'Europe/Kyiv',
    inputTimestampFormat: 'Y-m-d h:ia', outputTimestampFormat: 'Y-m-d h:ia',
  });
  const inKyiv = await configured.include('event').getBooking({ id: booking.id });
  assert.match(inKyiv.data.event.start, /^\d{4}-\d\d-\d\dT1[23]:00:00\+0[23]:00$/);

  const { data: withTokens } = await sdk.include('credentials').getResource({ id: doc.id });
  const { token } = withTokens.credentials.find(({ type }) => type === 'server-token');
  const asDoc = await sdk.asApp(app.slug).asUser(email, token).getBookings();
  assert.equal(sent(asDoc).headers.Authorization, basic(email, token));
  assert.equal(sent(asDoc).headers['Timekit-App'], app.slug);
  assert.deepEqual(asDoc.data.map(({ id }) => id), [booking.id]);
  const afterwards = await sdk.getResources();
  assert.equal(sent(afterwards).headers.Authorization, basic('', app.apiKey), 'asUser is for the next request only');
  assert.equal(afterwards.data.length, 5);
  const both = timekit.newInstance();
  both.configure({
    apiBaseUrl: `${server.base}/`, app: app.slug, appKey: app.apiKey, resourceEmail: email, resourceKey: token,
  });
  assert.deepEqual((await both.getResources()).data.map(({ id }) => id), [doc.id], 'the token wins over the key');

  for (const [method, path] of [['get', '/bookings/'], ['get', `/bookings/${booking.id}/`], ['get', '/projects/']]) {
    const slashed = await sdk.makeRequest({ method, url: path, maxRedirects: 0 });
    assert.equal(slashed.status, 200, path);
  }

  assert.deepEqual(Object.keys((await refused(sdk.createBooking({ graph: 'instant' }), 422)).errors).includes('start'), true);
  const taken = { graph: 'instant', resourceId: doc.id, start, end: day(5, '11:00:00'), ...words };
  assert.ok((await refused(sdk.createBooking(taken), 409)).errors.event[0]);
  const missing = await refused(sdk.getProject({ id: booking.id }), 404);
  assert.deepEqual([missing.error, missing.model], ['Resource does not exist', 'Project']);
  assert.equal(typeof (await refused(sdk.asUser('', 'test_api_key_wrong').getResources(), 401)).error, 'string');
  const wrong = timekit.newInstance();
  wrong.configure({ apiBaseUrl: `${server.base}/`, app: app.slug });
  await refused(wrong.auth({ email, password: 'not this one' }), 401);
  assert.deepEqual(wrong.getUser(), { email: '', apiToken: '' });

  // A port that was just free: nobody answers there, and the refusal is the request.
  const lost = timekit.newInstance();
  lost.configure({ apiBaseUrl: `http://127.0.0.1:${await freePort()}/`, appKey: app.apiKey });
  const refusal = await lost.getApp().catch((request) => request);
  assert.equal(refusal.status, undefined);
}

async function freePort() {
  const listener = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => listener.once('listening', resolve));
  const { port } = listener.address();
  await new Promise((resolve) => listener.close(resolve));
  return port;
}

function printTable() {
  const widths = ['method', 'request'].map((column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (method, request, status, ok) =>
    console.log(`${method.padEnd(widths[0])}  ${request.padEnd(widths[1])}  ${String(status).padEnd(6)}  ${ok}`);
  line('method', 'request', 'status', 'ok');
  for (const { method, request, status, ok } of rows) {
    line(method, request, status, ok ? 'yes' : 'NO');
  }
}

const server = await Server.start(['--allow-imported-keys']);
try {
  await conventions(server);
  await everyMethod(server);
} finally {
  if (rows.length > 0) {
    printTable();
  }
  await server.stop();
}
const failed = rows.filter(({ ok }) => !ok);
console.log(`sdk: ${rows.length} calls, ${failed.length} not ok`);
process.exitCode = failed.length > 0 ? 1 : 0;

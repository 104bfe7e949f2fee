// The booking page on a slow phone: 400 kbit/s, 400 ms to each answer and a processor slowed four times, all by Chromium's
// own throttling. Prints what docs/PERFORMANCE.md has, each the median of some visits with nothing kept from before.

import assert from 'node:assert/strict';

import { Browser } from '../tests/clients/lib/browser.js';
import { MARTY, shop, startServer } from '../tests/clients/pages/shop.js';

const RUNS = Number(process.env.CHROMIUM_RUNS ?? 5);
const BYTES_PER_SECOND = 400_000 / 8;
const LATENCY_MS = 400;
const SLOWED = 4;

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** Runs in the page from its beginning: when the first times could be seen, and what was shifted. */
function observe() {
  globalThis.measured = { seen: 0, shift: 0 };
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) globalThis.measured.shift += entry.value;
  }).observe({ type: 'layout-shift', buffered: true });
  const look = () => {
    if (document.querySelector('#times a.time')?.getBoundingClientRect().height > 0) {
      // The frame that shows it is the next one.
      requestAnimationFrame(() => { globalThis.measured.seen = performance.now(); });
    } else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

/** How long something was awaited from the network: overlapping requests count once. */
function awaited(spans) {
  let until = 0;
  let sum = 0;
  for (const [from, to] of spans.toSorted((a, b) => a[0] - b[0])) {
    sum += Math.max(0, to - Math.max(from, until));
    until = Math.max(until, to);
  }
  return sum;
}

/** A slowed page, and what it asks for: `{ url, method, bytes, from, to }`, in seconds of Chromium's clock. */
async function slowed(context) {
  const page = await context.newPage();
  await page.addInitScript(observe);
  const session = await context.newCDPSession(page);
  await session.send('Network.enable');
  await session.send('Network.emulateNetworkConditions', { offline: false, latency: LATENCY_MS, downloadThroughput: BYTES_PER_SECOND, uploadThroughput: BYTES_PER_SECOND });
  await session.send('Emulation.setCPUThrottlingRate', { rate: SLOWED });
  const asked = new Map();
  session.on('Network.requestWillBeSent', ({ requestId, request, timestamp, redirectResponse }) => {
    const before = asked.get(requestId);
    asked.set(requestId, { url: request.url, method: request.method, bytes: (before?.bytes ?? 0) + (redirectResponse?.encodedDataLength ?? 0), from: before?.from ?? timestamp, to: timestamp, redirects: (before?.redirects ?? 0) + (redirectResponse ? 1 : 0) });
  });
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength, timestamp }) => {
    const request = asked.get(requestId);
    if (request) Object.assign(request, { bytes: request.bytes + encodedDataLength, to: timestamp });
  });
  return { page, asked };
}

async function books(browser, at) {
  const context = await browser.chrome.newContext({ timezoneId: 'America/Los_Angeles', locale: 'en-US', viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });
  const { page, asked } = await slowed(context);
  await page.goto(browser.server.base + at.path, { waitUntil: 'networkidle' });
  const loaded = [...asked.values()];
  const shifts = [];
  const shift = async () => shifts.push(await page.evaluate(() => globalThis.measured.shift));
  const { seen } = await page.evaluate(() => globalThis.measured);
  await page.locator('#times a.time').first().tap();
  await page.fill('#book [autocomplete="name"]', MARTY.name);
  await page.fill('#book [type="email"]', MARTY.email);
  await page.locator('#book button').last().tap();
  await page.waitForSelector('#done');
  await page.waitForTimeout(500);
  await shift();
  const all = [...asked.values()].filter(({ url }) => url.startsWith('http'));
  await context.close();
  return {
    seen,
    requests: loaded.length,
    bytes: loaded.reduce((sum, { bytes }) => sum + bytes, 0),
    bookingBytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
    bookingMs: awaited(all.map(({ from, to }) => [from * 1000, to * 1000])),
    shift: Math.max(...shifts),
  };
}

/** How many answers with times are asked for while three months are shown, and a day of each. */
async function looksAround(browser, at) {
  const context = await browser.chrome.newContext({ timezoneId: 'America/Los_Angeles', locale: 'en-US', viewport: { width: 390, height: 844 } });
  const { page, asked } = await slowed(context);
  await page.goto(browser.server.base + at.path, { waitUntil: 'networkidle' });
  for (let months = 1; ; months += 1) {
    await page.locator('#month a.day').first().click();
    await page.waitForSelector('#day a.time');
    if (months === 3) break;
    const before = await page.locator('#month-title').first().innerText();
    await page.locator('#month a.next').click();
    await page.waitForFunction((text) => document.querySelector('#month-title')?.innerText !== text, before);
  }
  const shift = await page.evaluate(() => globalThis.measured.shift);
  const searches = [...asked.values()].filter(({ url }) => new URL(url).pathname === at.path).length;
  await context.close();
  return { searches: searches / 3, shift };
}

const server = await startServer();
const browser = await Browser.start(server, 'page');
try {
  const visits = [];
  const walks = [];
  for (let run = 0; run < RUNS; run += 1) {
    const at = await shop(server, `Bench ${run}`);
    visits.push(await books(browser, at));
    walks.push(await looksAround(browser, at));
  }
  const of = (name) => median(visits.map((visit) => visit[name]));
  const shift = Math.max(...visits.map((visit) => visit.shift), ...walks.map((walk) => walk.shift));
  const rows = [
    ['first times visible', `${(of('seen') / 1000).toFixed(2)} s`, '1.5 s'],
    ['requests until then', `${of('requests')}`, ''],
    ['bytes, with everything', `${(of('bytes') / 1000).toFixed(1)} kB`, '60 kB'],
    ['network time of a whole booking', `${(of('bookingMs') / 1000).toFixed(2)} s`, '5 s'],
    ['bytes of a whole booking', `${(of('bookingBytes') / 1000).toFixed(1)} kB`, ''],
    ['cumulative layout shift, the worst', shift.toFixed(3), '0.05'],
    ['searches per month shown', `${median(walks.map(({ searches }) => searches))}`, '1'],
  ];
  console.log(['| on a slow phone | measured | goal |', '| --- | ---: | ---: |', ...rows.map((row) => `| ${row.join(' | ')} |`)].join('\n'));
  assert.ok(of('bytes') > 0);
} finally {
  await browser.stop();
  await server.stop();
}

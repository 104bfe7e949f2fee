// The path of somebody new: sign up, a resource with hours, a project, a booking of their own, that in the calendar, and
// the first call. Nobody should need three minutes for it.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createServer } from "node:http";
import { once } from "node:events";

import { booksOn, visit } from "./visitor.mjs";

export async function firstRun(browser, base) {
  const visitor = await visit(browser, base, "desktop");
  const { page } = visitor;
  const begun = performance.now();
  await page.goto("/console/sign-up");
  const key = await visitor.signUp("Hill Valley Clinic");
  await visitor.button("I have stored them").click();

  await visitor.button("New resource").click();
  await visitor.field("Name").fill("Emmett Brown");
  await visitor.button("Create resource").click();
  await visitor.heading("Weekly hours");
  await visitor.go("Start");
  await page.getByRole("link", { name: "New project" }).click();
  await visitor.button("New project").first().click();
  await visitor.field("Name").fill("Consultation");
  // The only resource there is was chosen already.
  await page.getByRole("checkbox", { name: "Emmett Brown", checked: true }).waitFor();
  await visitor.button("Create project").click();
  await visitor.heading("Embed code");

  await visitor.go("Start");
  const opened = visitor.context.waitForEvent("page");
  await page.getByRole("link", { name: "Open the booking page" }).click();
  const customer = await opened;
  await booksOn(customer);
  await customer.close();

  await visitor.go("Bookings");
  await page.locator(".fc-timegrid").waitFor();
  const booked = page.locator(".fc-event", { hasText: "Marty McFly" });
  // The first free time may be in the next week.
  const start = await page.evaluate(async () => {
    const headers = { "Timekit-App": document.querySelector(".switcher select").value };
    const { data } = await (await fetch("/v2/bookings", { headers })).json();
    return data[0].attributes.event_info.start;
  });
  await turnTo(page, start);
  await booked.first().waitFor();

  await visitor.go("Start");
  await visitor.heading("First steps");
  const [, line] = (await visitor.field("curl line").textContent()).split("\n");
  const called = spawnSync("bash", ["-c", line.replace("curl", "curl --silent --fail-with-body")], { env: { ...process.env, LATCHKEY_KEY: key }, encoding: "utf8" });
  assert.equal(called.status, 0, called.stdout + called.stderr);
  assert.match(called.stdout, /Marty McFly|confirmed/);
  const took = Math.round((performance.now() - begun) / 1_000);
  console.log(`console: first run, from signing up to the first call, in ${took} s`);
  assert.ok(took < 180, `the first run took ${took} s`);

  await otherSitesAreRefused(visitor, base);
  await othersAppsAreNotThere(visitor, base, browser);
  await visitor.leave();
}

/** Turns the calendar to the week of an instant, by a click or as `turn` says. */
export async function turnTo(page, at, turn = () => page.locator(".fc-next-button").click()) {
  const date = new Date(at).toLocaleDateString("sv", { timeZone: "Europe/Copenhagen" });
  const column = page.locator(`.fc-timegrid-col[data-date="${date}"]`);
  for (let weeks = 0; weeks < 6 && (await column.count()) === 0; weeks++) {
    const before = await page.locator(".fc-toolbar-title").textContent();
    await turn();
    await page.waitForFunction((before) => document.querySelector(".fc-toolbar-title")?.textContent !== before, before);
  }
  await column.waitFor();
}

/** A page of another site that posts a form with this visitor's cookies changes nothing. */
async function otherSitesAreRefused(visitor, base) {
  const apps = () => visitor.page.evaluate(async () => (await (await fetch("/v2/apps")).json()).data.map(({ name }) => name));
  const before = await apps();
  const site = createServer((_, answer) => {
    const form = `<form method="post" enctype="text/plain" action="${base}/v2/apps"><input name='{"name": "Forged", "x": "' value='"}'><button>Win</button></form>`;
    answer.writeHead(200, { "Content-Type": "text/html" }).end(`<!doctype html><link rel="icon" href="data:,">${form}`);
  }).listen(0, "127.0.0.1");
  await once(site, "listening");
  try {
    const page = await visitor.context.newPage();
    // By another name, this machine is another site.
    await page.goto(`http://localhost:${site.address().port}`);
    const answered = page.waitForResponse(`${base}/v2/apps`);
    await page.getByRole("button").click();
    const status = (await answered).status();
    assert.ok([401, 403].includes(status), `a form of another site was answered ${status}`);
    await page.close();
  } finally {
    site.close();
  }
  assert.deepEqual(await apps(), before);
}

/** Whoever is signed in cannot name somebody else's app. */
async function othersAppsAreNotThere(visitor, base, browser) {
  const other = await visit(browser, base, "desktop");
  await other.page.goto("/console/sign-up");
  await other.signUp("Somebody else");
  await other.button("I have stored them").click();
  const slug = await other.page.locator(".switcher select").inputValue();
  const status = await visitor.page.evaluate((slug) => fetch("/v2/resources", { headers: { "Timekit-App": slug } }).then((answer) => answer.status), slug);
  assert.equal(status, 404);
  await other.leave();
}

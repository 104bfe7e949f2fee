// Walks the console, the booking page and the documentation of a running server, as people do: in a browser, in two
// sizes, by mouse and by keyboard. Usage: node walk.mjs <server's address> <folder for screenshots>
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import { chromium } from "playwright-core";

const [, , base, folder] = process.argv;
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
/** What a careless page would run. */
const HOSTILE = `"><img src=x onerror="window.hacked=1"><script>window.hacked=1</script>`;
const PASSWORD = "great scott 1955";
const SIZES = {
  desktop: { viewport: { width: 1280, height: 860 }, colorScheme: "light" },
  phone: { viewport: { width: 390, height: 844 }, colorScheme: "dark", hasTouch: true },
};

const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
try {
  for (const [name, size] of Object.entries(SIZES)) await walk(name, size);
  await loadsFast();
  await keyboardAlone();
  console.log("console: ok");
} finally {
  await browser.close();
}

/** A visitor, whose page must make no mistake: what it wrongly does is in `faults`. */
async function visitor(options) {
  const context = await browser.newContext({ timezoneId: "Europe/Copenhagen", locale: "en-GB", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const faults = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => {
    const isExpected = /status of (401|409|422|429|503)|ERR_FAILED|ERR_INTERNET/.test(message.text());
    if (message.type() === "error" && !isExpected) faults.push(message.text());
  });
  return { context, page, faults };
}

async function walk(size, options) {
  const { context, page, faults } = await visitor(options);
  const isPhone = size === "phone";
  const shots = join(folder, size);
  mkdirSync(shots, { recursive: true });
  let count = 0;
  /** Looks at the page: a screenshot is kept, and nothing serious is wrong with it for those who cannot see it. */
  const look = async (name) => {
    await page.waitForTimeout(250);
    await page.screenshot({ path: join(shots, `${String(++count).padStart(2, "0")}-${name}.png`), fullPage: true });
    const { violations } = await new AxeBuilder({ page }).exclude("iframe").analyze();
    // In the other colours, only they can be wrong.
    await page.emulateMedia({ colorScheme: options.colorScheme === "dark" ? "light" : "dark" });
    const others = await new AxeBuilder({ page }).exclude("iframe").withRules(["color-contrast"]).analyze();
    await page.emulateMedia({ colorScheme: options.colorScheme });
    const serious = [...violations, ...others.violations].filter(({ impact }) => ["serious", "critical"].includes(impact));
    const told = serious.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`);
    assert.deepEqual(told, [], `axe on ${name}, ${size}`);
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(sideways <= 0, `${name}, ${size}: the page scrolls sideways by ${sideways}px`);
  };
  const go = async (link) => {
    if (isPhone) await page.getByRole("button", { name: "Menu" }).click();
    await page.getByRole("navigation", { name: "Console" }).getByRole("link", { name: link, exact: true }).click();
  };
  const button = (name) => page.getByRole("button", { name, exact: true });
  const heading = (name) => page.getByRole("heading", { name }).first().waitFor();
  /** A key that was stored is nowhere in the page any more. */
  const isGone = async (key) => {
    const left = await page.evaluate(() => [document.documentElement.outerHTML, location.href, JSON.stringify(localStorage), JSON.stringify(sessionStorage)].join("\n"));
    assert.ok(!left.includes(key), "the key is still in the page");
  };

  // Sign up: what is wrong is told at the field, and what was typed stays.
  const email = `${size}-${Date.now()}@clinic.example`;
  await page.goto(`${base}/console`);
  await heading("Sign in");
  await look("sign-in");
  await page.getByRole("link", { name: "Create an account." }).click();
  await page.getByLabel("Name").fill(`Clinic ${HOSTILE}`);
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill("short");
  await button("Create account").click();
  await page.locator(".fault").waitFor();
  assert.equal(await page.getByLabel("E-mail").inputValue(), email);
  await look("sign-up-fault");
  await page.getByLabel("Password").fill(PASSWORD);
  await button("Create account").click();
  await button("I have stored them").waitFor();
  const key = (await page.locator("dialog code").allTextContents()).find((text) => text.startsWith("test_api_key_"));
  assert.ok(key);
  await look("new-keys");
  await button("I have stored them").click();
  await heading("First steps");
  await isGone(key);
  await look("start");

  // A resource with hours.
  await button("New resource").click();
  await page.getByLabel("Name").fill(`Emmett ${HOSTILE}`);
  await page.getByLabel("E-mail").fill("doc@clinic.example");
  await page.getByLabel("Time zone").fill("America/Los_Angeles");
  await look("new-resource");
  await button("Create resource").click();
  await heading("Weekly hours");
  await button("Add hours on Saturday").click();
  await button("Add days off").click();
  await page.getByLabel("From", { exact: true }).fill("2055-12-24");
  await page.getByLabel("until", { exact: true }).fill("2055-12-26");
  await button("Save hours").click();
  await page.getByText("Hours saved").waitFor();
  await page.reload();
  await button("Remove 09:00 to 17:00 on Saturday").waitFor();
  assert.equal(await page.getByLabel("until", { exact: true }).inputValue(), "2055-12-26");
  await look("resource");
  await page.getByLabel("Bookings at once").fill("0");
  await button("Save").click();
  await page.locator(".fault").waitFor();
  await page.getByLabel("Bookings at once").fill("1");
  await page.getByLabel("Tags").fill("science, time");
  await button("Save").click();
  await page.getByText("Saved", { exact: true }).waitFor();
  await button("Make an address").click();
  await page.getByText("/v2/bookings/feeds/").waitFor();
  await button("New token").click();
  await button("Create token").click();
  await button("Done").click();
  await go("Resources");
  await page.getByRole("cell", { name: "Emmett" }).waitFor();
  await look("resources");

  // A project, and its page.
  await go("Projects");
  await heading("No booking page yet");
  await look("no-projects");
  await button("New project").first().click();
  await page.getByLabel("Name").fill(`Talk ${HOSTILE}`);
  await page.getByText("Emmett").last().click();
  await look("new-project");
  await button("Create project").click();
  await heading("Embed code");
  await page.frameLocator("iframe").locator("#bookingjs .fc").first().waitFor();
  await look("share");
  const embed = await page.getByLabel("Embed code", { exact: true }).textContent();
  assert.match(embed, /test_widget_key_.*api_base_url|api_base_url.*test_widget_key_/s);
  const saved = async () => {
    await button("Save").click();
    await page.getByText("Saved", { exact: true }).waitFor();
    await page.getByText("Saved", { exact: true }).waitFor({ state: "hidden" });
  };
  await button("What is booked").click();
  await look("project-what");
  await page.getByLabel("Book at least").fill("soon");
  await button("Save").click();
  await page.locator(".fault").waitFor();
  await page.getByLabel("Book at least").fill("1 hour");
  await page.getByLabel("What", { exact: true }).fill("Talk with {{customer.name}}");
  await saved();
  await button("When").click();
  await look("project-when");
  await button("Set Monday to Friday, 9 to 5").click();
  await saved();
  await button("Form and words").click();
  await look("project-form");
  await button("Add a field").click();
  await page.getByLabel("Title").last().fill("Company");
  await page.getByLabel("Kept as").last().fill("company");
  await saved();
  await button("More").click();
  await look("project-more");
  assert.match(await page.getByLabel("Settings").inputValue(), /"company"/);
  await saved();
  const link = await page.locator(".lead a").getAttribute("href");

  // Book yourself, on the page that customers see.
  const customer = await context.newPage();
  customer.setDefaultTimeout(15_000);
  await customer.goto(base + link);
  await customer.locator(".fc-event").first().click();
  // The widget itself takes no other signs in a name.
  await customer.locator("[name=name]").fill("Marty McFly");
  await customer.locator("[name=email]").fill("marty@clinic.example");
  await customer.locator(".bookingjs-form-button").click();
  await customer.locator(".bookingjs-form.success").waitFor();
  await customer.screenshot({ path: join(shots, "booked.png") });
  assert.equal(await customer.evaluate(() => window.hacked), undefined, "the booking page ran a name");
  await customer.close();

  // It is in the list and in the calendar.
  await go("Bookings");
  await button("List").click();
  await page.getByRole("button", { name: "Marty" }).click();
  await heading("History");
  await look("booking");
  await button("Reschedule").click();
  await page.getByLabel("Day").fill(day(9));
  await page.getByRole("radio").first().waitFor();
  await page.getByRole("radio").first().click();
  await button("Move it here").click();
  await page.getByText("reschedule by customer").waitFor();
  await button("Close").click();
  await look("bookings-list");
  await button("Month").click();
  await page.locator(".fc-daygrid").waitFor();
  await look("bookings-month");
  await button("Week").click();
  await page.locator(".fc-timegrid").waitFor();
  await button("New booking").click();
  await page.getByLabel("Day").fill(day(8));
  await page.getByRole("radio").nth(3).click();
  await page.getByLabel("Customer's name").fill(`Jennifer ${HOSTILE}`);
  await look("new-booking");
  await button("Book").click();
  await heading("History");
  await button("Close").click();
  const jennifer = page.locator(".fc-event", { hasText: "Jennifer" });
  for (let weeks = 0; weeks < 2 && (await jennifer.count()) === 0; weeks++) {
    await page.locator(".fc-next-button").click();
    await page.waitForLoadState("networkidle");
  }
  await jennifer.waitFor();
  await look("bookings-week");
  if (!isPhone) await drag();

  async function drag() {
    await jennifer.scrollIntoViewIfNeeded();
    const box = await jennifer.boundingBox();
    const before = await jennifer.locator(".fc-event-time").textContent();
    const [x, y] = [box.x + box.width / 2, box.y + 10];
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x, y + 20, { steps: 4 });
    await page.mouse.move(x, y + 75, { steps: 8 });
    await page.mouse.up();
    await page.getByText("Moved", { exact: true }).waitFor();
    assert.notEqual(await jennifer.locator(".fc-event-time").textContent(), before);
  }

  // Settings: roll the app's key.
  await go("API Settings");
  await heading("Widget key");
  await look("api-settings");
  await button("Roll").click();
  await button("Make the new key").click();
  const rolled = await page.locator("dialog code").first().textContent();
  await button("I have stored it").click();
  await page.getByText("replaced").waitFor();
  await isGone(rolled);

  // Keys: make one, call with it, look at its use, and revoke it.
  await go("API keys");
  await page.getByRole("table").waitFor();
  await button("Generate New API Key").first().click();
  await page.getByLabel("Name").fill("Front desk");
  await look("new-key");
  await button("Generate key").click();
  const made = await page.locator("dialog code").first().textContent();
  await look("key-once");
  await button("I have stored it").click();
  await isGone(made);
  for (const path of ["/v2/bookings", "/v2/me", "/v2/resources"]) await fetch(base + path, { headers: { Authorization: `Bearer ${made}` } });
  await page.reload();
  await page.getByRole("link", { name: "Front desk" }).waitFor();
  await look("keys");
  await page.getByRole("link", { name: "Front desk" }).click();
  await heading("Usage");
  await look("key");
  await button("Revoke").click();
  const revoke = page.getByRole("dialog").getByRole("button", { name: "Revoke" });
  assert.ok(await revoke.isDisabled(), "revoking needs the name");
  await page.getByLabel("Type the name", { exact: false }).fill("Front desk");
  await revoke.click();
  await heading("API keys");
  assert.equal((await fetch(`${base}/v2/me`, { headers: { Authorization: `Bearer ${made}` } })).status, 401);
  await go("Audit log");
  await page.getByRole("cell", { name: "revoked" }).first().waitFor();
  await look("audit");
  await page.getByLabel("What happened").selectOption("revoked");
  await page.getByRole("cell", { name: "created" }).first().waitFor({ state: "hidden" });

  // What goes wrong is told as it is.
  const answer = (status, body, headers = {}) => (route) => route.fulfill({ status, headers: { "Content-Type": "application/json", ...headers }, body: JSON.stringify(body) });
  await page.route("**/v2/resources?**", answer(503, { error: "The service cannot answer now.", code: "unavailable", request_id: "req-503" }, { "Retry-After": "2" }));
  await go("Resources");
  await page.getByText("req-503").waitFor();
  await look("unavailable");
  await page.unroute("**/v2/resources?**");
  await button("Try again").click();
  await page.getByRole("cell", { name: "Emmett" }).waitFor();
  await page.route("**/v2/projects?**", answer(429, { error: "Too many requests.", code: "too_many_requests", request_id: "req-429" }, { "Retry-After": "7" }));
  await go("Projects");
  await page.getByText("7 seconds").waitFor();
  await page.unroute("**/v2/projects?**");

  // A session that ends is renewed where it was, with everything typed.
  await go("Resources");
  await button("New resource").click();
  await page.getByRole("dialog").getByLabel("Name").fill("Half typed");
  await context.clearCookies();
  await button("Create resource").click();
  await heading("Your session has ended");
  await look("session-ended");
  await page.getByLabel("Password").fill(PASSWORD);
  await button("Sign in").click();
  await page.getByText("Your session has ended").waitFor({ state: "hidden" });
  assert.equal(await page.getByRole("dialog").getByLabel("Name").inputValue(), "Half typed");
  await button("Create resource").click();
  await heading("Half typed");

  // Live and test are told apart; the other app has nothing of this one.
  if (isPhone) await button("Menu").click();
  const live = await page.getByLabel("App", { exact: true }).locator("option").filter({ hasNotText: "(test)" }).getAttribute("value");
  await page.getByLabel("App", { exact: true }).selectOption(live);
  await page.getByText("Add somebody to book").waitFor();
  await look("live-app");

  // The password is changed, and the account left.
  if (isPhone) await button("Menu").click();
  await page.getByRole("link", { name: "Clinic" }).click();
  await page.getByLabel("Current password").fill(PASSWORD);
  await page.getByLabel("New password").fill(`${PASSWORD}!`);
  await button("Change password").click();
  await page.getByText("Password changed").waitFor();
  await look("account");
  if (isPhone) await button("Menu").click();
  await button("Sign out").click();
  await heading("Sign in");

  // The documentation.
  await page.goto(`${base}/docs`);
  await heading("Documentation");
  await look("docs");
  await page.getByRole("link", { name: "Keeping keys safe" }).first().click();
  await look("guide");
  await page.goto(`${base}/docs/reference`);
  await page.locator("#viewer .opblock").first().waitFor();
  await page.getByLabel("A test key").fill(rolled);
  assert.equal(await page.locator("#sent").textContent(), `Authorization: Basic ${Buffer.from(`:${rolled}`).toString("base64")}`);
  for (const scheme of ["Basic", "Bearer"]) {
    await page.getByLabel(scheme, { exact: true }).check();
    const operation = page.locator("#operations-keys-get_me");
    if (scheme === "Basic") await operation.locator(".opblock-summary-control").click();
    await operation.getByRole("button", { name: "Execute" }).click();
    await operation.locator(".live-responses-table .response-col_status", { hasText: "200" }).waitFor();
    await operation.getByRole("button", { name: "Clear" }).click();
  }
  await page.screenshot({ path: join(shots, "reference.png") });

  assert.equal(await page.evaluate(() => window.hacked), undefined, "a page ran what somebody is called");
  assert.deepEqual(faults, [], `what the pages did wrong, ${size}`);
  await context.close();
}

/** The day some days from now, as a date input has it. */
function day(ahead) {
  const at = new Date();
  at.setDate(at.getDate() + ahead);
  // The demo of a working week has no hours on its weekend.
  while ([0, 6].includes(at.getDay())) at.setDate(at.getDate() + 1);
  return at.toISOString().slice(0, 10);
}

/** The first load is small, and soon there. */
async function loadsFast() {
  const { context, page } = await visitor(SIZES.desktop);
  let bytes = 0;
  page.on("requestfinished", async (request) => {
    const { responseBodySize, responseHeadersSize } = await request.sizes();
    bytes += responseBodySize + responseHeadersSize;
  });
  const begun = performance.now();
  await page.goto(`${base}/console`);
  await page.getByRole("button", { name: "Sign in" }).waitFor();
  const took = Math.round(performance.now() - begun);
  await page.waitForTimeout(200);
  console.log(`console: first load ${Math.round(bytes / 1_000)} kB compressed, ready after ${took} ms`);
  assert.ok(bytes > 0 && bytes < 200_000, `${bytes} bytes`);
  // A machine that does other things at the same time is slower; the aim is one second.
  assert.ok(took < 3_000, `${took} ms`);
  await context.close();
}

/** Signs up, and makes a resource, without a mouse. */
async function keyboardAlone() {
  const { context, page } = await visitor(SIZES.desktop);
  const press = (key) => page.keyboard.press(key);
  const type = (text) => page.keyboard.type(text);
  const tabTo = async (role, name) => {
    const target = page.getByRole(role, { name }).last();
    for (let tries = 0; tries < 200; tries++) {
      if (await target.evaluate((element) => element === document.activeElement)) return;
      await press("Tab");
    }
    throw new Error(`no way by keyboard to ${role} ${name}`);
  };
  await page.goto(`${base}/console/sign-up`);
  await page.getByRole("heading", { name: "Create an account" }).waitFor();
  await tabTo("textbox", "Name");
  await type("Keys only");
  await press("Tab");
  await type(`keys-${Date.now()}@clinic.example`);
  await press("Tab");
  await type(PASSWORD);
  await press("Enter");
  await page.getByRole("button", { name: "I have stored them" }).waitFor();
  await tabTo("button", "I have stored them");
  await press("Enter");
  await page.getByRole("heading", { name: "First steps" }).waitFor();
  await tabTo("button", "New resource");
  await press("Enter");
  await tabTo("textbox", "Name");
  await type("Emmett");
  await press("Enter");
  await page.getByRole("heading", { name: "Weekly hours" }).waitFor();
  await tabTo("link", "Projects");
  await press("Enter");
  await tabTo("button", "New project");
  await press("Enter");
  await page.getByRole("dialog").waitFor();
  await press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  await context.close();
}

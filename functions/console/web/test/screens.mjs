// All screens of the console, in the order in which somebody new comes to them.
import assert from "node:assert/strict";

import { turnTo } from "./first-run.mjs";
import { booksOn, day, HOSTILE, HOSTILE_TEXT, PASSWORD } from "./visitor.mjs";

/** Walks all screens, and answers a key that works and one that is revoked. */
export async function walksScreens(visitor) {
  const key = await signsUp(visitor);
  await makesResource(visitor);
  const link = await makesProject(visitor);
  await bookOnPage(visitor, link);
  await managesBookings(visitor, key);
  await feedIsWhole(visitor, key);
  const rolled = await settings(visitor, key);
  const revoked = await keys(visitor);
  await webhooks(visitor);
  await changesAppAndPassword(visitor);
  return { key: rolled, revoked };
}

/** What is wrong is told at the field, and what was typed stays. The keys are shown once. */
async function signsUp(visitor) {
  const { page } = visitor;
  await page.goto("/console");
  await visitor.heading("Sign in");
  await visitor.look("sign-in");
  await page.getByRole("link", { name: "Create an account." }).click();
  await visitor.field("Name").fill(`Clinic ${HOSTILE}`);
  await visitor.field("E-mail").fill("marty@clinic.example");
  await visitor.field("Password").fill("short");
  await visitor.button("Create account").click();
  await page.locator(".fault").waitFor();
  assert.equal(await visitor.field("E-mail").inputValue(), "marty@clinic.example");
  await visitor.look("sign-up-fault");
  const key = await visitor.signUp(`Clinic ${HOSTILE}`);
  assert.ok(key);
  // Not even Escape takes them away, pressed as often as browsers count.
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Copy Test API key" }).click();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), key);
  await visitor.look("new-keys");
  await visitor.button("I have stored them").click();
  await visitor.heading("First steps");
  await visitor.isGone(key);
  await visitor.text("Test mode");
  await visitor.look("start");
  return key;
}

/** Its hours by its own clock, its days off, its details, its calendar's address and its credentials. */
async function makesResource(visitor) {
  const { page } = visitor;
  await visitor.button("New resource").click();
  await visitor.field("Name").fill(`Emmett ${HOSTILE}`);
  await visitor.field("E-mail").fill("doc@clinic.example");
  await visitor.field("Time zone").fill("America/Los_Angeles");
  await visitor.look("new-resource");
  await visitor.button("Create resource").click();
  await visitor.heading("Weekly hours");
  await visitor.text("by the clock of America/Los Angeles");
  await visitor.button("Add hours on Saturday").click();
  await visitor.button("Add days off").click();
  await visitor.field("From").fill("2055-12-24");
  await visitor.field("until").fill("2055-12-26");
  await visitor.button("Save hours").click();
  await visitor.text("Hours saved");
  await page.reload();
  await visitor.button("Remove 09:00 to 17:00 on Saturday").waitFor();
  assert.equal(await visitor.field("until").inputValue(), "2055-12-26");
  await visitor.field("Bookings at once").fill("0");
  await visitor.button("Save").click();
  await page.locator(".fault").waitFor();
  await visitor.field("Bookings at once").fill("1");
  await visitor.field("Tags").fill("science, time");
  await visitor.button("Save").click();
  await page.getByText("Saved", { exact: true }).waitFor();
  await visitor.button("Make an address").click();
  await visitor.text("/v2/bookings/feeds/");
  await visitor.button("End the address").waitFor();
  await visitor.look("resource");
  await visitor.button("New token").click();
  await visitor.button("Create token").click();
  await visitor.button("Done").waitFor();
  await visitor.look("new-token");
  await visitor.button("Done").click();
  await visitor.go("Resources");
  await page.getByRole("cell", { name: "Emmett" }).waitFor();
  await visitor.look("resources");
}

/** In three fields; then everything of it is edited. Answers its page's address. */
async function makesProject(visitor) {
  const { page } = visitor;
  await visitor.go("Projects");
  await visitor.heading("No booking page yet");
  await visitor.look("no-projects");
  await visitor.button("New project").first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name", { exact: true }).fill(`Talk ${HOSTILE}`);
  // The only resource there is was chosen already.
  await dialog.getByRole("checkbox", { name: /Emmett/, checked: true }).waitFor();
  await visitor.look("new-project");
  await visitor.button("Create project").click();
  await visitor.heading("Embed code");
  const preview = page.frameLocator("iframe");
  await preview.locator("#times a.time").first().waitFor();
  await visitor.look("share");
  const widget = await visitor.field("Embed code of the widget").textContent();
  assert.match(widget, /test_widget_key_.*api_base_url|api_base_url.*test_widget_key_/s);
  assert.match(widget, /booking\.own\.css/);
  await embeds(visitor);
  const saves = async () => {
    await visitor.button("Save").click();
    await page.getByText("Saved", { exact: true }).waitFor();
    await page.getByText("Saved", { exact: true }).waitFor({ state: "hidden" });
  };
  await visitor.button("What is booked").click();
  await visitor.look("project-what");
  await warnsOfPage(visitor);
  await visitor.field("Price").fill(HOSTILE);
  await page.getByLabel("Not listed").check();
  await page.getByLabel("Book at least").fill("soon");
  await visitor.button("Save").click();
  await page.locator(".fault").waitFor();
  assert.equal(await page.getByLabel("Book at least").inputValue(), "soon");
  await page.getByLabel("Book at least").fill("1 hour");
  await visitor.field("What").fill("Talk with {{customer.name}}");
  await visitor.field("Description").fill(HOSTILE_TEXT);
  await saves();
  await visitor.button("When").click();
  await visitor.look("project-when");
  await visitor.button("Set Monday to Friday, 9 to 5").click();
  await saves();
  await visitor.button("Form and words").click();
  await visitor.look("project-form");
  await visitor.button("Add a field").click();
  await page.getByLabel("Title").last().fill("Company");
  await page.getByLabel("Kept as").last().fill("company");
  await visitor.field("Name on the page").fill(`Room ${HOSTILE}`);
  await saves();
  await visitor.button("More").click();
  await visitor.look("project-more");
  assert.match(await visitor.field("Settings").inputValue(), /"company"/);
  await saves();
  await visitor.go("Projects");
  await page.getByRole("cell", { name: "Talk" }).first().waitFor();
  await page.getByText("unlisted", { exact: true }).waitFor();
  await visitor.look("projects");
  return page.locator("td a[href^='/book/']").first().getAttribute("href");
}

/** The code for each way to embed is whole, whatever the project is called, and asks no other host for anything. */
async function embeds(visitor) {
  const { page } = visitor;
  const code = visitor.field("Embed code");
  for (const [kind, elements] of [["iframe", ["iframe"]], ["inline", ["a", "script"]], ["popup", ["a", "script"]], ["button", ["a", "script"]]]) {
    await visitor.field("How it appears").selectOption(kind);
    // This page's policy takes no style attribute, not even in what is only parsed.
    const html = (await code.textContent()).replace(/ style="[^"]*"/, "");
    const parsed = await page.evaluate((html) => {
      const { body } = new DOMParser().parseFromString(`<body>${html}`, "text/html");
      const all = [...body.querySelectorAll("*")];
      return { names: all.map(({ localName }) => localName), kind: all[0].dataset.latchkey, addresses: all.map((one) => one.href || one.src) };
    }, html);
    assert.deepEqual(parsed.names, elements, html);
    assert.equal(parsed.kind, kind === "iframe" ? undefined : kind);
    for (const address of parsed.addresses) assert.ok(address.startsWith(`${visitor.base}/book/`), address);
  }
}

/** A page that nobody can book on says so to its owner, when it is saved and afterwards. What no page can book is not offered. */
async function warnsOfPage(visitor) {
  const { page } = visitor;
  const graphs = await visitor.field("It is booked").locator("option").evaluateAll((options) => options.map(({ value }) => value));
  assert.deepEqual(graphs, ["instant", "confirm_decline", "group_customer"]);
  const resource = page.getByRole("checkbox", { name: /Emmett/ });
  await resource.uncheck();
  await visitor.button("Save").click();
  await visitor.text("Saved, but nobody can book on the page.");
  await visitor.text("The page has nobody to book.");
  await visitor.look("project-nobody");
  await resource.check();
  await visitor.button("Save").click();
  await page.getByText("Saved", { exact: true }).waitFor();
  await page.getByText("The page has nobody to book.").waitFor({ state: "hidden" });
}

/** Books on the page that customers see. */
async function bookOnPage(visitor, link) {
  const customer = await visitor.window();
  await customer.goto(link);
  await customer.locator("#times a.time").first().waitFor();
  if (visitor.folder) await customer.screenshot({ path: `${visitor.folder}/booking-page.png` });
  assert.ok((await customer.locator("#who").textContent()).includes(HOSTILE), "the price is shown as text");
  await booksOn(customer);
  if (visitor.folder) await customer.screenshot({ path: `${visitor.folder}/booked.png` });
  assert.equal(await customer.evaluate(() => window.hacked), undefined, "the booking page ran a name");
  await customer.close();
}

/** The list, the calendar, a booking's history, and all that is done to one. */
async function managesBookings(visitor, key) {
  const { page } = visitor;
  const dialog = page.getByRole("dialog");
  await visitor.go("Bookings");
  await visitor.button("List").click();
  await page.getByRole("button", { name: "Marty" }).click();
  await visitor.heading("History");
  await visitor.text("in America/Los Angeles");
  await visitor.look("booking");
  await visitor.button("Reschedule").click();
  await visitor.field("Day").fill(day(9));
  await page.getByRole("radio").first().click();
  await visitor.look("reschedule");
  await visitor.button("Move it here").click();
  await visitor.text("reschedule by customer");
  await visitor.button("Close").click();
  await visitor.look("bookings-list");

  // By state and by customer.
  await visitor.field("State").selectOption("rescheduled_by_customer");
  await page.getByRole("cell", { name: "rescheduled by customer" }).waitFor();
  await page.getByRole("cell", { name: "confirmed" }).waitFor({ state: "hidden" });
  await visitor.field("State").selectOption("");
  await visitor.field("Customer").fill("nobody@clinic.example");
  await visitor.text("No booking fits.");
  await visitor.field("Customer").fill("Marty");
  await page.getByRole("cell", { name: "confirmed" }).waitFor();
  await visitor.field("Customer").fill("");

  // A tentative one is confirmed, another declined, and the first cancelled.
  await books(visitor, { customer: "Lorraine", graph: "confirm_decline", ahead: 10, slot: 0 });
  await visitor.button("Confirm").click();
  await visitor.text("confirm by you");
  await visitor.field("Message for the history").fill(HOSTILE_TEXT);
  await visitor.button("Cancel booking").click();
  await visitor.look("cancel");
  await visitor.button("Yes, cancel").click();
  await visitor.text("cancel by you");
  await visitor.button("Close").click();
  await books(visitor, { customer: "Biff", graph: "confirm_decline", ahead: 10, slot: 2 });
  await visitor.button("Decline").click();
  await visitor.button("Yes, decline").click();
  await visitor.text("decline by you");
  await visitor.button("Close").click();

  await visitor.button("Month").click();
  await page.locator(".fc-daygrid").waitFor();
  await visitor.look("bookings-month");
  await visitor.button("Week").click();
  await page.locator(".fc-timegrid").waitFor();
  await books(visitor, { customer: `Jennifer ${HOSTILE}`, ahead: 8, slot: 3, look: "new-booking" });
  await visitor.button("Close").click();
  await turnTo(page, `${day(8)}T12:00`);
  const jennifer = page.locator(".fc-event", { hasText: "Jennifer" });
  await jennifer.waitFor();
  await visitor.look("bookings-week");
  if (visitor.isPhone) return;

  // It is moved by dragging it, for everybody.
  await jennifer.evaluate((element) => element.scrollIntoView({ block: "center" }));
  const box = await jennifer.boundingBox();
  const before = await jennifer.locator(".fc-event-time").textContent();
  const [x, y] = [box.x + box.width / 2, box.y + 10];
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x, y + 20, { steps: 4 });
  await page.mouse.move(x, y + 75, { steps: 8 });
  await page.mouse.up();
  await page.getByText("Moved", { exact: true }).waitFor();
  await page.waitForFunction(([was]) => ![...document.querySelectorAll(".fc-event-time")].some((time) => time.textContent === was), [before]);
  const { data } = await (await fetch(`${visitor.base}/v2/bookings?search=state:confirmed&include=customers`, { headers: { Authorization: `Bearer ${key}` } })).json();
  const moved = data.find(({ customers }) => customers[0].name.startsWith("Jennifer")).attributes.event_info.start;
  assert.ok((await jennifer.locator(".fc-event-time").textContent()).startsWith(new Date(moved).toLocaleTimeString("en-GB", { timeStyle: "short", timeZone: "Europe/Copenhagen" })));

  // A click on a free time begins a booking there.
  const hour = Number(before.slice(0, 2)) + 3;
  const free = page.locator(`.fc-timegrid-slot-lane[data-time="${hour}:00:00"]`);
  await free.evaluate((element) => element.scrollIntoView({ block: "center" }));
  const column = await page.locator(`.fc-timegrid-col[data-date="${day(8)}"]`).boundingBox();
  const lane = await free.boundingBox();
  await page.mouse.click(column.x + column.width / 2, lane.y + 5);
  await dialog.locator("[role=radio][aria-checked=true]").waitFor();
  assert.equal(await dialog.getByLabel("Day", { exact: true }).inputValue(), day(8));
  await visitor.button("Cancel").click();
}

/** Makes a booking, whose details are then shown. */
async function books(visitor, { customer, graph = "instant", ahead, slot, look }) {
  const { page } = visitor;
  const dialog = page.getByRole("dialog");
  await visitor.button("New booking").click();
  await dialog.getByLabel("It is", { exact: true }).selectOption(graph);
  await dialog.getByLabel("Day", { exact: true }).fill(day(ahead));
  await dialog.getByRole("radio").nth(slot).click();
  await dialog.getByLabel("Customer's name").fill(customer);
  if (look) await visitor.look(look);
  await visitor.button("Book").click();
  await visitor.heading("History");
}

/** What somebody is called breaks no calendar: every line of it is one of ours, and the name is a text in it. */
async function feedIsWhole(visitor, key) {
  const headers = { Authorization: `Bearer ${key}` };
  const [resource] = (await (await fetch(`${visitor.base}/v2/resources`, { headers })).json()).data;
  const { url } = (await (await fetch(`${visitor.base}/v2/resources/${resource.id}/calendar_feed`, { headers })).json()).data;
  const answer = await fetch(url);
  assert.equal(answer.headers.get("content-type"), "text/calendar; charset=utf-8");
  const lines = (await answer.text()).replaceAll("\r\n ", "").trimEnd().split("\r\n");
  assert.ok(lines.some((line) => line.startsWith("SUMMARY:") && line.includes("<script>")));
  for (const line of lines) assert.match(line, /^[A-Z-]+[:;]/);
}

/** The app's key is rolled with an overlap; where customers may be led is set. Answers the new key. */
async function settings(visitor, key) {
  const { page } = visitor;
  await visitor.go("API Settings");
  await visitor.heading("Widget key");
  await visitor.text(key.slice(0, 16));
  await visitor.isGone(key);
  await page.getByText("Why can I not see the key?").click();
  await visitor.look("api-settings");
  const secret = page.locator(".card", { has: page.getByRole("heading", { name: "Signing secret" }) });
  await secret.getByRole("button", { name: "Show" }).click();
  await secret.getByRole("button", { name: "Copy Signing secret" }).waitFor();
  await secret.getByRole("button", { name: "Hide" }).click();
  await page.getByLabel("Where links may lead afterwards").fill("clinic");
  await page.locator(".card", { hasText: "Customers' links" }).getByRole("button", { name: "Save" }).click();
  await page.locator(".fault").waitFor();
  await page.getByLabel("Where links may lead afterwards").fill("https://clinic.example");
  await page.locator(".card", { hasText: "Customers' links" }).getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved", { exact: true }).waitFor();
  await brands(visitor);

  await visitor.button("Roll").click();
  await page.getByLabel("How long the old key still works").selectOption("1 hour");
  await visitor.look("roll");
  await visitor.button("Make the new key").click();
  const rolled = await page.locator("dialog code").first().textContent();
  await visitor.button("I have stored it").click();
  await page.getByText("replaced", { exact: true }).waitFor();
  await visitor.isGone(rolled);
  assert.deepEqual(await Promise.all([key, rolled].map((one) => status(visitor, one))), [200, 200]);
  return rolled;
}

/** The look of the booking pages is shown before it is saved; a color that cannot be read is told. */
async function brands(visitor) {
  const { page } = visitor;
  const card = page.locator(".card", { hasText: "Your booking pages" });
  await visitor.field("Name of the business").fill(`Clock Tower ${HOSTILE}`);
  await page.getByRole("img", { name: /^Clock Tower .*, dark$/ }).waitFor();
  assert.equal(await card.locator(".warning").count(), 1, "our blue can be read on light pages as it is");
  await visitor.field("Accent color").fill("#ffe000");
  await card.getByText("#ffe000 has a contrast of").waitFor();
  await visitor.look("brand");
  await visitor.field("Logo").fill("http://clinic.example/logo.svg");
  await visitor.button("Save look").click();
  await card.locator(".fault").waitFor();
  await visitor.field("Logo").fill("");
  await visitor.button("Save look").click();
  await page.getByText("Saved", { exact: true }).waitFor();
  await page.reload();
  await card.waitFor();
  assert.equal(await visitor.field("Accent color").inputValue(), "#ffe000");
}

/** A widget key is made with a limit for each address, which its page shows. */
async function widgetKey(visitor) {
  const { page } = visitor;
  await visitor.button("Generate New API Key").first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name", { exact: true }).fill("Our page");
  await dialog.getByLabel("Kind").selectOption("widget");
  await dialog.getByLabel("Most requests from one address").fill("90");
  await visitor.look("new-widget-key");
  await visitor.button("Generate key").click();
  await visitor.button("I have stored it").click();
  await page.getByRole("link", { name: "Our page" }).first().click();
  await page.getByText("90 requests in 60 seconds").waitFor();
  await visitor.go("API keys");
  await page.getByRole("table").waitFor();
}

/** Keys are made, used, rotated and revoked; the log tells of it, and of a refusal. Answers the revoked one. */
async function keys(visitor) {
  const { page } = visitor;
  await visitor.go("API keys");
  await page.getByRole("table").waitFor();
  await visitor.button("Generate New API Key").first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name", { exact: true }).fill("Front desk");
  await dialog.getByText("keys.read").click();
  await dialog.getByLabel("Expires").selectOption("30");
  await dialog.getByLabel("Most requests").fill("100");
  await dialog.getByLabel("Only from these addresses").fill("127.0.0.1/33");
  await visitor.button("Generate key").click();
  await dialog.locator(".fault").waitFor();
  await dialog.getByLabel("Only from these addresses").fill("127.0.0.0/8");
  await visitor.look("new-key");
  await visitor.button("Generate key").click();
  await visitor.button("I have stored it").waitFor();
  const made = await page.locator("dialog code").first().textContent();
  await visitor.look("key-once");
  await visitor.button("I have stored it").click();
  await visitor.isGone(made);
  await widgetKey(visitor);
  for (const path of ["/v2/bookings", "/v2/me", "/v2/resources"]) await fetch(visitor.base + path, { headers: { Authorization: `Bearer ${made}` } });
  // Its use is told with the next lease, or at the latest some seconds later.
  await page.waitForFunction(async () => {
    const headers = { "Timekit-App": document.querySelector(".switcher select").value };
    const { data } = await (await fetch("/v2/keys?limit=200", { headers })).json();
    return data.some(({ name, requests_24h: count }) => name === "Front desk" && count > 0);
  }, undefined, { polling: 500 });
  await page.reload();
  await page.getByRole("img", { name: /requests in the last 24 hours/ }).first().waitFor();
  await visitor.look("keys");
  await page.getByRole("link", { name: "Front desk" }).click();
  await visitor.heading("Usage");
  await visitor.text("100 requests in 60 seconds");
  await page.getByRole("img", { name: /requests by hour/ }).waitFor();
  await visitor.look("key");
  await visitor.button("By day").click();
  await page.getByRole("img", { name: /requests by day/ }).waitFor();
  await visitor.button("Rotate").click();
  await visitor.button("Make the new key").click();
  await visitor.button("I have stored it").waitFor();
  const rotated = await page.locator("dialog code").first().textContent();
  await visitor.button("I have stored it").click();
  await visitor.isGone(rotated);
  assert.deepEqual(await Promise.all([made, rotated].map((one) => status(visitor, one))), [200, 200]);

  await page.getByRole("row", { name: /Front desk.*replaced/ }).getByRole("link").click();
  await visitor.button("Revoke").click();
  const revoke = dialog.getByRole("button", { name: "Revoke" });
  assert.ok(await revoke.isDisabled(), "revoking needs the name");
  await page.getByLabel("Type the name", { exact: false }).fill("Front desk");
  await visitor.look("revoke");
  await revoke.click();
  await visitor.heading("API keys");
  assert.deepEqual(await Promise.all([made, rotated].map((one) => status(visitor, one))), [401, 200]);

  await visitor.go("Audit log");
  await page.getByRole("cell", { name: "revoked" }).first().waitFor();
  await visitor.look("audit");
  await visitor.field("What happened").selectOption("refused");
  await page.getByRole("row", { name: /refused.*Front desk.*revoked/ }).waitFor();
  await page.getByRole("cell", { name: "created", exact: true }).first().waitFor({ state: "hidden" });
  await visitor.field("What happened").selectOption("");
  await visitor.field("By").selectOption({ label: "You" });
  await page.getByRole("row", { name: /rotated/ }).first().waitFor();
  await visitor.field("From address").fill("203.0.113.7");
  await visitor.text("Nothing of this kind has happened.");
  return made;
}

/** An endpoint is made, tested, rotated, switched off and on, and deleted; what was sent to it is shown and sent again. */
async function webhooks(visitor) {
  const { page } = visitor;
  await visitor.go("Webhooks");
  await visitor.text("No endpoint yet");
  await visitor.look("webhooks-empty");
  await visitor.button("Add endpoint").first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Address").fill("http://10.0.0.1/");
  await dialog.getByLabel("Events").fill("booking.*\nbooking.launched");
  await dialog.getByRole("button", { name: "Add endpoint" }).click();
  await dialog.locator(".fault").first().waitFor();
  assert.equal(await dialog.locator(".fault").count(), 2);
  await visitor.look("webhook-fault");
  const address = "https://receiver.example/hook";
  await dialog.getByLabel("Address").fill(address);
  await dialog.getByLabel("Events").fill("booking.*");
  await dialog.getByRole("button", { name: "Add endpoint" }).click();
  await visitor.button("I have stored it").waitFor();
  const secret = await page.locator("dialog code").first().textContent();
  assert.match(secret, /^whsec_/);
  await visitor.look("webhook-secret");
  await visitor.button("I have stored it").click();
  await visitor.isGone(secret);
  await page.getByRole("row", { name: /nothing sent yet/ }).waitFor();
  await visitor.look("webhooks");
  await page.getByRole("link", { name: address }).click();
  await visitor.heading("Deliveries");
  await visitor.button("Send test").click();
  await visitor.button("endpoint.test").click();
  await dialog.getByRole("heading", { name: "Attempts" }).waitFor();
  await visitor.look("delivery");
  await visitor.button("Send again").click();
  await visitor.text("Sending again");
  await visitor.button("Replay").click();
  await dialog.getByLabel("What").selectOption("all");
  await visitor.look("replay");
  await dialog.getByRole("button", { name: "Send again" }).click();
  await page.getByText(/^\d+ sent again$/).waitFor();
  await visitor.button("Rotate secret").click();
  await visitor.button("Make the new secret").click();
  await visitor.button("I have stored it").waitFor();
  const rotated = await page.locator("dialog code").first().textContent();
  assert.notEqual(rotated, secret);
  await visitor.button("I have stored it").click();
  await visitor.isGone(rotated);
  await visitor.button("Disable").click();
  await visitor.text("switched off by hand");
  await visitor.look("webhook-disabled");
  await visitor.button("Enable").click();
  await visitor.button("Send test").waitFor();
  await visitor.look("webhook");
  await visitor.button("Delete").click();
  await dialog.getByRole("button", { name: "Delete" }).click();
  await visitor.text("No endpoint yet");
}

/** Live and test are told apart; the other app has nothing of this one. The password is changed, and the account left. */
async function changesAppAndPassword(visitor) {
  const { page } = visitor;
  await visitor.menu();
  const test = await visitor.field("App").inputValue();
  const live = await visitor.field("App").locator("option").filter({ hasNotText: "(test)" }).getAttribute("value");
  await visitor.field("App").selectOption(live);
  await visitor.text("Add somebody to book");
  assert.equal(await page.getByText("Test mode").count(), 0);
  await visitor.look("live-app");
  await visitor.menu();
  await visitor.field("App").selectOption(test);
  await visitor.text("Test mode");
  await visitor.menu();
  await page.getByRole("link", { name: "Clinic" }).click();
  await visitor.field("Current password").fill(PASSWORD);
  await visitor.field("New password").fill(`${PASSWORD}!`);
  await visitor.button("Change password").click();
  await visitor.text("Password changed");
  await visitor.look("account");
  await visitor.menu();
  await visitor.button("Sign out").click();
  await visitor.heading("Sign in");
  await visitor.field("E-mail").fill(visitor.email);
  await visitor.field("Password").fill(`${PASSWORD}!`);
  await visitor.button("Sign in").click();
  await visitor.heading("Hello");
  await visitor.menu();
  await page.getByRole("link", { name: "Clinic" }).click();
  await visitor.field("Current password").fill(`${PASSWORD}!`);
  await visitor.field("New password").fill(PASSWORD);
  await visitor.button("Change password").click();
  await visitor.text("Password changed");
}

/** What a key is answered. */
async function status(visitor, key) {
  return (await fetch(`${visitor.base}/v2/me`, { headers: { Authorization: `Bearer ${key}` } })).status;
}

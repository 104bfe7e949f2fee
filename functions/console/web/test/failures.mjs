// What goes wrong is told as it is, and nothing typed is lost. The visitor is signed in and has a resource.
import assert from "node:assert/strict";

import { PASSWORD } from "./visitor.mjs";

export async function failures(visitor) {
  const { page, context } = visitor;
  const answer = (status, body, headers = {}) => (route) => route.fulfill({ status, headers: { "Content-Type": "application/json", ...headers }, body: JSON.stringify(body) });
  const dialog = page.getByRole("dialog");

  // An offline store, while something is read and while something is written.
  const unavailable = answer(503, { error: "The service cannot answer now. Try again in a moment.", code: "unavailable", request_id: "req-503" }, { "Retry-After": "2" });
  await page.route("**/v2/resources?**", unavailable);
  await visitor.go("Resources");
  await visitor.text("The service cannot answer now.");
  await visitor.text("req-503");
  await visitor.look("unavailable");
  await page.unroute("**/v2/resources?**");
  await visitor.button("Try again").click();
  await page.getByRole("cell", { name: "Emmett" }).waitFor();
  await page.route("**/v2/resources", unavailable);
  await visitor.button("New resource").click();
  await dialog.getByLabel("Name", { exact: true }).fill("Typed once");
  await visitor.button("Create resource").click();
  await dialog.getByText("req-503").waitFor();
  await page.unroute("**/v2/resources");

  // No network.
  await context.setOffline(true);
  await visitor.button("Create resource").click();
  await dialog.getByText("You are offline").waitFor();
  await context.setOffline(false);
  assert.equal(await dialog.getByLabel("Name", { exact: true }).inputValue(), "Typed once");
  await visitor.button("Create resource").click();
  await visitor.heading("Typed once");

  // Too many requests.
  await page.route("**/v2/projects?**", answer(429, { error: "Too many requests. Try again in 7 seconds.", code: "too_many_requests", request_id: "req-429" }, { "Retry-After": "7" }));
  await visitor.go("Projects");
  await visitor.text("Try again in 7 seconds");
  await visitor.look("too-many");
  await page.unroute("**/v2/projects?**");

  // A long load says that it goes on.
  // Made before it is asked for: what shows that it loads may be there before the request is.
  let answerNow;
  const answered = new Promise((resolve) => (answerNow = resolve));
  await page.route("**/v2/audit?**", async (route) => {
    await answered;
    await route.continue();
  });
  await visitor.go("Audit log");
  await page.locator("main .loading").waitFor();
  answerNow();
  await page.getByRole("table").waitFor();
  await page.unroute("**/v2/audit?**");

  // A session that ends is renewed where it was, with everything typed.
  await visitor.go("Resources");
  await visitor.button("New resource").click();
  await dialog.getByLabel("Name", { exact: true }).fill("Half typed");
  await context.clearCookies();
  await visitor.button("Create resource").click();
  await visitor.heading("Your session has ended");
  await visitor.look("session-ended");
  await visitor.field("Password").fill(PASSWORD);
  await visitor.button("Sign in").click();
  await page.getByText("Your session has ended").waitFor({ state: "hidden" });
  assert.equal(await dialog.getByLabel("Name", { exact: true }).inputValue(), "Half typed");
  await visitor.button("Create resource").click();
  await visitor.heading("Half typed");
  // All that this page loads is there, so that nothing of it ends the next session.
  await visitor.text("client-token");
  await visitor.button("Make an address").waitFor();

  // So is one that ends while the visitor looks around, and what was refused then is loaded.
  await context.clearCookies();
  await visitor.go("Bookings");
  await visitor.field("Password").fill(PASSWORD);
  await visitor.button("Sign in").click();
  await visitor.button("List").click();
  await page.getByRole("button", { name: "Marty" }).first().waitFor();

  // Whoever opens an address without a session is there after signing in.
  await context.clearCookies();
  await page.goto("/console/developers/keys");
  await visitor.field("E-mail").fill(visitor.email);
  await visitor.field("Password").fill("great scott 1885");
  await visitor.button("Sign in").click();
  await visitor.text("do not belong together");
  await visitor.field("Password").fill(PASSWORD);
  await visitor.button("Sign in").click();
  await visitor.heading("API keys");
}

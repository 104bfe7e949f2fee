// Every screen, without a mouse.
import assert from "node:assert/strict";

import { turnTo } from "./first-run.mjs";
import { day, PASSWORD, visit } from "./visitor.mjs";

export async function keyboardAlone(browser, base) {
  const visitor = await visit(browser, base, "desktop");
  const { page } = visitor;
  const press = (key) => page.keyboard.press(key);
  const type = (text) => page.keyboard.type(text);
  const tabTo = async (role, name) => {
    const target = page.getByRole(role, typeof name === "string" ? { name, exact: true } : { name }).last();
    await target.waitFor();
    for (let tries = 0; tries < 200; tries++) {
      if (await target.evaluate((element) => element === document.activeElement)) return;
      await press("Tab");
    }
    throw new Error(`no way by keyboard to ${role} ${name}`);
  };
  const enter = async (role, name) => {
    await tabTo(role, name);
    await press("Enter");
  };
  const fill = async (name, text) => {
    await tabTo("textbox", name);
    await type(text);
  };

  await page.goto("/console/sign-up");
  await visitor.heading("Create an account");
  await fill("Name", "Keys only");
  await press("Tab");
  await type(`keys-${Date.now()}@clinic.example`);
  await press("Tab");
  await type(PASSWORD);
  await press("Enter");
  await enter("button", "I have stored them");
  await visitor.heading("First steps");

  // A window that is closed gives the focus back.
  await enter("button", "New resource");
  await page.getByRole("dialog").waitFor();
  await press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), "New resource");
  await press("Enter");
  await fill("Name", "Emmett");
  await press("Enter");
  await visitor.heading("Weekly hours");
  // Not on the day of the booking below.
  const closed = new Date(`${day(7)}T12:00`).getDay() === 5 ? "Thursday" : "Friday";
  await enter("button", `Remove 09:00 to 17:00 on ${closed}`);
  await enter("button", "Save hours");
  await visitor.text("Hours saved");

  await enter("link", "Projects");
  await enter("button", "New project");
  await fill("Name", "Talk");
  await page.getByRole("checkbox", { name: /Emmett/, checked: true }).waitFor();
  await enter("button", "Create project");
  await visitor.heading("Embed code");
  await enter("button", "What is booked");
  await enter("button", "Save");
  await page.getByText("Saved", { exact: true }).waitFor();

  // A booking is made, opened from the calendar, and moved.
  await enter("link", "Bookings");
  await page.locator(".fc-timegrid").waitFor();
  await enter("button", "New booking");
  await visitor.field("Day").fill(day(7));
  await tabTo("radio", "09:00");
  await press("Enter");
  await fill("Customer's name", "Marty");
  await enter("button", "Book");
  await visitor.heading("History");
  await enter("button", "Reschedule");
  await tabTo("radio", "10:00");
  await press("Space");
  await enter("button", "Move it here");
  await visitor.text("reschedule by customer");
  await enter("button", "Close");
  await turnTo(page, `${day(7)}T12:00`, () => enter("button", "Later"));
  const booked = page.locator(".fc-event", { hasText: "Marty" });
  await booked.waitFor();
  for (let tries = 0; tries < 200 && !(await booked.evaluate((element) => element === document.activeElement)); tries++) await press("Tab");
  await press("Enter");
  await visitor.heading("History");
  await enter("button", "Cancel booking");
  await enter("button", "Yes, cancel");
  await visitor.text("cancel by you");
  await press("Escape");

  await enter("link", "API Settings");
  await enter("button", "Roll");
  await enter("button", "Make the new key");
  await enter("button", "I have stored it");
  await page.getByText("replaced", { exact: true }).waitFor();

  await enter("link", "API keys");
  await enter("button", "Generate New API Key");
  await fill("Name", "Front desk");
  await enter("button", "Generate key");
  await enter("button", "I have stored it");
  await enter("link", "Front desk");
  await enter("button", "Revoke");
  await fill(/Type the name/, "Front desk");
  await press("Enter");
  await visitor.heading("API keys");
  await enter("link", "Audit log");
  await page.getByRole("cell", { name: "revoked" }).waitFor();
  await enter("button", "Sign out");
  await visitor.heading("Sign in");
  await visitor.leave();
}

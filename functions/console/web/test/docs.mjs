// The documentation: guides, and the reference in which operations are called.
import assert from "node:assert/strict";

export async function readsDocs(visitor, { key, revoked }) {
  const { page } = visitor;
  await page.goto("/docs");
  await visitor.heading("Documentation");
  await visitor.look("docs");
  await page.getByRole("link", { name: "Bookings and graphs" }).first().click();
  await page.getByText("PHP", { exact: true }).click();
  await page.locator("pre:visible", { hasText: "<?php" }).waitFor();
  await visitor.look("guide");

  await page.goto("/docs/reference");
  await page.locator("#viewer .opblock").first().waitFor();
  const operation = (tag, id) => page.locator(`#operations-${tag}-${id}`);
  const executes = async (block, status) => {
    await block.getByRole("button", { name: "Execute" }).click();
    await block.locator(".live-responses-table .response-col_status", { hasText: String(status) }).waitFor();
    return block.locator(".live-responses-table .response .response-col_description").first().textContent();
  };
  const me = operation("keys", "get_me");
  await me.locator(".opblock-summary-control").click();
  for (const scheme of ["Basic", "Bearer"]) {
    await page.getByLabel(scheme, { exact: true }).check();
    // What is sent is shown while one types.
    await page.getByLabel("A test key").fill("");
    await page.getByLabel("A test key").pressSequentially("test");
    const value = (secret) => (scheme === "Basic" ? Buffer.from(`:${secret}`).toString("base64") : secret);
    assert.equal(await page.locator("#sent").textContent(), `Authorization: ${scheme} ${value("test")}`);
    await page.getByLabel("A test key").fill(key);
    assert.equal(await page.locator("#sent").textContent(), `Authorization: ${scheme} ${value(key)}`);
    await executes(me, 200);
  }
  await visitor.look("reference");
  // A refused key is told the one sentence.
  await page.getByLabel("A test key").fill(revoked);
  assert.match(await executes(me, 401), /Invalid credentials supplied/);
  // A value as one has it at hand, in whatever form; the page says what it took it for.
  const value = Buffer.from(`:${key}`).toString("base64");
  for (const [pasted, took] of [
    [`:${key}`, "a colon and a key"],
    [value, "base64"],
    [`Basic ${value}`, "a whole header"],
  ]) {
    await page.getByLabel("A test key").fill(pasted);
    assert.match(await page.locator("#took").textContent(), new RegExp(took));
    await executes(me, 200);
  }
  // Samples, in which the key does not stand.
  for (const [language, start] of [["curl", "curl "], ["JavaScript (timekit-sdk)", "import timekit"], ["Python", "import os, urllib"], ["PHP", "<?php"]]) {
    await me.getByText(language, { exact: true }).first().click();
    const sample = await me.locator(".request-snippets, .curl-command").first().textContent();
    assert.ok(sample.includes(start), `${language}: ${sample}`);
    assert.ok(!sample.includes(key), `the key stands in the sample in ${language}`);
  }
  // Names made of hostile signs are text here too.
  const list = operation("resources", "list_resources");
  await list.locator(".opblock-summary-control").click();
  assert.match(await executes(list, 200), /Emmett .*<script>/s);
}

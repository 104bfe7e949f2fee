// Somebody who visits the pages in a browser, as the walk and the other checks need them.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";

/** What a careless page would run, follow or fill in. */
export const HOSTILE = `"><img src=x onerror="window.hacked=1"><script>window.hacked=1</script>`;
export const HOSTILE_TEXT = `${HOSTILE}'-window.hacked=1-' \${window.hacked=1} {{constructor.constructor('window.hacked=1')()}} javascript:window.hacked=1`;
export const PASSWORD = "great scott 1955";
export const SIZES = {
  desktop: { viewport: { width: 1280, height: 860 }, colorScheme: "light" },
  phone: { viewport: { width: 390, height: 844 }, colorScheme: "dark", hasTouch: true },
};

const documented = JSON.parse(readFileSync(new URL("../../../../docs/openapi.json", import.meta.url), "utf8")).paths;
const operations = Object.entries(documented).flatMap(([path, item]) =>
  Object.keys(item).map((method) => ({ method: method.toUpperCase(), pattern: new RegExp(`^${path.replaceAll(/\{[^}]*\}/g, "[^/]+")}$`) })),
);

/** Whether the public API has what was called. */
const isPublic = (method, path) => operations.some((operation) => operation.method === method && operation.pattern.test(path));

/** A visitor, whose pages must make no mistake: what they do wrong is in `faults`. */
export async function visit(browser, base, name, folder) {
  const context = await browser.newContext({ timezoneId: "Europe/Copenhagen", locale: "en-GB", baseURL: base, ...SIZES[name] });
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: base });
  const page = await context.newPage();
  const faults = [];
  watch(page, base, faults);
  if (folder) mkdirSync(join(folder, name), { recursive: true });
  return new Visitor({ context, page, base, name, faults, folder: folder && join(folder, name) });
}

function watch(page, base, faults) {
  // Nothing here takes long but on a machine that does much else.
  page.setDefaultTimeout(60_000);
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => {
    const isExpected = /status of (401|404|409|422|429|503)|ERR_FAILED|ERR_INTERNET/.test(message.text());
    if (message.type() === "error" && !isExpected) faults.push(message.text());
  });
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol === "data:") return;
    if (url.origin !== base) faults.push(`${url} is another host's`);
    if (/^\/v\d/.test(url.pathname) && !isPublic(request.method(), url.pathname)) faults.push(`${request.method()} ${url.pathname} is in no document`);
  });
}

class Visitor {
  constructor(fields) {
    Object.assign(this, fields, { count: 0 });
  }

  get isPhone() {
    return this.name === "phone";
  }

  /** Opens another window. */
  async window() {
    const page = await this.context.newPage();
    watch(page, this.base, this.faults);
    return page;
  }

  button(name) {
    return this.page.getByRole("button", { name, exact: true });
  }

  field(name) {
    return this.page.getByLabel(name, { exact: true });
  }

  heading(name) {
    return this.page.getByRole("heading", { name }).first().waitFor();
  }

  text(text) {
    return this.page.getByText(text).first().waitFor();
  }

  async menu() {
    if (this.isPhone) await this.button("Menu").click();
  }

  /** Goes where a link of the console's navigation leads. */
  async go(link) {
    await this.menu();
    await this.page.getByRole("navigation", { name: "Console" }).getByRole("link", { name: link, exact: true }).click();
  }

  /** Looks at the page in both colours: screenshots are kept, and nothing serious is wrong with it for those who cannot see it. */
  async look(name) {
    const { page } = this;
    const number = String(++this.count).padStart(2, "0");
    const problems = [];
    // In the second colours, only the colours can be wrong.
    const [first, second] = this.isPhone ? ["dark", "light"] : ["light", "dark"];
    for (const colorScheme of [first, second]) {
      await page.emulateMedia({ colorScheme });
      await settled(page);
      if (this.folder) await page.screenshot({ path: join(this.folder, `${number}-${name}-${colorScheme}.png`), fullPage: true });
      const axe = new AxeBuilder({ page }).setLegacyMode().exclude("iframe");
      const { violations } = await (colorScheme === first ? axe : axe.withRules(["color-contrast"])).analyze();
      const serious = violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
      problems.push(...serious.map(({ id, nodes }) => `${colorScheme}: ${id}: ${nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`));
    }
    await page.emulateMedia({ colorScheme: first });
    assert.deepEqual(problems, [], `axe on ${name}, ${this.name}`);
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(sideways <= 0, `${name}, ${this.name}: the page scrolls sideways by ${sideways}px`);
  }

  /** A secret that was stored is nowhere in the page any more. */
  async isGone(secret) {
    const left = await this.page.evaluate(() =>
      [document.documentElement.outerHTML, location.href, JSON.stringify(localStorage), JSON.stringify(sessionStorage), ...[...document.querySelectorAll("input, textarea")].map(({ value }) => value)].join("\n"),
    );
    assert.ok(!left.includes(secret), "the secret is still in the page");
  }

  async signUp(name) {
    this.email = `${this.name}-${Date.now()}-${Math.random().toString(36).slice(2)}@clinic.example`;
    await this.field("Name").fill(name);
    await this.field("E-mail").fill(this.email);
    await this.field("Password").fill(PASSWORD);
    await this.button("Create account").click();
    await this.button("I have stored them").waitFor();
    const shown = await this.page.locator("dialog code").allTextContents();
    return shown.find((text) => text.startsWith("test_api_key_"));
  }

  /** Ends the visit: nothing that somebody is called was run, and no page made a mistake. */
  async leave() {
    for (const page of this.context.pages()) {
      assert.equal(await page.evaluate(() => window.hacked), undefined, "a page ran what somebody is called");
    }
    await this.context.close();
    assert.deepEqual(this.faults, [], `what the pages did wrong, ${this.name}`);
  }
}

/** When nothing moves any more that comes to an end. */
async function settled(page) {
  await page.evaluate(async () => {
    const ending = document.getAnimations().filter((animation) => Number.isFinite(animation.effect?.getComputedTiming().endTime));
    await Promise.allSettled(ending.map((animation) => animation.finished));
  });
}

/** The working day that is some days from now, as a date input has it. */
export function day(ahead) {
  const at = new Date();
  at.setDate(at.getDate() + ahead);
  while ([0, 6].includes(at.getDay())) at.setDate(at.getDate() + 1);
  return at.toLocaleDateString("sv");
}

/** Books the first time of a booking page, as its customer. */
export async function booksOn(page) {
  await page.locator("#times a.time").first().click();
  await page.locator('#book [name="customer.name"]').fill("Marty McFly");
  await page.locator('#book [name="customer.email"]').fill("marty@clinic.example");
  await page.locator("#book button").last().click();
  await page.locator("#done").waitFor();
}

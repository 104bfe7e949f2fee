import { readdirSync, readFileSync } from "node:fs";
import { defineConfig } from "vite";
import type { Plugin } from "vite";

const events = new URL("../../../events/", import.meta.url);

/** What the example events ask for, by operation, so that the reference shows what a test has tried. */
function examples(): Plugin {
  const name = "virtual:examples";
  return {
    name: "examples",
    resolveId: (id) => (id === name ? `\0${name}` : undefined),
    load(id) {
      if (id !== `\0${name}`) return undefined;
      const requests = readdirSync(events, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => [name, JSON.parse(readFileSync(new URL(`${name}/event.json`, events), "utf8")) as Event] as const)
        .map(([operation, { rawPath: path, rawQueryString: query, body }]) => [operation, { path, query, ...(body && { body: isJson(body) ? (JSON.parse(body) as unknown) : body }) }]);
      return `export default ${JSON.stringify(Object.fromEntries(requests))}`;
    },
  };
}

/** A page's form is sent as a form, and everything else as JSON. */
const isJson = (body: string) => /^[[{]/.test(body);

/** An API Gateway event, as far as it matters here. */
interface Event {
  rawPath: string;
  rawQueryString?: string;
  body?: string;
}

/** The scripts of the booking page, which others' pages name: the function `pages` serves them below /book/assets. */
const scripts = { page: "src/pages/page.ts", embed: "src/pages/embed.ts" };

// Every page's files lie below /console/assets, named by their content. `pack.mjs` takes them from .built to dist.
export default defineConfig({
  base: "/console/",
  plugins: [examples()],
  build: {
    outDir: ".built",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // pack.mjs makes a page of it.
    license: { fileName: "licenses.md" },
    rollupOptions: {
      input: { index: "index.html", book: "book.html", guide: "guide.html", reference: "reference.html", ...scripts },
      output: { entryFileNames: ({ name }) => (name in scripts ? "book/[name].js" : "assets/[name]-[hash].js") },
    },
  },
});

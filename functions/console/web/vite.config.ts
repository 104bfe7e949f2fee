import { readdirSync, readFileSync } from "node:fs";
import { defineConfig } from "vite";
import type { Plugin } from "vite";

const events = new URL("../../../events/", import.meta.url);

/** The bodies that the example events send, so that the reference shows what a test has tried. */
function examples(): Plugin {
  const name = "virtual:examples";
  return {
    name: "examples",
    resolveId: (id) => (id === name ? `\0${name}` : undefined),
    load(id) {
      if (id !== `\0${name}`) return undefined;
      const bodies = new Map<string, unknown>();
      for (const file of readdirSync(events)) {
        const { body } = JSON.parse(readFileSync(new URL(file, events), "utf8")) as { body?: string };
        if (body) bodies.set(file.replace(/\.json$/, ""), JSON.parse(body));
      }
      return `export default ${JSON.stringify(Object.fromEntries(bodies))}`;
    },
  };
}

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
    rollupOptions: { input: ["index.html", "book.html", "guide.html", "reference.html"] },
  },
});

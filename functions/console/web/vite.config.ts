import { defineConfig } from "vite";

// Every page's files lie below /console/assets, named by their content. `pack.mjs` takes them from .built to dist.
export default defineConfig({
  base: "/console/",
  build: {
    outDir: ".built",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: { input: ["index.html", "book.html"] },
  },
});

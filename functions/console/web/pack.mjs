// Gathers in dist/, compressed, what the program takes in when it is compiled: our own pages from .built/, and the
// booking widget as its package has it.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";

const widget = "node_modules/timekit-booking/public/build";
const files = new Map(
  ["booking.min.js", "booking.min.css", "booking.min.js.LICENSE.txt"].map((name) => [`widget/${name}`, join(widget, name)]),
);
for (const name of readdirSync(".built", { recursive: true, withFileTypes: true })) {
  if (!name.isFile()) continue;
  const path = join(name.parentPath, name.name);
  files.set(path.slice(".built/".length), path);
}

for (const old of readdirSync("dist")) {
  if (old !== ".gitignore") rmSync(join("dist", old), { recursive: true });
}
for (const [name, path] of files) {
  const target = join("dist", `${name}.gz`);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, gzipSync(readFileSync(path), { level: 9 }));
}

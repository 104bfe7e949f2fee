// Gathers in dist/, compressed, what the program takes in when it is compiled: our own pages from .built/, the guides
// as pages, the booking widget as its package has it, and in dist/book/ the scripts of the booking page.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { marked } from "marked";

const GUIDES = {
  authentication: "How a request says who it comes from.",
  keys: "The three kinds, and a key's life.",
  "keeping-keys-safe": "Seven habits, with samples.",
  bookings: "How a booking comes about and ends, and how to send one again safely.",
  availability: "What can be booked, and when.",
  widget: "Where to tell Timekit's widget and SDK about this server.",
  moving: "What to bring along, and what differs.",
  tokens: "What takes the place of a token in a page.",
  errors: "What each status means, and whose turn it is.",
  "rate-limits": "How much is too much, and what to do then.",
  versions: "What a program may rely on.",
};

const files = new Map();

const widget = "node_modules/timekit-booking/public/build";
for (const name of ["booking.min.js", "booking.min.css", "booking.min.js.LICENSE.txt"]) {
  files.set(`widget/${name}`, readFileSync(join(widget, name)));
}

// Our own pages load nothing from other hosts, so they take the style sheet without the font that it asks Google for.
const style = files.get("widget/booking.min.css").toString();
files.set("widget/booking.own.css", Buffer.from(style.replaceAll(/@import url\(https:[^;]*;/g, "")));

for (const entry of readdirSync(".built", { recursive: true, withFileTypes: true })) {
  if (!entry.isFile()) continue;
  const path = join(entry.parentPath, entry.name);
  files.set(path.slice(".built/".length), readFileSync(path));
}

// The booking page's scripts run in others' pages too: their names stay their own.
for (const name of [...files.keys()].filter((name) => name.startsWith("book/"))) {
  const text = files.get(name).toString();
  if (/^(import|export)\b|\bimport *[({"'`]/m.test(text)) throw new Error(`${name} must need no other file`);
  files.set(name, Buffer.from(`(()=>{${text}})();\n`));
}

const take = (name) => {
  const text = files.get(name).toString();
  files.delete(name);
  return text;
};

const guides = Object.entries(GUIDES).map(([name, lead]) => {
  const text = readFileSync(`guides/${name}.md`, "utf8");
  return { name, text, lead, title: text.split("\n")[0].replace(/^# /, "") };
});

const nav = (here) => {
  const link = (path, title) => `<a href="${path}"${path === here ? ' aria-current="page"' : ""}>${title}</a>`;
  return [
    "<strong>Latchkey</strong>",
    link("/docs", "Start"),
    ...guides.map(({ name, title }) => link(`/docs/${name}`, title)),
    "<hr>",
    link("/docs/reference", "Reference"),
    link("/console", "Console"),
    link("/docs/licenses", "Licenses of these pages"),
  ].join("\n");
};

const start = `# Documentation

Latchkey is a booking API that you host yourself. These pages come with this server, and so does the
[reference](/docs/reference), in which you can call it.

\`\`\`sh
curl --user ":$LATCHKEY_KEY" $LATCHKEY_URL/v2/me
\`\`\`

${guides.map(({ name, title, lead }) => `- [${title}](/docs/${name}): ${lead}`).join("\n")}

The samples read from the environment: \`LATCHKEY_URL\` is this server's address, \`LATCHKEY_KEY\` an API key, best of a
test app, and \`RESOURCE\` a resource's id.
`;

const LANGUAGES = { sh: "curl", js: "Node", python: "Python", php: "PHP" };

/** Samples that follow each other in several languages become one, in which the reader chooses; without a script. */
marked.use({
  hooks: {
    processAllTokens(tokens) {
      const grouped = [];
      for (const token of tokens) {
        const last = grouped.at(-1);
        const before = last?.type === "space" ? grouped.at(-2) : last;
        if (token.type === "code" && LANGUAGES[token.lang] && before?.samples && !before.samples.some(({ lang }) => lang === token.lang)) {
          if (last !== before) grouped.pop();
          before.samples.push(token);
        } else {
          grouped.push(token.type === "code" && LANGUAGES[token.lang] ? { ...token, samples: [token] } : token);
        }
      }
      return grouped;
    },
  },
  renderer: {
    code({ samples = [] }) {
      if (samples.length < 2) return false;
      const name = `samples-${++count}`;
      const choices = samples.map(({ lang, text }, at) => {
        const title = text.includes('"timekit-sdk"') ? "JavaScript (timekit-sdk)" : LANGUAGES[lang];
        return `<input type="radio" name="${name}" id="${name}-${at}"${at === 0 ? " checked" : ""}><label for="${name}-${at}">${title}</label>`;
      });
      const blocks = samples.map((token) => this.parser.parse([{ ...token, samples: undefined }]));
      return `<div class="samples" role="group" aria-label="Samples">${choices.join("")}${blocks.join("")}</div>`;
    },
  },
});
let count = 0;

const guide = take("guide.html");
const licenses = take("licenses.md").replace("The app bundles", "The pages bundle");
const page = (path, title, text) => {
  const article = marked
    .parse(text.replaceAll(/^```(\w+) run$/gm, "```$1"))
    .replaceAll("<table>", '<div class="table" tabindex="0"><table>')
    .replaceAll("</table>", "</table></div>")
    .replaceAll("<pre>", '<pre tabindex="0">');
  const html = guide
    .replace("<title>Documentation", () => `<title>${title}`)
    .replace("<!--nav-->", () => nav(path))
    .replace("<!--article-->", () => article);
  files.set(`docs${path.slice("/docs".length) || "/start"}.html`, Buffer.from(html));
};
page("/docs", "Documentation", start);
for (const { name, title, text } of guides) page(`/docs/${name}`, title, text);
page("/docs/licenses", "Licenses", licenses);
files.set("docs/reference.html", Buffer.from(take("reference.html").replace("<!--nav-->", () => nav("/docs/reference"))));

for (const old of readdirSync("dist")) {
  if (old !== ".gitignore") rmSync(join("dist", old), { recursive: true });
}
for (const [name, content] of files) {
  const target = join("dist", `${name}.gz`);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, gzipSync(content, { level: 9 }));
}

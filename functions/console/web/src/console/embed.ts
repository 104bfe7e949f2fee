// The code that puts a booking page into another page: see src/pages/embed.ts for what its script does.

/** Text as it must stand in HTML, also between double quotes. */
const escaped = (text: string) => text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** The code for a project's page on the server at `origin`, by the way it appears. */
export function embedCodes(origin: string, { slug, name }: { slug: string; name: string }) {
  const page = escaped(`${origin}/book/${slug}`);
  const title = escaped(name);
  const linked = (kind: string) => `<a href="${page}"\n   data-latchkey="${kind}">Book ${title}</a>\n<script src="${escaped(origin)}/book/assets/embed.js" async></script>`;
  return {
    iframe: `<iframe src="${page}" title="Book ${title}" loading="lazy"\n        style="width: 100%; height: 44rem; border: 0"></iframe>`,
    inline: linked("inline"),
    popup: linked("popup"),
    button: linked("button"),
  };
}

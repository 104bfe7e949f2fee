// How the app's booking pages look: set here, and shown as they would look before it is saved.

import { useState } from "preact/hooks";

import { api, ask } from "./api";
import type { Schemas } from "./api";
import { DEFAULT_ACCENT, SCHEMES, shadesOf } from "./shades.js";
import type { Scheme } from "./shades.js";
import { Button, Card, Field, Form, Input, Problem, tell, useAction } from "./ui";

type AppView = Schemas["AppView"];

const COLOR = /^#[0-9a-f]{6}$/i;

export function Brand({ app }: { app: AppView }) {
  const saved = app.settings.brand;
  const [name, setName] = useState(saved.name ?? "");
  const [logo, setLogo] = useState(saved.logo ?? "");
  const [accent, setAccent] = useState(saved.accent ?? "");
  const [turn, setTurn] = useState(0);
  const save = useAction(async () => {
    const brand = { name: name || null, logo: logo || null, accent: accent || null };
    await ask(api.PUT("/v2/apps/{slug}", { params: { path: { slug: app.slug } }, body: { settings: { brand } } }));
    setTurn(turn + 1);
    tell("Saved");
  });
  const color = COLOR.test(accent) ? accent : DEFAULT_ACCENT;
  const menu = `/book/app/${app.slug}`;
  return (
    <Card
      title="Your booking pages"
      lead={
        <>
          What customers know you by. All pages that can be booked are listed on{" "}
          <a href={menu} target="_blank" rel="noopener">
            {location.origin}
            {menu}
          </a>
          .
        </>
      }
    >
      <Form onSend={save.run} class="narrow">
        <Input label="Name of the business" field="settings.brand.name" placeholder={app.name} value={name} onValue={setName} failure={save.failure} />
        <Input
          label="Logo"
          type="url"
          field="settings.brand.logo"
          placeholder="https://clinic.example/logo.svg"
          hint="The https address of a square picture. Your customers' browsers load it from there."
          value={logo}
          onValue={setLogo}
          failure={save.failure}
        />
        <Field label="Accent color" name="settings.brand.accent" failure={save.failure} hint="As #rrggbb. Empty means our blue.">
          {(attributes) => (
            <div class="color">
              <input type="color" aria-label="Choose the accent color" value={color} onInput={(event) => setAccent(event.currentTarget.value)} />
              <input {...attributes} value={accent} placeholder={DEFAULT_ACCENT} spellcheck={false} onInput={(event) => setAccent(event.currentTarget.value.trim())} />
            </div>
          )}
        </Field>
        <div class="brand-previews">
          {(["light", "dark"] as const).map((scheme) => (
            <Preview key={scheme} scheme={scheme} name={name || app.name} accent={color} hasLogo={logo !== ""} />
          ))}
        </div>
        <Contrast accent={color} />
        <Problem failure={save.failure} />
        <Button type="submit" tone="primary" busy={save.isBusy}>
          Save look
        </Button>
      </Form>
      <details>
        <summary>The saved page</summary>
        <iframe key={turn} class="preview" title="Booking pages" src={menu} loading="lazy" />
      </details>
    </Card>
  );
}

/** The head of a booking page in one scheme. The logo's address is loaded by the page alone: the console loads nothing of others. */
function Preview({ scheme, name, accent, hasLogo }: { scheme: Scheme; name: string; accent: string; hasLogo: boolean }) {
  const { page, surface, text } = SCHEMES[scheme];
  const shades = shadesOf(accent, scheme);
  // The policy takes no style attributes, so a drawing has the colors.
  return (
    <figure>
      <svg viewBox="0 0 300 130" role="img" aria-label={`${name}, ${scheme}`}>
        <rect width="300" height="130" rx="8" fill={page} stroke={surface} />
        <rect x="16" y="14" width="28" height="28" rx="6" fill={hasLogo ? shades.accent : surface} />
        <text x={54} y="33" font-size="14" font-weight="600" fill={text}>
          {name.length > 28 ? `${name.slice(0, 27)}…` : name}
        </text>
        <text x="16" y="70" font-size="13" fill={shades.accent} text-decoration="underline">
          Tuesday, 10:00
        </text>
        <rect x="16" y="84" width="120" height="32" rx="6" fill={shades.accent} />
        <text x="76" y="105" font-size="13" font-weight="600" text-anchor="middle" fill={shades.onAccent}>
          Book
        </text>
      </svg>
      <figcaption class="hint">{scheme === "light" ? "Light" : "Dark"}</figcaption>
    </figure>
  );
}

/** Says where the color cannot be read as it is, and what pages use instead. */
function Contrast({ accent }: { accent: string }) {
  const changed = (["light", "dark"] as const).map((scheme) => ({ scheme, ...shadesOf(accent, scheme) })).filter(({ isChanged }) => isChanged);
  return (
    <div role="status">
      {changed.map(({ scheme, accent: used, contrast }) => (
        <p key={scheme} class="warning">
          On {scheme} pages, {accent} has a contrast of {contrast.toFixed(1)} to 1, and text needs 4.5 to 1. They use {used} instead.
        </p>
      ))}
    </div>
  );
}

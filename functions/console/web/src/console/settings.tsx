import { useState } from "preact/hooks";

import { api, ask, currentApp, loadSession } from "./api";
import type { Schemas } from "./api";
import { Brand } from "./brand";
import { ago, day } from "./time";
import { Badge, Button, Card, Check, Code, Copyable, Dialog, Field, Form, Input, Page, Problem, Select, Show, ShownOnce, tell, useAction, useLoad } from "./ui";

type AppView = Schemas["AppView"];
type Key = Schemas["KeyView"];

export function SettingsPage() {
  const app = useLoad(async () => (await ask(api.GET("/v2/app"))).data, []);
  return (
    <Page title="API Settings" lead="What your programs need to call this app, and what it does for your customers.">
      <Show of={app}>
        {(app) => (
          <>
            <Names app={app} />
            <Brand app={app} />
            <ApiKey />
            <WidgetKey app={app} />
            <Secret app={app} />
            <Links app={app} />
            <Stored app={app} />
          </>
        )}
      </Show>
    </Page>
  );
}

function Names({ app }: { app: AppView }) {
  const [name, setName] = useState(app.name);
  const rename = useAction(async () => {
    await ask(api.PUT("/v2/apps/{slug}", { params: { path: { slug: app.slug } }, body: { name } }));
    await loadSession();
    tell("Saved");
  });
  return (
    <Card title="App">
      <Form onSend={rename.run} class="narrow">
        <Input label="Name" name="name" value={name} onValue={setName} failure={rename.failure} />
        <div class="field">
          <span class="label">Slug</span>
          <Copyable value={app.slug} label="Slug" />
          <p class="hint">
            Sessions and resource tokens name the app by it, in the header <code>Timekit-App</code>. It never changes.
          </p>
        </div>
        <Problem failure={rename.failure} />
        <Button type="submit" busy={rename.isBusy} disabled={name === app.name}>
          Save
        </Button>
      </Form>
    </Card>
  );
}

function isUsable(key: Key): boolean {
  return !key.revoked_at && (!key.expires_at || new Date(key.expires_at) > new Date());
}

function ApiKey() {
  const keys = useLoad(async () => {
    const answer = await ask(api.GET("/v2/keys", { params: { query: { search: "kind:api", limit: 100 } } }));
    return answer.data.filter(isUsable);
  }, []);
  const [rolling, setRolling] = useState<Key>();
  const [shown, setShown] = useState<string>();
  const create = useAction(async () => {
    const made = await ask(api.POST("/v2/keys", { body: { name: "App API key", kind: "api" } }));
    setShown(made.data.key ?? undefined);
    keys.reload();
  });
  return (
    <Card title="App API key" lead="May do everything in this app. Keep it on your server: never in a page, an app or a repository.">
      <Show of={keys}>
        {(keys) => (
          <>
            {keys.length === 0 && (
              <p>
                This app has no API key that works. <Button busy={create.isBusy} onClick={() => create.run()}>Make one</Button>
              </p>
            )}
            <ul class="rows">
              {keys.map((key) => (
                <li key={key.id}>
                  <div>
                    <code>{key.start ? `${key.start}…` : key.name}</code> {key.replaced_by && <Badge tone="warn">replaced</Badge>}
                    <div class="hint">
                      Made {day(key.created_at)}
                      {key.last_used_at ? `, last used ${ago(key.last_used_at)}` : ", never used"}
                      {key.expires_at && `, works until ${new Date(key.expires_at).toLocaleString()}`}
                    </div>
                  </div>
                  {!key.replaced_by && <Button onClick={() => setRolling(key)}>Roll</Button>}
                </li>
              ))}
            </ul>
          </>
        )}
      </Show>
      <Problem failure={create.failure} />
      <details>
        <summary>Why can I not see the key? I have lost it.</summary>
        <p>
          A key is shown once, when it is made. We keep its SHA-256, which is enough to recognise it and too little to show it: whoever copies our tables has no key. If
          you have lost yours, roll it: you get a new one, and the old one works for as long as you say, so that nothing breaks while you exchange it.
        </p>
      </details>
      <h3>Try it</h3>
      <Code label="curl line" text={`curl --user :$LATCHKEY_KEY ${location.origin}/v2/bookings`} />
      <p class="hint">
        Set <code>LATCHKEY_KEY</code> to the key of <strong>{currentApp()?.name}</strong> first: <code>read -rs LATCHKEY_KEY</code> keeps it out of your shell's history.
      </p>
      {rolling && (
        <Roll
          of={rolling}
          onClose={() => setRolling(undefined)}
          onRolled={(key) => {
            setRolling(undefined);
            setShown(key);
            keys.reload();
          }}
        />
      )}
      {shown && <ShownOnce title="Store the new API key" secrets={[{ label: "API key", value: shown }]} onStored={() => setShown(undefined)} />}
    </Card>
  );
}

export const OVERLAPS = [
  ["24 hours", "24 hours"],
  ["1 hour", "1 hour"],
  ["7 days", "7 days"],
  ["0 seconds", "Not at all: it may have leaked"],
] as const;

export function Roll({ of, onClose, onRolled }: { of: Key; onClose: () => void; onRolled: (key: string | undefined) => void }) {
  const [overlap, setOverlap] = useState("24 hours");
  const roll = useAction(async () => {
    const made = await ask(api.POST("/v2/keys/{id}/rotate", { params: { path: { id: of.id } }, body: { overlap } }));
    onRolled(made.data.key ?? undefined);
  });
  return (
    <Dialog title={`Roll “${of.name}”`} onClose={onClose}>
      <Form onSend={roll.run}>
        <p>You get a new key that may do the same. Put it in place while the old one still works.</p>
        <Select label="How long the old key still works" name="overlap" value={overlap} onValue={setOverlap} options={OVERLAPS} failure={roll.failure} />
        <Problem failure={roll.failure} />
        <div class="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" tone="primary" busy={roll.isBusy}>
            Make the new key
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}

function WidgetKey({ app }: { app: AppView }) {
  return (
    <Card title="Widget key" lead="Public: it stands in your pages and can only do what a booking page needs.">
      {app.widget_key ? (
        <Copyable value={app.widget_key} label="Widget key" />
      ) : (
        <p>This app has no widget key, so its booking pages are down. Make one under Developers, API keys.</p>
      )}
    </Card>
  );
}

function Secret({ app }: { app: AppView }) {
  const [isShown, setShown] = useState(false);
  return (
    <Card
      title="Signing secret"
      lead="Your own programs sign customers' links and searches with it (HS256). Whoever has it acts for any customer."
      actions={<Button onClick={() => setShown(!isShown)}>{isShown ? "Hide" : "Show"}</Button>}
    >
      {isShown ? app.signing_secret ? <Copyable value={app.signing_secret} label="Signing secret" /> : <p>Not shown to this session.</p> : <code>••••••••••••••••</code>}
    </Card>
  );
}

function Links({ app }: { app: AppView }) {
  const [origins, setOrigins] = useState(app.settings.redirect_origins.join("\n"));
  const [actsOnGet, setActsOnGet] = useState(app.settings.act_on_get);
  const save = useAction(async () => {
    const redirect_origins = origins.split("\n").map((line) => line.trim()).filter(Boolean);
    const settings = { redirect_origins, act_on_get: actsOnGet };
    await ask(api.PUT("/v2/apps/{slug}", { params: { path: { slug: app.slug } }, body: { settings } }));
    tell("Saved");
  });
  return (
    <Card title="Customers' links">
      <Form onSend={save.run} class="narrow">
        <Field label="Where links may lead afterwards" name="settings.redirect_origins" failure={save.failure} hint="Origins, one a line, like https://clinic.example">
          {(attributes) => <textarea {...attributes} rows={3} value={origins} onInput={(event) => setOrigins(event.currentTarget.value)} />}
        </Field>
        <Check
          label="Opening a link is enough"
          hint="Else the link's page asks first. Programs that scan mail open links too, so leave this off if you can."
          isOn={actsOnGet}
          onValue={setActsOnGet}
        />
        <Problem failure={save.failure} />
        <Button type="submit" busy={save.isBusy}>
          Save
        </Button>
      </Form>
    </Card>
  );
}

const STORED = [
  ["from_name", "Sender's name"],
  ["from_email", "Sender's address"],
  ["contact_name", "Contact's name"],
  ["contact_email", "Contact's address"],
  ["callback", "Callback after a provider's sign-in"],
] as const;

function Stored({ app }: { app: AppView }) {
  const set = STORED.filter(([field]) => app.settings[field]);
  if (set.length === 0) return null;
  return (
    <Card title="Kept, without effect yet" lead="Timekit's clients send these, and they are kept. Nothing is mailed and no provider is asked yet, so they do nothing.">
      <fieldset disabled class="narrow">
        {set.map(([field, label]) => (
          <Input key={field} label={label} value={app.settings[field] ?? ""} onValue={() => undefined} />
        ))}
      </fieldset>
    </Card>
  );
}

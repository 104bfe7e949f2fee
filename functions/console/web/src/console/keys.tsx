import { lazy, Suspense } from "preact/compat";
import { useState } from "preact/hooks";
import { Link, useLocation } from "wouter-preact";

import { api, ask } from "./api";
import type { Schemas } from "./api";
import { AuditTable } from "./audit-table";
import { Roll } from "./settings";
import { ago, day, moment } from "./time";
import { Badge, Button, Card, Check, Confirm, Copyable, Dialog, Empty, Field, Form, Input, Loading, Page, Problem, Select, Show, ShownOnce, useAction, useLoad, who } from "./ui";

const UsageChart = lazy(() => import("./usage-chart").then((it) => ({ default: it.UsageChart })));

type Key = Schemas["KeyView"];

/** What each scope allows: the API's own words, by area; a test compares them. */
const SCOPES: readonly (readonly [scope: string, allows: string])[] = [
  ["*", "Everything in the app, signing secrets included."],
  ["bookings.read", "Read bookings."],
  ["bookings.write", "Make, change and delete bookings."],
  ["resources.read", "Read resources, calendars and events."],
  ["resources.write", "Make, change and delete resources, calendars and events."],
  ["projects.read", "Read projects, locations, services and mail templates."],
  ["projects.write", "Make, change and delete projects, locations and services; change mail templates."],
  ["availability.read", "Search for free time."],
  ["credentials.read", "Read resource credentials."],
  ["credentials.write", "Make and delete resource credentials."],
  ["keys.read", "Read the list of API keys, never a secret one."],
  ["keys.write", "Make, change and revoke API keys."],
  ["audit.read", "Read the audit log."],
  ["webhooks.read", "Read the event log, each event with the scope of what it is about; read webhook endpoints and deliveries."],
  ["webhooks.write", "Make, change, test and delete webhook endpoints; send deliveries again."],
  ["app.read", "Read the app's own record."],
  ["app.write", "Change or delete the app."],
];

const KINDS: Record<string, string> = { api: "App API key", widget: "Widget key", named: "Named key" };

function State({ of }: { of: Key }) {
  if (of.revoked_at) return <Badge tone="bad">revoked</Badge>;
  if (of.expires_at && new Date(of.expires_at) <= new Date()) return <Badge tone="bad">expired</Badge>;
  if (of.replaced_by) return <Badge tone="warn">replaced</Badge>;
  if (of.expires_soon) return <Badge tone="warn">expires soon</Badge>;
  return <Badge tone="good">works</Badge>;
}

const works = (key: Key) => !key.revoked_at && (!key.expires_at || new Date(key.expires_at) > new Date());

export function KeysPage() {
  const [isMaking, setMaking] = useState(false);
  const [showsAll, setShowsAll] = useState(false);
  const [shown, setShown] = useState<{ name: string; key: string }>();
  const keys = useLoad(async () => (await ask(api.GET("/v2/keys", { params: { query: { limit: 200 } } }))).data, []);
  return (
    <Page
      title="API keys"
      lead="One key for each program and each environment, with the least that it needs. Revoked means revoked on the next request."
      actions={
        <Button tone="primary" onClick={() => setMaking(true)}>
          Generate New API Key
        </Button>
      }
    >
      <Show of={keys}>
        {(all) => {
          const rows = showsAll ? all : all.filter(works);
          return (
            <>
              {rows.length === 0 ? (
                <Empty title="No key that works" action={<Button onClick={() => setMaking(true)}>Generate New API Key</Button>}>
                  Programs call this app with keys. Make one for yours.
                </Empty>
              ) : (
                <div class="table-wrap">
                  <table class="stack">
                    <thead>
                      <tr>
                        <th>Name and kind</th>
                        <th>Start</th>
                        <th>Scopes</th>
                        <th>Created</th>
                        <th>Last used</th>
                        <th>24 hours</th>
                        <th>Expires</th>
                      </tr>
                    </thead>
                    <tbody>
                      {rows.map((key) => (
                        <tr key={key.id}>
                          <td>
                            <Link href={`/developers/keys/${key.id}`}>{key.name || "(no name)"}</Link>
                            <div class="hint">
                              {KINDS[key.kind] ?? key.kind} <State of={key} />
                            </div>
                          </td>
                          <td data-label="Start">
                            <code>{key.start || "imported"}</code>
                          </td>
                          <td data-label="Scopes">{key.kind === "widget" ? "booking pages" : key.scopes.includes("*") ? "everything" : key.scopes.join(", ") || "none"}</td>
                          <td class="tight" data-label="Created">{day(key.created_at)}</td>
                          <td class="tight" data-label="Last used">{key.last_used_at ? ago(key.last_used_at) : "never"}</td>
                          <td data-label="24 hours">
                            <Sparkline of={key} />
                          </td>
                          <td class="tight" data-label="Expires">{key.expires_at ? day(key.expires_at) : "never"}</td>
                        </tr>
                      ))}
                    </tbody>
                  </table>
                </div>
              )}
              <Check label="Show revoked and expired keys" isOn={showsAll} onValue={setShowsAll} />
            </>
          );
        }}
      </Show>
      {isMaking && (
        <NewKey
          onClose={() => setMaking(false)}
          onMade={(made) => {
            setMaking(false);
            if (made.key) setShown({ name: made.name, key: made.key });
            keys.reload();
          }}
        />
      )}
      {shown && <ShownOnce title={`Store “${shown.name}”`} secrets={[{ label: "API key", value: shown.key }]} onStored={() => setShown(undefined)} />}
    </Page>
  );
}

/** Requests of the last 24 hours, hour by hour. */
function Sparkline({ of }: { of: Key }) {
  const usage = useLoad(
    async () => (of.requests_24h > 0 ? (await ask(api.GET("/v2/keys/{id}/usage", { params: { path: { id: of.id } } }))).data : undefined),
    [of.id],
  );
  const rows = usage.data?.rows ?? [];
  if (of.requests_24h === 0 || rows.length === 0) return <>{of.requests_24h}</>;
  const first = new Date(usage.data?.from ?? 0).getTime();
  const most = Math.max(...rows.map((row) => row.total));
  const bars = rows.map((row) => {
    const hour = Math.round((new Date(row.at).getTime() - first) / 3_600_000);
    const height = Math.max(1.5, (row.total / most) * 18);
    return <rect key={row.at} x={hour * 3} y={20 - height} width="2" height={height} />;
  });
  return (
    <span class="spark">
      {of.requests_24h}
      <svg viewBox="0 0 76 20" width="76" height="20" role="img" aria-label={`${of.requests_24h} requests in the last 24 hours`}>
        {bars}
      </svg>
    </span>
  );
}

const EXPIRIES = [
  ["", "Never"],
  ["7", "In 7 days"],
  ["30", "In 30 days"],
  ["90", "In 90 days"],
  ["365", "In a year"],
] as const;

const WINDOWS = [
  ["1 second", "a second"],
  ["1 minute", "a minute"],
  ["1 hour", "an hour"],
  ["1 day", "a day"],
] as const;

const lines = (text: string) => text.split(/[\n,]/).map((line) => line.trim()).filter(Boolean);

function NewKey({ onClose, onMade }: { onClose: () => void; onMade: (key: Key) => void }) {
  const [name, setName] = useState("");
  const [kind, setKind] = useState("named");
  const [scopes, setScopes] = useState<readonly string[]>(["bookings.read", "bookings.write", "availability.read"]);
  const [days, setDays] = useState("");
  const [limit, setLimit] = useState("");
  const [window, setWindow] = useState("1 minute");
  const [addressLimit, setAddressLimit] = useState("");
  const [addressWindow, setAddressWindow] = useState("1 minute");
  const [cidrs, setCidrs] = useState("");
  const [origins, setOrigins] = useState("");
  const make = useAction(async () => {
    const body = {
      name,
      kind: kind as Schemas["KeyKind"],
      ...(kind === "named" && { scopes: [...scopes] as Schemas["Scope"][] }),
      ...(days && { expires_at: new Date(Date.now() + Number(days) * 86_400_000).toISOString() }),
      ...(limit && { rate_limit: { limit: Number(limit), window } }),
      ...(kind === "widget" && addressLimit && { address_rate_limit: { limit: Number(addressLimit), window: addressWindow } }),
      ...(cidrs && { allowed_cidrs: lines(cidrs) }),
      ...(kind === "widget" && origins && { allowed_origins: lines(origins) }),
    };
    onMade((await ask(api.POST("/v2/keys", { body }))).data);
  });
  const toggle = (scope: string, isOn: boolean) => setScopes(isOn ? [...scopes, scope] : scopes.filter((other) => other !== scope));
  return (
    <Dialog title="Generate New API Key" onClose={onClose} wide>
      <Form onSend={make.run}>
        <Input label="Name" name="name" hint="Where it is used, like “Front desk, production”." value={name} onValue={setName} failure={make.failure} />
        <Select
          label="Kind"
          name="kind"
          value={kind}
          onValue={setKind}
          failure={make.failure}
          options={[
            ["named", "Named key: may do what you tick below"],
            ["api", "App API key: may do everything"],
            ["widget", "Widget key: public, for booking pages"],
          ]}
        />
        {kind === "named" && (
          <fieldset>
            <legend>Scopes</legend>
            <div class="scopes">
              {SCOPES.map(([scope, allows]) => (
                <Check key={scope} label={<code>{scope}</code>} hint={allows} isOn={scopes.includes(scope)} onValue={(isOn) => toggle(scope, isOn)} />
              ))}
            </div>
          </fieldset>
        )}
        <div class="columns">
          <Select label="Expires" name="expires_at" value={days} onValue={setDays} options={EXPIRIES} failure={make.failure} />
          <Input label="Most requests" name="limit" field="rate_limit.limit" type="number" min="1" placeholder="as its kind" value={limit} onValue={setLimit} failure={make.failure} />
          <Select
            label="In"
            name="rate_limit.window"
            value={window}
            onValue={setWindow}
            options={WINDOWS}
            failure={make.failure}
          />
        </div>
        {kind === "widget" && (
          <div class="columns">
            <Input
              label="Most requests from one address"
              name="address_limit"
              field="address_rate_limit.limit"
              type="number"
              min="1"
              placeholder="60"
              hint="Of one visitor. All of them together keep to the limit above."
              value={addressLimit}
              onValue={setAddressLimit}
              failure={make.failure}
            />
            <Select label="From one address in" name="address_rate_limit.window" value={addressWindow} onValue={setAddressWindow} options={WINDOWS} failure={make.failure} />
          </div>
        )}
        <Field label="Only from these addresses" name="allowed_cidrs" failure={make.failure} hint="Networks like 203.0.113.0/24, one a line. Empty means from anywhere.">
          {(attributes) => <textarea {...attributes} rows={2} value={cidrs} onInput={(event) => setCidrs(event.currentTarget.value)} />}
        </Field>
        {kind === "widget" && (
          <Field label="Only from pages of these origins" name="allowed_origins" failure={make.failure} hint="Like https://clinic.example, one a line. Empty means any page.">
            {(attributes) => <textarea {...attributes} rows={2} value={origins} onInput={(event) => setOrigins(event.currentTarget.value)} />}
          </Field>
        )}
        <Problem failure={make.failure} />
        <div class="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" tone="primary" busy={make.isBusy}>
            Generate key
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}

export function KeyPage({ id }: { id: string }) {
  const [, go] = useLocation();
  const [does, setDoes] = useState<"roll" | "revoke">();
  const [shown, setShown] = useState<string>();
  const [by, setBy] = useState("hour");
  const path = { params: { path: { id } } };
  const key = useLoad(async () => (await ask(api.GET("/v2/keys/{id}", path))).data, [id]);
  const usage = useLoad(async () => {
    const from = new Date(Date.now() - (by === "hour" ? 2 : 30) * 86_400_000).toISOString();
    return (await ask(api.GET("/v2/keys/{id}/usage", { params: { path: { id }, query: { by, from } } }))).data;
  }, [id, by]);
  return (
    <Show of={key}>
      {(key) => (
        <Page
          title={key.name || "(no name)"}
          back={<Link href="/developers/keys">API keys</Link>}
          lead={
            <>
              {KINDS[key.kind]} <code>{key.start}…</code> <State of={key} />
            </>
          }
          actions={
            works(key) && (
              <>
                {!key.replaced_by && <Button onClick={() => setDoes("roll")}>Rotate</Button>}
                <Button tone="danger" onClick={() => setDoes("revoke")}>
                  Revoke
                </Button>
              </>
            )
          }
        >
          <Card>
            <dl class="facts">
              <dt>Scopes</dt>
              <dd>{key.kind === "widget" ? "What a booking page needs" : key.scopes.map((scope) => <code key={scope}>{scope} </code>)}</dd>
              <dt>Created</dt>
              <dd>
                {moment(key.created_at)} by {who(key.created_by)}
              </dd>
              <dt>Last used</dt>
              <dd>{key.last_used_at ? moment(key.last_used_at) : "Never"}</dd>
              <dt>Expires</dt>
              <dd>{key.expires_at ? moment(key.expires_at) : "Never"}</dd>
              <dt>Rate limit</dt>
              <dd>
                {key.rate_limit.limit} requests in {key.rate_limit.window}
              </dd>
              <dt>Addresses</dt>
              <dd>{key.allowed_cidrs.join(", ") || "Any"}</dd>
              {key.address_rate_limit && (
                <>
                  <dt>Rate limit of one address</dt>
                  <dd>
                    {key.address_rate_limit.limit} requests in {key.address_rate_limit.window}
                  </dd>
                </>
              )}
              {key.kind === "widget" && (
                <>
                  <dt>Origins</dt>
                  <dd>{key.allowed_origins.join(", ") || "Any"}</dd>
                </>
              )}
              {key.kind === "widget" && key.key && (
                <>
                  <dt>Key</dt>
                  <dd>
                    <Copyable value={key.key} label="Widget key" />
                  </dd>
                </>
              )}
              <dt>Id</dt>
              <dd>
                <code>{key.id}</code>
              </dd>
            </dl>
          </Card>
          <Card
            title="Usage"
            lead="Requests by class of status. Lower bounds: an instance that ends takes its last seconds with it."
            actions={
              <div class="segments" role="group" aria-label="By">
                {["hour", "day"].map((unit) => (
                  <button key={unit} type="button" aria-pressed={by === unit} onClick={() => setBy(unit)}>
                    By {unit}
                  </button>
                ))}
              </div>
            }
          >
            <Show of={usage}>
              {(usage) =>
                usage.total === 0 ? (
                  <p class="hint">No requests in the last {by === "hour" ? "two days" : "30 days"}.</p>
                ) : (
                  <Suspense fallback={<Loading />}>
                    <UsageChart usage={usage} />
                  </Suspense>
                )
              }
            </Show>
          </Card>
          <Card title="Audit log">
            <AuditTable keyId={id} />
          </Card>
          {does === "roll" && (
            <Roll
              of={key}
              onClose={() => setDoes(undefined)}
              onRolled={(made) => {
                setDoes(undefined);
                setShown(made);
              }}
            />
          )}
          {does === "revoke" && (
            <Confirm
              title="Revoke this key"
              verb="Revoke"
              name={key.name}
              onClose={() => setDoes(undefined)}
              act={async () => {
                await ask(api.DELETE("/v2/keys/{id}", path));
                go("/developers/keys");
              }}
            >
              Whatever calls with it is refused from the next request on. This cannot be undone.
            </Confirm>
          )}
          {shown && (
            <ShownOnce
              title={`Store the new “${key.name}”`}
              secrets={[{ label: "API key", value: shown }]}
              onStored={() => {
                setShown(undefined);
                go("/developers/keys");
              }}
            />
          )}
        </Page>
      )}
    </Show>
  );
}

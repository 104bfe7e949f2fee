import { useState } from "preact/hooks";
import { Link, useLocation } from "wouter-preact";

import { api, ask } from "./api";
import type { Schemas } from "./api";
import { ago, day, moment } from "./time";
import { Badge, Button, Card, Code, Confirm, Dialog, Empty, Field, Form, Input, Page, Pager, Problem, Select, Show, ShownOnce, tell, useAction, useLoad, who } from "./ui";

type Webhook = Schemas["WebhookView"];
type Delivery = Schemas["DeliveryView"];

const DISABLED: Record<string, string> = {
  by_owner: "switched off by hand",
  gone: "the receiver answered 410, that it wants no more",
  failing: "every attempt of five days failed",
};

/** Why a secret is shown only once. */
const DERIVED = "This is the only time this secret is shown. It is not stored, and no later answer has it. Put it where your receiver reads its secrets. If it is lost, rotate it.";

function Health({ of }: { of: Webhook }) {
  const { status, failing_since: since } = of.health;
  if (status === "disabled") return <Badge tone="bad">disabled</Badge>;
  if (status === "failing") return <Badge tone="warn">failing{since ? ` since ${ago(since)}` : ""}</Badge>;
  if (status === "ok") return <Badge tone="good">works</Badge>;
  return <Badge tone="info">nothing sent yet</Badge>;
}

const selected = (of: Webhook) => of.events?.join(", ") ?? "everything";

export function WebhooksPage() {
  const [isMaking, setMaking] = useState(false);
  const [shown, setShown] = useState<string>();
  const webhooks = useLoad(async () => (await ask(api.GET("/v2/webhooks", { params: { query: { limit: 100 } } }))).data, []);
  const add = (
    <Button tone="primary" onClick={() => setMaking(true)}>
      Add endpoint
    </Button>
  );
  return (
    <Page title="Webhooks" lead="Each event is sent to your endpoints within a second or two, signed, and again until they accept it." actions={add}>
      <Show of={webhooks}>
        {(rows) =>
          rows.length === 0 ? (
            <Empty title="No endpoint yet" action={<Button onClick={() => setMaking(true)}>Add endpoint</Button>}>
              An endpoint is an address of yours that learns of every booking as it happens.
            </Empty>
          ) : (
            <div class="table-wrap">
              <table class="stack">
                <thead>
                  <tr>
                    <th>Address</th>
                    <th>Health</th>
                    <th>Events</th>
                    <th>Last success</th>
                    <th>Created</th>
                    <th>Made by</th>
                  </tr>
                </thead>
                <tbody>
                  {rows.map((row) => (
                    <tr key={row.id}>
                      <td>
                        <Link href={`/developers/webhooks/${row.id}`}>{row.url}</Link>
                      </td>
                      <td data-label="Health">
                        <Health of={row} />
                      </td>
                      <td data-label="Events">{selected(row)}</td>
                      <td class="tight" data-label="Last success">{row.health.last_success_at ? ago(row.health.last_success_at) : "never"}</td>
                      <td class="tight" data-label="Created">{day(row.created_at)}</td>
                      <td data-label="Made by">{who(row.created_by)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Show>
      {isMaking && (
        <NewWebhook
          onClose={() => setMaking(false)}
          onMade={(secret) => {
            setMaking(false);
            setShown(secret);
            webhooks.reload();
          }}
        />
      )}
      {shown && <ShownOnce title="Store the endpoint's secret" note={DERIVED} secrets={[{ label: "Secret", value: shown }]} onStored={() => setShown(undefined)} />}
    </Page>
  );
}

const lines = (text: string) => text.split(/[\n,]/).map((line) => line.trim()).filter(Boolean);

function NewWebhook({ onClose, onMade }: { onClose: () => void; onMade: (secret: string | undefined) => void }) {
  const [url, setUrl] = useState("");
  const [events, setEvents] = useState("booking.*");
  const [format, setFormat] = useState("standard");
  const [payload, setPayload] = useState("fat");
  const make = useAction(async () => {
    const wanted = lines(events);
    const body = { url, format, ...(format === "standard" && { payload }), ...(wanted.length > 0 && { events: wanted }) };
    onMade((await ask(api.POST("/v2/webhooks", { body }))).data.secret ?? undefined);
  });
  return (
    <Dialog title="Add endpoint" onClose={onClose}>
      <Form onSend={make.run}>
        <Input label="Address" name="url" type="url" placeholder="https://example.com/webhooks" hint="https, on the public internet." value={url} onValue={setUrl} failure={make.failure} />
        <Field label="Events" name="events" failure={make.failure} hint="Types like booking.confirmed, or families like booking.*, one a line. Empty means all.">
          {(attributes) => <textarea {...attributes} rows={3} value={events} onInput={(event) => setEvents(event.currentTarget.value)} />}
        </Field>
        <div class="columns">
          <Select
            label="Format"
            name="format"
            value={format}
            onValue={setFormat}
            failure={make.failure}
            options={[
              ["standard", "Standard Webhooks"],
              ["timekit", "Timekit's bare booking"],
            ]}
          />
          {format === "standard" && (
            <Select
              label="Payload"
              name="payload"
              value={payload}
              onValue={setPayload}
              failure={make.failure}
              options={[
                ["fat", "What changed, whole"],
                ["thin", "Ids, states and times only"],
              ]}
            />
          )}
        </div>
        <Problem failure={make.failure} />
        <div class="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" tone="primary" busy={make.isBusy}>
            Add endpoint
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}

export function WebhookPage({ id }: { id: string }) {
  const [, go] = useLocation();
  const [does, setDoes] = useState<"rotate" | "replay" | "delete">();
  const [shown, setShown] = useState<string>();
  const [sent, setSent] = useState(0);
  const path = { params: { path: { id } } };
  const webhook = useLoad(async () => (await ask(api.GET("/v2/webhooks/{id}", path))).data, [id]);
  const change = useAction(async (act: "test" | "enable" | "disable") => {
    if (act === "test") await ask(api.POST("/v2/webhooks/{id}/test", path));
    if (act === "enable") await ask(api.POST("/v2/webhooks/{id}/enable", path));
    if (act === "disable") await ask(api.PATCH("/v2/webhooks/{id}", { ...path, body: { enabled: false } }));
    tell({ test: "Test sent", enable: "Enabled", disable: "Disabled" }[act]);
    setSent(sent + 1);
    webhook.reload();
  });
  const done = () => setDoes(undefined);
  return (
    <Show of={webhook}>
      {(webhook) => (
        <Page
          title={webhook.url}
          back={<Link href="/developers/webhooks">Webhooks</Link>}
          lead={<Health of={webhook} />}
          actions={
            <>
              {webhook.enabled ? (
                <>
                  <Button busy={change.isBusy} onClick={() => change.run("test")}>Send test</Button>
                  <Button onClick={() => setDoes("replay")}>Replay</Button>
                  <Button onClick={() => change.run("disable")}>Disable</Button>
                </>
              ) : (
                <Button tone="primary" busy={change.isBusy} onClick={() => change.run("enable")}>Enable</Button>
              )}
              <Button onClick={() => setDoes("rotate")}>Rotate secret</Button>
              <Button tone="danger" onClick={() => setDoes("delete")}>Delete</Button>
            </>
          }
        >
          <Problem failure={change.failure} />
          <Card>
            <Facts of={webhook} />
          </Card>
          <Deliveries id={id} key={sent} isEnabled={webhook.enabled} />
          {does === "rotate" && (
            <Rotate
              id={id}
              onClose={done}
              onRotated={(secret) => {
                done();
                setShown(secret);
              }}
            />
          )}
          {does === "replay" && (
            <Replay
              id={id}
              onClose={done}
              onReplayed={() => {
                done();
                setSent(sent + 1);
              }}
            />
          )}
          {does === "delete" && (
            <Confirm
              title="Delete this endpoint"
              verb="Delete"
              onClose={done}
              act={async () => {
                await ask(api.DELETE("/v2/webhooks/{id}", path));
                go("/developers/webhooks");
              }}
            >
              Nothing is sent to it any more, deliveries under way included. This cannot be undone.
            </Confirm>
          )}
          {shown && <ShownOnce title="Store the new secret" note={DERIVED} secrets={[{ label: "Secret", value: shown }]} onStored={() => setShown(undefined)} />}
        </Page>
      )}
    </Show>
  );
}

function Facts({ of }: { of: Webhook }) {
  const filters = [
    of.project_id && `project ${of.project_id}`,
    of.resource_id && `resource ${of.resource_id}`,
    of.graph && `graph ${of.graph}`,
    of.state && `state ${of.state}`,
  ].filter(Boolean);
  return (
    <dl class="facts">
      {of.disabled && (
        <>
          <dt>Disabled</dt>
          <dd>
            Since {moment(of.disabled.at)}: {DISABLED[of.disabled.reason] ?? of.disabled.reason}. What happens meanwhile is sent only if you replay it.
          </dd>
        </>
      )}
      <dt>Events</dt>
      <dd>{selected(of)}</dd>
      {filters.length > 0 && (
        <>
          <dt>Only of</dt>
          <dd>{filters.join(", ")}</dd>
        </>
      )}
      <dt>Body</dt>
      <dd>
        {of.format}, {of.payload}, version {of.body_version}
      </dd>
      <dt>Sees</dt>
      <dd>{of.scopes.includes("*") ? "Everything in the app" : of.scopes.map((scope) => <code key={scope}>{scope} </code>)}</dd>
      <dt>Created</dt>
      <dd>
        {moment(of.created_at)} by {who(of.created_by)}
      </dd>
      <dt>Last success</dt>
      <dd>{of.health.last_success_at ? moment(of.health.last_success_at) : "Never"}</dd>
      <dt>Last failure</dt>
      <dd>{of.health.last_failure_at ? moment(of.health.last_failure_at) : "Never"}</dd>
      {of.previous_secret_until && (
        <>
          <dt>Old secret</dt>
          <dd>Signs too until {moment(of.previous_secret_until)}</dd>
        </>
      )}
      <dt>Id</dt>
      <dd>
        <code>{of.id}</code>
      </dd>
    </dl>
  );
}

const TONES: Record<string, "good" | "bad" | "info"> = { delivered: "good", failed: "bad", pending: "info" };

function Deliveries({ id, isEnabled }: { id: string; isEnabled: boolean }) {
  const [page, setPage] = useState(1);
  const [state, setState] = useState("");
  const [open, setOpen] = useState<Delivery>();
  const query = { include: "body", limit: 20, page, ...(state && { state }) };
  const deliveries = useLoad(async () => await ask(api.GET("/v2/webhooks/{id}/deliveries", { params: { path: { id }, query } })), [id, page, state]);
  return (
    <Card
      title="Deliveries"
      lead="What was sent in the last 30 days, newest event first."
      actions={
        <div class="segments" role="group" aria-label="Which">
          {["", "pending", "delivered", "failed"].map((one) => (
            <button
              key={one}
              type="button"
              aria-pressed={state === one}
              onClick={() => {
                setPage(1);
                setState(one);
              }}
            >
              {one || "all"}
            </button>
          ))}
        </div>
      }
    >
      <Show of={deliveries}>
        {(answer) =>
          answer.data.length === 0 ? (
            <p class="hint">Nothing here.</p>
          ) : (
            <>
              <div class="table-wrap">
                <table class="stack">
                  <thead>
                    <tr>
                      <th>Event</th>
                      <th>State</th>
                      <th>Created</th>
                      <th>Attempts</th>
                      <th>Last attempt</th>
                    </tr>
                  </thead>
                  <tbody>
                    {answer.data.map((row) => (
                      <tr key={row.id}>
                        <td>
                          <button type="button" class="link" onClick={() => setOpen(row)}>
                            {row.type}
                          </button>
                        </td>
                        <td data-label="State">
                          <Badge tone={TONES[row.state] ?? "info"}>{row.state}</Badge>
                        </td>
                        <td class="tight" data-label="Created">{moment(row.created_at)}</td>
                        <td data-label="Attempts">{row.attempt_count}</td>
                        <td data-label="Last attempt">{outcome(row.attempts[row.attempts.length - 1])}</td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
              <Pager page={page} last={answer.last_page} onPage={setPage} />
            </>
          )
        }
      </Show>
      {open && (
        <OneDelivery
          of={open}
          isEnabled={isEnabled}
          onClose={() => setOpen(undefined)}
          onSent={() => {
            setOpen(undefined);
            deliveries.reload();
          }}
        />
      )}
    </Card>
  );
}

function outcome(attempt: Delivery["attempts"][number] | undefined): string {
  if (!attempt) return "none yet";
  const said = [attempt.status, attempt.reason].filter(Boolean).join(" ");
  return `${said} in ${attempt.duration_ms} ms`;
}

function OneDelivery({ of, isEnabled, onClose, onSent }: { of: Delivery; isEnabled: boolean; onClose: () => void; onSent: () => void }) {
  const resend = useAction(async () => {
    await ask(api.POST("/v2/deliveries/{id}/retry", { params: { path: { id: of.id } } }));
    tell("Sending again");
    onSent();
  });
  return (
    <Dialog title={of.type} onClose={onClose} wide>
      <dl class="facts">
        <dt>State</dt>
        <dd>
          {of.state}
          {of.next_attempt_at && `, next attempt ${moment(of.next_attempt_at)}`}
        </dd>
        <dt>Message</dt>
        <dd>
          <code>{of.event_id}</code>
        </dd>
      </dl>
      <h3>Body</h3>
      {of.body ? <Code text={pretty(of.body)} label="Body" /> : <p class="hint">It is made for the first attempt.</p>}
      <h3>Attempts</h3>
      {of.attempts.length === 0 && <p class="hint">None yet.</p>}
      <ol class="rows">
        {of.attempts.map((attempt) => (
          <li key={attempt.at}>
            <div>
              {moment(attempt.at)}: {outcome(attempt)} {attempt.trigger === "manual" && <Badge>by hand</Badge>}
              {attempt.response && <Code text={attempt.response} label={`Response of ${moment(attempt.at)}`} />}
            </div>
          </li>
        ))}
      </ol>
      <Problem failure={resend.failure} />
      <div class="dialog-actions">
        <Button onClick={onClose}>Close</Button>
        <Button tone="primary" busy={resend.isBusy} disabled={!isEnabled} onClick={() => resend.run()}>
          Send again
        </Button>
      </div>
    </Dialog>
  );
}

function pretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

const OVERLAPS = [
  ["24 hours", "24 hours"],
  ["1 hour", "1 hour"],
  ["7 days", "7 days"],
  ["0 seconds", "Not at all: it may have leaked"],
] as const;

function Rotate({ id, onClose, onRotated }: { id: string; onClose: () => void; onRotated: (secret: string | undefined) => void }) {
  const [overlap, setOverlap] = useState("24 hours");
  const rotate = useAction(async () => {
    const answer = await ask(api.POST("/v2/webhooks/{id}/rotate", { params: { path: { id } }, body: { overlap } }));
    onRotated(answer.data.secret ?? undefined);
  });
  return (
    <Dialog title="Rotate the secret" onClose={onClose}>
      <Form onSend={rotate.run}>
        <p>Until the time you choose, each delivery is signed with both secrets, so nothing breaks while you exchange them.</p>
        <Select label="How long the old secret still signs" name="overlap" value={overlap} onValue={setOverlap} options={OVERLAPS} failure={rotate.failure} />
        <Problem failure={rotate.failure} />
        <div class="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" tone="primary" busy={rotate.isBusy}>
            Make the new secret
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}

const PERIODS = [
  ["1", "of the last hour"],
  ["24", "of the last day"],
  ["168", "of the last 7 days"],
  ["720", "of the last 30 days"],
] as const;

function Replay({ id, onClose, onReplayed }: { id: string; onClose: () => void; onReplayed: () => void }) {
  const [hours, setHours] = useState("24");
  const [only, setOnly] = useState("failed");
  const replay = useAction(async () => {
    const until = new Date().toISOString();
    let since: string | null | undefined = new Date(Date.now() - Number(hours) * 3_600_000).toISOString();
    let count = 0;
    // A request replays a part, and says where the next one begins.
    while (since) {
      const part: Schemas["ReplayView"] = (await ask(api.POST("/v2/webhooks/{id}/replay", { params: { path: { id } }, body: { since, until, only } }))).data;
      count += part.replayed;
      since = part.next_since;
    }
    tell(`${count} sent again`);
    onReplayed();
  });
  return (
    <Dialog title="Replay" onClose={onClose}>
      <Form onSend={replay.run}>
        <Select
          label="What"
          name="only"
          value={only}
          onValue={setOnly}
          failure={replay.failure}
          options={[
            ["failed", "What failed"],
            ["all", "Everything, also what was accepted or never sent"],
          ]}
        />
        <Select label="Since" name="since" value={hours} onValue={setHours} options={PERIODS} failure={replay.failure} />
        <Problem failure={replay.failure} />
        <div class="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" tone="primary" busy={replay.isBusy}>
            Send again
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}

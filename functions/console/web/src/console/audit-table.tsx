import { useState } from "preact/hooks";
import { Link } from "wouter-preact";

import { api, ask, session } from "./api";
import type { Schemas } from "./api";
import { moment } from "./time";
import { Badge, Input, Pager, Select, Show, useLoad, who } from "./ui";

/** What may have happened to a key; a test compares them with the API's. */
const ACTIONS = ["created", "imported", "updated", "rotated", "revoked", "leaked", "refused"] as const;
const TONES: Partial<Record<string, "good" | "bad" | "warn">> = { created: "good", revoked: "bad", leaked: "bad", refused: "warn" };

interface Filters {
  action: string;
  key: string;
  by: string;
  source: string;
}

/** The search that the API understands. */
function searchOf({ action, key, by, source }: Filters): string {
  const pairs = { action, "key.id": key, by, source: source.trim() };
  return Object.entries(pairs)
    .filter(([, value]) => value)
    .map(([attribute, value]) => `${attribute}:${value}`)
    .join(";");
}

/** The audit log: of the whole app, or of one key. */
export function AuditTable({ keyId }: { keyId?: string }) {
  const [filters, setFilters] = useState<Filters>({ action: "", key: keyId ?? "", by: "", source: "" });
  const [page, setPage] = useState(1);
  const search = searchOf(filters);
  const events = useLoad(
    async () => ask(api.GET("/v2/audit", { params: { query: { ...(search && { search }), limit: 25, page } } })),
    [search, page],
  );
  const keys = useLoad(async (): Promise<Schemas["KeyView"][]> => (keyId ? [] : (await ask(api.GET("/v2/keys", { params: { query: { limit: 500 } } }))).data), [keyId]);
  const names = new Map(keys.data?.map((key) => [key.id, key.name || "(no name)"]));
  const set = (name: keyof Filters) => (value: string) => {
    setFilters({ ...filters, [name]: value });
    setPage(1);
  };
  const people = [["", "Anybody"], [`account:${session.value?.account.id}`, "You"], ...[...names].map(([id, name]) => [`key:${id}`, name] as const)] as const;
  return (
    <>
      <div class="filters">
        <Select label="What happened" value={filters.action} onValue={set("action")} options={[["", "Anything"], ...ACTIONS.map((name) => [name, name] as const)]} />
        {!keyId && (
          <>
            <Select label="To key" value={filters.key} onValue={set("key")} options={[["", "Any"], ...names]} />
            <Select label="By" value={filters.by} onValue={set("by")} options={people} />
          </>
        )}
        <Input label="From address" type="search" placeholder="like 203.0.113.7" value={filters.source} onValue={set("source")} />
      </div>
      <Show of={events}>
        {(events) =>
          events.data.length === 0 ? (
            <p class="hint">Nothing of this kind has happened.</p>
          ) : (
            <>
              <div class="table-wrap">
                <table class="stack">
                  <thead>
                    <tr>
                      <th>When</th>
                      <th>What</th>
                      {!keyId && <th>Key</th>}
                      <th>By</th>
                      <th>From</th>
                      <th>Detail</th>
                    </tr>
                  </thead>
                  <tbody>
                    {events.data.map((event) => (
                      <tr key={event.id}>
                        <td data-label="When">{moment(event.at)}</td>
                        <td data-label="What">
                          <Badge tone={TONES[event.action]}>{event.action}</Badge> {event.count > 1 && `× ${event.count}`}
                        </td>
                        {!keyId && (
                          <td data-label="Key">
                            <Link href={`/developers/keys/${event.key_id}`}>{names.get(event.key_id) ?? `${event.key_id.slice(0, 8)}…`}</Link>
                          </td>
                        )}
                        <td data-label="By">{actor(event.by, event.key_id, names)}</td>
                        <td data-label="From">{event.source ?? "–"}</td>
                        <td data-label="Detail">{event.detail ?? "–"}</td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
              <Pager page={page} last={events.last_page} onPage={setPage} />
            </>
          )
        }
      </Show>
    </>
  );
}

/** Who did something, by a name where there is one. Whoever was refused came with the key itself. */
function actor(by: string, keyId: string, names: ReadonlyMap<string, string>): string {
  const id = by.startsWith("key:") ? by.slice("key:".length) : undefined;
  if (!id) return who(by);
  return id === keyId ? "whoever had the key" : (names.get(id) ?? who(by));
}

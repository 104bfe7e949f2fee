import { useState } from "preact/hooks";
import { Link } from "wouter-preact";

import { api, ask } from "./api";
import type { Schemas } from "./api";
import { moment } from "./time";
import { Badge, Pager, Select, Show, useLoad, who } from "./ui";

const ACTIONS = ["created", "imported", "updated", "rotated", "revoked", "leaked", "refused"] as const;
const TONES: Partial<Record<string, "good" | "bad" | "warn">> = { created: "good", revoked: "bad", leaked: "bad", refused: "warn" };

export function AuditTable({ keyId }: { keyId?: string }) {
  const [action, setAction] = useState("");
  const [page, setPage] = useState(1);
  const search = [keyId && `key.id:${keyId}`, action && `action:${action}`].filter(Boolean).join(";");
  const events = useLoad(
    async () => ask(api.GET("/v2/audit", { params: { query: { ...(search && { search }), limit: 25, page } } })),
    [search, page],
  );
  const names = useLoad(async () => {
    const keys: Schemas["KeyView"][] = keyId ? [] : (await ask(api.GET("/v2/keys", { params: { query: { limit: 500 } } }))).data;
    return new Map(keys.map((key) => [key.id, key.name]));
  }, [keyId]);
  return (
    <>
      <div class="filters">
        <Select
          label="What happened"
          value={action}
          onValue={(value) => {
            setAction(value);
            setPage(1);
          }}
          options={[["", "Anything"], ...ACTIONS.map((name) => [name, name] as const)]}
        />
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
                            <Link href={`/developers/keys/${event.key_id}`}>{names.data?.get(event.key_id) ?? `${event.key_id.slice(0, 8)}…`}</Link>
                          </td>
                        )}
                        <td data-label="By">{who(event.by)}</td>
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

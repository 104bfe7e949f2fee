import { useState } from "preact/hooks";
import { Link, useLocation } from "wouter-preact";

import { api, ask, Failure } from "./api";
import type { Schemas } from "./api";
import { HolidayEditor, readHours, WeekEditor, writeHours } from "./hours";
import type { Constraint } from "./hours";
import { NewResource, ZoneField } from "./new-resource";
import { clock, day, zoneName } from "./time";
import { Badge, Button, Card, Confirm, Copyable, Dialog, Empty, Form, Input, Page, Pager, Problem, Select, Show, tell, useAction, useLoad } from "./ui";

type Resource = Schemas["ResourceView"];

const constraintsOf = (resource: Resource) => (resource.availability_constraints ?? []) as Constraint[];

export function ResourcesPage() {
  const [page, setPage] = useState(1);
  const [name, setName] = useState("");
  const [isMaking, setMaking] = useState(false);
  const search = name.trim() && `name:*${name.trim()}*`;
  const resources = useLoad(
    async () => ask(api.GET("/v2/resources", { params: { query: { include: "availability_constraints", limit: 25, page, ...(search && { search }) } } })),
    [page, search],
  );
  return (
    <Page
      title="Resources"
      lead="Whom or what people book: somebody, a room, a thing."
      actions={
        <Button tone="primary" onClick={() => setMaking(true)}>
          New resource
        </Button>
      }
    >
      <div class="filters">
        <Input
          label="Name"
          type="search"
          value={name}
          onValue={(value) => {
            setName(value);
            setPage(1);
          }}
        />
      </div>
      <Show of={resources}>
        {(found) =>
          found.data.length === 0 ? (
            search ? (
              <p class="hint">Nobody is called like that.</p>
            ) : (
              <Empty title="Nobody to book yet" action={<Button tone="primary" onClick={() => setMaking(true)}>New resource</Button>}>
                Add whoever or whatever your customers book, and when they can.
              </Empty>
            )
          ) : (
            <>
              <div class="table-wrap">
                <table class="stack">
                  <thead>
                    <tr>
                      <th>Name</th>
                      <th>Hours</th>
                      <th>There it is</th>
                      <th>At once</th>
                      <th>Made</th>
                    </tr>
                  </thead>
                  <tbody>
                    {found.data.map((resource) => (
                      <tr key={resource.id}>
                        <td>
                          <Link href={`/resources/${resource.id}`}>{resource.name}</Link>
                          <div class="hint">{resource.email}</div>
                        </td>
                        <td data-label="Hours">{summary(resource)}</td>
                        <td data-label="There it is">
                          {clock(new Date(), resource.timezone)}
                          <div class="hint">{zoneName(resource.timezone)}</div>
                        </td>
                        <td data-label="At once">{resource.capacity}</td>
                        <td data-label="Made">{day(resource.created_at)}</td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
              <Pager page={page} last={found.last_page} onPage={setPage} />
            </>
          )
        }
      </Show>
      {isMaking && <NewResource onClose={() => setMaking(false)} />}
    </Page>
  );
}

function summary(resource: Resource) {
  const constraints = constraintsOf(resource);
  if (constraints.length === 0) return <span class="hint">any time</span>;
  const { week, others } = readHours(constraints);
  const days = week.filter((stretches) => stretches.length > 0).length;
  return days > 0 ? `${days} days a week` : others.length > 0 ? "by other rules" : "any time, but for days off";
}

export function ResourcePage({ id }: { id: string }) {
  const [, go] = useLocation();
  const [isDeleting, setDeleting] = useState(false);
  const [bookings, setBookings] = useState("");
  const path = { id };
  const resource = useLoad(async () => (await ask(api.GET("/v2/resources/{id}", { params: { path, query: { include: "availability_constraints" } } }))).data, [id]);
  return (
    <Show of={resource}>
      {(loaded) => (
        <Page
          title={loaded.name}
          back={<Link href="/resources">Resources</Link>}
          lead={
            <>
              {loaded.email ?? "No e-mail"} · now {clock(new Date(), loaded.timezone)} in {zoneName(loaded.timezone)}
            </>
          }
          actions={
            <>
              <Link href={`/bookings?resource=${id}`} class="button">
                Its bookings
              </Link>
              <Button tone="danger" onClick={() => setDeleting(true)}>
                Delete
              </Button>
            </>
          }
        >
          <HoursCard resource={loaded} />
          <Details resource={loaded} onSaved={resource.reload} />
          <Feed id={id} />
          <Credentials resource={loaded} />
          {isDeleting && (
            <Confirm
              title="Delete this resource"
              verb="Delete"
              name={loaded.name}
              choice={
                <Select
                  label="Its bookings to come"
                  value={bookings}
                  onValue={setBookings}
                  options={[
                    ["", "Delete it only if there are none"],
                    ["cancel", "Cancel them, and decline what is tentative"],
                    ["keep", "Keep them: they can be cancelled, declined and completed"],
                  ]}
                />
              }
              onClose={() => setDeleting(false)}
              act={async () => {
                await ask(api.DELETE("/v2/resources/{id}", { params: { path, query: { ...(bookings && { bookings }) } } }));
                go("/resources");
              }}
            >
              Its tokens stop working, its calendars and events are gone, and nobody can book it again. Its bookings stay readable.
            </Confirm>
          )}
        </Page>
      )}
    </Show>
  );
}

function HoursCard({ resource }: { resource: Resource }) {
  const [hours, setHours] = useState(() => readHours(constraintsOf(resource)));
  const save = useAction(async () => {
    const body = { availability_constraints: writeHours(hours) } as Schemas["ResourceRequest"];
    await ask(api.PUT("/v2/resources/{id}", { params: { path: { id: resource.id } }, body }));
    tell("Hours saved");
  });
  return (
    <Card title="Weekly hours" lead={`When it can be booked, by the clock of ${zoneName(resource.timezone)}.`}>
      <Form onSend={save.run}>
        <WeekEditor hours={hours} onHours={setHours} />
        <h3>Days off</h3>
        <HolidayEditor hours={hours} onHours={setHours} />
        <Problem failure={save.failure} />
        <div class="form-end">
          <Button type="submit" tone="primary" busy={save.isBusy}>
            Save hours
          </Button>
        </div>
      </Form>
    </Card>
  );
}

function Details({ resource, onSaved }: { resource: Resource; onSaved: () => void }) {
  const [name, setName] = useState(resource.name);
  const [timezone, setTimezone] = useState(resource.timezone);
  const [capacity, setCapacity] = useState(String(resource.capacity));
  const [tags, setTags] = useState(resource.tags.join(", "));
  const [image, setImage] = useState(resource.image ?? "");
  const save = useAction(async () => {
    const body = {
      name,
      timezone,
      capacity: Number(capacity),
      image: image || null,
      tags: tags.split(",").map((tag) => tag.trim()).filter(Boolean),
    } as Schemas["ResourceRequest"];
    await ask(api.PUT("/v2/resources/{id}", { params: { path: { id: resource.id } }, body }));
    tell("Saved");
    onSaved();
  });
  return (
    <Card title="Details">
      <Form onSend={save.run} class="narrow">
        <Input label="Name" name="name" value={name} onValue={setName} failure={save.failure} />
        <ZoneField value={timezone} onValue={setTimezone} failure={save.failure} />
        <Input label="Bookings at once" name="capacity" type="number" min="1" value={capacity} onValue={setCapacity} failure={save.failure} />
        <Input label="Tags" name="tags" hint="Words to group it by, separated by commas." value={tags} onValue={setTags} failure={save.failure} />
        <Input label="Picture" name="image" type="url" hint="The address of one." value={image} onValue={setImage} failure={save.failure} />
        <Problem failure={save.failure} />
        <Button type="submit" busy={save.isBusy}>
          Save
        </Button>
      </Form>
    </Card>
  );
}

function Feed({ id }: { id: string }) {
  const path = { params: { path: { id } } };
  const feed = useLoad(async () => {
    try {
      return (await ask(api.GET("/v2/resources/{id}/calendar_feed", path))).data.url ?? null;
    } catch (error) {
      if (error instanceof Failure && error.status === 404) return null;
      throw error;
    }
  }, [id]);
  const make = useAction(async () => {
    await ask(api.POST("/v2/resources/{id}/calendar_feed", path));
    feed.reload();
  });
  const end = useAction(async () => {
    await ask(api.DELETE("/v2/resources/{id}/calendar_feed", path));
    tell("The address no longer works");
    feed.reload();
  });
  return (
    <Card title="Calendar address" lead="A private address that calendar programs subscribe to. A new one ends the old one.">
      <Show of={feed}>
        {(url) => (
          <>
            {url && (
              <div class="field">
                <Copyable value={url} label="Calendar address" />
              </div>
            )}
            <Problem failure={make.failure ?? end.failure} />
            <div class="actions">
              <Button busy={make.isBusy} onClick={() => make.run()}>
                {url ? "Make another address" : "Make an address"}
              </Button>
              {url && (
                <Button busy={end.isBusy} onClick={() => end.run()}>
                  End the address
                </Button>
              )}
            </div>
          </>
        )}
      </Show>
    </Card>
  );
}

function Credentials({ resource }: { resource: Resource }) {
  const [isMaking, setMaking] = useState(false);
  const credentials = useLoad(
    async () => (await ask(api.GET("/v2/credentials", { params: { query: { search: `resource.id:${resource.id}`, limit: 100 } } }))).data,
    [resource.id],
  );
  const remove = useAction(async (id: string) => {
    await ask(api.DELETE("/v2/credentials/{id}", { params: { path: { id } } }));
    credentials.reload();
    tell("The token no longer works");
  });
  return (
    <Card
      title="Credentials"
      lead="Tokens that act as this resource, for older integrations. New programs use an API key."
      actions={<Button onClick={() => setMaking(true)}>New token</Button>}
    >
      <Problem failure={remove.failure} />
      <Show of={credentials}>
        {(credentials) =>
          credentials.length === 0 ? (
            <p class="hint">None.</p>
          ) : (
            <ul class="rows">
              {credentials.map((credential) => (
                <li key={credential.id}>
                  <div>
                    <strong>{credential.type}</strong> {credential.deprecated && <Badge tone="warn">deprecated</Badge>}
                    <div class="hint">
                      {credential.description || "No description"}
                      {credential.expires && `, until ${day(credential.expires)}`}
                      {credential.referrer.length > 0 && `, from ${credential.referrer.join(", ")}`}
                    </div>
                  </div>
                  <Button class="small" busy={remove.isBusy} onClick={() => remove.run(credential.id)}>
                    Delete
                  </Button>
                </li>
              ))}
            </ul>
          )
        }
      </Show>
      {isMaking && <NewToken resource={resource} onClose={() => setMaking(false)} onMade={credentials.reload} />}
    </Card>
  );
}

function NewToken({ resource, onClose, onMade }: { resource: Resource; onClose: () => void; onMade: () => void }) {
  const [type, setType] = useState("client-token");
  const [description, setDescription] = useState("");
  const [made, setMade] = useState<Schemas["CredentialView"]>();
  const make = useAction(async () => {
    const body = { type: type as Schemas["TokenType"], description, resource_id: resource.id };
    setMade((await ask(api.POST("/v2/credentials", { body }))).data);
    onMade();
  });
  return (
    <Dialog title="New token" onClose={onClose}>
      {made ? (
        <>
          <p>It goes into Basic authentication behind the user part below.</p>
          <div class="field">
            <span class="label">User</span>
            <Copyable value={made.user} label="User" />
          </div>
          {made.token && (
            <div class="field">
              <span class="label">Token</span>
              <Copyable value={made.token} label="Token" />
            </div>
          )}
          <div class="dialog-actions">
            <Button tone="primary" onClick={onClose}>
              Done
            </Button>
          </div>
        </>
      ) : (
        <Form onSend={make.run}>
          <Select
            label="Type"
            name="type"
            value={type}
            onValue={setType}
            failure={make.failure}
            options={[
              ["client-token", "client-token: safe in web pages"],
              ["server-token", "server-token: everything the resource may (deprecated)"],
            ]}
          />
          <Input label="What it is for" name="description" value={description} onValue={setDescription} failure={make.failure} />
          <Problem failure={make.failure} />
          <div class="dialog-actions">
            <Button onClick={onClose}>Cancel</Button>
            <Button type="submit" tone="primary" busy={make.isBusy}>
              Create token
            </Button>
          </div>
        </Form>
      )}
    </Dialog>
  );
}

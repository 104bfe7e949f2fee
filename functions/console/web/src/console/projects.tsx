import { useEffect, useState } from "preact/hooks";
import { Link, useLocation } from "wouter-preact";

import { api, ask, currentApp } from "./api";
import type { Failure, Schemas } from "./api";
import { HolidayEditor, readHours, WeekEditor, writeHours } from "./hours";
import type { Constraint } from "./hours";
import { embedCodes } from "./embed";
import { day } from "./time";
import { Badge, Button, Card, Check, Code, Confirm, Copyable, Dialog, Empty, Field, Form, Input, Page, Pager, Problem, Select, Show, tell, useAction, useLoad } from "./ui";

type Project = Schemas["ProjectView"];
type Json = Record<string, unknown>;

interface CustomerField extends Json {
  title?: string;
  format?: string;
  required?: boolean;
}

const text = (json: Json, name: string) => (typeof json[name] === "string" || typeof json[name] === "number" ? String(json[name]) : "");

const LENGTHS = ["15 minutes", "30 minutes", "45 minutes", "1 hour", "90 minutes", "2 hours", "4 hours"];

async function resourcesToChoose() {
  return (await ask(api.GET("/v2/resources", { params: { query: { limit: 500 } } }))).data;
}

export function ProjectsPage() {
  const [page, setPage] = useState(1);
  const [isMaking, setMaking] = useState(false);
  const projects = useLoad(async () => ask(api.GET("/v2/projects", { params: { query: { include: "resources,page", limit: 25, page } } })), [page]);
  return (
    <Page
      title="Projects"
      lead={
        <>
          A project is a booking page: who can be booked, for how long, and what customers are asked. <a href={`/book/app/${currentApp()?.slug}`} target="_blank" rel="noopener">One page lists them all.</a>
        </>
      }
      actions={
        <Button tone="primary" onClick={() => setMaking(true)}>
          New project
        </Button>
      }
    >
      <Show of={projects}>
        {(found) => {
          const rows = found.data as Project[];
          return rows.length === 0 ? (
            <Empty title="No booking page yet" action={<Button tone="primary" onClick={() => setMaking(true)}>New project</Button>}>
              Two fields, and your customers have a page to book on.
            </Empty>
          ) : (
            <>
              <div class="table-wrap">
                <table class="stack">
                  <thead>
                    <tr>
                      <th>Name</th>
                      <th>Who</th>
                      <th>How long</th>
                      <th>Page</th>
                      <th>Made</th>
                    </tr>
                  </thead>
                  <tbody>
                    {rows.map((project) => (
                      <tr key={project.id}>
                        <td>
                          <Link href={`/projects/${project.id}`}>{project.name}</Link>
                        </td>
                        <td data-label="Who">{(project.resources ?? []).map((one) => (one as { name: string }).name).join(", ") || "nobody"}</td>
                        <td data-label="How long">{text(project.availability as Json, "length") || "1 hour"}</td>
                        <td data-label="Page">
                          <a href={`/book/${project.slug}`} target="_blank" rel="noopener">
                            /book/{project.slug}
                          </a>
                          {(project.page?.problems.length ?? 0) > 0 && <Badge tone="warn">cannot be booked</Badge>}
                          {project.unlisted && <Badge>unlisted</Badge>}
                        </td>
                        <td data-label="Made">{day(project.created_at)}</td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
              <Pager page={page} last={found.last_page} onPage={setPage} />
            </>
          );
        }}
      </Show>
      {isMaking && <NewProject onClose={() => setMaking(false)} />}
    </Page>
  );
}

function LengthField({ value, onValue, failure }: { value: string; onValue: (value: string) => void; failure?: Failure | undefined }) {
  return (
    <Field label="How long" name="availability.length" failure={failure} hint="Like 45 minutes or 2 hours.">
      {(attributes) => (
        <>
          <input {...attributes} list="lengths" value={value} onInput={(event) => onValue(event.currentTarget.value)} />
          <datalist id="lengths">
            {LENGTHS.map((length) => (
              <option key={length} value={length} />
            ))}
          </datalist>
        </>
      )}
    </Field>
  );
}

/** `takesTheOnly`: where there is one resource alone, it is chosen. */
function ResourceChoice({ chosen, onChosen, takesTheOnly }: { chosen: readonly string[]; onChosen: (ids: string[]) => void; takesTheOnly?: boolean }) {
  const resources = useLoad(resourcesToChoose, []);
  useEffect(() => {
    const [only, ...others] = resources.data ?? [];
    if (takesTheOnly && only && others.length === 0) onChosen([only.id]);
  }, [resources.data]);
  return (
    <Show of={resources}>
      {(resources) =>
        resources.length === 0 ? (
          <p class="note">
            There is nobody to book yet. <Link href="/resources">Add a resource first.</Link>
          </p>
        ) : (
          <fieldset>
            <legend>Who or what can be booked</legend>
            <div class="choices">
              {resources.map(({ id, name }) => (
                <Check key={id} label={name} isOn={chosen.includes(id)} onValue={(isOn) => onChosen(isOn ? [...chosen, id] : chosen.filter((other) => other !== id))} />
              ))}
            </div>
            <p class="hint">
              Pages book whoever is in a project through that project only. A page that names one of them without <code>project_id</code> is refused from then on.
            </p>
          </fieldset>
        )
      }
    </Show>
  );
}

function NewProject({ onClose }: { onClose: () => void }) {
  const [, go] = useLocation();
  const [name, setName] = useState("");
  const [resources, setResources] = useState<string[]>([]);
  const [length, setLength] = useState("1 hour");
  const make = useAction(async () => {
    const body = { name, resources, availability: { length, mode: "roundrobin_random" } };
    const made = await ask(api.POST("/v2/projects", { params: { query: { include: "page" } }, body: body as Schemas["ProjectRequest"] }));
    tellSaved("Created", made.data);
    onClose();
    go(`/projects/${made.data.id}`);
  });
  return (
    <Dialog title="New project" onClose={onClose}>
      <Form onSend={make.run}>
        <Input label="Name" name="name" hint="What customers book, like “Consultation”." value={name} onValue={setName} failure={make.failure} />
        <ResourceChoice chosen={resources} onChosen={setResources} takesTheOnly />
        <LengthField value={length} onValue={setLength} failure={make.failure} />
        <Problem failure={make.failure} />
        <div class="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" tone="primary" busy={make.isBusy}>
            Create project
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}

export function ProjectPage({ id }: { id: string }) {
  const [, go] = useLocation();
  const [tab, setTab] = useState("share");
  const [isDeleting, setDeleting] = useState(false);
  const path = { id };
  const project = useLoad(
    async () => (await ask(api.GET("/v2/projects/{id}", { params: { path, query: { include: "resources,availability_constraints,page" } } }))).data,
    [id],
  );
  return (
    <Show of={project}>
      {(loaded) => (
        <Page
          title={loaded.name}
          back={<Link href="/projects">Projects</Link>}
          lead={
            <a href={`/book/${loaded.slug}`} target="_blank" rel="noopener">
              {location.origin}/book/{loaded.slug}
            </a>
          }
          actions={
            <Button tone="danger" onClick={() => setDeleting(true)}>
              Delete
            </Button>
          }
        >
          <div class="segments tabs" role="group" aria-label="Parts">
            {[
              ["share", "Share"],
              ["basics", "What is booked"],
              ["hours", "When"],
              ["form", "Form and words"],
              ["more", "More"],
            ].map(([name, label]) => (
              <button key={name} type="button" aria-pressed={tab === name} onClick={() => setTab(name ?? "share")}>
                {label}
              </button>
            ))}
          </div>
          <PageProblems project={loaded} />
          {tab === "share" && <Share project={loaded} />}
          {tab === "basics" && <Basics project={loaded} onSaved={project.reload} />}
          {tab === "hours" && <When project={loaded} onSaved={project.reload} />}
          {tab === "form" && <Words project={loaded} onSaved={project.reload} />}
          {tab === "more" && <More project={loaded} onSaved={project.reload} />}
          {isDeleting && (
            <Confirm
              title="Delete this project"
              verb="Delete"
              name={loaded.name}
              onClose={() => setDeleting(false)}
              act={async () => {
                await ask(api.DELETE("/v2/projects/{id}", { params: { path } }));
                go("/projects");
              }}
            >
              Its booking page goes down, wherever it is embedded. Bookings that were made on it stay.
            </Confirm>
          )}
        </Page>
      )}
    </Show>
  );
}

function Share({ project }: { project: Project }) {
  const code = useLoad(
    async () => ask(api.GET("/v2/projects/{id}/embed-code", { params: { path: { id: project.id } }, parseAs: "text" })) as Promise<string>,
    [project.id],
  );
  return (
    <>
      <Card title="Link" lead="Send it to customers, or put it behind a button.">
        <Copyable value={`${location.origin}/book/${project.slug}`} label="Link" />
      </Card>
      <Embed project={project} />
      <Card title="Timekit's widget" lead="For those who embed it already. The widget key in it is public. What a page says itself of length, buffers or grid does not count: this project's settings do, and a page can only narrow them.">
        <Show of={code}>{(code) => <Code text={code.trim()} label="Embed code of the widget" />}</Show>
      </Card>
      <Card title="Preview" lead="The page itself: what you book here is booked.">
        <iframe class="preview" title={`Booking page of ${project.name}`} src={`/book/${project.slug}`} />
      </Card>
    </>
  );
}

const KINDS = [
  ["iframe", "A frame"],
  ["inline", "In the page"],
  ["popup", "A link that opens a pop-up"],
  ["button", "A button in the corner"],
] as const;

/** What to paste into another page, in each way that the booking page can appear there. */
function Embed({ project }: { project: Project }) {
  const [kind, setKind] = useState<string>("inline");
  const codes = embedCodes(location.origin, project);
  return (
    <Card
      title="Embed code"
      lead="Paste it into your page where the booking page should be. It loads nothing from other hosts. A page may show it if its origin is one that the app's widget key may be used from: see Developers, API keys."
    >
      <Select label="How it appears" value={kind} onValue={setKind} options={KINDS} />
      <Code text={codes[kind as keyof typeof codes]} label="Embed code" />
    </Card>
  );
}

/** Says that a project was saved, and at once if nobody can book on its page. */
function tellSaved(verb: string, { page }: Project) {
  tell(page && page.problems.length > 0 ? `${verb}, but nobody can book on the page.` : verb);
}

/** Why nobody can book on the project's page, which only its owner is told. */
function PageProblems({ project }: { project: Project }) {
  const problems = project.page?.problems ?? [];
  if (problems.length === 0) return null;
  return (
    <div class="warning" role="alert">
      <strong>Nobody can book on this page.</strong>
      <ul>
        {problems.map(({ code, advice }) => (
          <li key={code}>{advice}</li>
        ))}
      </ul>
    </div>
  );
}

/** Saves some fields of a project. */
function useSave(project: Project, onSaved: () => void) {
  return useAction(async (body: object) => {
    const query = { include: "page" };
    const saved = await ask(api.PUT("/v2/projects/{id}", { params: { path: { id: project.id }, query }, body: body as Schemas["ProjectRequest"] }));
    tellSaved("Saved", saved.data);
    onSaved();
  });
}

const MODES = [
  ["roundrobin_random", "One of them, by turns"],
  ["roundrobin_prioritized", "The first who is free"],
  ["mutual", "All of them together"],
  ["exclusive", "Whoever the customer chooses"],
] as const;

/** Those that a page can book. What waits for a payment is not offered, because no provider takes one. */
const GRAPHS = [
  ["instant", "At once"],
  ["confirm_decline", "When you have confirmed"],
  ["group_customer", "A seat in a group"],
] as const;

/** The graphs to choose from: one that the API has set and no page can book stays until another is chosen. */
function graphsFor(project: Project): readonly (readonly [string, string])[] {
  const own = text(project.booking as Json, "graph");
  return own === "" || GRAPHS.some(([graph]) => graph === own) ? GRAPHS : [...GRAPHS, [own, `${own} (no page can book it)`]];
}

function Basics({ project, onSaved }: { project: Project; onSaved: () => void }) {
  const [name, setName] = useState(project.name);
  const [resources, setResources] = useState(() => (project.resources ?? []).map((one) => (one as { id: string }).id));
  const [availability, setAvailability] = useState(project.availability as Json);
  const [booking, setBooking] = useState(project.booking as Json);
  const [doubles, setDoubles] = useState(project.allow_double_bookings);
  const [price, setPrice] = useState(project.price ?? "");
  const [unlisted, setUnlisted] = useState(project.unlisted);
  const save = useSave(project, onSaved);
  const on = (set: typeof setAvailability, json: Json, field: string) => (value: string) => {
    const { [field]: _, ...rest } = json;
    set(value === "" ? rest : { ...rest, [field]: value });
  };
  const setting = (field: string) => ({ value: text(availability, field), onValue: on(setAvailability, availability, field), field: `availability.${field}`, failure: save.failure });
  const of = (field: string) => ({ value: text(booking, field), onValue: on(setBooking, booking, field), field: `booking.${field}`, failure: save.failure });
  const number = (field: string) => ({
    ...setting(field),
    onValue: (value: string) => {
      const { [field]: _, ...rest } = availability;
      setAvailability(value === "" ? rest : { ...rest, [field]: Number(value) });
    },
  });
  return (
    <Card>
      <Form onSend={() => save.run({ name, price, unlisted, resources, availability, booking, allow_double_bookings: doubles })}>
        <div class="columns">
          <Input label="Name" name="name" value={name} onValue={setName} failure={save.failure} />
          <Input label="Price" name="price" placeholder="none" hint="Shown on the page as it stands here, like 25 €. Nothing is charged." value={price} onValue={setPrice} failure={save.failure} />
        </div>
        <ResourceChoice chosen={resources} onChosen={setResources} />
        <div class="columns">
          <LengthField value={text(availability, "length")} onValue={on(setAvailability, availability, "length")} failure={save.failure} />
          <Select label="If there are several" name="availability.mode" value={text(availability, "mode")} onValue={on(setAvailability, availability, "mode")} options={MODES} failure={save.failure} />
          <Select label="It is booked" name="booking.graph" value={text(booking, "graph") || "instant"} onValue={on(setBooking, booking, "graph")} options={graphsFor(project)} failure={save.failure} />
        </div>
        <div class="columns">
          <Input label="Free time around it" placeholder="none" {...setting("buffer")} />
          <Input label="Book at least … ahead" placeholder="no notice" {...setting("minimum_notice")} />
          <Input label="Offer until … ahead" placeholder="4 weeks" {...setting("to")} />
          <Input label="A start every" placeholder="its length" {...setting("timeslot_increments")} />
          <Input label="At most a day" type="number" placeholder="no limit" {...number("max_bookings_per_day")} />
          <Input label="At most a week" type="number" placeholder="no limit" {...number("max_bookings_per_week")} />
        </div>
        <h3>What the booking says</h3>
        <Input label="What" hint={<>“{"{{customer.name}}"}” stands for what the customer gave.</>} {...of("what")} />
        <Input label="Where" {...of("where")} />
        <Input label="Description" {...of("description")} />
        <Input label="Own page to reschedule" type="url" hint="Empty means the booking page here." {...of("rescheduling_url")} />
        <Check label="Not listed" hint="The page that lists all your booking pages leaves it out. Its own address works." isOn={unlisted} onValue={setUnlisted} />
        <Check label="Allow double bookings" hint="Its bookings may overlap others." isOn={doubles} onValue={setDoubles} />
        <Problem failure={save.failure} />
        <div class="form-end">
          <Button type="submit" tone="primary" busy={save.isBusy}>
            Save
          </Button>
        </div>
      </Form>
    </Card>
  );
}

function When({ project, onSaved }: { project: Project; onSaved: () => void }) {
  const [hours, setHours] = useState(() => readHours((project.availability_constraints ?? []) as Constraint[]));
  const save = useSave(project, onSaved);
  return (
    <Card title="When it can be booked" lead="On top of each resource's own hours, by each one's own clock.">
      <Form onSend={() => save.run({ availability_constraints: writeHours(hours) })}>
        <WeekEditor hours={hours} onHours={setHours} />
        <h3>Days off</h3>
        <HolidayEditor hours={hours} onHours={setHours} />
        <Problem failure={save.failure} />
        <div class="form-end">
          <Button type="submit" tone="primary" busy={save.isBusy}>
            Save
          </Button>
        </div>
      </Form>
    </Card>
  );
}

const FORMATS = [
  ["string", "A line of text"],
  ["textarea", "Several lines"],
  ["email", "An e-mail address"],
  ["tel", "A phone number"],
  ["number", "A number"],
  ["checkbox", "A box to tick"],
] as const;

const TIMES = [
  ["12h-mdy-sun", "3:00 pm, 12/31, weeks from Sunday"],
  ["24h-dmy-mon", "15:00, 31/12, weeks from Monday"],
] as const;

function Words({ project, onSaved }: { project: Project; onSaved: () => void }) {
  const [fields, setFields] = useState(() => Object.entries(project.customer_fields as Record<string, CustomerField>));
  const [ui, setUi] = useState(project.ui as Json);
  const localization = (ui.localization ?? {}) as Json;
  const save = useSave(project, onSaved);
  const change = (at: number, key: string, field: CustomerField) => setFields(fields.map((old, index) => (index === at ? [key, field] : old)));
  const word = (name: string) => ({
    value: text(localization, name),
    onValue: (value: string) => setUi({ ...ui, localization: { ...localization, [name]: value } }),
    field: `ui.localization.${name}`,
    failure: save.failure,
  });
  return (
    <Card>
      <Form onSend={() => save.run({ customer_fields: Object.fromEntries(fields), ui })}>
        <h2>What customers are asked</h2>
        <div class="form-fields">
          {fields.map(([key, field], index) => (
            <div class="form-field" key={index} role="group" aria-label={field.title ?? key}>
              <Input label="Title" value={field.title ?? ""} onValue={(title) => change(index, key, { ...field, title })} />
              <Input label="Kept as" value={key} onValue={(next) => change(index, next, field)} />
              <Select label="Kind" value={field.format ?? "string"} onValue={(format) => change(index, key, { ...field, format })} options={FORMATS} />
              <Check label="Required" isOn={Boolean(field.required)} onValue={(required) => change(index, key, { ...field, required })} />
              <button type="button" class="icon-button" aria-label={`Remove ${field.title ?? key}`} onClick={() => setFields(fields.filter((_, other) => other !== index))}>
                ×
              </button>
            </div>
          ))}
          <Button class="small" onClick={() => setFields([...fields, [`field_${fields.length + 1}`, { title: "", format: "string", required: false }]])}>
            Add a field
          </Button>
        </div>
        <h2>How the page speaks</h2>
        <div class="columns">
          <Input label="Name on the page" value={text(ui, "display_name")} onValue={(display_name) => setUi({ ...ui, display_name })} failure={save.failure} field="ui.display_name" />
          <Input label="Portrait" type="url" hint="The address of a picture." value={text(ui, "avatar")} onValue={(avatar) => setUi({ ...ui, avatar })} failure={save.failure} field="ui.avatar" />
          <Select label="Dates and times" name="ui.time_date_format" value={text(ui, "time_date_format") || "12h-mdy-sun"} onValue={(time_date_format) => setUi({ ...ui, time_date_format })} options={TIMES} failure={save.failure} />
          <Select
            label="Free times as"
            name="ui.availability_view"
            value={text(ui, "availability_view") || "agendaWeek"}
            onValue={(availability_view) => setUi({ ...ui, availability_view })}
            options={[
              ["agendaWeek", "A week's calendar"],
              ["listing", "A list"],
            ]}
            failure={save.failure}
          />
        </div>
        <Input label="Button to book" {...word("submit_button")} />
        <Input label="When it is booked" hint="%s stands for the customer's e-mail address." {...word("success_message")} />
        <Problem failure={save.failure} />
        <div class="form-end">
          <Button type="submit" tone="primary" busy={save.isBusy}>
            Save
          </Button>
        </div>
      </Form>
    </Card>
  );
}

function More({ project, onSaved }: { project: Project; onSaved: () => void }) {
  const [slug, setSlug] = useState(project.slug);
  const save = useSave(project, onSaved);
  return (
    <>
      <Card title="Address">
        <Form onSend={() => save.run({ slug })} class="narrow">
          <Input label="Slug" name="slug" hint="Links to the old address stop working." value={slug} onValue={setSlug} failure={save.failure} />
          <Problem failure={save.failure} />
          <Button type="submit" busy={save.isBusy} disabled={slug === project.slug}>
            Change the address
          </Button>
        </Form>
      </Card>
      <JsonCard project={project} onSaved={onSaved} />
      <Card title="Kept, without effect yet" lead="Timekit's clients send these, and they are kept: nothing acts on them.">
        <fieldset disabled>
          <Check label="E-mail notifications" isOn={project.enabled_email_notification} onValue={() => undefined} />
          <Check label="Video conference" isOn={project.allow_conference === 1} onValue={() => undefined} />
          <p class="hint">{project.reminders.length} reminders</p>
        </fieldset>
      </Card>
    </>
  );
}

/** Everything of a project that has no field of its own here. */
function JsonCard({ project, onSaved }: { project: Project; onSaved: () => void }) {
  const shown = { availability: project.availability, booking: project.booking, customer_fields: project.customer_fields, ui: project.ui, meta: project.meta };
  const [json, setJson] = useState(() => JSON.stringify(shown, null, 2));
  const [fault, setFault] = useState("");
  const save = useSave(project, onSaved);
  const send = () => {
    try {
      const body = JSON.parse(json) as object;
      setFault("");
      void save.run(body);
    } catch (error) {
      setFault(error instanceof Error ? error.message : "This is no JSON.");
    }
  };
  return (
    <Card title="As JSON" lead="What the API has, for everything that has no field here.">
      <Form onSend={send}>
        <Field label="Settings">{(attributes) => <textarea {...attributes} class="json" rows={16} spellcheck={false} value={json} onInput={(event) => setJson(event.currentTarget.value)} />}</Field>
        {fault && <p class="fault">{fault}</p>}
        <Problem failure={save.failure} />
        <Button type="submit" busy={save.isBusy}>
          Save
        </Button>
      </Form>
    </Card>
  );
}

import { lazy, Suspense } from "preact/compat";
import { useEffect, useMemo, useState } from "preact/hooks";
import { Link, useSearchParams } from "wouter-preact";

import { api, ask } from "./api";
import type { Schemas } from "./api";
import { customer, event, INCLUDE, STATES, tone, words } from "./booking";
import type { Booking } from "./booking";
import { clock, day, HERE, moment, sameClock, span, zoneName } from "./time";
import { Badge, Button, Dialog, Empty, Field, Form, Input, Loading, Page, Pager, Problem, Select, Show, tell, useAction, useLoad, who } from "./ui";
import type { Loaded } from "./ui";

const Calendar = lazy(() => import("./calendar").then((it) => ({ default: it.Calendar })));

const VIEWS = [
  ["week", "Week"],
  ["month", "Month"],
  ["list", "List"],
] as const;

interface Filters {
  resource: string;
  state: string;
  customer: string;
}

/** The search that the API understands. */
function searchOf({ resource, state, customer }: Filters): string {
  const who = customer.trim();
  return [
    resource && `resource.id:${resource}`,
    state && `state:${state}`,
    who && (who.includes("@") ? `customer.email:${who}` : `customer.name:*${who}*`),
  ]
    .filter(Boolean)
    .join(";");
}

export function BookingsPage() {
  const [query, setQuery] = useSearchParams();
  const [turn, setTurn] = useState(0);
  const [open, setOpen] = useState<string>();
  const [isMaking, setMaking] = useState<{ start?: Date }>();
  const resources = useLoad(async () => (await ask(api.GET("/v2/resources", { params: { query: { limit: 500 } } }))).data, []);
  const view = query.get("view") ?? (innerWidth < 700 ? "list" : "week");
  const filters: Filters = { resource: query.get("resource") ?? "", state: query.get("state") ?? "", customer: query.get("customer") ?? "" };
  const set = (name: string, value: string) =>
    setQuery(
      (before) => {
        if (value) before.set(name, value);
        else before.delete(name);
        return before;
      },
      { replace: true },
    );
  const search = searchOf(filters);
  const again = () => setTurn(turn + 1);
  return (
    <Page
      title="Bookings"
      lead={`In your time, ${zoneName(HERE)}; where a resource's clock reads otherwise, both are shown.`}
      actions={
        <Button tone="primary" onClick={() => setMaking({})}>
          New booking
        </Button>
      }
    >
      <div class="filters">
        <div class="segments" role="group" aria-label="View">
          {VIEWS.map(([name, label]) => (
            <button key={name} type="button" aria-pressed={view === name} onClick={() => set("view", name)}>
              {label}
            </button>
          ))}
        </div>
        <Select
          label="Resource"
          value={filters.resource}
          onValue={(value) => set("resource", value)}
          options={[["", "All"], ...(resources.data ?? []).map(({ id, name }) => [id, name] as const)]}
        />
        <Select label="State" value={filters.state} onValue={(value) => set("state", value)} options={[["", "Any"], ...STATES.map((state) => [state, words(state)] as const)]} />
        <Input label="Customer" type="search" placeholder="name or e-mail" value={filters.customer} onValue={(value) => set("customer", value)} />
      </div>
      {view === "list" ? (
        <List search={search} turn={turn} onOpen={setOpen} onNew={() => setMaking({})} />
      ) : (
        <Suspense fallback={<Loading />}>
          <Calendar view={view} search={search} hasState={Boolean(filters.state)} turn={turn} onOpen={setOpen} onNew={(start) => setMaking({ start })} />
        </Suspense>
      )}
      {open && <Details id={open} onClose={() => setOpen(undefined)} onOpen={setOpen} onChanged={again} />}
      {isMaking && (
        <NewBooking
          loaded={resources}
          resource={filters.resource}
          start={isMaking.start}
          onClose={() => setMaking(undefined)}
          onMade={(id) => {
            setMaking(undefined);
            again();
            setOpen(id);
          }}
        />
      )}
    </Page>
  );
}

/** When a booking is, by the viewer's clock, and by the resource's where that reads otherwise. */
function When({ booking }: { booking: Booking }) {
  const { start, end } = event(booking);
  const zone = booking.resource?.timezone ?? HERE;
  return (
    <>
      {span(start, end)}
      {!sameClock(start, zone, HERE) && (
        <div class="hint">
          {span(start, end, zone)} in {zoneName(zone)}
        </div>
      )}
    </>
  );
}

function List({ search, turn, onOpen, onNew }: { search: string; turn: number; onOpen: (id: string) => void; onNew: () => void }) {
  const [page, setPage] = useState(1);
  useEffect(() => setPage(1), [search]);
  const bookings = useLoad(
    async () => ask(api.GET("/v2/bookings", { params: { query: { include: INCLUDE, limit: 25, page, ...(search && { search }) } } })),
    [search, page, turn],
  );
  return (
    <Show of={bookings}>
      {(found) => {
        const rows = found.data as unknown as Booking[];
        if (rows.length === 0) {
          return search ? (
            <p class="hint">No booking fits.</p>
          ) : (
            <Empty title="No bookings yet" action={<Button onClick={onNew}>New booking</Button>}>
              They appear here as soon as somebody books, on a booking page or over the API.
            </Empty>
          );
        }
        return (
          <>
            <div class="table-wrap">
              <table class="stack">
                <thead>
                  <tr>
                    <th>Customer</th>
                    <th>When</th>
                    <th>What</th>
                    <th>With</th>
                    <th>State</th>
                  </tr>
                </thead>
                <tbody>
                  {rows.map((booking) => (
                    <tr key={booking.id}>
                      <td>
                        <button type="button" class="link" onClick={() => onOpen(booking.id)}>
                          {customer(booking)}
                        </button>
                        <div class="hint">{booking.customers?.[0]?.email}</div>
                      </td>
                      <td class="when" data-label="When">
                        <When booking={booking} />
                      </td>
                      <td data-label="What">{event(booking).what}</td>
                      <td data-label="With">{booking.resource?.name ?? "–"}</td>
                      <td data-label="State">
                        <Badge tone={tone(booking.state)}>{words(booking.state)}</Badge>
                      </td>
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
  );
}

/** Actions that people take here, in this order; the others are customers' or programs'. */
const ACTIONS = ["confirm", "decline", "cancel", "complete", "pay"] as const;
const DONE = { confirm: "confirmed", decline: "declined", cancel: "cancelled", complete: "completed", pay: "marked as paid" };
/** Those that cannot be taken back, which are asked about first. */
const ENDS: readonly string[] = ["cancel", "decline"];
const ACTION_NAMES = { confirm: "Confirm", decline: "Decline", cancel: "Cancel booking", complete: "Complete", pay: "Mark as paid" };

function Details({ id, onClose, onOpen, onChanged }: { id: string; onClose: () => void; onOpen: (id: string) => void; onChanged: () => void }) {
  const [message, setMessage] = useState("");
  const [isMoving, setMoving] = useState(false);
  const [ending, setEnding] = useState<string>();
  const booking = useLoad(
    async () => (await ask(api.GET("/v2/bookings/{id}", { params: { path: { id }, query: { include: `${INCLUDE},logs` } } }))).data as unknown as Booking,
    [id],
  );
  const act = useAction(async (action: string) => {
    const body = { [action]: message ? { message } : {} };
    // What the body holds depends on the action, which OpenAPI cannot say.
    const asked = api.PUT("/v2/bookings/{id}/{action}", { params: { path: { id, action } }, body: body as never });
    await ask(asked);
    setMessage("");
    setEnding(undefined);
    tell(`Booking ${DONE[action as keyof typeof DONE]}`);
    booking.reload();
    onChanged();
  });
  return (
    <Dialog title={booking.data ? event(booking.data).what || "Booking" : "Booking"} onClose={onClose} wide>
      <Show of={booking}>
        {(booking) => {
          const can = booking.available_actions ?? [];
          const person = booking.customers?.[0];
          return (
            <>
              <dl class="facts">
                <dt>State</dt>
                <dd>
                  <Badge tone={tone(booking.state)}>{words(booking.state)}</Badge>
                </dd>
                <dt>When</dt>
                <dd>
                  <When booking={booking} />
                </dd>
                <dt>With</dt>
                <dd>{booking.resource ? <Link href={`/resources/${booking.resource.id}`}>{booking.resource.name}</Link> : "–"}</dd>
                <dt>Customer</dt>
                <dd>
                  {person?.name}
                  {person?.email && <div class="hint">{person.email}</div>}
                  {person?.phone && <div class="hint">{person.phone}</div>}
                </dd>
                {event(booking).where && (
                  <>
                    <dt>Where</dt>
                    <dd>{event(booking).where}</dd>
                  </>
                )}
                {event(booking).description && (
                  <>
                    <dt>Description</dt>
                    <dd class="lines">{event(booking).description}</dd>
                  </>
                )}
                {booking.project && (
                  <>
                    <dt>Project</dt>
                    <dd>
                      <Link href={`/projects/${booking.project.id}`}>{booking.project.name}</Link>
                    </dd>
                  </>
                )}
                <dt>Made</dt>
                <dd>{moment(booking.created_at)}</dd>
              </dl>
              {can.length > 0 && (
                <>
                  <Input label="Message for the history" value={message} onValue={setMessage} />
                  <div class="actions">
                    {ACTIONS.filter((action) => can.includes(action)).map((action) => {
                      const ends = ENDS.includes(action);
                      return (
                        <Button
                          key={action}
                          tone={action === "confirm" ? "primary" : ends ? "danger" : "plain"}
                          busy={act.isBusy && !ends}
                          aria-expanded={ends ? ending === action : undefined}
                          onClick={() => (ends ? setEnding(action) : act.run(action))}
                        >
                          {ACTION_NAMES[action]}
                        </Button>
                      );
                    })}
                    {can.includes("reschedule_by_customer") && (
                      <Button aria-expanded={isMoving} onClick={() => setMoving(!isMoving)}>
                        Reschedule
                      </Button>
                    )}
                  </div>
                </>
              )}
              {ending && (
                <div class="note ask" role="alertdialog" aria-label={`${words(ending)}?`}>
                  <span>{ending === "cancel" ? "Cancel it? Its time is free again, and nobody is told by mail." : "Decline it? It cannot be confirmed any more."}</span>
                  <Button tone="danger" busy={act.isBusy} onClick={() => act.run(ending)}>
                    Yes, {ending}
                  </Button>
                  <Button onClick={() => setEnding(undefined)}>No</Button>
                </div>
              )}
              <Problem failure={act.failure} />
              {isMoving && (
                <Move
                  booking={booking}
                  onMoved={(moved) => {
                    setMoving(false);
                    onChanged();
                    onOpen(moved);
                  }}
                />
              )}
              <h3>History</h3>
              <ol class="history">
                {(booking.logs ?? []).map((line, index) => (
                  <li key={index}>
                    <strong>{words(line.to)}</strong>{" "}
                    <span class="hint">
                      {words(line.action)} by {who(line.by)}, {moment(line.at)}
                    </span>
                    {line.message && <p class="quote">{line.message}</p>}
                  </li>
                ))}
              </ol>
            </>
          );
        }}
      </Show>
    </Dialog>
  );
}

/** Moves a booking. That makes another booking, whose id is answered. */
export async function move(booking: Booking, start: string, end: string, message?: string): Promise<string> {
  const body = { start, end, resource_id: booking.resource_id, ...(message && { message }) };
  const moved = await ask(api.POST("/v2/bookings/{id}/reschedule", { params: { path: { id: booking.id } }, body }));
  return moved.data.id;
}

function Move({ booking, onMoved }: { booking: Booking; onMoved: (id: string) => void }) {
  const { start, end } = event(booking);
  const minutes = Math.round((Date.parse(end) - Date.parse(start)) / 60_000);
  const [slot, setSlot] = useState<Slot>();
  const run = useAction(async () => {
    if (slot) onMoved(await move(booking, slot.start, slot.end));
  });
  return (
    <Form onSend={run.run} class="card inner">
      <SlotPicker resource={booking.resource_id} minutes={minutes} slot={slot} onSlot={setSlot} start={new Date(Math.max(Date.parse(start), Date.now()))} />
      <Problem failure={run.failure} />
      <Button type="submit" tone="primary" busy={run.isBusy} disabled={!slot}>
        Move it here
      </Button>
    </Form>
  );
}

type Slot = Schemas["SlotView"];

/** Tomorrow, or a given day, as a date input has it. */
const dateOf = (at: Date) => `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, "0")}-${String(at.getDate()).padStart(2, "0")}`;

interface SlotProps {
  resource: string;
  minutes: number;
  slot: Slot | undefined;
  onSlot: (slot: Slot | undefined) => void;
  /** The slot that is chosen if it is free; else its day is shown. */
  start?: Date | undefined;
}

function SlotPicker(props: SlotProps) {
  const [date, setDate] = useState(() => dateOf(props.start ?? new Date()));
  return (
    <>
      <Field label="Day">
        {(attributes) => (
          <input
            {...attributes}
            type="date"
            value={date}
            onInput={(event) => {
              setDate(event.currentTarget.value);
              props.onSlot(undefined);
            }}
          />
        )}
      </Field>
      <FreeTimes key={`${props.resource} ${props.minutes} ${date}`} {...props} date={date} />
    </>
  );
}

/** What is free on one day. */
function FreeTimes({ resource, minutes, slot, onSlot, start, date }: SlotProps & { date: string }) {
  const slots = useLoad(async () => {
    if (!resource || !date || !(minutes > 0)) return [];
    const from = new Date(`${date}T00:00`);
    const to = new Date(from.getFullYear(), from.getMonth(), from.getDate() + 1);
    if (to <= new Date()) return [];
    const body = {
      resources: [resource],
      mode: "mutual",
      length: `${minutes} minutes`,
      timeslot_increments: minutes >= 60 ? "30 minutes" : "15 minutes",
      from: (from > new Date() ? from : new Date()).toISOString(),
      to: to.toISOString(),
      output_timezone: HERE,
    };
    return (await ask(api.POST("/v2/availability", { body: body as never }))).data;
  }, []);
  useEffect(() => {
    const wanted = start && slots.data?.find((one) => Date.parse(one.start) === start.getTime());
    if (wanted && !slot) onSlot(wanted);
  }, [slots.data]);
  return (
    <Show of={slots}>
      {(slots) =>
        slots.length === 0 ? (
          <p class="hint">{resource ? `Nothing is free on ${day(`${date}T12:00`)}.` : "Choose a resource to see when it is free."}</p>
        ) : (
          <div class="slots" role="radiogroup" aria-label="Free times">
            {slots.map((one) => (
              <button key={one.start} type="button" role="radio" aria-checked={one.start === slot?.start} onClick={() => onSlot(one)}>
                {clock(one.start)}
              </button>
            ))}
          </div>
        )
      }
    </Show>
  );
}

const MINUTES = [
  ["15", "15 minutes"],
  ["30", "30 minutes"],
  ["45", "45 minutes"],
  ["60", "1 hour"],
  ["90", "90 minutes"],
  ["120", "2 hours"],
] as const;

interface NewBookingProps {
  resource: string;
  start: Date | undefined;
  onClose: () => void;
  onMade: (id: string) => void;
}

function NewBooking({ loaded, ...rest }: NewBookingProps & { loaded: Loaded<Schemas["ResourceView"][]> }) {
  return (
    <Dialog title="New booking" onClose={rest.onClose} wide>
      <Show of={loaded}>
        {(resources) =>
          resources.length === 0 ? (
            <p>
              There is nobody to book yet. <Link href="/resources">Add a resource first.</Link>
            </p>
          ) : (
            <NewBookingForm resources={resources} {...rest} />
          )
        }
      </Show>
    </Dialog>
  );
}

function NewBookingForm({ resources, resource: first, start, onClose, onMade }: NewBookingProps & { resources: Schemas["ResourceView"][] }) {
  const [resource, setResource] = useState(first || (resources[0]?.id ?? ""));
  const [minutes, setMinutes] = useState("60");
  const [slot, setSlot] = useState<Slot>();
  const [what, setWhat] = useState("");
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [where, setWhere] = useState("");
  const [graph, setGraph] = useState("instant");
  // What was free for one resource or length may not be for another.
  const choose = (set: (value: string) => void) => (value: string) => {
    set(value);
    setSlot(undefined);
  };
  const zone = useMemo(() => resources.find(({ id }) => id === resource)?.timezone ?? HERE, [resource, resources]);
  const make = useAction(async () => {
    if (!slot) return;
    const body = {
      resource_id: resource,
      graph,
      start: slot.start,
      end: slot.end,
      what: what || `Booking with ${name}`,
      where: where || "To be agreed",
      customer: { name, timezone: HERE, ...(email && { email }) },
    };
    const made = await ask(api.POST("/v2/bookings", { body: body as never }));
    tell("Booked");
    onMade(made.data.id);
  });
  return (
    <Form onSend={make.run}>
      <div class="columns">
        <Select label="Resource" name="resource_id" value={resource} onValue={choose(setResource)} options={resources.map(({ id, name }) => [id, name] as const)} failure={make.failure} />
        <Select label="How long" value={minutes} onValue={choose(setMinutes)} options={MINUTES} />
        <Select
          label="It is"
          name="graph"
          value={graph}
          onValue={setGraph}
          options={[
            ["instant", "confirmed at once"],
            ["confirm_decline", "tentative until confirmed"],
          ]}
          failure={make.failure}
        />
      </div>
      <SlotPicker resource={resource} minutes={Number(minutes)} slot={slot} onSlot={setSlot} start={start} />
      {slot && (
        <p class="note">
          {span(slot.start, slot.end)}
          {!sameClock(slot.start, zone, HERE) && `; there it is ${span(slot.start, slot.end, zone)}`}
        </p>
      )}
      <div class="columns">
        <Input label="Customer's name" name="customer.name" value={name} onValue={setName} failure={make.failure} />
        <Input label="Customer's e-mail" name="customer.email" type="email" value={email} onValue={setEmail} failure={make.failure} />
      </div>
      <div class="columns">
        <Input label="What" name="what" placeholder={name ? `Booking with ${name}` : ""} value={what} onValue={setWhat} failure={make.failure} />
        <Input label="Where" name="where" placeholder="To be agreed" value={where} onValue={setWhere} failure={make.failure} />
      </div>
      <Problem failure={make.failure} />
      <div class="dialog-actions">
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" tone="primary" busy={make.isBusy} disabled={!slot}>
          Book
        </Button>
      </div>
    </Form>
  );
}


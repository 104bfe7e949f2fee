import { Calendar as FullCalendar } from "@fullcalendar/core";
import dayGridPlugin from "@fullcalendar/daygrid";
import interactionPlugin from "@fullcalendar/interaction";
import timeGridPlugin from "@fullcalendar/timegrid";
import { useEffect, useRef, useState } from "preact/hooks";

import { api, ask } from "./api";
import type { Failure } from "./api";
import { customer, event, INCLUDE, tone, words } from "./booking";
import type { Booking } from "./booking";
import { move } from "./bookings";
import { clock, HERE, sameClock } from "./time";
import { asFailure, Problem, tell } from "./ui";

interface Props {
  view: string;
  search: string;
  hasState: boolean;
  /** Another number loads again. */
  turn: number;
  onOpen: (id: string) => void;
  onNew: (start: Date) => void;
}

/** Who is no longer coming takes no room in the calendar unless asked for. */
const isOver = (state: string) => tone(state) === "bad" || state === "rescheduled_by_customer";

const FIRST_DAY = new Intl.Locale(navigator.language);

function firstDay(): number {
  const week = (FIRST_DAY as Intl.Locale & { getWeekInfo?: () => { firstDay: number } }).getWeekInfo?.();
  return (week?.firstDay ?? 1) % 7;
}

/** A week or month of bookings. A confirmed one is moved by dragging it. */
export function Calendar({ view, search, hasState, turn, onOpen, onNew }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const calendar = useRef<FullCalendar>();
  // The calendar is made once; what it calls must be what stands here now.
  const now = useRef({ search, hasState, onOpen, onNew });
  now.current = { search, hasState, onOpen, onNew };
  const [failure, setFailure] = useState<Failure>();
  const [isPartial, setPartial] = useState(false);

  useEffect(() => {
    if (!place.current) return;
    const made = new FullCalendar(place.current, {
      plugins: [timeGridPlugin, dayGridPlugin, interactionPlugin],
      initialView: view === "month" ? "dayGridMonth" : "timeGridWeek",
      headerToolbar: { left: "title", center: "", right: "today prev,next" },
      buttonIcons: false,
      buttonText: { today: "Today", prev: "Earlier", next: "Later" },
      locale: navigator.language,
      firstDay: firstDay(),
      nowIndicator: true,
      scrollTime: "08:00:00",
      height: "max(540px, calc(100vh - 320px))",
      allDaySlot: false,
      dayMaxEvents: 4,
      ...(innerWidth < 700 && { dayHeaderFormat: { weekday: "narrow", day: "numeric" } }),
      eventInteractive: true,
      events: async ({ start, end }: { start: Date; end: Date }) => {
        const query = { include: INCLUDE, limit: 1000, start: start.toISOString(), end: end.toISOString(), orderBy: "event.start", sortedBy: "asc" };
        const found = await ask(api.GET("/v2/bookings", { params: { query: { ...query, ...(now.current.search && { search: now.current.search }) } } }));
        setFailure(undefined);
        setPartial(found.last_page > 1);
        const bookings = found.data as unknown as Booking[];
        return bookings.filter(({ state }) => now.current.hasState || !isOver(state)).map(shown);
      },
      eventSourceFailure: (error) => setFailure(asFailure(error)),
      eventClick: ({ event }) => now.current.onOpen(event.id),
      dateClick: ({ date, allDay }) => {
        if (allDay) date.setHours(9);
        if (date > new Date()) now.current.onNew(date);
      },
      eventDrop: async ({ event, revert }) => {
        const { start, end } = event;
        if (!start || !end) return revert();
        try {
          await move(event.extendedProps as Booking, start.toISOString(), end.toISOString());
          setFailure(undefined);
          tell("Moved");
        } catch (error) {
          revert();
          setFailure(asFailure(error));
        }
        made.refetchEvents();
      },
    });
    made.render();
    calendar.current = made;
    return () => made.destroy();
  }, []);

  useEffect(() => {
    calendar.current?.changeView(view === "month" ? "dayGridMonth" : "timeGridWeek");
  }, [view]);
  useEffect(() => {
    if (calendar.current) calendar.current.refetchEvents();
  }, [search, turn]);

  return (
    <div class="card calendar">
      <Problem failure={failure} retry={() => calendar.current?.refetchEvents()} />
      {isPartial && <p class="note">There are more bookings than fit. Choose a resource to see all of its.</p>}
      <div ref={place} />
    </div>
  );
}

function shown(booking: Booking) {
  const { start, end, what } = event(booking);
  const zone = booking.resource?.timezone ?? HERE;
  const there = sameClock(start, zone, HERE) ? "" : ` (${clock(start, zone)} there)`;
  const canMove = booking.available_actions?.includes("reschedule_by_customer") ?? false;
  return {
    id: booking.id,
    start,
    end,
    title: `${customer(booking)} · ${booking.resource?.name ?? what}${there}`,
    classNames: ["booking", tone(booking.state) ?? "plain"],
    extendedProps: booking,
    startEditable: canMove && booking.state !== "tentative",
    durationEditable: false,
    interactive: true,
    display: "block",
    description: words(booking.state),
  };
}

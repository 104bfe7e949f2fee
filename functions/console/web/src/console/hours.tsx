import { useId } from "preact/hooks";

import { Button } from "./ui";

/** One rule of when something may be booked, in the API's words. */
export type Constraint = Record<string, unknown>;

export interface Stretch {
  start: string;
  end: string;
}

/** What the editor shows of a list of constraints. */
export interface Hours {
  /** Monday to Sunday. */
  week: Stretch[][];
  /** First and last day, both included. */
  holidays: Stretch[];
  /** Rules that only JSON shows. They are kept. */
  others: Constraint[];
}

const DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const DATE = /^\d{4}-\d\d-\d\d$/;

function isStretch(value: unknown): value is { day?: string; start: string | number; end: string | number } {
  return typeof value === "object" && value !== null && "start" in value && "end" in value;
}

const time = (at: string | number) => (typeof at === "number" ? `${String(at).padStart(2, "0")}:00` : at);

/** The day before or after, as a date. */
function beside(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

export function readHours(constraints: readonly Constraint[]): Hours {
  const hours: Hours = { week: DAYS.map(() => []), holidays: [], others: [] };
  for (const constraint of constraints) {
    const { allow_day_and_time: weekly, block_period: blocked } = constraint;
    if (isStretch(weekly)) {
      const day = DAYS.findIndex((name) => name.toLowerCase() === weekly.day?.toLowerCase());
      const start = time(weekly.start);
      const end = time(weekly.end) === "24:00" ? "00:00" : time(weekly.end);
      if (day >= 0) {
        hours.week[day]?.push({ start, end });
        continue;
      }
    }
    if (isStretch(blocked) && DATE.test(String(blocked.start)) && DATE.test(String(blocked.end))) {
      hours.holidays.push({ start: String(blocked.start), end: beside(String(blocked.end), -1) });
      continue;
    }
    hours.others.push(constraint);
  }
  return hours;
}

export function writeHours({ week, holidays, others }: Hours): Constraint[] {
  const weekly = week.flatMap((stretches, day) =>
    stretches.map(({ start, end }) => ({ allow_day_and_time: { day: DAYS[day], start, end: end === "00:00" ? "24:00" : end } })),
  );
  const blocked = holidays
    .filter(({ start }) => start)
    // The API's periods end when their last day begins.
    .map(({ start, end }) => ({ block_period: { start, end: beside(end && end >= start ? end : start, 1) } }));
  return [...weekly, ...blocked, ...others];
}

const NINE_TO_FIVE: Stretch = { start: "09:00", end: "17:00" };

export const OFFICE_HOURS: Hours = { week: DAYS.map((_, day) => (day < 5 ? [NINE_TO_FIVE] : [])), holidays: [], others: [] };

function replaced<T>(list: readonly T[], at: number, value: T): T[] {
  return list.map((old, index) => (index === at ? value : old));
}

/** Weekly hours, by the clock of whatever they are for. */
export function WeekEditor({ hours, onHours }: { hours: Hours; onHours: (hours: Hours) => void }) {
  const setDay = (day: number, stretches: Stretch[]) => onHours({ ...hours, week: replaced(hours.week, day, stretches) });
  const isAlways = hours.week.every((stretches) => stretches.length === 0);
  return (
    <div class="week">
      {isAlways && (
        <p class="note">
          No weekly hours are set: it can be booked at any time.{" "}
          <button type="button" class="link" onClick={() => onHours({ ...hours, week: OFFICE_HOURS.week })}>
            Set Monday to Friday, 9 to 5
          </button>
        </p>
      )}
      {DAYS.map((name, day) => {
        const stretches = hours.week[day] ?? [];
        return (
          <div class="day" key={name} role="group" aria-label={name}>
            <span class="day-name">{name}</span>
            <div class="stretches">
              {stretches.length === 0 && <span class="hint closed">{isAlways ? "any time" : "closed"}</span>}
              {stretches.map((stretch, index) => (
                <span class="stretch" key={index}>
                  <input
                    type="time"
                    aria-label={`${name} from`}
                    value={stretch.start}
                    onInput={(event) => setDay(day, replaced(stretches, index, { ...stretch, start: event.currentTarget.value }))}
                  />
                  –
                  <input
                    type="time"
                    aria-label={`${name} until`}
                    value={stretch.end}
                    onInput={(event) => setDay(day, replaced(stretches, index, { ...stretch, end: event.currentTarget.value }))}
                  />
                  <button type="button" class="icon-button" aria-label={`Remove ${stretch.start} to ${stretch.end} on ${name}`} onClick={() => setDay(day, stretches.filter((_, other) => other !== index))}>
                    ×
                  </button>
                </span>
              ))}
            </div>
            <span class="day-tools">
              <button type="button" class="icon-button" aria-label={`Add hours on ${name}`} title="Add hours" onClick={() => setDay(day, [...stretches, following(stretches)])}>
                +
              </button>
              {stretches.length > 0 && (
                <button type="button" class="link" aria-label={`Copy ${name}'s hours to Monday to Friday`} onClick={() => onHours({ ...hours, week: hours.week.map((old, other) => (other < 5 ? stretches : old)) })}>
                  Copy to weekdays
                </button>
              )}
            </span>
          </div>
        );
      })}
    </div>
  );
}

/** An hour after the last one, or the usual. */
function following(stretches: readonly Stretch[]): Stretch {
  const last = stretches.at(-1);
  if (!last || last.end >= "22:00" || last.end === "00:00") return NINE_TO_FIVE;
  const hour = Number(last.end.slice(0, 2));
  const at = (hours: number) => `${String(hours).padStart(2, "0")}:00`;
  return { start: at(hour + 1), end: at(hour + 2) };
}

/** Days on which nothing can be booked. */
export function HolidayEditor({ hours, onHours }: { hours: Hours; onHours: (hours: Hours) => void }) {
  const id = useId();
  const set = (holidays: Stretch[]) => onHours({ ...hours, holidays });
  return (
    <div>
      {hours.holidays.map((holiday, index) => (
        <div class="stretch holiday" key={index}>
          <label for={`${id}-${index}-start`}>From</label>
          <input
            id={`${id}-${index}-start`}
            type="date"
            value={holiday.start}
            onInput={(event) => set(replaced(hours.holidays, index, { ...holiday, start: event.currentTarget.value }))}
          />
          <label for={`${id}-${index}-end`}>until</label>
          <input
            id={`${id}-${index}-end`}
            type="date"
            min={holiday.start}
            value={holiday.end}
            onInput={(event) => set(replaced(hours.holidays, index, { ...holiday, end: event.currentTarget.value }))}
          />
          <button type="button" class="icon-button" aria-label={`Remove the days from ${holiday.start}`} onClick={() => set(hours.holidays.filter((_, other) => other !== index))}>
            ×
          </button>
        </div>
      ))}
      <Button class="small" onClick={() => set([...hours.holidays, { start: "", end: "" }])}>
        Add days off
      </Button>
      {hours.others.length > 0 && (
        <details>
          <summary>{hours.others.length} other rules</summary>
          <p class="hint">Made over the API. They are kept as they are, and hold beside the hours above.</p>
          <pre class="json">{JSON.stringify(hours.others, null, 2)}</pre>
        </details>
      )}
    </div>
  );
}

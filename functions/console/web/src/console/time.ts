// Times as people read them.

/** The zone of whoever looks. */
export const HERE = Intl.DateTimeFormat().resolvedOptions().timeZone;

export const ZONES: readonly string[] = [...new Set([...Intl.supportedValuesOf("timeZone"), HERE, "UTC"])].sort();

export function day(at: string | Date, zone = HERE): string {
  return new Date(at).toLocaleDateString(undefined, { dateStyle: "medium", timeZone: zone });
}

export function moment(at: string | Date, zone = HERE): string {
  return new Date(at).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short", timeZone: zone });
}

export function clock(at: string | Date, zone = HERE): string {
  return new Date(at).toLocaleTimeString(undefined, { timeStyle: "short", timeZone: zone });
}

/** From when to when, with the day, and with the second day if it is another one. */
export function span(start: string, end: string, zone = HERE): string {
  const sameDay = day(start, zone) === day(end, zone);
  const date = new Date(start).toLocaleDateString(undefined, { weekday: "short", day: "numeric", month: "short", year: "numeric", timeZone: zone });
  return `${date}, ${clock(start, zone)} – ${sameDay ? clock(end, zone) : moment(end, zone)}`;
}

const UNITS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
] as const;

/** How long ago or ahead, roughly. */
export function ago(at: string): string {
  const seconds = (new Date(at).getTime() - Date.now()) / 1_000;
  const format = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
  for (const [unit, length] of UNITS) {
    if (Math.abs(seconds) >= length) return format.format(Math.trunc(seconds / length), unit);
  }
  return "just now";
}

/** Whether two zones' clocks read the same at an instant. */
export function sameClock(at: string, one: string, other: string): boolean {
  return moment(at, one) === moment(at, other);
}

/** A zone as people say it. */
export function zoneName(zone: string): string {
  return zone.replaceAll("_", " ");
}

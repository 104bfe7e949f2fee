// What clocks on walls read, from the browser's own time zones, which are not the server's.

const formats = new Map();

/** The date and time that a clock in `zone` reads at `instant`: `{ date: '2026-11-22', time: '09:00', weekday: 'Sun' }`. */
export function clock(instant, zone) {
  if (!formats.has(zone)) {
    const part = '2-digit';
    const options = { timeZone: zone, year: 'numeric', month: part, day: part, hour: part, minute: part, weekday: 'short', hourCycle: 'h23' };
    formats.set(zone, new Intl.DateTimeFormat('en-US', options));
  }
  const parts = formats.get(zone).formatToParts(new Date(instant));
  const { year, month, day, hour, minute, weekday } = Object.fromEntries(parts.map(({ type, value }) => [type, value]));
  return { date: `${year}-${month}-${day}`, time: `${hour}:${minute}`, weekday };
}

/** `instant` as it is written in `zone`: `2026-11-22T09:00:00-08:00`. */
export function written(instant, zone) {
  const { date, time } = clock(instant, zone);
  const seconds = String(new Date(instant).getUTCSeconds()).padStart(2, '0');
  const minutes = (Date.parse(`${date}T${time}:${seconds}Z`) - Math.floor(new Date(instant) / 1000) * 1000) / 60_000;
  const two = (number) => String(number).padStart(2, '0');
  const offset = `${minutes < 0 ? '-' : '+'}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`;
  return `${date}T${time}:${seconds}${offset}`;
}

/** The same as a grid has it: `2026-11-22 09:00`. */
export function reading(instant, zone) {
  const { date, time } = clock(instant, zone);
  return `${date} ${time}`;
}

/** `09:00am` or `9:00 AM` as `09:00`, and `24:00`, which some formats have for midnight, as `00:00`. */
export function in24Hours(text) {
  const [, hours, minutes, half] = /^(\d+):(\d\d) ?(am|pm)?$/i.exec(text);
  const hour = half ? (Number(hours) % 12) + (half.toLowerCase() === 'pm' ? 12 : 0) : Number(hours) % 24;
  return `${String(hour).padStart(2, '0')}:${minutes}`;
}

/** One text for one instant, whatever its offset. */
export const instant = (text) => new Date(text).toISOString();

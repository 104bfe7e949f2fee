/** A booking with what the console includes in it, which OpenAPI cannot tell from what it leaves out. */
export interface Booking {
  id: string;
  state: string;
  graph: string;
  completed: boolean;
  resource_id: string;
  created_at: string;
  attributes: { event_info: { start: string; end: string; what: string; where: string; description: string } };
  customers?: { id: string; name: string; email: string | null; phone: string | null; timezone: string | null }[];
  resource?: { id: string; name: string; timezone: string } | null;
  project?: { id: string; name: string; slug: string } | null;
  available_actions?: string[];
  logs?: { at: string; by: string; action: string; from: string | null; to: string; message: string | null }[];
}

export const INCLUDE = "customers,resource,project,available_actions";

/** Every state; a test compares them with the API's. */
export const STATES = [
  "tentative",
  "confirmed",
  "paid",
  "unpaid",
  "declined",
  "cancelled",
  "cancelled_by_customer",
  "cancelled_by_owner",
  "rescheduled_by_customer",
  "completed",
] as const;

export type Tone = "good" | "warn" | "bad" | "info";

export function tone(state: string): Tone | undefined {
  if (["confirmed", "paid"].includes(state)) return "good";
  if (state === "tentative") return "warn";
  if (state.startsWith("cancelled") || ["declined", "unpaid"].includes(state)) return "bad";
  return undefined;
}

/** A name of a state or action as people read it. */
export const words = (name: string) => name.replaceAll("_", " ");

export const event = (booking: Booking) => booking.attributes.event_info;

export const customer = (booking: Booking) => booking.customers?.[0]?.name ?? "Nobody";

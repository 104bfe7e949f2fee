// What is booked on the pages that are walked.

import { Server } from '../lib/server.js';

/** When the server's clock starts: 07:00 in Los Angeles, 16:00 in Berlin, the Wednesday before California's summer time. */
export const NOW = '2027-03-10T15:00:00Z';
export const OFFICE = [
  { allow_day_and_time: { day: 'Monday', start: 9, end: 12 } },
  { allow_day_and_time: { day: 'Tuesday', start: 9, end: 12 } },
  { allow_day_and_time: { day: 'Thursday', start: 14, end: 17 } },
];
export const SLOTS = { mode: 'roundrobin_random', length: '1 hour', from: 'tomorrow', to: '10 weeks' };
export const WORDS = { what: 'First consultation', where: 'Hill Valley, Main Street 12' };
export const MARTY = { name: 'Marty McFly', email: 'marty@example.com' };

export const startServer = () => Server.start([], { now: NOW });

let count = 0;

/** An app with resources and one project; `project`'s members go over the defaults. */
export async function shop(server, name, { resources = ['Doc Brown'], project = {}, live = true, zone = 'America/Los_Angeles', hours = OFFICE } = {}) {
  const app = await server.app(name, { live });
  const made = [];
  for (const resource of resources) made.push(await app.resource(resource, zone, { availability_constraints: hours }));
  const defaults = { name: 'First consultation', slug: `walk-${++count}`, availability: SLOTS, booking: { graph: 'instant', ...WORDS } };
  const page = await app.project(made, { ...defaults, ...project });
  return { server, app, resources: made, project: page, path: `/book/${page.slug}` };
}

/** The free times, as the app's own key sees them. */
export const slots = (at, more = {}) => at.app.send('POST', '/v2/availability', { project_id: at.project.id, ...more });

/** Books a time by the API, e.g. under a customer's hand. */
export const book = (at, start, more = {}) =>
  at.app.send('POST', '/v2/bookings', {
    project_id: at.project.id,
    resource_id: at.resources[0].id,
    start,
    end: new Date(Date.parse(start) + 3_600_000).toISOString(),
    customer: { name: 'Biff Tannen', email: 'biff@example.com' },
    ...more,
  });

/** A group that can be booked, at an hour of the offer. */
export const group = (at, start, seats) =>
  at.app.send('POST', '/v2/bookings', {
    graph: 'group_owner',
    resource_id: at.resources[0].id,
    project_id: at.project.id,
    start,
    end: new Date(Date.parse(start) + 3_600_000).toISOString(),
    settings: { max_seats: seats },
    what: 'Dance for beginners',
    where: 'Gym',
  });

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Link } from "wouter-preact";

import { api, ask, currentApp, session } from "./api";
import { NewKeys } from "./auth";
import { customer, event, INCLUDE, tone, words } from "./booking";
import type { Booking } from "./booking";
import { NewResource } from "./new-resource";
import { span } from "./time";
import { Badge, Button, Card, Code, Page, Show, useLoad } from "./ui";

/** What a new app lacks, and what comes next in one that has it all. */
export function StartPage() {
  const [isMaking, setMaking] = useState(false);
  const app = currentApp();
  const loaded = useLoad(async () => {
    const first = { params: { query: { limit: 1 } } };
    const soon = { params: { query: { include: INCLUDE, start: new Date().toISOString(), orderBy: "event.start", sortedBy: "asc", limit: 6 } } };
    const [resources, projects, bookings, next, keys] = await Promise.all([
      ask(api.GET("/v2/resources", first)),
      ask(api.GET("/v2/projects", first)),
      ask(api.GET("/v2/bookings", first)),
      ask(api.GET("/v2/bookings", soon)),
      ask(api.GET("/v2/keys", { params: { query: { limit: 200 } } })),
    ]);
    const project = projects.data[0];
    return {
      resource: resources.data[0],
      project,
      hasBooking: bookings.data.length > 0,
      next: (next.data as unknown as Booking[]).filter(({ completed }) => !completed),
      hasCalled: keys.data.some((key) => key.kind !== "widget" && key.last_used_at),
    };
  }, []);
  return (
    <Page title={`Hello, ${session.value?.account.name ?? ""}`} lead={app && <>You are in {app.name}, which is {app.test_mode ? "for trying things out" : "live"}.</>}>
      <Show of={loaded}>
        {({ resource, project, hasBooking, next, hasCalled }) => {
          const steps = [Boolean(resource), Boolean(project), hasBooking, hasCalled];
          const current = steps.indexOf(false);
          return (
            <>
              {current >= 0 && (
                <Card title="First steps" lead="From nothing to a booking, and to your first call.">
                  <ol class="steps">
                    <Step is="Add somebody to book, with their hours" done={steps[0]} current={current === 0}>
                      <Button tone="primary" onClick={() => setMaking(true)}>
                        New resource
                      </Button>
                    </Step>
                    <Step is="Make a booking page" done={steps[1]} current={current === 1}>
                      <Link href="/projects" class="button primary">
                        New project
                      </Link>
                    </Step>
                    <Step is="Book yourself on it" done={steps[2]} current={current === 2}>
                      {project && (
                        <a class="button primary" href={`/book/${project.slug}`} target="_blank" rel="noopener">
                          Open the booking page
                        </a>
                      )}
                      <Button onClick={loaded.reload}>I have booked</Button>
                    </Step>
                    <Step is="Call the API" done={steps[3]} current={current === 3}>
                      <p class="hint">
                        With the API key you stored when you signed up. If it is gone, <Link href="/settings/api">roll it</Link>.
                      </p>
                      <Code label="curl line" text={`read -rs LATCHKEY_KEY\ncurl --user :$LATCHKEY_KEY ${location.origin}/v2/bookings`} />
                      <Button onClick={loaded.reload}>I have called it</Button>
                    </Step>
                  </ol>
                </Card>
              )}
              <Card title="Next" actions={<Link href="/bookings">All bookings</Link>}>
                {next.length === 0 ? (
                  <p class="hint">Nothing is booked.</p>
                ) : (
                  <ul class="rows">
                    {next.map((booking) => (
                      <li key={booking.id}>
                        <div>
                          <strong>{customer(booking)}</strong> with {booking.resource?.name}
                          <div class="hint">{span(event(booking).start, event(booking).end)}</div>
                        </div>
                        <Badge tone={tone(booking.state)}>{words(booking.state)}</Badge>
                      </li>
                    ))}
                  </ul>
                )}
              </Card>
            </>
          );
        }}
      </Show>
      {isMaking && <NewResource onClose={() => setMaking(false)} />}
      <NewKeys />
    </Page>
  );
}

function Step({ is, done, current, children }: { is: string; done: boolean | undefined; current: boolean; children: ComponentChildren }) {
  return (
    <li class={done ? "step is-done" : current ? "step is-current" : "step"} aria-current={current ? "step" : undefined}>
      <div class="step-name">
        {is} {done && <span class="hint">done</span>}
      </div>
      {current && <div class="step-body">{children}</div>}
    </li>
  );
}

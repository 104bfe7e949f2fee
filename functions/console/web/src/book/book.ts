// Runs the booking widget for one project. The page is also where links to reschedule lead.

/** What a page that serves the demo says about itself, in attributes of its root element. */
const { project: demoProject } = document.documentElement.dataset;
const query = new URLSearchParams(location.search);
const MOVED_TO = "moved-to";

declare global {
  interface Window {
    timekitBookingConfig?: object;
  }
}

function slug(): string | undefined {
  const [, first, second] = location.pathname.split("/");
  if (first === "book" && second) return decodeURIComponent(second);
  return query.get("project") ?? demoProject;
}

function tell(text: string) {
  const notice = document.getElementById("notice");
  if (!notice) return;
  notice.textContent = text;
  notice.hidden = false;
}

function start(project: string) {
  const [uuid, action] = [query.get("uuid"), query.get("action")];
  const reschedules = uuid && action === "reschedule";
  const reschedule = reschedules && {
    uuid,
    action,
    eventStart: query.get("event.start"),
    eventEnd: query.get("event.end"),
  };
  if (reschedules) tell("Choose a new time for your booking.");
  // The widget loads this page again, without its query, as soon as it has rescheduled.
  const moved = sessionStorage.getItem(MOVED_TO);
  sessionStorage.removeItem(MOVED_TO);
  if (moved) tell(`Your booking was moved to ${moved}.`);

  window.timekitBookingConfig = {
    project_slug: project,
    api_base_url: `${location.origin}/`,
    ...(reschedule && { reschedule }),
    callbacks: {
      submitReschduleBookingStarted: ({ start }: { start: string }) => sessionStorage.setItem(MOVED_TO, readable(start)),
      submitReschduleBookingFailed: () => sessionStorage.removeItem(MOVED_TO),
    },
  };
  const style = document.createElement("link");
  style.rel = "stylesheet";
  style.href = "/widget/booking.own.css";
  const script = document.createElement("script");
  script.src = "/widget/booking.min.js";
  script.onerror = () => tell("The booking widget could not be loaded. Try again.");
  document.head.append(style, script);
}

/** As the clock shows it in the zone that the time is written in. */
function readable(time: string): string {
  const wall = new Date(`${time.slice(0, 16)}Z`);
  const text = wall.toLocaleString(undefined, { dateStyle: "full", timeStyle: "short", timeZone: "UTC" });
  return `${text} (UTC${time.slice(19).replace("Z", "")})`;
}

const project = slug();
if (project) start(project);
else tell("Whose times? Open this page as /book/<slug> with a project's slug, or as /widget?project=<slug>.");

if (project && project === demoProject) {
  const link = Object.assign(document.createElement("a"), { href: "/console/bookings", textContent: "the console" });
  document.querySelector("footer")?.replaceChildren("This is the demo. What you book is shown in ", link, ".");
}

import { render } from "preact";
import { lazy, Suspense } from "preact/compat";
import { useEffect, useState } from "preact/hooks";
import { Link, Redirect, Route, Router, Switch, useLocation, useRoute } from "wouter-preact";

import { AccountPage } from "./account";
import { chooseApp, currentApp, hasExpired, loadSession, session, signOut } from "./api";
import { SignIn, SignUp } from "./auth";
import { StartPage } from "./start";
import "./console.css";
import { asFailure, Badge, Dialog, Loading, Page, Problem, Toast, useAction } from "./ui";
import type { Failure } from "./api";

// Each area is loaded when it is first opened.
const BookingsPage = lazy(() => import("./bookings").then((it) => ({ default: it.BookingsPage })));
const ResourcesPage = lazy(() => import("./resources").then((it) => ({ default: it.ResourcesPage })));
const ResourcePage = lazy(() => import("./resources").then((it) => ({ default: it.ResourcePage })));
const ProjectsPage = lazy(() => import("./projects").then((it) => ({ default: it.ProjectsPage })));
const ProjectPage = lazy(() => import("./projects").then((it) => ({ default: it.ProjectPage })));
const KeysPage = lazy(() => import("./keys").then((it) => ({ default: it.KeysPage })));
const KeyPage = lazy(() => import("./keys").then((it) => ({ default: it.KeyPage })));
const WebhooksPage = lazy(() => import("./webhooks").then((it) => ({ default: it.WebhooksPage })));
const WebhookPage = lazy(() => import("./webhooks").then((it) => ({ default: it.WebhookPage })));
const AuditPage = lazy(() => import("./audit").then((it) => ({ default: it.AuditPage })));
const SettingsPage = lazy(() => import("./settings").then((it) => ({ default: it.SettingsPage })));

// The server was renewed while the page was open: what it now asks for is gone, and the page's new version is there.
addEventListener("vite:preloadError", (event) => {
  event.preventDefault();
  location.reload();
});

const AREAS = [
  { title: "", links: [["/", "Start"], ["/bookings", "Bookings"], ["/resources", "Resources"], ["/projects", "Projects"]] },
  { title: "Settings", links: [["/settings/api", "API Settings"]] },
  { title: "Developers", links: [["/developers/keys", "API keys"], ["/developers/webhooks", "Webhooks"], ["/developers/audit", "Audit log"]] },
] as const;

function NavLink({ to, children, onGo }: { to: string; children: string; onGo: () => void }) {
  const [isHere] = useRoute(to === "/" ? "/" : `${to}/*?`);
  return (
    <Link href={to} class="nav-link" aria-current={isHere ? "page" : undefined} onClick={onGo}>
      {children}
    </Link>
  );
}

function AppSwitcher({ onGo }: { onGo: () => void }) {
  const app = currentApp();
  const [, go] = useLocation();
  return (
    <div class="switcher">
      <select
        aria-label="App"
        value={app?.slug}
        onChange={(event) => {
          chooseApp(event.currentTarget.value);
          go("/");
          onGo();
        }}
      >
        {session.value?.apps.map((one) => (
          <option key={one.slug} value={one.slug} selected={one.slug === app?.slug}>
            {one.name}
            {one.test_mode && !one.name.includes("test") ? " (test)" : ""}
          </option>
        ))}
      </select>
      <Badge tone={app?.test_mode ? "warn" : "good"}>{app?.test_mode ? "test" : "live"}</Badge>
    </div>
  );
}

function Shell() {
  const [isOpen, setOpen] = useState(false);
  const [path, go] = useLocation();
  const app = currentApp();
  const leave = useAction(async () => {
    await signOut();
    go("/");
  });
  const close = () => setOpen(false);
  useEffect(() => {
    document.getElementById("main")?.focus({ preventScroll: true });
    scrollTo(0, 0);
  }, [path]);
  return (
    <div class={app?.test_mode ? "shell is-test" : "shell"}>
      <a class="skip" href="#main">
        Skip to the page
      </a>
      <div class="ribbon" role="note">
        {app?.test_mode ? "Test mode: nothing here touches live bookings" : "Live"}
      </div>
      <header class="top">
        <Link href="/" class="brand">
          <Mark /> Latchkey
        </Link>
        <button type="button" class="button menu-button" aria-expanded={isOpen} aria-controls="side" onClick={() => setOpen(!isOpen)}>
          Menu
        </button>
      </header>
      <nav id="side" class={isOpen ? "side is-open" : "side"} aria-label="Console">
        <Link href="/" class="brand">
          <Mark /> Latchkey
        </Link>
        <AppSwitcher onGo={close} />
        {AREAS.map((area) => (
          <div class="nav-area" key={area.title}>
            {area.title && <div class="nav-title">{area.title}</div>}
            {area.links.map(([to, name]) => (
              <NavLink key={to} to={to} onGo={close}>
                {name}
              </NavLink>
            ))}
            {area.title === "Developers" && (
              <a class="nav-link" href="/docs">
                Documentation
              </a>
            )}
          </div>
        ))}
        <div class="nav-area nav-end">
          <NavLink to="/account" onGo={close}>
            {session.value?.account.name ?? "Account"}
          </NavLink>
          <button type="button" class="nav-link" onClick={() => leave.run()}>
            Sign out
          </button>
          <Problem failure={leave.failure} />
        </div>
      </nav>
      <main id="main" tabIndex={-1} key={app?.slug}>
        <Suspense fallback={<Loading />}>
          <Switch>
            <Route path="/" component={StartPage} />
            <Route path="/bookings" component={BookingsPage} />
            <Route path="/resources" component={ResourcesPage} />
            <Route path="/resources/:id">{({ id }) => <ResourcePage key={id} id={id} />}</Route>
            <Route path="/projects" component={ProjectsPage} />
            <Route path="/projects/:id">{({ id }) => <ProjectPage key={id} id={id} />}</Route>
            <Route path="/settings/api" component={SettingsPage} />
            <Route path="/developers/keys" component={KeysPage} />
            <Route path="/developers/keys/:id">{({ id }) => <KeyPage key={id} id={id} />}</Route>
            <Route path="/developers/webhooks" component={WebhooksPage} />
            <Route path="/developers/webhooks/:id">{({ id }) => <WebhookPage key={id} id={id} />}</Route>
            <Route path="/developers/audit" component={AuditPage} />
            <Route path="/account" component={AccountPage} />
            <Route path="/sign-in">
              <Redirect to="/" replace />
            </Route>
            <Route path="/sign-up">
              <Redirect to="/" replace />
            </Route>
            <Route>
              <Page title="Nothing here">
                <p>
                  There is no such page. <Link href="/">Go to the start.</Link>
                </p>
              </Page>
            </Route>
          </Switch>
        </Suspense>
      </main>
      {hasExpired.value && (
        <Dialog title="Your session has ended" onClose={() => undefined} mustAnswer>
          <p>Sign in again to go on where you were. Nothing you typed is lost.</p>
          <SignIn email={session.value?.account.email} isAgain />
        </Dialog>
      )}
      <Toast />
    </div>
  );
}

export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" />
      <path d="M16 7a5 5 0 0 1 2.4 9.4L20 25h-8l1.6-8.6A5 5 0 0 1 16 7Z" />
    </svg>
  );
}

function Gate() {
  return (
    <div class="gate">
      <div class="brand">
        <Mark /> Latchkey
      </div>
      <main class="card">
        <Switch>
          <Route path="/sign-up" component={SignUp} />
          <Route>
            <SignIn />
          </Route>
        </Switch>
      </main>
      <Toast />
    </div>
  );
}

function Console() {
  const [failure, setFailure] = useState<Failure>();
  const load = () => {
    setFailure(undefined);
    loadSession().catch((error) => setFailure(asFailure(error)));
  };
  useEffect(load, []);
  if (failure) {
    return (
      <div class="gate">
        <Problem failure={failure} retry={load} />
      </div>
    );
  }
  if (session.value === undefined) return <Loading />;
  return <Router base="/console">{session.value ? <Shell /> : <Gate />}</Router>;
}

const root = document.getElementById("console");
if (root) render(<Console />, root);

// What every screen is made of.

import { signal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useCallback, useEffect, useId, useRef, useState } from "preact/hooks";

import { Failure, faultOf, renewals, session } from "./api";

/** Something that is asked of the API and shown. */
export interface Loaded<T> {
  data: T | undefined;
  failure: Failure | undefined;
  isLoading: boolean;
  reload: () => void;
}

/** Loads when the screen appears and whenever `of` changes. What was there stays while it loads again. */
export function useLoad<T>(load: () => Promise<T>, of: readonly unknown[]): Loaded<T> {
  const [state, setState] = useState<Omit<Loaded<T>, "reload">>({ data: undefined, failure: undefined, isLoading: true });
  const turn = useRef(0);
  const run = useCallback(() => {
    const mine = ++turn.current;
    setState((before) => ({ ...before, isLoading: true }));
    load().then(
      (data) => mine === turn.current && setState({ data, failure: undefined, isLoading: false }),
      (error) => mine === turn.current && setState((before) => ({ ...before, failure: asFailure(error), isLoading: false })),
    );
  }, of);
  useEffect(run, [run]);
  const renewed = renewals.value;
  useEffect(() => {
    if (state.failure?.status === 401) run();
  }, [renewed]);
  return { ...state, reload: run };
}

/** Something that is done on demand, once at a time. */
export function useAction<A extends unknown[]>(act: (...args: A) => Promise<void>) {
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure>();
  const run = async (...args: A) => {
    setBusy(true);
    setFailure(undefined);
    try {
      await act(...args);
    } catch (error) {
      setFailure(asFailure(error));
    } finally {
      setBusy(false);
    }
  };
  return { run, isBusy, failure, clear: () => setFailure(undefined) };
}

export function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  console.error(error);
  return new Failure(0, "console", "The console made a mistake. Reload the page and try again.", {}, null, null);
}

/** What went wrong, in the API's own words. */
export function Problem({ failure, retry }: { failure: Failure | undefined; retry?: () => void }) {
  if (!failure) return null;
  const again = failure.retryAfter && failure.retryAfter > 0 ? ` Try again in ${seconds(failure.retryAfter)}.` : "";
  const title = { 429: "Too many requests", 503: "Out of service for now", 0: "No answer" }[failure.status];
  return (
    <div class="problem" role="alert">
      <div>
        {title && <strong>{title}. </strong>}
        {failure.sentence}
        {again}
        {failure.requestId && (
          <div class="request-id">
            Request <code>{failure.requestId}</code>
          </div>
        )}
      </div>
      {retry && (
        <button type="button" class="button small" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}

function seconds(count: number): string {
  return count < 90 ? `${count} seconds` : `${Math.ceil(count / 60)} minutes`;
}

/** Shows what was loaded, or how far that is. */
export function Show<T>({ of, children }: { of: Loaded<T>; children: (data: T) => ComponentChildren }) {
  return (
    <>
      <Problem failure={of.failure} retry={of.reload} />
      {of.data !== undefined ? children(of.data) : of.isLoading && <Loading />}
    </>
  );
}

export function Loading() {
  return (
    <div class="loading" role="status">
      <span class="spinner" /> Loading…
    </div>
  );
}

export function Empty({ title, children, action }: { title: string; children: ComponentChildren; action?: ComponentChildren }) {
  return (
    <div class="empty">
      <h2>{title}</h2>
      <p>{children}</p>
      {action}
    </div>
  );
}

export function Page({
  title,
  lead,
  actions,
  back,
  children,
}: {
  title: string;
  lead?: ComponentChildren;
  actions?: ComponentChildren;
  back?: ComponentChildren;
  children: ComponentChildren;
}) {
  useEffect(() => {
    document.title = `${title} · Latchkey`;
  }, [title]);
  return (
    <>
      {back && <div class="back">{back}</div>}
      <header class="page-head">
        <div>
          <h1>{title}</h1>
          {lead && <p class="lead">{lead}</p>}
        </div>
        {actions && <div class="actions">{actions}</div>}
      </header>
      {children}
    </>
  );
}

export function Card({ title, lead, children, actions }: { title?: string; lead?: ComponentChildren; children?: ComponentChildren; actions?: ComponentChildren }) {
  return (
    <section class="card">
      {(title || actions) && (
        <div class="card-head">
          <div>
            {title && <h2>{title}</h2>}
            {lead && <p class="hint">{lead}</p>}
          </div>
          {actions && <div class="actions">{actions}</div>}
        </div>
      )}
      {children}
    </section>
  );
}

interface FieldProps {
  label: string;
  hint?: ComponentChildren;
  /** The API's name for the field, by which a fault of it is found. */
  name?: string;
  failure?: Failure | undefined;
  children: (attributes: { id: string; "aria-describedby": string; "aria-invalid": boolean }) => ComponentChildren;
}

/** A labelled control with its hint and its fault. */
export function Field({ label, hint, name, failure, children }: FieldProps) {
  const id = useId();
  const fault = name ? faultOf(failure, name) : undefined;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({ id, "aria-describedby": `${id}-hint`, "aria-invalid": Boolean(fault) })}
      <div id={`${id}-hint`}>
        {fault ? <p class="fault">{fault}</p> : hint && <p class="hint">{hint}</p>}
      </div>
    </div>
  );
}

type InputProps = Omit<JSX.InputHTMLAttributes<HTMLInputElement>, "value" | "onInput" | "label"> & {
  label: string;
  hint?: ComponentChildren;
  failure?: Failure | undefined;
  /** The API's name for the field, if it is not the input's own. */
  field?: string;
  value: string;
  onValue: (value: string) => void;
};

/** A line of text. */
export function Input({ label, hint, failure, field, value, onValue, ...rest }: InputProps) {
  return (
    <Field label={label} hint={hint} name={field ?? (rest.name as string | undefined)} failure={failure}>
      {(attributes) => <input {...rest} {...attributes} value={value} onInput={(event) => onValue(event.currentTarget.value)} />}
    </Field>
  );
}

type SelectProps = {
  label: string;
  hint?: ComponentChildren;
  failure?: Failure | undefined;
  name?: string;
  value: string;
  onValue: (value: string) => void;
  options: readonly (readonly [value: string, label: string])[];
};

/** A choice of one. */
export function Select({ label, hint, failure, name, value, onValue, options }: SelectProps) {
  return (
    <Field label={label} hint={hint} name={name} failure={failure}>
      {(attributes) => (
        <select {...attributes} value={value} onChange={(event) => onValue(event.currentTarget.value)}>
          {options.map(([option, text]) => (
            <option key={option} value={option} selected={option === value}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

/** A box to tick, with what it means. */
export function Check({ label, hint, isOn, onValue }: { label: ComponentChildren; hint?: ComponentChildren; isOn: boolean; onValue: (isOn: boolean) => void }) {
  return (
    <label class="check">
      <input type="checkbox" checked={isOn} onChange={(event) => onValue(event.currentTarget.checked)} />
      <span>
        {label}
        {hint && <span class="hint">{hint}</span>}
      </span>
    </label>
  );
}

type Tone = "primary" | "danger" | "plain";

export function Button({ busy, tone = "plain", children, ...rest }: Omit<JSX.ButtonHTMLAttributes<HTMLButtonElement>, "disabled"> & { busy?: boolean; tone?: Tone; disabled?: boolean }) {
  return (
    <button type="button" {...rest} disabled={rest.disabled || busy} aria-busy={busy} class={`button ${tone} ${rest.class ?? ""}`}>
      {busy && <span class="spinner" />}
      {children}
    </button>
  );
}

/** A form that is sent once at a time. */
export function Form({ onSend, children, class: name }: { onSend: () => void; children: ComponentChildren; class?: string }) {
  return (
    <form
      class={name}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        onSend();
      }}
    >
      {children}
    </form>
  );
}

/** A window above the page. It closes by Escape unless `mustAnswer`. */
export function Dialog({ title, onClose, mustAnswer, wide, children }: { title: string; onClose: () => void; mustAnswer?: boolean; wide?: boolean; children: ComponentChildren }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    // Closing it gives the focus back to where it was.
    return () => shown?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      class={wide ? "wide" : ""}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        if (!mustAnswer) onClose();
      }}
      onClose={() => {
        // Browsers close it at a second Escape, whatever the page says.
        if (dialog.current?.isConnected) dialog.current.showModal();
      }}
    >
      <div class="dialog-head">
        <h2 id={id}>{title}</h2>
        {!mustAnswer && (
          <button type="button" class="icon-button" aria-label="Close" onClick={onClose}>
            ×
          </button>
        )}
      </div>
      {children}
    </dialog>
  );
}

const told = signal<{ id: number; text: string } | undefined>(undefined);

/** Says for some seconds that something was done. */
export function tell(text: string) {
  const id = (told.value?.id ?? 0) + 1;
  told.value = { id, text };
  setTimeout(() => {
    if (told.value?.id === id) told.value = undefined;
  }, 4_000);
}

export function Toast() {
  return (
    <div class="toast" role="status" aria-live="polite">
      {told.value && <span>{told.value.text}</span>}
    </div>
  );
}

/** A value to copy. */
export function Copyable({ value, label }: { value: string; label: string }) {
  return (
    <div class="copyable">
      <code>{value}</code>
      <CopyButton value={value} label={label} />
    </div>
  );
}

export function CopyButton({ value, label }: { value: string; label: string }) {
  const copy = async () => {
    await navigator.clipboard.writeText(value).then(
      () => tell(`${label} copied`),
      () => tell("Your browser did not let the page copy. Select the text and copy it."),
    );
  };
  return (
    <button type="button" class="button small" aria-label={`Copy ${label}`} onClick={copy}>
      Copy
    </button>
  );
}

/** A block of code to copy. */
export function Code({ text, label }: { text: string; label: string }) {
  return (
    <div class="code">
      <pre tabIndex={0} aria-label={label}>
        {text}
      </pre>
      <CopyButton value={text} label={label} />
    </div>
  );
}

export function Badge({ tone, children }: { tone?: "good" | "warn" | "bad" | "info"; children: ComponentChildren }) {
  return <span class={`badge ${tone ?? ""}`}>{children}</span>;
}

/** A secret that is shown this once. It is gone from the page as soon as it is said to be stored. */
export function ShownOnce({ title, note, secrets, onStored, children }: { title: string; note?: string; secrets: { label: string; value: string }[]; onStored: () => void; children?: ComponentChildren }) {
  return (
    <Dialog title={title} onClose={() => undefined} mustAnswer>
      <p>
        {note ?? (secrets.length > 1
          ? "This is the only time these keys are shown. We keep only their hashes, from which nobody, us included, can make them again. Put them where your programs read their secrets. If one is lost, make a new one."
          : "This is the only time this key is shown. We keep only its hash, from which nobody, us included, can make it again. Put it where your program reads its secrets. If it is lost, make a new one.")}
      </p>
      {secrets.map(({ label, value }) => (
        <div class="field" key={label}>
          <span class="label">{label}</span>
          <Copyable value={value} label={label} />
        </div>
      ))}
      {children}
      <div class="dialog-actions">
        <Button tone="primary" onClick={onStored}>
          I have stored {secrets.length > 1 ? "them" : "it"}
        </Button>
      </div>
    </Dialog>
  );
}

/** Asks before something that cannot be undone: the name must be typed. */
export function Confirm({ title, verb, name, choice, onClose, act, children }: { title: string; verb: string; name?: string; choice?: ComponentChildren; onClose: () => void; act: () => Promise<void>; children: ComponentChildren }) {
  const [typed, setTyped] = useState("");
  const action = useAction(act);
  return (
    <Dialog title={title} onClose={onClose}>
      <Form onSend={() => (!name || typed === name) && action.run()}>
        <p>{children}</p>
        {choice}
        {name && <Input label={`Type the name to go on: ${name}`} value={typed} onValue={setTyped} autoComplete="off" />}
        <Problem failure={action.failure} />
        <div class="dialog-actions">
          <Button onClick={onClose}>Keep it</Button>
          <Button type="submit" tone="danger" busy={action.isBusy} disabled={Boolean(name) && typed !== name}>
            {verb}
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}

/** Leads through a list, page by page. */
export function Pager({ page, last, onPage }: { page: number; last: number; onPage: (page: number) => void }) {
  if (last <= 1) return null;
  return (
    <nav class="pager" aria-label="Pages">
      <Button disabled={page <= 1} onClick={() => onPage(page - 1)}>
        Newer
      </Button>
      <span class="hint">Page {page}</span>
      <Button disabled={page >= last} onClick={() => onPage(page + 1)}>
        Older
      </Button>
    </nav>
  );
}

/** Who did something, as the API names them. */
export function who(by: string): string {
  const [kind, id] = by.split(":");
  if (kind === "account" && id === session.value?.account.id) return "you";
  return id ? `${kind} ${id.slice(0, 8)}…` : by;
}

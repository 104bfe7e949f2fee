import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { Link } from "wouter-preact";

import { api, ask, Failure, leave, signIn } from "./api";
import type { Schemas } from "./api";
import { Button, Form, Input, Problem, ShownOnce, useAction } from "./ui";

/** Keys of a new account that have not been stored yet: they outlive the sign-up form, and no reload. */
export const newKeys = signal<Schemas["NewAppView"][]>([]);

export function SignIn({ email: known, isAgain }: { email?: string; isAgain?: boolean }) {
  const [email, setEmail] = useState(known ?? "");
  const [password, setPassword] = useState("");
  const enter = useAction(() => signIn(email, password));
  useEffect(() => {
    if (!isAgain) document.title = "Sign in · Latchkey";
  }, [isAgain]);
  // A wrong password is a 401 like any other to programs; to people it is one sentence.
  const failure = enter.failure?.status === 401 ? wrongPassword(enter.failure) : enter.failure;
  return (
    <Form onSend={enter.run}>
      {!isAgain && <h1>Sign in</h1>}
      <Input label="E-mail" name="email" type="email" autoComplete="username" readOnly={isAgain} value={email} onValue={setEmail} failure={failure} />
      <Input label="Password" name="password" type="password" autoComplete="current-password" autoFocus={isAgain} value={password} onValue={setPassword} failure={failure} />
      <Problem failure={failure} />
      <Button type="submit" tone="primary" class="block" busy={enter.isBusy}>
        Sign in
      </Button>
      {isAgain && (
        <p class="hint">
          Somebody else?{" "}
          <button type="button" class="link" onClick={leave}>
            Leave this page
          </button>{" "}
          and what was typed on it.
        </p>
      )}
      {!isAgain && (
        <p class="hint">
          New here? <Link href="/sign-up">Create an account.</Link> A lost password is reset by a link from whoever runs this server:{" "}
          <code>latchkey accounts reset-link</code>.
        </p>
      )}
    </Form>
  );
}

function wrongPassword(failure: Failure): Failure {
  return new Failure(failure.status, failure.code, "This address and password do not belong together.", {}, failure.requestId, null);
}

export function SignUp() {
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const join = useAction(async () => {
    const made = await ask(api.POST("/v2/accounts", { body: { name, email, password } }));
    newKeys.value = made.data.apps;
    await signIn(email, password);
  });
  useEffect(() => {
    document.title = "Create an account · Latchkey";
  }, []);
  return (
    <Form onSend={join.run}>
      <h1>Create an account</h1>
      <p class="hint">You get a live app and a test app, each with its own keys.</p>
      <Input label="Name" name="name" autoComplete="organization" hint="Yours, or your team's." value={name} onValue={setName} failure={join.failure} />
      <Input label="E-mail" name="email" type="email" autoComplete="username" value={email} onValue={setEmail} failure={join.failure} />
      <Input label="Password" name="password" type="password" autoComplete="new-password" hint="At least 10 characters." value={password} onValue={setPassword} failure={join.failure} />
      <Problem failure={join.failure} />
      <Button type="submit" tone="primary" class="block" busy={join.isBusy}>
        Create account
      </Button>
      <p class="hint">
        Have one already? <Link href="/sign-in">Sign in.</Link>
      </p>
    </Form>
  );
}

/** Shows a new account's keys, once. */
export function NewKeys() {
  const secrets = newKeys.value.flatMap((app) =>
    app.api_key ? [{ label: `${app.test_mode ? "Test" : "Live"} API key`, value: app.api_key }] : [],
  );
  if (secrets.length === 0) return null;
  return <ShownOnce title="Store your API keys" secrets={secrets} onStored={() => (newKeys.value = [])} />;
}

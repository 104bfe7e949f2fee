import { useState } from "preact/hooks";

import { api, ask, loadSession, session } from "./api";
import type { Schemas } from "./api";
import { Button, Badge, Card, Check, Form, Input, Page, Problem, ShownOnce, tell, useAction } from "./ui";

export function AccountPage() {
  return (
    <Page title="Account" lead={session.value?.account.email}>
      <Password />
      <Apps />
    </Page>
  );
}

function Password() {
  const [current, setCurrent] = useState("");
  const [password, setPassword] = useState("");
  const change = useAction(async () => {
    await ask(api.PUT("/v2/accounts/password", { body: { current_password: current, password } }));
    setCurrent("");
    setPassword("");
    tell("Password changed. All your other sessions have ended.");
  });
  return (
    <Card title="Change password" lead="Every other session of this account ends.">
      <Form onSend={change.run} class="narrow">
        <Input label="Current password" name="current_password" type="password" autoComplete="current-password" value={current} onValue={setCurrent} failure={change.failure} />
        <Input label="New password" name="password" type="password" autoComplete="new-password" hint="At least 10 characters." value={password} onValue={setPassword} failure={change.failure} />
        <Problem failure={change.failure} />
        <Button type="submit" tone="primary" busy={change.isBusy}>
          Change password
        </Button>
      </Form>
    </Card>
  );
}

function Apps() {
  const [name, setName] = useState("");
  const [isTest, setTest] = useState(true);
  const [made, setMade] = useState<Schemas["NewAppView"]>();
  const create = useAction(async () => {
    const answer = await ask(api.POST("/v2/apps", { body: { name, test_mode: isTest } }));
    setMade(answer.data);
    setName("");
    await loadSession();
  });
  return (
    <Card title="Apps" lead="An app is a tenant: its resources, bookings and keys are its own. It is live or test for life.">
      <ul class="rows">
        {session.value?.apps.map((app) => (
          <li key={app.slug}>
            <div>
              <strong>{app.name}</strong>
              <div class="hint">{app.slug}</div>
            </div>
            <Badge tone={app.test_mode ? "warn" : "good"}>{app.test_mode ? "test" : "live"}</Badge>
          </li>
        ))}
      </ul>
      <Form onSend={create.run} class="narrow">
        <Input label="Name of another app" name="name" value={name} onValue={setName} failure={create.failure} />
        <Check label="For trying things out" hint="A test app. Its keys begin with test_, and its answers say so." isOn={isTest} onValue={setTest} />
        <Problem failure={create.failure} />
        <Button type="submit" busy={create.isBusy}>
          Create app
        </Button>
      </Form>
      {made?.api_key && (
        <ShownOnce title="Store the new app's API key" secrets={[{ label: "API key", value: made.api_key }]} onStored={() => setMade(undefined)} />
      )}
    </Card>
  );
}

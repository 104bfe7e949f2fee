import { useState } from "preact/hooks";
import { useLocation } from "wouter-preact";

import { api, ask } from "./api";
import type { Failure, Schemas } from "./api";
import { OFFICE_HOURS, writeHours } from "./hours";
import { HERE, ZONES } from "./time";
import { Button, Dialog, Field, Form, Input, Problem, useAction } from "./ui";

export function ZoneField({ value, onValue, failure }: { value: string; onValue: (zone: string) => void; failure?: Failure | undefined }) {
  return (
    <Field label="Time zone" name="timezone" failure={failure} hint="Its hours are read off this zone's clock.">
      {(attributes) => (
        <>
          <input {...attributes} list="zones" value={value} onInput={(event) => onValue(event.currentTarget.value)} />
          <datalist id="zones">
            {ZONES.map((zone) => (
              <option key={zone} value={zone} />
            ))}
          </datalist>
        </>
      )}
    </Field>
  );
}

export function NewResource({ onClose }: { onClose: () => void }) {
  const [, go] = useLocation();
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [timezone, setTimezone] = useState(HERE);
  const make = useAction(async () => {
    const availability_constraints = writeHours(OFFICE_HOURS);
    const body = { name, timezone, availability_constraints, ...(email && { email }) };
    const made = await ask(api.POST("/v2/resources", { body: body as Schemas["ResourceRequest"] }));
    onClose();
    go(`/resources/${made.data.id}`);
  });
  return (
    <Dialog title="New resource" onClose={onClose}>
      <Form onSend={make.run}>
        <Input label="Name" name="name" value={name} onValue={setName} failure={make.failure} />
        <Input label="E-mail" name="email" type="email" hint="A room needs none. It cannot be changed later." value={email} onValue={setEmail} failure={make.failure} />
        <ZoneField value={timezone} onValue={setTimezone} failure={make.failure} />
        <p class="hint">It starts with Monday to Friday, 9 to 5. You set its hours next.</p>
        <Problem failure={make.failure} />
        <div class="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" tone="primary" busy={make.isBusy}>
            Create resource
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}

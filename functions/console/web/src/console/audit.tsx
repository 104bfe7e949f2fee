import { AuditTable } from "./audit-table";
import { Page } from "./ui";

export function AuditPage() {
  return (
    <Page title="Audit log" lead="What happened to each key, who did it and from where, and why a key was refused. Lines are only ever added.">
      <AuditTable />
    </Page>
  );
}

"""Serves one data folder with two versions of the program in turn, as a deployment does, and walks through all operations
with each: no response is a 500, and no record loses a member.

Before each walk every record is given a member that neither version knows, as one of a later version would have it. All of
them must still be there at the end, whatever was changed by which version. Members that were written by one version must
be there after the other has changed the record.

Arguments: the program of the version before, this one's, and `forgets` if the version before loses members that it does not
know, so that only responses are judged."""

import base64
import contextlib
import json
import re
import socket
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests/clients/lib"))
from program import Program  # noqa: E402

OPERATIONS = {facts.parent.name: json.loads(facts.read_text()) for facts in sorted(ROOT.glob("events/*/operation.json"))}
EVENTS = {name: json.loads((ROOT / f"events/{name}/event.json").read_text()) for name in OPERATIONS}
# What is there is made first, then changed, then looked at. Nothing is deleted, or what it had would be lost.
MAKING = re.compile(r"create_|import_|reserve_|invite_")
LOOKING = re.compile(r"get_|list_|show_|count_|find_|read_")
LEFT_OUT = re.compile(r"delete_|revoke_|remove_|report_leaked|reset_password|sync_|sign_up_with")
# What is replaced as a whole when it is sent: what it had before is gone because the caller said so.
REPLACED = {"meta", "customer_fields", "ui", "config", "filters", "availability", "booking", "settings", "resources"}
# What follows from another record, and is written whole with it: what projects offer, which is read before they are.
DERIVED = re.compile(r"#ties$")
PLANTED = "of_a_later_version"
# The lists whose rows are changed one by one, whichever version made them, and what of each. `{turn}` makes each a change.
CHANGES = {
    "bookings?limit=1000": {"meta": {"turn": "{turn}"}},
    "resources?limit=1000": {"last_name": "Turn {turn}"},
    "calendars?limit=1000": {"name": "Turn {turn}"},
    "events?limit=1000&start=2026-11-01T00:00:00Z&end=2027-11-01T00:00:00Z": {"what": "Turn {turn}"},
    "projects?limit=1000": {"description": "Turn {turn}", "meta": {"turn": "{turn}"}},
    "locations?limit=1000": {"description": "Turn {turn}"},
    "location/services?limit=1000": {"description": "Turn {turn}"},
    "widgets": {"name": "Turn {turn}"},
    "findtime/filtercollections": {"name": "Turn {turn}"},
    "keys?limit=1000": {"name": "Turn {turn}"},
}
# What is tried with each booking.
ACTIONS = ["confirm", "complete", "cancel"]


def merged(body, fields):
    changed = {**body, **fields}
    return {name: value for name, value in changed.items() if value is not None}


def filled(value, known):
    """With what is known by name in the place of `{name}`."""
    text = json.dumps(value)
    for name, there in known.items():
        text = text.replace("{" + name + "}", there)
    return json.loads(text)


class Walker:
    """Somebody who calls every operation of a running server."""

    def __init__(self, server, what):
        self.server, self.what, self.wrong, self.statuses = server, what, [], {}

    def send(self, operation, path, body, headers={}):
        """The status and the body of a response. The path is the example's unless another is given."""
        event = EVENTS[operation]
        query = event["rawQueryString"]
        path = path or event["rawPath"] + (f"?{query}" if query else "")
        sent = body if isinstance(body, str) else json.dumps(body)
        headers = {name: value for name, value in event["headers"].items() if name != "host"} | headers
        method = event["requestContext"]["http"]["method"]
        data = None if method == "GET" else sent.encode()
        request = urllib.request.Request(self.server.base + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                status, text = response.status, response.read()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read()
        if status >= 500 and status != 501:
            self.wrong.append(f"{self.what}: {operation} {path}: {status} {text[:300]}")
        try:
            return status, json.loads(text)
        except ValueError:
            return status, {}

    def known(self, step, known):
        """What a first step makes known by its operation's name."""
        operation = step["operation"]
        body = merged(OPERATIONS[operation]["request"].get("body", {}), filled(step.get("body", {}), known))
        _, there = self.send(operation, filled(step.get("path"), known), body)
        for part in step.get("keep", "/data/id").split("/")[1:]:
            there = there.get(part) if isinstance(there, dict) else None
        if isinstance(there, str):
            known[operation] = there[there.index("/v2/") :] if "/v2/" in there else there

    def resource(self):
        """The headers of a resource, by its server-token."""
        path = "/v2/credentials?search=resource.id:00000000-0000-4003-8000-000000000001"
        _, found = self.send("list_credentials", path, {})
        token = next(row for row in found["data"] if row["type"] == "server-token")
        basic = base64.b64encode(f"{token['user']}:{token['token']}".encode()).decode()
        return {"authorization": f"Basic {basic}", "timekit-app": "demo-test"}

    def call(self, operation):
        done, known = OPERATIONS[operation].get("done", {}), {}
        if done.get("by") == "person" or "{password}" in json.dumps(done):
            return
        for step in done.get("first", []):
            if "setup" in step:
                return
            self.known(step, known)
        body = OPERATIONS[operation]["request"].get("body", {})
        if isinstance(body, dict):
            body = merged(body, filled(done.get("body", {}), known))
        path = filled(done.get("path"), known)
        if path and "{" in path:
            return  # What it is about is gone: a booking that is cancelled has no links.
        headers = self.resource() if done.get("by") == "resource" else {}
        status, _ = self.send(operation, path, body, headers)
        self.statuses[operation] = status

    def change_all(self, turn):
        """Changes every row of every list, and says how many were changed."""
        changed = 0
        for of_list, body in CHANGES.items():
            path, _, _ = of_list.partition("?")
            body = filled(body, {"turn": str(turn)})
            _, rows = self.send("list_bookings", f"/v2/{of_list}", {})
            for row in rows["data"]:
                status, _ = self.send("update_booking", f"/v2/{path}/{row['id']}", body)
                changed += status < 300
                for action in ACTIONS if path == "bookings" else []:
                    status, _ = self.send("act_on_booking", f"/v2/bookings/{row['id']}/{action}", {})
                    changed += status < 300
        return changed

    def walk(self):
        rest = [operation for operation in OPERATIONS if not LEFT_OUT.match(operation)]
        looking = [operation for operation in rest if LOOKING.match(operation)]
        making = [operation for operation in rest if MAKING.match(operation)]
        changing = [operation for operation in rest if operation not in looking + making]
        for operation in making + changing + looking:
            self.call(operation)
        return self


class Tables:
    """What is stored, through the port of a running server."""

    def __init__(self, port, data):
        self.port, self.token = port, Path(data, "port-secret").read_text()

    def call(self, action, body):
        headers = {"content-type": "application/x-amz-json-1.0", "x-amz-target": f"DynamoDB_20120810.{action}"}
        headers |= {"x-amz-security-token": self.token, "authorization": "AWS4-HMAC-SHA256 Credential=local"}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/", json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request) as response:
            return json.load(response)

    def items(self):
        """Each item with its table, page by page."""
        for table in self.call("ListTables", {})["TableNames"]:
            more = {}
            while more is not None:
                page = self.call("Scan", {"TableName": table, **more})
                yield from ((table, item) for item in page["Items"])
                last = page.get("LastEvaluatedKey")
                more = {"ExclusiveStartKey": last} if last else None

    def records(self):
        """The records that are JSON objects, by table and key."""
        found = {}
        for table, item in self.items():
            key = (table, *(item[name]["S"] for name in ["pk", "sk"] if name in item))
            with contextlib.suppress(LookupError, ValueError):
                record = json.loads(item["record"]["S"])
                if isinstance(record, dict):
                    found[key] = record
        return found

    def plant(self, mark):
        """Gives each record a member that no version knows, and says how many there are."""
        count = 0
        for table, item in self.items():
            with contextlib.suppress(LookupError, ValueError):
                record = json.loads(item["record"]["S"])
                if isinstance(record, dict):
                    record[f"{PLANTED}_{mark}"] = {"kept": [mark]}
                    item["record"] = {"S": json.dumps(record)}
                    self.call("PutItem", {"TableName": table, "Item": item})
                    count += 1
        return count


def members(value, path=()):
    """The paths of all members of an object."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield (*path, name)
            if name not in REPLACED:
                yield from members(inner, (*path, name))


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def turns(programs, order, forgets):
    """What goes wrong when the versions serve one folder in this order, by their names, and how many requests there were."""
    wrong, sent, before = [], 0, {}
    with tempfile.TemporaryDirectory() as data:
        for turn, name in enumerate(order):
            what, port = f"{' -> '.join(order)}, turn {turn + 1}, {name}", free_port()
            with Program(programs[name], data, "--store-listen", f"127.0.0.1:{port}") as server:
                tables = Tables(port, data)
                planted = tables.plant(turn)
                walker = Walker(server, what)
                changed = walker.change_all(turn)
                walker.walk()
                after = tables.records()
                wrong += walker.wrong
                sent += len(walker.statuses)
                done = sum(status < 400 for status in walker.statuses.values())
                print(f"versions: {what}: {planted} records, {changed} changes, {done} of {len(walker.statuses)} operations done", flush=True)
                before = {key: record | {f"{PLANTED}_{turn}": {"kept": [turn]}} for key, record in before.items()}
                for key, record in before.items():
                    gone = set(members(record)) - set(members(after.get(key, record)))
                    lost = [f"{what}: {'/'.join(key)} lost {'.'.join(path)}" for path in sorted(gone)]
                    wrong += [] if forgets or any(map(DERIVED.search, key)) else lost
                before = after
    return wrong, sent


def main(previous, current, *forgets):
    programs = {"previous": previous, "current": current}
    failed = False
    for order in [["previous", "current", "previous"], ["current", "previous", "current"]]:
        wrong, sent = turns(programs, order, bool(forgets))
        print(f"versions: {' -> '.join(order)}: {sent} requests, {len(wrong)} findings")
        for sentence in wrong[:60]:
            print(f"versions: FAILED: {sentence}", file=sys.stderr)
        failed = failed or bool(wrong)
    sys.exit(1 if failed else 0)


main(*sys.argv[1:])

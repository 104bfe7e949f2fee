"""Calls every method of PyPI's python-timekit, unmodified, against a running server."""

import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import timekit.components.base as base
from timekit.client import TimekitAPI

sys.path.append(str(Path(__file__).parents[1] / "lib"))
from program import Program

DOC = "00000000-0000-4003-8000-000000000001"
ROOM = "00000000-0000-4003-8000-000000000002"


class Findings:
    """What each method was answered, and what of it is not as it should be."""

    def __init__(self):
        self.wrong = []

    def see(self, method, response, status, *conditions):
        """`conditions` are what must be true of an answer with `status`."""
        is_well = response.status == status and all(conditions)
        print(f"  {'ok ' if is_well else 'BAD'} {method}: {response.status}")
        if not is_well:
            self.wrong.append(f"{method}: {response.status} {response.data}")
        return response.data


def hour(day, start, **more):
    """An hour of a day in 2027, with its offset as Python writes it: without a colon."""
    return {
        "resource_id": ROOM,
        "graph": "confirm_decline",
        "start": f"2027-02-{day:02}T{start:02}:00:00+0000",
        "end": f"2027-02-{day:02}T{start + 1:02}:00:00+0000",
        "what": "Haircut",
        "where": "Salon",
        "customer": {"name": "Marty", "email": "a+b@example.com", "phone": 12345},
        **more,
    }


def bookings(client, found):
    made = found.see("bookings.create", client.bookings.create(hour(1, 9), ["customers"]), 201)["data"]
    found.see("bookings.create, what came back", client.bookings.retrieve(made["id"]), 200, made["customers"][0]["phone"] == "12345")
    other = found.see("bookings.create without includes", client.bookings.create(hour(1, 11)), 201)["data"]

    plain = client.bookings.list()
    found.see("bookings.list", plain, 200, plain.data.get("per_page") == 50, plain.data.get("current_page") == 1)
    first = client.bookings.list(limit=1, page=1, dynamic_includes=["customers", "meta"])
    found.see("bookings.list with includes", first, 200, len(first.data["data"]) == 1, "customers" in first.data["data"][0])
    second = client.bookings.list(limit=1, page=2)
    found.see("bookings.list, page 2", second, 200, second.data["data"][0]["id"] != first.data["data"][0]["id"])
    # requests leaves the plus of an address as it is.
    mine = client.bookings.list(search="customer.email:a+b@example.com;state:tentative", order_by="event.start", sorted_by="asc")
    found.see("bookings.list with a search", mine, 200, [row["id"] for row in mine.data["data"]] == [made["id"], other["id"]])
    wrong = client.bookings.list(search="nothing:1")
    found.see("bookings.list with an unknown attribute", wrong, 422, "search" in wrong.data["errors"])

    state = lambda response: response.data.get("data", {}).get("state")
    confirmed = client.bookings.update_state(made["id"], "confirm")
    found.see("bookings.update_state, confirm", confirmed, 200, state(confirmed) == "confirmed")
    declined = client.bookings.update_state(other["id"], "decline")
    found.see("bookings.update_state, decline", declined, 200, state(declined) == "declined")
    found.see("bookings.update_meta", client.bookings.update_meta(made["id"], {"meta": {"shelf": 3}}), 200)
    later = {"start": "2027-02-02 09:00:00+00:00", "end": "2027-02-02 10:00:00+00:00"}
    found.see("bookings.reschedule", client.bookings.reschedule(made["id"], later), 200)
    found.see("bookings.delete", client.bookings.delete(other["id"]), 204)

    group = hour(3, 9, graph="group_owner", settings={"max_seats": "3"})
    group = found.see("bookings.create, a group", client.bookings.create(group), 201)["data"]
    groups = client.bookings.groups.list()
    found.see("bookings.groups.list", groups, 200, [row["id"] for row in groups.data["data"]] == [group["id"]])
    found.see("bookings.groups.retrieve", client.bookings.groups.retrieve(group["id"]), 200)

    # The package has the wrong addresses for these: POST and PUT of /v2/bookings in place of /v2/bookings/bulk.
    found.see("bookings.create_in_bulk", client.bookings.create_in_bulk({"bookings": [hour(4, 9)]}), 422)
    found.see("bookings.update_in_bulk", client.bookings.update_in_bulk({"bookings": []}), 405)


def resources(client, found):
    made = found.see("resources.create", client.resources.create({"name": "Doc", "timezone": "Europe/Copenhagen"}), 201)["data"]
    found.see("resources.list", client.resources.list(), 200)
    named = client.resources.list(limit=10, page=1, search="name:doc*")
    found.see("resources.list with a search", named, 200, made["id"] in [row["id"] for row in named.data["data"]])
    found.see("resources.update", client.resources.update(made["id"], {"name": "Emmett"}), 200)
    days = {"availability_constraints": [{"allow_weekdays": {}}, {"allow_hours": {"start": "9", "end": 17}}]}
    found.see("resources.availability_constraints", client.resources.availability_constraints(made["id"], days), 200)
    seen = client.resources.retrieve(made["id"], ["availability_constraints"])
    found.see("resources.retrieve", seen, 200, len(seen.data["data"]["availability_constraints"]) == 2)
    free = {"resources": [made["id"]], "mode": "mutual", "length": "1 hour", "from": "-1 hour", "to": "2 weeks"}
    free = client.availability.list(free)
    found.see("availability.list", free, 200, len(free.data["data"]) > 0)
    # The contract changes a resource by PUT alone.
    found.see("resources.partial_update", client.resources.partial_update(made["id"], {"name": "A"}), 405)
    found.see("resources.delete", client.resources.delete(made["id"]), 204)


def projects(client, found):
    made = found.see("projects.create", client.projects.create({"name": "Page", "resources": [DOC]}), 201)["data"]
    found.see("projects.list", client.projects.list(), 200)
    found.see("projects.retrieve", client.projects.retrieve(made["id"]), 200)
    found.see("projects.update", client.projects.update(made["id"], {"meta": {}, "allow_double_bookings": 0}), 200)
    found.see("projects.add_resources", client.projects.add_resources(made["id"], {"resource_id": ROOM}), 200)
    found.see("projects.set_resources", client.projects.set_resources(made["id"], [ROOM, DOC]), 200)
    held = client.projects.get_resources(made["id"])
    found.see("projects.get_resources", held, 200, [row["id"] for row in held.data["data"]] == [ROOM, DOC])
    # The package sends PUT, which the contract does not have here; DELETE it has.
    found.see("projects.remove_resources", client.projects.remove_resources(made["id"], DOC), 405)
    found.see("projects.delete", client.projects.delete(made["id"]), 204)


def main(program):
    print(f"python-timekit {version('python-timekit')}")
    found = Findings()
    with tempfile.TemporaryDirectory() as folder, Program(program, f"{folder}/data") as server:
        # Where the package calls is a constant of its module; nothing else of it is touched.
        base.BASE_URL_V2 = f"{server.base}/v2"
        client = TimekitAPI(app_token=server.key)
        found.see("apps.get", client.apps.get(), 200)
        bookings(client, found)
        resources(client, found)
        projects(client, found)
        refused = TimekitAPI(app_token="no key").apps.get()
        found.see("apps.get with a wrong key", refused, 401, refused.data["error"] == "Invalid credentials supplied")
    if found.wrong:
        raise SystemExit("\n".join(["", *found.wrong]))


main(sys.argv[1])

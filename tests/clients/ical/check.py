"""Reads calendars that a running server answers, and finds in them what was sent: text, times, status and sequence."""

import json
import random
import re
import sys
import tempfile
import unicodedata
import urllib.request
from base64 import b64encode
from datetime import datetime, timedelta, timezone
from pathlib import Path

from icalendar import Calendar, vText

sys.path.append(str(Path(__file__).parents[1] / "lib"))
from program import Program

BRIEF = 250
ROOM = "Room, \\ 老; \"1\""
EVENT = {"UID", "SEQUENCE", "DTSTAMP", "LAST-MODIFIED", "DTSTART", "DTEND", "STATUS", "SUMMARY", "LOCATION"}
NASTY = [
    "a;b,c:d\\e\"f'g",
    "C:\\new\\Nodes\\, \\; \\\\ \\N",
    "one\ntwo\n\nfour",
    "a\r\nEND:VEVENT\r\nEND:VCALENDAR\r\nBEGIN:VCALENDAR",
    "a\rATTENDEE:mailto:x@example.com",
    "a\r\n folded\r\n\tnot",
    "1\v2\f3\x854\u20285\u20296",
    "nul\0 esc\x1b[31m bell\a del\x7f c1\x9f separators\x1c\x1d\x1e\x1f.",
    "x;ENCODING=BASE64;VALUE=BINARY:y",
    "%COMMA% %0A \\x2c &#10; \u200b\ufeff\u202e.",
    "tab\there",
    "👩‍👩‍👧‍👦" * 40,
    "e\u0301" * 200,
    "x" * 1_000,
    "x \\" * 300,
]


def texts():
    """Known nasty texts, fillers shifted over the end of a line, and mixtures that are the same in every run."""
    yield from NASTY
    for filler in ["é", "老", "👍", ",", "\\", "\n", "\r\n", "x y", "\\n"]:
        for shift in range(1, 8):
            yield "y" * shift + filler * 60 + "."
    dice = random.Random(5545)
    alphabet = list("ab \\;,:\"=\t\n\r") + ["\r\n", "\\n", "é", "老", "👍", "\x00", "\x85", "\u2028", "END:VEVENT"]
    for _ in range(40):
        yield "y" + "".join(dice.choices(alphabet, k=dice.randint(1, 200))) + "."


def as_read(text):
    """What a text becomes: each kind of line break one line feed, letters composed, and no control characters but tabs."""
    text = re.sub("\r\n|[\r\v\f\x85\u2028\u2029]", "\n", unicodedata.normalize("NFC", text))
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) != "Cc")


def shortened(text):
    text = unicodedata.normalize("NFC", text)
    return text if len(text) <= BRIEF else text[: BRIEF - 1] + "…"


class Server(Program):
    """What is asked of the program."""

    def send(self, method, path, body=None, key=True):
        url = path if path.startswith("http") else self.base + path
        request = urllib.request.Request(url, method=method)
        if key:
            request.add_header("authorization", "Basic " + b64encode(f":{self.key}".encode()).decode())
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(request, data, timeout=60) as answer:
            return answer.headers, answer.read()

    def data(self, method, path, body=None):
        return json.loads(self.send(method, path, body)[1])["data"]

    def calendar(self, path, key=True):
        headers, body = self.send("GET", path, key=key)
        assert headers["content-type"] == "text/calendar; charset=utf-8", headers
        assert all(len(line) <= 75 for line in body.split(b"\r\n")), "a line of more than 75 octets"
        calendar = Calendar.from_ical(body)
        assert calendar["VERSION"] == "2.0" and calendar["PRODID"], calendar
        assert not calendar.errors, calendar.errors
        events = calendar.walk("VEVENT")
        assert len(calendar.subcomponents) == len(events), "something else than events"
        for event in events:
            assert not event.errors, event.errors
        return calendar, events

    def event(self, booking):
        _, [event] = self.calendar(f"/v2/bookings/{booking}/calendar.ics")
        return event


def check(server):
    room = server.data("POST", "/v2/resources", {"name": ROOM, "timezone": "Europe/Copenhagen"})["id"]
    feed = server.data("POST", f"/v2/resources/{room}/calendar_feed", {})["url"]
    start = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(days=1)
    zones = [timezone.utc, timezone(timedelta(hours=5, minutes=45)), timezone(timedelta(hours=-8))]

    def book(text, graph="instant"):
        nonlocal start
        start += timedelta(hours=1)
        at = start.astimezone(zones[len(sent) % len(zones)])
        booking = {
            "resource_id": room,
            "graph": graph,
            "start": at.isoformat(),
            "end": (at + timedelta(minutes=30)).isoformat(),
            "what": text,
            "where": text,
            "description": text,
            "customer": {"name": "Marty McFly", "email": "marty@example.com"},
        }
        return server.data("POST", "/v2/bookings", booking)["id"]

    sent = {}
    for text in texts():
        id = book(text)
        sent[id] = (text, start)
        event = server.event(id)
        assert set(event.keys()) == EVENT | {"DESCRIPTION"}, event.keys()
        for name in ["SUMMARY", "LOCATION", "DESCRIPTION"]:
            assert str(event[name]) == as_read(text), f"{name} of {text!r} is {str(event[name])!r}"
        assert event["UID"] == id and event["SEQUENCE"] == 0 and event["STATUS"] == "CONFIRMED"
        assert event["DTSTART"].dt == start and event["DTEND"].dt == start + timedelta(minutes=30)
        assert event["DTSTAMP"].dt == event["LAST-MODIFIED"].dt

    calendar, events = server.calendar(feed, key=False)
    assert calendar["NAME"] == ROOM, calendar["NAME"]
    # The library leaves what is not of the standard as it is written.
    assert calendar["X-WR-CALNAME"] == vText(ROOM).to_ical().decode(), calendar["X-WR-CALNAME"]
    assert calendar["REFRESH-INTERVAL"].dt == timedelta(hours=1)
    assert [str(event["UID"]) for event in events] == list(sent), "not by start"
    for event in events:
        assert set(event.keys()) == EVENT, event.keys()
        text, at = sent[str(event["UID"])]
        for name in ["SUMMARY", "LOCATION"]:
            # Cut before it is written, so that nothing is cut amid an escape.
            assert str(event[name]) == as_read(shortened(text)), f"{name} of {text!r}"
        assert event["DTSTART"].dt == at

    id = book("A step", "confirm_decline")
    path = f"/v2/bookings/{id}"
    seen = [server.event(id)]
    for action, body in [("confirm", {}), (None, {"meta": {"a": 1}}), ("cancel", {})]:
        server.data("PUT", f"{path}/{action}" if action else path, body)
        seen.append(server.event(id))
    assert [event["SEQUENCE"] for event in seen] == [0, 1, 2, 3]
    assert [str(event["STATUS"]) for event in seen] == ["TENTATIVE", "CONFIRMED", "CONFIRMED", "CANCELLED"]
    assert len({str(event["UID"]) for event in seen}) == 1
    _, events = server.calendar(feed, key=False)
    # What no longer stands is not in a feed; programs drop what a feed no longer has.
    assert id not in [str(event["UID"]) for event in events]
    return len(sent)


def main():
    with tempfile.TemporaryDirectory() as data, Server(sys.argv[1], data) as server:
        count = check(server)
    print(f"calendar client: ok, {count} bookings read back")


main()

"""Compares slots in every IANA zone, around every change of its clock from 2026 to 2030, with those computed here by
the standard library's zoneinfo. Nothing here knows an interval or a transition table: it asks of every quarter of an
hour what the clock reads.

Usage: compare.py <program that answers searches, one JSON object a line>

The zones' data are those of the package tzdata, never the system's. Their release must be the program's.
"""

import json
import subprocess
import sys
import zoneinfo
from datetime import datetime, timedelta, timezone

import tzdata

zoneinfo.reset_tzpath(to=[])

YEARS = range(2026, 2031)
TICK = 15  # minutes; every offset in these years is a multiple of it
AROUND = timedelta(hours=36)
LOOK_BACK = timedelta(hours=28)  # openings begin no earlier than the local midnight before
LOOK_AHEAD = timedelta(hours=28)  # where the clock may read what no slot of the search ends at
UTC = timezone.utc

# Settings and what they mean here: length in days of the calendar and in minutes, step and the reading the step counts
# from, in minutes, and whether a reading is open.
SEARCHES = [
    (
        {"length": "1 hour"},
        dict(days=0, length=60, step=60, anchor=lambda opened: -(-opened // 60) * 60),
        lambda at: True,
    ),
    (
        {
            "length": "30 minutes",
            "timeslot_increments": "15 minutes",
            "constraints": [
                {"allow_hours": {"start": "00:30", "end": "03:30"}},
                {"allow_hours": {"start": "23:15", "end": 24}},
                {"block_day_and_time": {"day": "saturday", "start": 1, "end": "01:45"}},
            ],
        },
        dict(days=0, length=30, step=15, anchor=lambda opened: 0),
        lambda at: (30 <= minute_of_day(at) < 210 or minute_of_day(at) >= 1395)
        and not (at.weekday() == 5 and 60 <= minute_of_day(at) < 105),
    ),
    (
        {
            "length": "45 minutes",
            "round_to_nearest_hour": False,
            "constraints": [
                {"allow_day": {"day": "Sunday"}},
                {"allow_day": {"day": "Friday"}},
                {"allow_day": {"day": "Monday"}},
                {"block_hours": {"start": "02:30", "end": "02:45"}},
                {"block_hours": {"start": 0, "end": "00:15"}},
            ],
        },
        dict(days=0, length=45, step=45, anchor=lambda opened: opened),
        lambda at: at.weekday() in (6, 4, 0)
        and not 150 <= minute_of_day(at) < 165
        and not minute_of_day(at) < 15,
    ),
    # A day of the calendar, which every single day that is open has room for.
    (
        {
            "length": "1 day",
            "constraints": [{"allow_day": {"day": day}} for day in ("Saturday", "Sunday", "Tuesday", "Thursday")],
        },
        dict(days=1, length=0, step=1440, anchor=lambda opened: -(-opened // 60) * 60),
        lambda at: at.weekday() in (5, 6, 1, 3),
    ),
    (
        {"length": "1 day 90 minutes", "timeslot_increments": "15 minutes"},
        dict(days=1, length=90, step=15, anchor=lambda opened: 0),
        lambda at: True,
    ),
    (
        {"length": "24 hours", "timeslot_increments": "1 hour"},
        dict(days=0, length=1440, step=60, anchor=lambda opened: 0),
        lambda at: True,
    ),
]


def minute_of_day(at):
    return at.hour * 60 + at.minute


def changes(zone):
    """The instants from which the zone's offset is another, in these years; to the minute."""
    at = datetime(YEARS.start, 1, 1, tzinfo=UTC)
    end = datetime(YEARS.stop, 1, 1, tzinfo=UTC)
    offset = lambda at: at.astimezone(zone).utcoffset()
    found = []
    while at < end:
        after = at + timedelta(hours=12)
        if offset(at) != offset(after):
            low, high = at, after
            while high - low > timedelta(minutes=1):
                middle = low + (high - low) / 2
                middle = middle.replace(second=0, microsecond=0)
                if offset(middle) == offset(low):
                    low = middle
                else:
                    high = middle
            found.append(high)
        at = after
    return found


def instants_to_look_at(zone):
    """Every change; and in years with none, two days that are changes elsewhere."""
    found = changes(zone)
    for year in YEARS:
        if not any(at.year == year for at in found):
            found += [datetime(year, 3, 29, 1, tzinfo=UTC), datetime(year, 10, 25, 1, tzinfo=UTC)]
    return sorted(found)


def ends(readings, days):
    """For each position, the one at which so many days of the calendar from there end: the first at which the clock reads
    the time of day of the start again, or a later one. The first instant of a date counts as its midnight."""
    naive = [at.replace(tzinfo=None) for at in readings]
    found = []
    for position, at in enumerate(naive):
        if position and naive[position - 1].date() < at.date():
            at = datetime.combine(at.date(), datetime.min.time())
        wanted = at + timedelta(days=days)
        end = position + int(timedelta(hours=22) / timedelta(minutes=TICK)) * days
        while end < len(naive) and naive[end] < wanted:
            end += 1
        found.append(end)
    return found


def slots(readings, first, last, settings, is_open):
    """Slots among the readings, one for each tick; from the position `first` on, and up to `last`."""
    after_days = ends(readings, settings["days"]) if settings["days"] else range(len(readings))
    length = settings["length"] // TICK
    open_ = [is_open(at) for at in readings]
    found = []
    opened = None
    lasts = [0] * (len(readings) + 1)
    for position in reversed(range(len(readings))):
        lasts[position] = lasts[position + 1] + 1 if open_[position] else 0
    for position, at in enumerate(readings):
        if not open_[position]:
            opened = None
            continue
        if opened is None or readings[position - 1].date() != at.date():
            opened = minute_of_day(at)
        on_grid = (minute_of_day(at) - settings["anchor"](opened)) % settings["step"] == 0
        end = after_days[position] + length
        if position >= first and on_grid and end <= last and lasts[position] >= end - position:
            end = at.astimezone(UTC) + timedelta(minutes=TICK * (end - position))
            found.append([at.isoformat(), end.astimezone(at.tzinfo).isoformat()])
    return found


def main(program):
    names = sorted(zoneinfo.available_timezones() - {"Factory", "localtime"})
    queries, expected = [], []
    looked_at = 0
    for name in names:
        zone = zoneinfo.ZoneInfo(name)
        for change in instants_to_look_at(zone):
            looked_at += 1
            start = change.replace(minute=0) - AROUND
            end = start + 2 * AROUND
            ticks = int((end - start + LOOK_BACK + LOOK_AHEAD) / timedelta(minutes=TICK))
            readings = [
                (start - LOOK_BACK + timedelta(minutes=TICK * tick)).astimezone(zone) for tick in range(ticks)
            ]
            assert all(at.minute % TICK == 0 and at.second == 0 for at in readings), f"{name} is off the quarter hour"
            first = int(LOOK_BACK / timedelta(minutes=TICK))
            last = int((LOOK_BACK + end - start) / timedelta(minutes=TICK))
            for sent, settings, is_open in SEARCHES:
                at = {"now": start, "from": start, "to": end}
                at = {key: value.isoformat() for key, value in at.items()}
                queries.append({"timezone": name, "mode": "exclusive", **at, **sent})
                expected.append(slots(readings, first, last, settings, is_open))

    lines = "".join(json.dumps(query) + "\n" for query in queries)
    answer = subprocess.run([program], input=lines, capture_output=True, text=True)
    if answer.returncode != 0:
        sys.exit(f"zones: {program} failed: {answer.stderr}")
    release, *found = answer.stdout.splitlines()
    if release != tzdata.IANA_VERSION:
        sys.exit(
            f"zones: the program has IANA release {release} and the package tzdata has {tzdata.IANA_VERSION}; pin the "
            "package of the program's release in scripts/requirements.txt"
        )
    differences = 0
    for query, ours, theirs in zip(queries, expected, map(json.loads, found), strict=True):
        if ours != theirs:
            differences += 1
            if differences <= 5:
                print(f"zones: {json.dumps(query)}")
                print(f"  only here: {[slot for slot in ours if slot not in theirs][:5]}")
                print(f"  only there: {[slot for slot in theirs if slot not in ours][:5]}")
    count = sum(map(len, expected))
    print(
        f"zones: {differences} differences in {len(names)} zones of release {release}, around {looked_at} instants, "
        f"{len(queries)} searches, {count} slots"
    )
    sys.exit(1 if differences or not count else 0)


main(sys.argv[1])

//! Availability against an oracle that knows no intervals: it asks of each minute what the clock reads, whether the
//! constraints let it be, and what stands there.

use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc, Weekday};
use model::availability::{Bookable, Mode, Search, Settings, Slot};
use model::constraint::{Schedule, parse_constraints};
use model::filter::Filters;
use model::ids::ResourceId;
use model::occupancy::{Buffers, Claim, ClaimKind};
use model::time::{TimeSlot, Tz, parse_instant};
use serde_json::{Value, json};
use uuid::Uuid;

const CASES: usize = 10_000;

/// Threads that share them.
const PARTS: usize = 4;

/// Minutes that are looked at from each of [`WINDOWS`] on.
const MINUTES: usize = 4 * 1_440;

/// Around changes of clocks in Europe, America, Chile and Lord Howe, and a week with none.
const WINDOWS: [&str; 6] = [
    "2026-03-27T12:00:00Z",
    "2026-10-23T12:00:00Z",
    "2026-03-06T18:00:00Z",
    "2026-04-03T00:00:00Z",
    "2026-09-04T06:00:00Z",
    "2026-06-10T00:00:00Z",
];

const ZONES: [Tz; 10] = [
    Tz::UTC,
    Tz::known("Europe/Copenhagen"),
    Tz::known("America/New_York"),
    Tz::known("America/Santiago"),
    Tz::known("Australia/Lord_Howe"),
    Tz::known("Asia/Kolkata"),
    Tz::known("Asia/Kathmandu"),
    Tz::known("America/Havana"),
    Tz::known("Pacific/Chatham"),
    Tz::known("Africa/Cairo"),
];

/// What a clock reads at one minute.
#[derive(Clone, Copy, PartialEq)]
struct Reading {
    date: i64,
    weekday: Weekday,
    minute: i64,
    week: (i32, u32),
}

/// Chance that is the same in each run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    fn below(&mut self, bound: i64) -> i64 {
        (self.roll() % bound as u64) as i64
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as i64) as usize].clone()
    }

    fn chance(&mut self, percent: i64) -> bool {
        self.below(100) < percent
    }
}

struct Shuffler(std::sync::Mutex<Dice>);

impl model::Random for Shuffler {
    fn fill(&self, bytes: &mut [u8]) {
        let mut dice = self.0.lock().expect("no panic");
        bytes.iter_mut().for_each(|byte| *byte = dice.roll() as u8);
    }
}

/// A constraint as the oracle understands it.
#[derive(Clone, Debug)]
enum Rule {
    DayAndTime(Weekday, i64, i64),
    Hours(i64, i64),
    Day(Weekday),
    Dates(i64, i64),
    Minutes(i64, i64),
    Weekdays,
    Weekends,
}

impl Rule {
    fn holds(&self, minute: i64, reading: &Reading) -> bool {
        let weekend = matches!(reading.weekday, Weekday::Sat | Weekday::Sun);
        match *self {
            Self::DayAndTime(day, start, end) => {
                reading.weekday == day && start <= reading.minute && reading.minute < end
            }
            Self::Hours(start, end) => start <= reading.minute && reading.minute < end,
            Self::Day(day) => reading.weekday == day,
            Self::Dates(start, end) => start <= reading.date && reading.date < end,
            Self::Minutes(start, end) => start <= minute && minute < end,
            Self::Weekdays => !weekend,
            Self::Weekends => weekend,
        }
    }

    fn kind(&self) -> usize {
        match self {
            Self::DayAndTime(..) => 0,
            Self::Hours(..) => 1,
            Self::Day(..) => 2,
            Self::Dates(..) | Self::Minutes(..) => 3,
            Self::Weekdays => 4,
            Self::Weekends => 5,
        }
    }
}

type Level = Vec<(bool, Rule)>;

fn level_allows(level: &Level, minute: i64, reading: &Reading) -> bool {
    let (mut asked, mut met) = (0, 0);
    for (allow, rule) in level {
        let holds = rule.holds(minute, reading);
        if *allow {
            asked |= 1 << rule.kind();
            met |= i32::from(holds) << rule.kind();
        } else if holds {
            return false;
        }
    }
    asked == met
}

/// A claim in minutes of the window.
#[derive(Clone, Debug)]
struct Taken {
    start: i64,
    end: i64,
    before: i64,
    after: i64,
    /// Seconds from now until the hold lapses.
    until_s: Option<i64>,
    kind: ClaimKind,
}

#[derive(Debug)]
struct Who {
    zone: usize,
    capacity: u32,
    level: Level,
    taken: Vec<Taken>,
}

#[derive(Debug)]
struct Case {
    window: usize,
    mode: usize,
    length: i64,
    from: i64,
    to: i64,
    now_s: i64,
    before: i64,
    after: i64,
    increments: Option<i64>,
    round: Option<bool>,
    notice: i64,
    per_day: Option<i64>,
    per_week: Option<i64>,
    ignores_all_day: bool,
    levels: Vec<Level>,
    who: Vec<Who>,
}

fn random_level(dice: &mut Dice, most: i64, base: DateTime<Utc>) -> (Level, Vec<Value>) {
    let days = [
        "Monday",
        "TUESDAY",
        "wednesday",
        "Thursday",
        "Friday",
        "saturday",
        "Sunday",
    ];
    let mut level = Vec::new();
    let mut list = Vec::new();
    for _ in 0..dice.below(most + 1) {
        let allow = dice.chance(70);
        let word = if allow { "allow" } else { "block" };
        let hours = |dice: &mut Dice| {
            let quarter = 5 * (1 + 2 * dice.below(2));
            let start = dice.below(1_380 / quarter) * quarter;
            let end = (start + (1 + dice.below(12 * 60 / quarter)) * quarter).min(1_440);
            let write = |minute: i64, dice: &mut Dice| match minute % 60 {
                0 if dice.chance(50) => json!(minute / 60),
                _ => json!(format!("{:02}:{:02}", minute / 60, minute % 60)),
            };
            let (from, to) = (write(start, dice), write(end, dice));
            (start, end, from, to)
        };
        let empty = if dice.chance(50) {
            json!({})
        } else {
            json!([])
        };
        let day = dice.below(7) as usize;
        let weekday: Weekday = days[day].parse().expect("a day");
        let (rule, kind, value) = match dice.below(8) {
            0 => {
                let (start, end, from, to) = hours(dice);
                let value = json!({"day": days[day], "start": from, "end": to});
                (Rule::DayAndTime(weekday, start, end), "day_and_time", value)
            }
            1..=3 => {
                let (start, end, from, to) = hours(dice);
                (
                    Rule::Hours(start, end),
                    "hours",
                    json!({"start": from, "end": to}),
                )
            }
            4 => (Rule::Day(weekday), "day", json!({"day": days[day]})),
            5 if dice.chance(50) => {
                let start = base.date_naive() + TimeDelta::days(dice.below(5) - 1);
                let end = start + TimeDelta::days(1 + dice.below(3));
                let number = |date: chrono::NaiveDate| i64::from(date.num_days_from_ce());
                let value = json!({"start": start.to_string(), "end": end.to_string()});
                (Rule::Dates(number(start), number(end)), "period", value)
            }
            5 => {
                let start = dice.below(MINUTES as i64);
                let end = start + 1 + dice.below(2_000);
                let write = |minute| (base + TimeDelta::minutes(minute)).to_rfc3339();
                let value = json!({"start": write(start), "end": write(end)});
                (Rule::Minutes(start, end), "period", value)
            }
            6 => (Rule::Weekdays, "weekdays", empty),
            _ => (Rule::Weekends, "weekends", empty),
        };
        level.push((allow, rule));
        list.push(json!({format!("{word}_{kind}"): value}));
    }
    (level, list)
}

fn random_case(dice: &mut Dice, bases: &[DateTime<Utc>]) -> (Case, Search) {
    let window = dice.below(bases.len() as i64) as usize;
    let base = bases[window];
    let at = |minute: i64| base + TimeDelta::minutes(minute);
    let length = dice.pick(&[15, 20, 30, 45, 50, 60, 60, 90, 120, 37, 1_500]);
    let from = 1_700 + dice.below(1_000);
    let to = from + length + dice.below(1_500);
    let now_s = (from - 300 + dice.below(400)) * 60 + dice.pick(&[0, 0, 17]);
    let mode = dice.below(4) as usize;
    let buffers = |dice: &mut Dice| dice.pick(&[(0, 0), (15, 15), (0, 25), (40, 0), (7, 61)]);
    let (before, after) = buffers(dice);
    let increments = dice
        .chance(40)
        .then(|| dice.pick(&[5, 10, 15, 20, 30, 45, 60, 70]));
    let round = dice.pick(&[None, None, Some(true), Some(false)]);
    let notice = dice.pick(&[0, 0, 60, 200]);
    let cap = |dice: &mut Dice| dice.chance(15).then(|| 1 + dice.below(3));
    let (per_day, per_week) = (cap(dice), cap(dice));
    let ignores_all_day = dice.chance(40);

    let mut levels = Vec::new();
    let mut schedules = Vec::new();
    for _ in 0..dice.pick(&[0, 0, 1, 2]) {
        let (level, list) = random_level(dice, 2, base);
        let parsed = parse_constraints(&list, "constraints").expect("sound");
        schedules.push(Schedule::new(&parsed));
        levels.push(level);
    }
    let mut who = Vec::new();
    let mut resources = Vec::new();
    for number in 0..1 + dice.below(3) {
        let zone = dice.below(ZONES.len() as i64) as usize;
        let capacity = dice.pick(&[1, 1, 1, 2, 3]);
        let most = dice.pick(&[0, 1, 2]);
        let (level, list) = random_level(dice, most, base);
        let mut taken = Vec::new();
        for _ in 0..dice.below(4 + 4 * i64::from(capacity)) {
            let start = 1_500 + dice.below(3_000);
            let (before, after) = if dice.chance(50) {
                (0, 0)
            } else {
                buffers(dice)
            };
            taken.push(Taken {
                start,
                end: start + 5 + dice.pick(&[10, 60, 120, 300]),
                before,
                after,
                until_s: dice.chance(20).then(|| dice.below(7) - 4),
                kind: ClaimKind::Booking,
            });
        }
        for _ in 0..dice.pick(&[0, 0, 1, 2]) {
            let start = 1_500 + dice.below(3_000);
            taken.push(Taken {
                start,
                end: start + dice.pick(&[20, 90, 400, 1_440]),
                before: 0,
                after: 0,
                until_s: None,
                kind: dice.pick(&[ClaimKind::Event, ClaimKind::AllDayEvent]),
            });
        }
        let claims = taken
            .iter()
            .enumerate()
            .map(|(id, one)| Claim {
                id: Uuid::from_u128(id as u128),
                slot: TimeSlot::new(at(one.start), at(one.end)).expect("a slot"),
                buffers: Buffers {
                    before_s: one.before as u32 * 60,
                    after_s: one.after as u32 * 60,
                },
                until: one
                    .until_s
                    .map(|until_s| base + TimeDelta::seconds(now_s + until_s)),
                kind: one.kind,
            })
            .collect();
        let parsed = parse_constraints(&list, "availability_constraints").expect("sound");
        resources.push(Bookable {
            id: ResourceId::new(Uuid::from_u128(number as u128)),
            zone: ZONES[zone],
            capacity,
            schedule: Schedule::new(&parsed),
            claims,
        });
        who.push(Who {
            zone,
            capacity,
            level,
            taken,
        });
    }

    let mut settings = json!({
        "mode": Mode::NAMES[mode].1,
        "length": format!("{length} minutes"),
        "from": at(from).to_rfc3339(),
        "to": at(to).to_rfc3339(),
        "minimum_notice": format!("{notice} minutes"),
        "max_bookings_per_day": per_day,
        "max_bookings_per_week": per_week,
        "ignore_all_day_events": ignores_all_day,
        "round_to_nearest_hour": round,
        "timeslot_increments": increments.map(|minutes| format!("{minutes} minutes")),
    });
    if before == after {
        settings["buffer"] = json!(format!("{before} minutes"));
    } else {
        settings["buffer_before"] = json!(format!("{before} minutes"));
        settings["buffer_after"] = json!(format!("{after} minutes"));
    }
    let settings = Settings::parse(settings.as_object().expect("an object"), "").expect("sound");
    let now = base + TimeDelta::seconds(now_s);
    let search = Search {
        terms: settings.terms(now, ZONES[who[0].zone]).expect("sound"),
        schedules,
        filters: Filters::default(),
        resources,
    };
    let case = Case {
        window,
        mode,
        length,
        from,
        to,
        now_s,
        before,
        after,
        increments,
        round,
        notice,
        per_day,
        per_week,
        ignores_all_day,
        levels,
        who,
    };
    (case, search)
}

/// What the oracle finds for one start minute: who could have it if nothing were booked, and who can.
type Answer = (i64, Vec<usize>, Vec<usize>);

struct Oracle<'a> {
    case: &'a Case,
    /// By zone and minute.
    readings: &'a [Vec<Reading>],
    /// By minute, for each resource, or in mutual mode for all as one.
    openings: Vec<Vec<Opening>>,
}

/// What is open at one minute.
#[derive(Clone, Copy, Default)]
struct Opening {
    /// For how many minutes from here on.
    lasts: i64,
    /// What the clock read when it opened, or at midnight if that was later.
    opened: i64,
}

impl<'a> Oracle<'a> {
    fn new(case: &'a Case, readings: &'a [Vec<Reading>]) -> Self {
        let is_open = |who: &Who, minute: i64| {
            let reading = &readings[who.zone][minute as usize];
            level_allows(&who.level, minute, reading)
                && case
                    .levels
                    .iter()
                    .all(|level| level_allows(level, minute, reading))
        };
        let openings_of = |who: &[Who]| {
            let clock = &readings[who[0].zone];
            let mut openings = vec![Opening::default(); MINUTES];
            // From before the local midnight of the first start.
            let range = case.from - 1_640..case.to;
            for minute in range.clone() {
                let (here, before) = (clock[minute as usize], clock[minute as usize - 1]);
                if who.iter().all(|who| is_open(who, minute)) {
                    let last = openings[minute as usize - 1];
                    let goes_on = last.lasts > 0 && before.date == here.date;
                    openings[minute as usize] = Opening {
                        lasts: 1,
                        opened: if goes_on { last.opened } else { here.minute },
                    };
                }
            }
            for minute in range.rev() {
                if openings[minute as usize].lasts > 0 {
                    openings[minute as usize].lasts += openings[minute as usize + 1].lasts;
                }
            }
            openings
        };
        let openings = if case.mode == 2 {
            vec![openings_of(&case.who)]
        } else {
            case.who
                .iter()
                .map(|who| openings_of(std::slice::from_ref(who)))
                .collect()
        };
        Self {
            case,
            readings,
            openings,
        }
    }

    fn answers(&self) -> Vec<Answer> {
        let everybody: Vec<usize> = (0..self.case.who.len()).collect();
        let mut answers = Vec::new();
        for start in self.case.from..=self.case.to - self.case.length {
            if start * 60 < self.case.now_s + self.case.notice * 60 {
                continue;
            }
            let (possible, free): (Vec<usize>, Vec<usize>) = if self.case.mode == 2 {
                let possible = self.is_possible(0, start);
                let free = possible && everybody.iter().all(|at| self.is_free(*at, start));
                let list = |holds| if holds { everybody.clone() } else { Vec::new() };
                (list(possible), list(free))
            } else {
                let possible: Vec<usize> = everybody
                    .iter()
                    .copied()
                    .filter(|at| self.is_possible(*at, start))
                    .collect();
                let free = possible
                    .iter()
                    .copied()
                    .filter(|at| self.is_free(*at, start))
                    .collect();
                (possible, free)
            };
            if !possible.is_empty() {
                answers.push((start, possible, free));
            }
        }
        answers
    }

    /// Open for all of it, and on the grid by the clock of the first.
    fn is_possible(&self, at: usize, start: i64) -> bool {
        let opening = self.openings[at][start as usize];
        if opening.lasts < self.case.length {
            return false;
        }
        let here = self.readings[self.case.who[at].zone][start as usize];
        let anchor = match (self.case.round, self.case.increments) {
            (Some(false), _) => opening.opened,
            (_, Some(_)) => 0,
            (_, None) => (opening.opened + 59) / 60 * 60,
        };
        let step = self.case.increments.unwrap_or(self.case.length);
        (here.minute - anchor).rem_euclid(step) == 0
    }

    fn is_free(&self, at: usize, start: i64) -> bool {
        let case = self.case;
        let who = &case.who[at];
        let clock = &self.readings[who.zone];
        let standing: Vec<&Taken> = who
            .taken
            .iter()
            .filter(|one| one.until_s.is_none_or(|until_s| 0 < until_s + 2))
            .collect();
        let here = clock[start as usize];
        let reading = |one: &&&Taken| clock[one.start as usize];
        let bookings = || standing.iter().filter(|one| one.kind == ClaimKind::Booking);
        let on_day = bookings()
            .filter(|one| reading(one).date == here.date)
            .count();
        let in_week = bookings()
            .filter(|one| reading(one).week == here.week)
            .count();
        if case.per_day.is_some_and(|most| on_day as i64 >= most)
            || case.per_week.is_some_and(|most| in_week as i64 >= most)
        {
            return false;
        }
        let end = start + case.length;
        let conflicting: Vec<&&Taken> = standing
            .iter()
            .filter(|one| {
                (start - case.before < one.end && one.start < end + case.after)
                    || (one.start - one.before < end && start < one.end + one.after)
            })
            .collect();
        // An event takes all there is.
        if conflicting.iter().any(|one| match one.kind {
            ClaimKind::Booking => false,
            ClaimKind::Event => true,
            ClaimKind::AllDayEvent => !case.ignores_all_day,
        }) {
            return false;
        }
        (start - case.before..end + case.after).all(|minute| {
            let covering = conflicting
                .iter()
                .filter(|one| one.kind == ClaimKind::Booking)
                .filter(|one| one.start - one.before <= minute && minute < one.end + one.after);
            covering.count() < who.capacity as usize
        })
    }
}

fn readings_of(base: DateTime<Utc>, zone: Tz) -> Vec<Reading> {
    (0..MINUTES as i64)
        .map(|minute| {
            let at = base + TimeDelta::minutes(minute);
            let local = at.with_timezone(&zone.offset_at(at));
            let week = local.iso_week();
            Reading {
                date: i64::from(local.date_naive().num_days_from_ce()),
                weekday: local.weekday(),
                minute: i64::from(local.hour() * 60 + local.minute()),
                week: (week.year(), week.week()),
            }
        })
        .collect()
}

fn in_minutes(slots: &[Slot], base: DateTime<Utc>) -> Vec<(i64, Vec<usize>)> {
    slots
        .iter()
        .map(|slot| {
            let start = (slot.slot.start() - base).num_seconds();
            assert_eq!(start % 60, 0, "all that is random is whole minutes");
            let who = slot.resources.iter().map(|id| id.uuid().as_u128() as usize);
            (start / 60, who.collect())
        })
        .collect()
}

/// The first of each list in some order of three or fewer; all orders.
fn orders(count: usize) -> Vec<Vec<usize>> {
    match count {
        1 => vec![vec![0]],
        2 => vec![vec![0, 1], vec![1, 0]],
        _ => vec![
            vec![0, 1, 2],
            vec![0, 2, 1],
            vec![1, 0, 2],
            vec![1, 2, 0],
            vec![2, 0, 1],
            vec![2, 1, 0],
        ],
    }
}

#[test]
fn availability_is_what_a_minute_by_minute_oracle_finds() {
    let parts: Vec<_> = (0..PARTS)
        .map(|part| std::thread::spawn(move || differences_are_none(part)))
        .collect();
    let mut total = Tally::default();
    for part in parts {
        let tally = part.join().expect("no differences; the first is above");
        total.empty += tally.empty;
        total.offered += tally.offered;
        total.refused += tally.refused;
    }
    // The cases are worth something only if they are not all empty or all free.
    let Tally {
        empty,
        offered,
        refused,
    } = total;
    assert!(
        empty < CASES * 6 / 10,
        "{empty} of {CASES} cases offer nothing"
    );
    assert!(
        offered > CASES / 2 && refused > CASES / 2,
        "{offered} offered, {refused} refused"
    );
    println!(
        "{CASES} cases, 0 differences; {empty} of them without a slot, {offered} slots offered and {refused} refused \
         one by one"
    );
}

/// What the cases were like.
#[derive(Default)]
struct Tally {
    empty: usize,
    offered: usize,
    refused: usize,
}

fn differences_are_none(part: usize) -> Tally {
    let bases = WINDOWS.map(|text| parse_instant(text).expect("an instant"));
    let readings: Vec<Vec<Vec<Reading>>> = bases
        .iter()
        .map(|base| ZONES.iter().map(|zone| readings_of(*base, *zone)).collect())
        .collect();
    let mut dice = Dice(0x1a7c_4ce1 + part as u64);
    let mut tally = Tally::default();
    for number in (part..CASES).step_by(PARTS) {
        let (case, search) = random_case(&mut dice, &bases);
        let base = bases[case.window];
        let answers = Oracle::new(&case, &readings[case.window]).answers();
        let free: Vec<(i64, Vec<usize>)> = answers
            .iter()
            .filter(|(_, _, free)| !free.is_empty())
            .map(|(start, _, free)| (*start, free.clone()))
            .collect();
        let first_of = |order: &[usize]| -> Vec<(i64, Vec<usize>)> {
            let first = |who: &Vec<usize>| order.iter().copied().find(|at| who.contains(at));
            free.iter()
                .map(|(start, who)| (*start, first(who).into_iter().collect()))
                .collect()
        };
        let shuffler = Shuffler(std::sync::Mutex::new(Dice(number as u64 + 1)));
        let found = in_minutes(&search.slots(&shuffler), base);
        match case.mode {
            0 => assert!(
                orders(case.who.len())
                    .iter()
                    .any(|order| first_of(order) == found),
                "case {number}: {case:#?}\nfound {found:?}\nfree {free:?}"
            ),
            1 => assert_eq!(found, first_of(&[0, 1, 2]), "case {number}: {case:#?}"),
            _ => assert_eq!(found, free, "case {number}: {case:#?}"),
        }
        assert_eq!(search.count(), free.len(), "case {number}");

        let missing: Vec<(i64, Vec<usize>)> = answers
            .iter()
            .filter(|(_, _, free)| free.is_empty())
            .map(|(start, possible, _)| {
                let oracle = Oracle {
                    case: &case,
                    readings: &readings[case.window],
                    openings: Vec::new(),
                };
                let taken = possible
                    .iter()
                    .copied()
                    .filter(|at| !oracle.is_free(*at, *start));
                (*start, taken.collect())
            })
            .collect();
        assert_eq!(
            in_minutes(&search.unavailable(), base),
            missing,
            "case {number}: {case:#?}"
        );

        let mut dates: Vec<(i64, Vec<usize>)> = Vec::new();
        for (start, who) in &free {
            let date = readings[case.window][0][*start as usize].date;
            match dates.last_mut() {
                Some((same, all)) if *same == date => {
                    all.extend(who);
                    all.sort_unstable();
                    all.dedup();
                }
                _ => dates.push((date, who.clone())),
            }
        }
        let found: Vec<(i64, Vec<usize>)> = search
            .dates(ZONES[0])
            .into_iter()
            .map(|(date, who)| {
                let who = who.iter().map(|id| id.uuid().as_u128() as usize);
                (i64::from(date.num_days_from_ce()), who.collect())
            })
            .collect();
        assert_eq!(found, dates, "case {number}");

        // Whether one slot is offered is the same question.
        let mut asked: Vec<(i64, usize)> = Vec::new();
        for _ in 0..6 {
            let at = dice.below(case.who.len() as i64) as usize;
            asked.push((case.from - 30 + dice.below(case.to - case.from), at));
            if !answers.is_empty() {
                asked.push((dice.pick(&answers).0, at));
            }
        }
        for (start, at) in asked {
            let slot = TimeSlot::new(
                base + TimeDelta::minutes(start),
                base + TimeDelta::minutes(start + case.length),
            )
            .expect("a slot");
            let answer = search.offers(slot, search.resources[at].id);
            let expected = free
                .iter()
                .find(|(free, _)| *free == start)
                .is_some_and(|(_, who)| {
                    if case.mode == 1 {
                        who[0] == at
                    } else {
                        who.contains(&at)
                    }
                });
            assert_eq!(
                answer.is_ok(),
                expected,
                "case {number}: {start} {at} {answer:?} {case:#?}"
            );
            *(if expected {
                &mut tally.offered
            } else {
                &mut tally.refused
            }) += 1;
        }
        tally.empty += usize::from(free.is_empty());
    }
    tally
}

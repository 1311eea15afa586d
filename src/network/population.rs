//! A made-up town: contacts as a creditor would export them, and the people behind their numbers. Pure; one seed makes
//! one town.
//!
//! No number here can ring anybody: Russian ones lie in +7 000, which is not in use; British ones in the ranges that
//! Ofcom keeps for drama; American ones in 555-0100 to 555-0199.

mod names;
mod plan;

use std::fmt::Write;

use jiff::ToSpan;
use jiff::civil::Date;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use self::plan::Plan;
use super::person::{Behaviour, Person, Turn};

/// More would run out of made-up numbers.
pub const CONTACTS_MAX: usize = 6_000;
/// Agents' phones in every town: `agent1`, `agent2`…
pub const AGENTS: usize = 8;
/// One in so many, from the top of the list, hears every message about the debt to its end.
const PATIENT_PART: usize = 10;
/// What is kept as WAV: one call of each kind and language.
const RECORDED_MAX: usize = 24;

/// A town.
#[derive(Debug, Clone, PartialEq)]
pub struct Population {
    /// With a header; good rows, and bad ones among them.
    pub contacts_csv: String,
    /// How many rows are bad on purpose.
    pub bad_rows: usize,
    /// One for each good row, and the agents.
    pub people: Vec<Person>,
}

impl Population {
    /// The people as JSON lines.
    pub fn people_file(&self) -> String {
        let lines = self.people.iter().map(|p| serde_json::to_string(p).expect("a person has only strings for keys"));
        lines.fold(String::new(), |text, line| text + &line + "\n")
    }
}

/// `n` contacts (at most [`CONTACTS_MAX`]) whose debts are upcoming, overdue or old as seen on `today`.
pub fn generate(seed: u64, n: usize, today: Date) -> Population {
    let n = n.min(CONTACTS_MAX);
    let mut rng = StdRng::seed_from_u64(seed);
    let mut csv = String::from(HEADER);
    let bad = bad_rows(n);
    let mut people = Vec::with_capacity(n + AGENTS);
    let mut recorded = Vec::new();
    for i in 0..n {
        // The bad rows lie scattered among the good ones.
        for (_, row) in bad.iter().enumerate().filter(|(b, _)| (b + 1) * n / (bad.len() + 1) == i) {
            csv.push_str(row);
        }
        let contact = Contact::made_up(&mut rng, i, i <= n / PATIENT_PART, today);
        contact.write_row(&mut csv);
        let mut person = contact.person(&mut rng, today);
        if let Some(kind) = recordable(&person).filter(|kind| !recorded.contains(kind)) {
            person.record = recorded.len() < RECORDED_MAX;
            recorded.push(kind);
        }
        people.push(person);
    }
    people.extend((1..=AGENTS).map(|i| Person {
        number: format!("agent{i}"),
        language: if i % 2 == 1 { "ru" } else { "en" }.to_string(),
        calls: vec![Behaviour::Agent { ring_ms: 1000, talk_ms: 4000 + 500 * i as u32 }],
        record: false,
    }));
    Population { contacts_csv: csv, bad_rows: bad.len(), people }
}

const HEADER: &str = "contact_id,name,language,zone,email,creditor,phone,amount,currency,due,last4\n";

/// Rows that an import must refuse, each for a reason of its own. Few in a small town.
fn bad_rows(n: usize) -> Vec<&'static str> {
    const ROWS: [&str; 10] = [
        "B-1,Пётр Безномеров,ru,Europe/Moscow,,Горводоканал,,1500.00,RUB,2026-10-01,1111\n",
        "B-2,Anna Letters,en,Europe/London,,Northside Water,+44 7700 9OO999,80.00,GBP,2026-10-01,2222\n",
        "B-3,Иван Поясов,ru,Europe/Moskva,,Горводоканал,+70009990003,900.00,RUB,2026-10-01,3333\n",
        "B-4,Olga Calendar,en,America/New_York,,Brightline Energy,+1 212 555 0199,120.00,USD,2026-13-45,4444\n",
        "B-5,Minus Smith,en,America/Chicago,,Brightline Energy,+1 312 555 0199,-45.00,USD,2026-10-01,5555\n",
        "B-6,Юрий Дукатов,ru,Europe/Samara,,Тёплый дом,+70009990006,700.00,DUK,2026-10-01,6666\n",
        "B-7,Эльза Язычная,russian,Asia/Omsk,,Тёплый дом,+70009990007,700.00,RUB,2026-10-01,7777\n",
        "B-8,Emergency Jones,en,Europe/London,,Northside Water,112,60.00,GBP,2026-10-01,8888\n",
        "B-9,Сумма Прописью,ru,Asia/Tomsk,,Тёплый дом,+70009990009,двести рублей,RUB,2026-10-01,9999\n",
        "B-10,Short Row,en,Europe/London\n",
    ];
    ROWS[..(n / 50).clamp(3, ROWS.len())].to_vec()
}

struct Contact {
    index: usize,
    /// Hears every message to its end on the first call.
    patient: bool,
    name: &'static str,
    surname: &'static str,
    email: Option<String>,
    language: &'static str,
    zone: &'static str,
    creditor: &'static str,
    /// As a clerk wrote it; spaces and hyphens allowed.
    phone: String,
    minor: u64,
    currency: &'static str,
    due: Date,
    last4: String,
}

impl Contact {
    fn made_up(rng: &mut StdRng, index: usize, patient: bool, today: Date) -> Contact {
        // Three in five are Russian; of the others every second one is British.
        let (block, place) = (index / 5, index % 5);
        let (names, language) = match place {
            0..=2 if rng.random_bool(0.5) => (names::RU_WOMEN, "ru"),
            0..=2 => (names::RU_MEN, "ru"),
            _ => (names::EN, "en"),
        };
        let (name, latin_name) = names.first[rng.random_range(0..names.first.len())];
        let (surname, latin_surname) = names.last[rng.random_range(0..names.last.len())];
        let (phone, zone, currency) = match place {
            0..=2 => {
                let zones = if rng.random_bool(0.4) { &names::RU_ZONES[..1] } else { &names::RU_ZONES[..] };
                let number = block * 3 + place;
                (names::ru_phone(rng, number), zones[rng.random_range(0..zones.len())], "RUB")
            }
            3 => (names::uk_phone(rng, block), "Europe/London", "GBP"),
            _ => {
                let area = names::US_AREAS[block % names::US_AREAS.len()];
                (names::us_phone(rng, area, block / names::US_AREAS.len()), "America/New_York", "USD")
            }
        };
        let creditor = match (language, rng.random_bool(0.6)) {
            ("ru", true) => "Горводоканал",
            ("ru", false) => "Тёплый дом",
            (_, true) => "Northside Water",
            (_, false) => "Brightline Energy",
        };
        let email = rng.random_bool(0.85).then(|| {
            let domain = if rng.random_bool(0.5) { "example.com" } else { "example.org" };
            format!("{latin_name}.{latin_surname}.{index}@{domain}")
        });
        // Most debts are small, a few are large.
        let scale = rng.random_range(0.0f64..1.0).powi(3);
        let (least, most) = if currency == "RUB" { (30_000.0, 6_000_000.0) } else { (1_500.0, 120_000.0) };
        let minor = (least + (most - least) * scale) as u64;
        let days_late = match rng.random_range(0..100) {
            0..25 => -rng.random_range(0..=3),
            25..75 => rng.random_range(1..=90),
            _ => rng.random_range(91..=400),
        };
        Contact {
            index,
            patient,
            name,
            surname,
            email,
            language,
            zone,
            creditor,
            phone,
            minor,
            currency,
            due: today - days_late.days(),
            last4: format!("{:04}", rng.random_range(0..10_000)),
        }
    }

    fn write_row(&self, csv: &mut String) {
        let Contact { index, name, surname, language, zone, creditor, phone, minor, currency, due, last4, .. } = self;
        let email = self.email.as_deref().unwrap_or("");
        let (major, cents) = (minor / 100, minor % 100);
        let _ = writeln!(
            csv,
            "C-{:05},{name} {surname},{language},{zone},{email},{creditor},{phone},{major}.{cents:02},{currency},{due},{last4}",
            index + 1
        );
    }

    fn person(&self, rng: &mut StdRng, today: Date) -> Person {
        let number = self.phone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
        Person { number, language: self.language.to_string(), calls: self.calls(rng, today), record: false }
    }

    /// What the person does, call after call.
    fn calls(&self, rng: &mut StdRng, today: Date) -> Vec<Behaviour> {
        let machine = |rng: &mut StdRng| Behaviour::Machine { ring_ms: rng.random_range(600..1800) };
        let first = match rng.random_range(0..1000) {
            0..18 => return vec![Behaviour::Unknown],
            18..33 => return vec![Behaviour::OutOfService],
            33..40 => Some(Behaviour::Congestion),
            // Costs a channel for 32 s each time: few.
            40..41 => Some(Behaviour::Silent),
            41..65 => Some(Behaviour::Declines),
            65..285 => Some(Behaviour::NoAnswer),
            285..415 => Some(Behaviour::Busy),
            415..515 => Some(machine(rng)),
            _ => None,
        };
        let at_once = first.is_none();
        let mut calls: Vec<Behaviour> = first.into_iter().collect();
        // Of those missed, every second one is missed again, and some are never reached.
        while !at_once && calls.len() < 5 && rng.random_bool(0.45) {
            calls.push(match rng.random_range(0..4) {
                0 | 1 => Behaviour::NoAnswer,
                2 => Behaviour::Busy,
                _ => machine(rng),
            });
        }
        if calls.len() == 5 {
            return calls;
        }
        let plan = Plan::drawn(rng, at_once);
        // A call heard to its end takes a minute and a half. The first in the list are patient, so that their calls are over
        // when the last ones are dialled.
        let patient = at_once && plan.is_short() && (self.patient || plan == Plan::SaysNothing);
        calls.push(self.human(rng, plan, patient, today));
        // Who was not reached in earnest is rung again, and decides anew.
        for _ in 0..2 {
            let next = if rng.random_bool(0.3) {
                Behaviour::NoAnswer
            } else {
                self.human(rng, Plan::PromiseWhole, false, today)
            };
            calls.push(next);
        }
        calls
    }

    /// Who is not `patient` presses before the voice has finished.
    fn human(&self, rng: &mut StdRng, plan: Plan, patient: bool, today: Date) -> Behaviour {
        let ring_ms = rng.random_range(400..1500);
        let think_ms = rng.random_range(300..1100);
        let mut turns = plan.turns(rng, self, today);
        if patient {
            // Who they are is said at once; the rest is heard to its end.
            turns.iter_mut().take(2).for_each(|turn| hurry(rng, turn, ""));
        } else {
            for n in 0..turns.len() {
                // A day is ended with #, so that nobody waits for further digits.
                let day = matches!(turns.get(n + 1), Some(Turn::Confirm(_)));
                hurry(rng, &mut turns[n], if day { "#" } else { "" });
            }
            if matches!(plan, Plan::SaysNothing | Plan::Listens) {
                turns.push(Turn::HangUp { after_ms: rng.random_range(6_000..9_000) });
            }
        }
        Behaviour::Human { ring_ms, think_ms, turns }
    }
}

/// A press into the voice instead of one after it. What confirms a promise is pressed when it has been heard.
fn hurry(rng: &mut StdRng, turn: &mut Turn, end: &str) {
    if let Turn::Press(keys) = turn {
        *turn = Turn::BargeIn { keys: format!("{keys}{end}"), after_ms: rng.random_range(600..2_400) };
    }
}

/// Which kind of call a person's first talk is, when it is worth keeping.
fn recordable(person: &Person) -> Option<String> {
    let talk = person.calls.iter().find(|b| matches!(b, Behaviour::Human { .. } | Behaviour::Machine { .. }))?;
    let kind = match talk {
        Behaviour::Human { turns, .. } => {
            let last4 = |keys: &str| keys.len() == 4;
            let word = |turn: &Turn| match turn {
                Turn::Press(keys) if last4(keys) => "digits".to_string(),
                Turn::Press(keys) => keys.clone(),
                Turn::Confirm(_) => "confirm".to_string(),
                Turn::BargeIn { .. } => "barge".to_string(),
                Turn::Wait { .. } => "wait".to_string(),
                Turn::HangUp { .. } => "hang_up".to_string(),
            };
            turns.iter().map(word).collect::<Vec<_>>().join(" ")
        }
        other => other.word().to_string(),
    };
    Some(format!("{} {kind}", person.language))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::phone::PhoneNumber;
    use crate::time::Zone;

    fn today() -> Date {
        "2026-11-20".parse().unwrap()
    }

    #[test]
    fn one_seed_one_town() {
        assert_eq!(generate(7, 200, today()), generate(7, 200, today()));
        assert_ne!(generate(7, 200, today()).contacts_csv, generate(8, 200, today()).contacts_csv);
    }

    #[test]
    fn every_contact_has_a_person_behind_a_number_of_their_own() {
        for n in [1, 20, 1000, CONTACTS_MAX] {
            let town = generate(1, n, today());
            let numbers: HashSet<&str> = town.people.iter().map(|p| p.number.as_str()).collect();
            assert_eq!(numbers.len(), n + AGENTS);
            let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(town.contacts_csv.as_bytes());
            let (mut good, mut bad, mut upcoming, mut old) = (0, 0, 0, 0);
            for row in reader.records() {
                let row = row.unwrap();
                if row[0].starts_with("B-") {
                    bad += 1;
                    continue;
                }
                good += 1;
                let phone: PhoneNumber = row[6].parse().unwrap_or_else(|e| panic!("{}: {e}", &row[6]));
                assert!(numbers.contains(phone.full()), "{row:?}");
                assert!(["+7000", "+44", "+1"].iter().any(|p| phone.full().starts_with(p)));
                row[3].parse::<Zone>().unwrap();
                crate::money::Money::parse(&row[7], row[8].parse().unwrap()).unwrap();
                let due: Date = row[9].parse().unwrap();
                upcoming += usize::from(due >= today());
                old += usize::from(due < today() - 90.days());
            }
            assert_eq!((good, bad), (n, town.bad_rows));
            if n >= 1000 {
                assert!((n / 5..n / 3).contains(&upcoming) && (n / 5..n / 3).contains(&old), "{upcoming} {old}");
            }
        }
    }

    #[test]
    fn an_import_takes_the_good_rows_and_refuses_the_bad_ones() {
        for n in [20, 1000] {
            let town = generate(5, n, today());
            let batch = crate::import::read(town.contacts_csv.as_bytes(), Default::default()).unwrap();
            assert_eq!(
                (batch.contacts.len(), batch.lines_rejected as usize),
                (n, town.bad_rows),
                "{:?}",
                batch.rejects
            );
            assert!(batch.contacts.iter().all(|c| c.fields.contains_key("last4")));
        }
    }

    #[test]
    fn the_people_differ() {
        let town = generate(1, 1000, today());
        let first = |word: &str| town.people.iter().filter(|p| p.calls[0].word() == word).count();
        for (word, least, most) in [
            ("human", 400, 560),
            ("no_answer", 170, 270),
            ("busy", 90, 170),
            ("machine", 60, 140),
            ("unknown", 5, 35),
            ("out_of_service", 5, 30),
            ("congestion", 5, 30),
            ("silent", 0, 8),
            ("agent", AGENTS, AGENTS),
        ] {
            assert!((least..=most).contains(&first(word)), "{word}: {}", first(word));
        }
        let recorded = town.people.iter().filter(|p| p.record).count();
        assert_eq!(recorded, RECORDED_MAX);
        assert!(town.people.iter().all(|p| !p.calls.is_empty()));
        let promising = |p: &&Person| {
            p.calls.iter().any(
                |b| matches!(b, Behaviour::Human { turns, .. } if turns.iter().any(|t| matches!(t, Turn::Confirm(_)))),
            )
        };
        assert!(town.people.iter().filter(promising).count() > 500);
    }

    #[test]
    fn the_people_file_can_be_read_back() {
        let town = generate(3, 50, today());
        let read: Vec<Person> = town.people_file().lines().map(|l| serde_json::from_str(l).unwrap()).collect();
        assert_eq!(read, town.people);
    }
}

//! One test a row of the table of laws, named after its id. A day is of 2026 and local to the contact.

use super::world::{standing, wall};
use super::*;
use crate::books::{PromiseState, Standing, Whose, ZoneFrom};
use crate::flow::program::Disclosure;
use crate::outcome::{Channel, Disposition as D};
use crate::phone::PhoneNumber;
use crate::time::Wall;
use Channel::{Email, Human, Sms, Voice};
use std::time::Duration;

const MOSCOW: &str = "Europe/Moscow";

/// Whoever it is, where, and what is known of them.
struct Who {
    zone: &'static str,
    rules: Rules,
    standing: Standing,
}

impl Who {
    fn at(&self, written: &str) -> Wall {
        let written = if written.len() == 11 { format!("2026-{written}") } else { written.to_string() };
        Wall::from(&format!("{written}[{}]", self.zone).parse::<jiff::Zoned>().unwrap())
    }

    fn known(mut self, column: &str, value: &str) -> Who {
        assert_eq!(column.parse::<Fact>().unwrap().fault(value), None);
        self.standing.contact.fields.insert(column.into(), value.into());
        self
    }

    fn numbered(mut self, numbers: &[&str]) -> Who {
        self.standing.contact.phones = (1..).zip(numbers).map(|(n, number)| super::world::phone(n, number)).collect();
        self
    }

    /// Left without an agent by another campaign's call, which ended then.
    fn abandoned(mut self, at: &str) -> Who {
        let at = self.at(at);
        self.standing.tried_elsewhere(Voice, at, D::HungUpEarly);
        self.standing.past.last_mut().unwrap().abandoned_at = Some(at);
        self
    }

    /// As a ladder that dials progressively asks.
    fn with_an_agent_kept(mut self) -> Who {
        self.rules.agent_kept = true;
        self
    }

    fn after(mut self, at: &str, channel: Channel, disposition: D) -> Who {
        let at = self.at(at);
        self.standing.tried_elsewhere(channel, at, disposition);
        self
    }

    /// `allow`, `human rule`, or `rule id until`.
    #[track_caller]
    fn is(&self, now: &str, channel: Channel, expected: &str) -> &Who {
        let now = self.at(now);
        let question =
            Question { standing: &self.standing, channel, purpose: Default::default(), now, rules: &self.rules };
        let found = match decide(&question) {
            Decision::Allow => "allow".into(),
            Decision::NeedsHuman { rule, .. } => format!("human {rule}"),
            Decision::Deny { rule, by, until, .. } => {
                let until = until.map_or("never".into(), |u| {
                    u.in_zone(&self.standing.contact.zone).strftime("%m-%d %H:%M").to_string()
                });
                format!("{rule} {} {until}", by.as_deref().unwrap_or("-"))
            }
        };
        assert_eq!(found, expected);
        self
    }
}

/// Of the pack alone, so that the row and no other rule answers.
fn alone(pack: &str, zone: &'static str) -> Who {
    Who { zone, rules: Pack::named(pack).unwrap().rules.clone(), standing: standing(zone) }
}

#[test]
fn ru_1_hours() {
    for pack in ["ru.credit", "ru.utility"] {
        let who = |zone| alone(pack, zone).known("claimant", "principal");
        who("Europe/Kaliningrad").is("11-20T07:59", Voice, "calling_window RU-1 11-20 08:00").is(
            "11-20T08:00",
            Voice,
            "allow",
        );
        who("Asia/Kamchatka").is("11-20T22:00", Voice, "calling_window RU-1 11-21 09:00");
        who(MOSCOW).is("11-22T08:59", Voice, "calling_window RU-1 11-22 09:00");
        // The first of May is a Friday; the eleventh makes up for the ninth, a Saturday.
        who(MOSCOW).is("05-01T08:30", Voice, "calling_window RU-1 05-01 09:00").is(
            "05-01T19:56",
            Voice,
            "calling_window RU-1 05-02 09:00",
        );
        who(MOSCOW).is("05-11T08:30", Sms, "calling_window RU-1 05-11 09:00").is("05-12T08:30", Sms, "allow");
        // A Saturday that is worked on is a Saturday.
        who(MOSCOW).is("2025-11-01T08:30", Voice, "calling_window RU-1 11-01 09:00");
        // Of a year whose days off nobody has entered, each may be one.
        who(MOSCOW).is("2027-03-02T08:30", Voice, "calling_window RU-1 03-02 09:00");
    }
}

#[test]
fn ru_2_direct_calls() {
    let who = || alone("ru.credit", MOSCOW);
    who().after("11-20T10:00", Voice, D::HungUpEarly).is("11-20T12:00", Voice, "cap RU-2 11-21 00:00");
    who().after("11-20T10:00", Voice, D::NoAnswer).is("11-20T12:00", Voice, "allow");
    let two = || who().after("11-16T10:00", Voice, D::Informed).after("11-18T10:00", Voice, D::Informed);
    two().is("11-20T12:00", Voice, "cap RU-2 11-23 00:00").is("11-23T08:00", Voice, "allow");
    let mut eight = who();
    for day in ["02", "04", "09", "10", "16", "17", "23", "24"] {
        eight = eight.after(&format!("11-{day}T10:00"), Voice, D::Informed);
    }
    eight.is("11-30T12:00", Voice, "cap RU-2 12-01 00:00");
}

#[test]
fn ru_3_messages() {
    let who = || alone("ru.credit", MOSCOW);
    let two = || who().after("11-16T10:00", Sms, D::Queued).after("11-16T11:00", Email, D::Queued);
    two().is("11-16T12:00", Sms, "cap RU-3 11-17 00:00");
    two().after("11-17T10:00", Voice, D::VoicemailLeft).after("11-18T10:00", Sms, D::Queued).is(
        "11-19T12:00",
        Email,
        "cap RU-3 11-23 00:00",
    );
    who().is("11-16T22:01", Sms, "calling_window RU-1 11-17 08:00");
}

#[test]
fn ru_7_third_parties() {
    let mut standing = standing(MOSCOW);
    standing.contact.fields.insert("third_person_numbers".into(), "+79161234567".into());
    assert!(phone_to_dial(&standing).is_none(), "a relative's number");
    standing.contact.fields.insert("third_person_consent".into(), "yes".into());
    assert!(phone_to_dial(&standing).is_some());
    standing.contact.fields.insert("third_person_consent".into(), "perhaps".into());
    assert!(phone_to_dial(&standing).is_none(), "what cannot be read is no consent");
}

#[test]
fn ru_8_refusal() {
    let who = || alone("ru.credit", MOSCOW).known("refused_on", "2026-11-20");
    for channel in [Voice, Sms, Email] {
        who().is("11-20T12:00", channel, "human refused_contact");
    }
    who().is("11-20T12:00", Human, "allow");
    alone("ru.credit", MOSCOW).known("advocate", "А. Иванова").is("11-20T12:00", Voice, "human refused_contact");
}

#[test]
fn ru_9_protected_persons() {
    for flag in Protected::ALL {
        for channel in [Voice, Sms, Email, Human] {
            alone("ru.credit", MOSCOW).known("protected", flag.as_str()).is(
                "11-20T12:00",
                channel,
                "protected RU-9 never",
            );
        }
    }
}

#[test]
fn ru_11_housing_and_utilities() {
    let who = || alone("ru.utility", MOSCOW);
    who().known("claimant", "principal").is("11-20T12:00", Voice, "allow");
    who().known("claimant", "collector").is("11-20T12:00", Voice, "collector RU-11 never");
    who().is("11-20T12:00", Sms, "collector RU-11 never");
}

/// What is not known keeps the pack in force; a decision that was made without it says so.
#[test]
fn ru_13_scope() {
    let late = "11-20T22:30";
    let held = "calling_window RU-1 11-21 09:00";
    let who = || alone("ru.credit", MOSCOW);
    who().is(late, Sms, held);
    who().known("debtor_kind", "consumer").is(late, Sms, held);
    who().known("debtor_kind", "sole_trader").is(late, Sms, "allow");
    let lender = || who().known("creditor_kind", "private_person").known("claimant", "principal");
    let owing = |mut who: Who, minor| {
        who.standing.contact.debts[0].amount.minor = minor;
        who
    };
    owing(lender(), 5_000_000).is(late, Sms, "allow");
    owing(lender(), 5_000_001).is(late, Sms, held);
    // A part that was paid does not bring the debt under the limit.
    let mut paid = owing(lender(), 5_000_001);
    paid.standing.contact.debts[0].paid = 100_000;
    paid.is(late, Sms, held);
    let handed_on = who().known("creditor_kind", "private_person").known("claimant", "collector");
    handed_on.is(late, Sms, held);
    who().known("creditor_kind", "private_person").is(late, Sms, held);
    let mut dollars = lender();
    dollars.standing.contact.debts[0].amount = crate::money::Money::new(100, crate::money::Currency::Usd);
    dollars.is(late, Sms, held);
    // What holds everywhere holds for a sole trader too, and so does what the pack demands of the installation.
    let trader = || who().known("debtor_kind", "sole_trader");
    let everywhere = Who { rules: Rules::outermost().and(&trader().rules), ..trader() };
    everywhere.is(late, Sms, "calling_window HOURS 11-21 09:00");
    assert!(everywhere.rules.policy(&everywhere.standing.contact).ends_with(" not for this debt (RU-13)"));
    assert!(!who().rules.policy(&who().standing.contact).contains("RU-13"));
}

#[test]
fn us_f1_hours() {
    let who = || alone("us.reg_f", "America/Los_Angeles");
    who().is("11-20T07:59", Voice, "calling_window US-F1 11-20 08:00");
    who().is("11-20T20:56", Voice, "calling_window US-F1 11-21 08:00").is("11-20T20:56", Email, "allow");
}

/// The address is in California, the number of New York: lawful in both places.
#[test]
fn us_f1_hours_of_address_and_number() {
    let mut who = alone("us.reg_f", "America/Los_Angeles");
    who.standing.contact.phones[0].number = "+12125551234".parse().unwrap();
    who.is("11-20T06:30", Voice, "calling_window US-F1 11-20 08:00").is("11-20T08:00", Voice, "allow");
    // 21:00 in New York.
    who.is("11-20T18:00", Sms, "calling_window US-F1 11-21 08:00").is("11-20T17:54", Voice, "allow");
    // A toll-free number is of no place, and the address is enough.
    who.standing.contact.phones[0].number = "+18005551234".parse().unwrap();
    who.is("11-20T18:00", Sms, "allow");
}

#[test]
fn us_f2_seven_in_seven() {
    let mut seven = alone("us.reg_f", "America/New_York");
    for hour in 10..17 {
        seven = seven.after(&format!("11-16T{hour}:00"), Voice, D::NoAnswer);
    }
    seven.is("11-16T18:00", Voice, "cap US-F2 11-23 10:00").is("11-23T10:00", Voice, "allow");
    // The call that did not reach the number counts for nothing.
    alone("us.reg_f", "America/New_York").after("11-16T10:00", Voice, D::OutOfService).is(
        "11-16T18:00",
        Voice,
        "allow",
    );
    // The day of the talk is the first of the seven.
    let talked = || alone("us.reg_f", "America/New_York").after("11-16T15:00", Voice, D::Informed);
    talked().is("11-22T20:00", Voice, "gap US-F2 11-23 00:00").is("11-23T09:00", Voice, "allow").is(
        "11-17T09:00",
        Sms,
        "allow",
    );
}

/// Of each debt: another creditor's calls to the same human do not count, nor does a call about somebody else.
#[test]
fn us_f2_of_each_debt() {
    for whose in [Whose::Contact, Whose::Person, Whose::Line] {
        let mut seven = alone("us.reg_f", "America/New_York");
        for hour in 10..17 {
            seven = seven.after(&format!("11-16T{hour}:00"), Voice, D::NoAnswer);
        }
        seven.standing.past.iter_mut().for_each(|p| p.whose = whose);
        let expected = if whose == Whose::Contact { "cap US-F2 11-23 10:00" } else { "allow" };
        seven.is("11-16T18:00", Voice, expected);
    }
}

#[test]
fn us_t1_consent() {
    let who = || alone("us.tcpa", "America/New_York");
    who().is("11-20T12:00", Voice, "human no_consent").is("11-20T12:00", Human, "allow");
    who().known("consent_voice", "no").is("11-20T12:00", Voice, "human no_consent");
    who().known("consent_voice", "yes").is("11-20T12:00", Voice, "allow");
}

/// Without consent: landlines, three times in thirty days; a number that may be a mobile is one.
#[test]
fn us_t2_residential_limits() {
    let zone = "America/New_York";
    let who = |number: &str| alone("us.tcpa", zone).numbered(&[number]);
    // In North America a number does not tell; elsewhere it may.
    who("+12125551234").is("11-25T12:00", Voice, "human no_consent");
    who("+447911123456").is("11-25T12:00", Voice, "human no_consent");
    who("+2999999999").is("11-25T12:00", Voice, "human no_consent");
    who("+442079460000").is("11-25T12:00", Voice, "allow");
    let landline = || who("+12125551234").known("landline_numbers", "+12125551234 +12125550000");
    landline().is("11-25T12:00", Voice, "allow");
    who("+12125559999").known("landline_numbers", "+12125551234").is("11-25T12:00", Voice, "human no_consent");
    let three = |mut who: Who| {
        for day in ["02", "12", "20"] {
            who = who.after(&format!("11-{day}T12:00"), Voice, D::NoAnswer);
        }
        who
    };
    three(landline())
        .is("11-25T12:00", Voice, "cap US-T2 12-02 12:00")
        .is("12-02T11:59", Voice, "cap US-T2 12-02 12:00")
        .is("12-02T12:00", Voice, "allow");
    three(landline().known("consent_voice", "yes")).is("11-25T12:00", Voice, "allow");
    // Of two numbers the landline alone is rung.
    let both =
        alone("us.tcpa", zone).numbered(&["+12125559999", "+12125551234"]).known("landline_numbers", "+12125551234");
    both.is("11-25T12:00", Voice, "allow");
    let Who { standing, rules, .. } = &both;
    let question =
        Question { standing, channel: Voice, purpose: Default::default(), now: both.at("11-25T12:00"), rules };
    assert_eq!(phones_with_room(&question).map(|p| p.id.0).collect::<Vec<_>>(), [2]);
}

/// Whatever campaign made the call, and whoever was wanted on the line.
#[test]
fn uk_3_seventy_two_hours() {
    let who = || alone("uk", "Europe/London").abandoned("11-16T12:00");
    for whose in [Whose::Contact, Whose::Person, Whose::Line] {
        let mut who = who();
        who.standing.past[0].whose = whose;
        who.is("11-19T11:59", Voice, "gap UK-3 11-19 12:00").is("11-19T12:00", Voice, "allow");
    }
    who().is("11-19T11:59", Sms, "allow");
    who().with_an_agent_kept().is("11-19T11:59", Voice, "allow");
    // So it is everywhere, whatever packs a ladder names.
    alone("default", "Europe/London").abandoned("11-17T12:00").is("11-20T11:59", Voice, "gap UK-3 11-20 12:00");
}

#[test]
fn uk_3_after_a_machine() {
    let who = || alone("uk", "Europe/London").after("11-19T15:00", Voice, D::Machine);
    who().is("11-20T14:59", Voice, "gap UK-3 11-20 15:00").is("11-20T15:00", Voice, "allow");
    who().with_an_agent_kept().is("11-20T14:59", Voice, "allow");
    let mut neighbour = who();
    neighbour.standing.past[0].whose = Whose::Line;
    neighbour.is("11-20T14:59", Voice, "gap UK-3 11-20 15:00");
}

#[test]
fn uk_7_hours() {
    let who = || alone("uk", "Europe/London");
    who().is("11-20T19:56", Voice, "calling_window UK-7 11-21 08:00").is(
        "11-22T12:00",
        Voice,
        "calling_window UK-7 11-23 08:00",
    );
    // Good Friday, and Boxing Day on a Saturday made up for on Monday.
    who().is("04-03T12:00", Voice, "calling_window UK-7 04-04 08:00").is(
        "12-28T12:00",
        Voice,
        "calling_window UK-7 12-29 08:00",
    );
}

#[test]
fn all_1_paid() {
    let mut who = alone("default", MOSCOW);
    who.standing.pays_all();
    who.is("11-20T12:00", Voice, "paid - never").is("11-20T12:00", Human, "paid - never");
    let mut who = alone("default", MOSCOW);
    who.standing.promised(PromiseState::Open);
    who.is("11-20T12:00", Voice, "open_promise - never");
}

#[test]
fn all_2_do_not_call() {
    let mut who = alone("default", MOSCOW);
    who.standing.suppressed(None);
    who.is("11-20T12:00", Email, "suppressed_person - never");
}

#[test]
fn all_3_premium_numbers() {
    let mut who = alone("default", MOSCOW);
    who.standing.contact.phones[0].number = "+19005551234".parse().unwrap();
    who.is("11-20T12:00", Voice, "no_number - never");
    assert!("112".parse::<crate::phone::PhoneNumber>().is_err());
}

#[test]
fn all_4_time_between_calls() {
    let who = || alone("default", MOSCOW).after("11-20T12:00", Voice, D::Busy);
    who().is("11-20T12:09", Voice, "gap ALL-4 11-20 12:10").is("11-20T12:10", Voice, "allow");
}

#[test]
fn all_5_wrong_person() {
    let mut who = alone("default", MOSCOW).after("11-02T12:00", Voice, D::WrongNumber);
    who.standing.past[0].phone = Some(crate::id::PhoneId(1));
    who.is("11-20T12:00", Voice, "no_number - never");
}

/// Packs beside each other: all of them hold, whatever order they are named in.
#[test]
fn the_strictest_wins() {
    let packs = ["us.reg_f", "us.tcpa", "uk"].map(|name| &Pack::named(name).unwrap().rules);
    let [a, b, c] = packs;
    for rules in [Rules::outermost().and(a).and(b).and(c), c.clone().and(b).and(a).and(&Rules::outermost())] {
        let mut who = Who { zone: "Europe/London", rules, standing: standing("Europe/London") };
        who = who.known("consent_voice", "yes");
        assert_eq!(who.rules.packs.len(), 4);
        who.is("11-22T12:00", Voice, "calling_window UK-7 11-23 08:00");
        assert!(wall("2026-11-22T12:00Z") == who.at("11-22T12:00"));
    }
}

/// What a pack demands of an installation that lacks it; each fault begins with the id of the law.
struct Place {
    shows: PhoneNumber,
    anonymous: bool,
    ring_s: u64,
    mass_call: bool,
    records_calls: bool,
    says: Vec<Disclosure>,
    left_free: Vec<(&'static str, &'static str)>,
    text: &'static str,
}

impl Place {
    /// One that lacks nothing.
    fn good() -> Place {
        Place {
            shows: "+74951234567".parse().unwrap(),
            anonymous: false,
            ring_s: 40,
            mass_call: true,
            records_calls: true,
            says: Disclosure::ALL.to_vec(),
            left_free: Vec::new(),
            text: "Please ring us back. Reply STOP to hear no more.",
        }
    }

    /// The ids whose demands are not met.
    #[track_caller]
    fn lacks(&self, pack: &str, expected: &[&str]) {
        let trunk = OfferedTrunk {
            name: "main",
            shows: &self.shows,
            anonymous: self.anonymous,
            ring_max: Duration::from_secs(self.ring_s),
            mass_call: self.mass_call,
        };
        let offered = Offered {
            trunks: vec![trunk],
            records_calls: self.records_calls,
            flows: vec![("reminder", &self.says)],
            left_free: self.left_free.clone(),
            messages: vec![("note", self.text.to_string())],
        };
        let unmet = Pack::named(pack).unwrap().rules.unmet(&offered);
        let ids: Vec<&str> = unmet.iter().map(|fault| fault.split(':').next().unwrap()).collect();
        assert_eq!(ids, expected, "{pack}: {unmet:?}");
    }
}

#[test]
fn who_lacks_nothing_may_begin() {
    Pack::all().iter().for_each(|pack| Place::good().lacks(&pack.name, &[]));
}

#[test]
fn ru_4_robot_disclosure() {
    let place = Place { says: vec![Disclosure::Creditor, Disclosure::Recording], ..Place::good() };
    place.lacks("ru.credit", &["RU-4"]);
    place.lacks("ru.utility", &["RU-4"]);
}

#[test]
fn ru_5_identify() {
    let place = Place { says: vec![Disclosure::Robot, Disclosure::Recording], ..Place::good() };
    place.lacks("ru.credit", &["RU-5"]);
}

#[test]
fn ru_6_number_shown() {
    Place { anonymous: true, ..Place::good() }.lacks("ru.credit", &["RU-6"]);
    Place { shows: "+78091234567".parse().unwrap(), ..Place::good() }.lacks("ru.utility", &["RU-6"]);
}

#[test]
fn ru_10_records() {
    Place { records_calls: false, ..Place::good() }.lacks("ru.credit", &["RU-10"]);
    let says = vec![Disclosure::Robot, Disclosure::Creditor];
    Place { says, ..Place::good() }.lacks("ru.credit", &["RU-10"]);
    let rules = &Pack::named("ru.credit").unwrap().rules;
    let kept = rules.retained().find(|(_, retain)| retain.what == Retained::Recordings).unwrap().1;
    assert!(kept.at_least && kept.term == Term::Years(3));
}

#[test]
fn ru_12_mass_calls() {
    Place { mass_call: false, ..Place::good() }.lacks("ru.utility", &["RU-12"]);
    Place { mass_call: false, ..Place::good() }.lacks("us.reg_f", &[]);
}

/// The compiler of flows proves what a message holds (`tests/it/laws.rs`); a message in a flow's own words is refused.
#[test]
fn us_f3_limited_content() {
    let left_free = vec![("reminder", "voicemail")];
    Place { left_free: left_free.clone(), ..Place::good() }.lacks("us.reg_f", &["US-F3"]);
    Place { left_free, ..Place::good() }.lacks("us.tcpa", &[]);
    // A message that was cut short counts as a message, and as a call.
    let cut = || alone("default", "America/New_York").after("11-20T12:00", Voice, D::VoicemailCut);
    cut().after("11-20T13:00", Sms, D::Queued).is("11-20T14:00", Sms, "cap MESSAGES 11-21 00:00");
    cut().is("11-20T12:09", Voice, "gap ALL-4 11-20 12:10");
}

#[test]
fn us_f4_opt_out_on_e_mail_and_sms() {
    Place { text: "Please ring us back.", ..Place::good() }.lacks("us.reg_f", &["US-F4"]);
    Place { text: "Для отказа ответьте СТОП.", ..Place::good() }.lacks("us.reg_f", &[]);
}

#[test]
fn us_f6_retention() {
    let rules = &Pack::named("us.reg_f").unwrap().rules;
    let kept: Vec<_> = rules.retained().map(|(by, r)| (by, r.what.as_str(), r.term, r.at_least)).collect();
    let years = Term::Years(3);
    assert_eq!(kept, [("US-F6", "records", years, true), ("US-F6", "recordings", years, true)]);
}

/// Who finds no agent, of a thousand; the ladder's compiler holds pacing to it.
#[test]
fn us_t5_abandoned_calls() {
    let us = Pack::named("us.tcpa").unwrap().rules.abandon().unwrap();
    assert_eq!((us.permille_max, us.days, us.agent_within), (25, 30, Duration::from_secs(2)));
    assert_eq!(Pack::named("ru.credit").unwrap().rules.abandon(), None);
}

/// Of two packs, each figure's strictest.
#[test]
fn uk_1_abandoned_calls() {
    let of = |name| &Pack::named(name).unwrap().rules;
    let uk = of("uk").abandon().unwrap();
    assert_eq!((uk.permille_max, uk.days, uk.agent_within), (20, 1, Duration::from_secs(2)));
    assert_eq!(of("us.tcpa").clone().and(of("uk")).abandon(), Some(uk));
}

#[test]
fn us_t6_ring() {
    Place { ring_s: 14, ..Place::good() }.lacks("us.tcpa", &["US-T6"]);
    Place { ring_s: 15, ..Place::good() }.lacks("us.tcpa", &[]);
}

#[test]
fn uk_4_ring() {
    Place { ring_s: 14, ..Place::good() }.lacks("uk", &["UK-4"]);
    Place { ring_s: 15, ..Place::good() }.lacks("uk", &[]);
}

#[test]
fn us_t7_caller_id() {
    Place { anonymous: true, ..Place::good() }.lacks("us.tcpa", &["US-T7"]);
}

#[test]
fn uk_5_caller_id() {
    Place { shows: "+449051234567".parse().unwrap(), ..Place::good() }.lacks("uk", &["UK-5"]);
}

#[test]
fn eu_1_retention() {
    let rules = &Pack::named("eu").unwrap().rules;
    let kept: Vec<_> = rules.retained().map(|(by, r)| (by, r.what.as_str(), r.term, r.at_least)).collect();
    let expected = [
        ("EU-1", "recordings_no_contact", Term::Days(30), false),
        ("EU-1", "recordings_settled", Term::Years(3), false),
        ("EU-1", "call_records", Term::Days(396), false),
        ("EU-1", "messages", Term::Days(396), false),
        ("EU-1", "settled_contacts", Term::Years(3), false),
        ("EU-1", "opt_outs", Term::ForEver, true),
    ];
    assert_eq!(kept, expected);
    assert!(rules.retained().all(|(_, r)| !r.why.is_empty()));
}

#[test]
fn eu_4_recording_notice() {
    let says = vec![Disclosure::Robot, Disclosure::Creditor];
    Place { says, ..Place::good() }.lacks("eu", &["EU-4"]);
}

/// Nobody can say where the person is: no machine contacts them; a letter and a human may.
#[test]
fn all_z_zone_unknown() {
    let mut who = alone("default", "UTC");
    who.standing.contact.zone_from = ZoneFrom::Number;
    who.standing.contact.phones[0].number = "+18005551234".parse().unwrap();
    for channel in [Voice, Sms, Email] {
        who.is("11-20T12:00", channel, "human no_zone");
    }
    who.is("11-20T12:00", Human, "allow");
}

/// Caps of each number hold for whoever is wanted there, and let another number of the same person be dialled.
#[test]
fn caps_of_each_number() {
    let cap = "2 per day per number".parse::<Cap>().unwrap();
    let rules = Rules::of_ladder(CallingWindow::on(&WEEK, Hours::new(0, 1440)), vec![cap], None);
    let who = || Who { zone: MOSCOW, rules: rules.clone(), standing: standing(MOSCOW) };
    let mut two = who().after("11-20T10:00", Voice, D::Busy).after("11-20T11:00", Voice, D::Busy);
    two.standing.past.iter_mut().for_each(|p| p.phone = Some(crate::id::PhoneId(1)));
    two.standing.past[0].whose = Whose::Line;
    two.is("11-20T12:00", Voice, "cap ladder 11-21 00:00");
    two.standing.contact.phones.push(super::world::phone(2, "+74951234567"));
    two.is("11-20T12:00", Voice, "allow");
    let question = Question {
        standing: &two.standing,
        channel: Voice,
        purpose: Default::default(),
        now: two.at("11-20T12:00"),
        rules: &two.rules,
    };
    assert_eq!(phones_with_room(&question).map(|p| p.id.0).collect::<Vec<_>>(), [2]);
}

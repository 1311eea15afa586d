//! A small history by hand: every figure, every rate, every row.

use super::cohort::{Cohorts, Every};
use super::drop_off::DropOff;
use super::export::Rows;
use super::rates::rates;
use super::*;
use crate::books::*;
use crate::id::*;
use crate::money::{Currency, Money};
use crate::outcome::{DispositionClass, HangupCause};
use crate::policy::world::standing;
use crate::time::Wall;

fn wall(written: &str) -> Wall {
    written.parse().unwrap()
}

/// One attempt a line: contact, channel, segment, flow or `-`, disposition or state; all in Moscow on 2026-11-20, one a minute from
/// noon on.
fn attempts(text: &str) -> Vec<Attempt> {
    let attempt = |(n, line): (usize, &str)| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [contact, channel, segment, flow, end] = words[..] else { panic!("{line}") };
        let channel: Channel = channel.parse().unwrap();
        let dialled = flow != "-";
        let state = end.parse::<AttemptState>().ok();
        let disposition = end.parse::<Disposition>().ok().filter(|_| state.is_none());
        let outcome = disposition.map(|disposition| Outcome {
            right_party: disposition.class() == DispositionClass::RightParty,
            talk_ms: 30_000,
            ..Outcome::of(disposition)
        });
        let at = wall("2026-11-20T12:00+03:00") + std::time::Duration::from_secs(60 * n as u64);
        let plan = Plan {
            channel,
            step: 0,
            try_number: 1,
            segment: segment.into(),
            due_at: at,
            why: String::new(),
            moved: None,
        };
        Attempt {
            id: AttemptId(n as i64 + 1),
            campaign: CampaignId(1),
            contact: ContactId(contact.parse().unwrap()),
            channel,
            state: state.unwrap_or(AttemptState::Finished),
            plan,
            phone: dialled.then_some(PhoneId(1)),
            flow: dialled.then(|| FlowHash(flow.into())),
            live_at: dialled.then_some(at),
            finished_at: outcome.as_ref().map(|_| at),
            outcome,
            quality: None,
            policy: None,
            led: None,
            caller_id: dialled.then(|| "+74950000001".parse().unwrap()),
            trunk: dialled.then(|| "main".to_string()),
            cost: dialled.then(|| Cost::new(250_000, Currency::Rub)),
            agent: None,
        }
    };
    text.lines().map(str::trim).filter(|l| !l.is_empty()).enumerate().map(attempt).collect()
}

/// Contacts 1 to 5 of campaign 1, who owe 1 to 5 roubles since 2026-11-16, a Monday.
fn ledgers() -> Vec<Ledger> {
    let attempts = attempts(
        "1 voice early a1 no_answer
         1 voice early a1 machine
         1 voice early a1 promised
         2 voice early b2 third_party
         2 voice late  b2 refused
         2 human late  -  handed_over
         3 voice late  b2 hung_up_early
         3 voice late  b2 live
         4 voice late  -  scheduled
         5 voice late  -  cancelled",
    );
    let ledger = |n: i64| {
        let mut contact = Contact { id: ContactId(n), ..standing("Europe/Moscow").contact };
        contact.external_id = format!("K{n}");
        contact.debts = vec![Debt {
            id: DebtId(n),
            external_id: String::new(),
            amount: Money::new(n * 100, Currency::Rub),
            due: jiff::civil::date(2026, 11, 1),
            paid: 0,
        }];
        Ledger {
            contact,
            entered: vec![wall("2026-11-16T10:00+03:00")],
            campaigns: vec![CampaignId(1)],
            attempts: attempts.iter().filter(|a| a.contact.0 == n).cloned().collect(),
            promises: Vec::new(),
            payments: Vec::new(),
        }
    };
    let mut ledgers: Vec<Ledger> = (1..=5).map(ledger).collect();
    let (amount, on) = (Money::new(50, Currency::Rub), jiff::civil::date(2026, 11, 25));
    let part = PromiseTerms::default().part(amount, on, &ledgers[0].contact.zone);
    let promise = Promise::new(PromiseId(1), ContactId(1), AttemptId(3), 1, 1, &part, wall("2026-11-20T12:03+03:00"));
    ledgers[0].promises = vec![Promise { state: PromiseState::Kept, ..promise }];
    ledgers[0].pay(70, "2026-11-22T09:00+03:00");
    ledgers[1].pay(100, "2026-11-19T09:00+03:00");
    ledgers
}

impl Ledger {
    fn pay(&mut self, minor: i64, at: &str) {
        let (id, contact, at) = (format!("P{}", self.contact.id), self.contact.id, wall(at));
        let parts = vec![PaymentPart { debt: self.contact.debts[0].id, minor }];
        let amount = Money::new(minor, Currency::Rub);
        self.contact.debts[0].paid += minor;
        let (number, debt, reversed_at) = (self.contact.id.0, None, None);
        self.payments.push(Payment { id, number, contact, debt, amount, paid_at: at, at, reversed_at, parts });
    }
}

fn report(question: Question) -> Report {
    let mut tally = Tally::new(question);
    ledgers().iter().for_each(|ledger| tally.add(ledger));
    tally.report()
}

fn asked(by: &[Dimension]) -> Question {
    let flows = HashMap::from([(FlowHash("a1".into()), "reminder v1".to_string())]);
    let names = Names { flows, campaigns: HashMap::from([(CampaignId(1), "winter".to_string())]) };
    let by = by.iter().map(|d| vec![*d]).collect();
    Question { by, names, now: wall("2026-12-01T12:00Z"), ..Question::default() }
}

fn text_value(text: &str) -> Value {
    Value::Text(text.into())
}

#[test]
fn a_funnel_counts_calls_contacts_and_money() {
    let report =
        report(asked(&[Dimension::Segment, Dimension::Flow, Dimension::Hour, Dimension::Campaign, Dimension::Trunk]));
    assert_eq!(report.check(), Ok(()));
    let total = report.total();
    for (stage, calls, contacts, owed) in [
        (Stage::Dialled, 7, 3, "4.30 RUB"),
        (Stage::Answered, 5, 3, "4.30 RUB"),
        (Stage::Human, 4, 3, "4.30 RUB"),
        (Stage::RightParty, 2, 2, "1.30 RUB"),
        (Stage::Promised, 1, 1, "0.30 RUB"),
        (Stage::Kept, 1, 1, "0.30 RUB"),
    ] {
        let reached = total.stage(stage);
        let found = (reached.attempts, reached.contacts, reached.owed.to_string());
        assert_eq!(found, (calls, contacts, owed.to_string()), "{stage}");
    }
    assert_eq!((report.enrolled, report.owed.to_string().as_str()), (5, "13.30 RUB"));
    let kept = total.made.of(PromiseState::Kept);
    assert_eq!(
        (kept.count, kept.promised.to_string(), kept.paid.to_string()),
        (1, "0.50 RUB".into(), "0.50 RUB".into())
    );
    // The second contact paid before anybody had reached it.
    assert_eq!((total.collected.to_string(), total.unprompted.to_string()), ("0.70 RUB".into(), "1.00 RUB".into()));
    assert_eq!(total.owed_at_start.to_string(), "6.00 RUB");
    let part = |dimension, value: Value| report.part(dimension, &value).unwrap();
    assert_eq!(part(Dimension::Segment, text_value("late")).calls(Stage::Dialled), 3);
    assert_eq!(part(Dimension::Flow, text_value("reminder v1")).calls(Stage::Human), 1);
    assert_eq!(
        part(Dimension::Flow, text_value("b2")).calls(Stage::Answered),
        3,
        "a flow without a name goes by its hash"
    );
    assert_eq!(part(Dimension::Flow, text_value("reminder v1")).collected.to_string(), "0.70 RUB");
    assert_eq!(part(Dimension::Flow, Value::None).unprompted.to_string(), "1.00 RUB");
    assert_eq!(part(Dimension::Trunk, text_value("main")).calls(Stage::Dialled), 7);
    assert_eq!(part(Dimension::Hour, Value::Hour(12)).attempts, 8);
    assert_eq!(part(Dimension::Campaign, text_value("winter")).delivered, 1);
    assert_eq!(report.by_channel[&Channel::Human], 1);
}

#[test]
fn rates_say_what_they_are_a_part_of() {
    let report = report(asked(&[]));
    let rates = rates(report.total(), Some(report.persons), None);
    for (name, written, from) in [
        ("answer_rate", "71.4 %", "5 / 7"),
        ("human_answer_rate", "57.1 %", "4 / 7"),
        ("machine_rate", "20.0 %", "1 / 5"),
        ("rpc_rate", "28.6 %", "2 / 7"),
        ("rpc_of_answered", "40.0 %", "2 / 5"),
        ("contact_penetration", "40.0 %", "2 / 5"),
        ("attempts_per_rpc", "3.50", "7 / 2"),
        ("ptp_rate", "50.0 %", "1 / 2"),
        ("kept_rate", "100.0 %", "1 / 1"),
        ("kept_rate_money", "100.0 %", "0.50 RUB / 0.50 RUB"),
        ("promise_value_kept", "100.0 %", "0.50 RUB / 0.50 RUB"),
        ("recovery_rate", "11.7 %", "0.70 RUB / 6.00 RUB"),
        ("opt_out_rate", "0.0 %", "0 / 5"),
        ("cost_per_promise", "1.7500 RUB", "1.75 RUB / 1"),
        ("cost_per_unit_collected", "2.5000 RUB", "1.75 RUB / 0.70 RUB"),
    ] {
        let rate = rates.iter().find(|r| r.name == name).unwrap();
        assert_eq!(
            (rate.written().as_str(), format!("{} / {}", rate.numerator, rate.denominator).as_str()),
            (written, from),
            "{name}"
        );
    }
}

#[test]
fn a_period_is_by_the_contacts_calendar() {
    let day = |day| Some(jiff::civil::date(2026, 11, day));
    let of = |from, to| {
        let report =
            report(Question { period: Period { from: day(from), to: day(to) }, ..asked(&[Dimension::Weekday]) });
        assert_eq!(report.check(), Ok(()));
        let total = report.total();
        (total.calls(Stage::Dialled), total.due.count(), total.collected.to_string(), total.unprompted.to_string())
    };
    assert_eq!(of(20, 20), (7, 0, "-".into(), "-".into()));
    assert_eq!(of(21, 25), (0, 1, "0.70 RUB".into(), "-".into()), "a promise counts where its day is");
    assert_eq!(of(1, 19), (0, 0, "-".into(), "1.00 RUB".into()));
}

#[test]
fn what_does_not_add_up_is_found() {
    let spoil: [fn(&mut Report); 4] = [
        |r| drop(r.cells[1].1.remove(&vec![text_value("late")])),
        |r| drop(r.cells[2].1.remove(&vec![text_value("b2")])),
        |r| *r.dispositions.entry((Disposition::Machine, Blame::Callee)).or_default() += 1,
        |r| r.cells[0].1.values_mut().for_each(|f| f.reached(Stage::Promised).attempts = 9),
    ];
    for spoil in spoil {
        let mut report = report(asked(&[Dimension::Segment, Dimension::Flow]));
        spoil(&mut report);
        assert!(report.check().is_err());
    }
}

#[test]
fn rendered() {
    let report = report(asked(&[Dimension::Segment, Dimension::Flow]));
    let text = text::render(&report, &[("open".into(), 3), ("promised".into(), 1)], None);
    for part in [
        "5 contacts owe 13.30 RUB; 10 attempts (1 scheduled, 1 live, 7 finished, 1 cancelled)",
        "right_party",
        "28.6 %",          // 2 of 7 dialled
        "50.0 % of human", // 2 of 4
        "Collected after contact: 0.70 RUB in 1 payments; paid before any contact: 1.00 RUB in 1",
        "reminder v1",
        "handed_over",
        "below 2 %",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    let csv = table::report(&report, None);
    let mut rows = ::csv::Reader::from_reader(csv.as_bytes());
    let header = rows.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|h| h == name).unwrap_or_else(|| panic!("{name} in {header:?}"));
    let found: Vec<String> = rows
        .records()
        .map(Result::unwrap)
        .map(|row| {
            ["by", "segment", "flow", "dialled_calls", "collected_rub"].map(|c| row[column(c)].to_string()).join(" ")
        })
        .collect();
    let expected = [
        "segment early  4 0.70",
        "segment late  3 0.00",
        "segment   0 0.00",
        "flow   0 0.00",
        "flow  b2 4 0.00",
        "flow  reminder v1 3 0.70",
    ];
    let mut expected: Vec<String> = expected.map(String::from).to_vec();
    expected.sort();
    let mut found = found;
    found.sort();
    assert_eq!(found, expected);
    let json = json::report(&report, None);
    assert_eq!(json["total"]["stages"]["kept"]["calls"], 1);
    assert_eq!(json["parts"][0]["rows"][1]["key"]["segment"], "early");
    assert_eq!(json["total"]["collected"][0]["amount"], "0.70");
}

#[test]
fn cohorts_follow_debts_to_what_was_paid() {
    let mut cohorts = Cohorts::new(Every::Week, wall("2026-12-01T12:00Z"));
    ledgers().iter().for_each(|ledger| cohorts.add(ledger));
    let cohort = &cohorts.by_day[&jiff::civil::date(2026, 11, 16)];
    assert_eq!((cohort.debts, cohort.owed.to_string().as_str()), (5, "15.00 RUB"));
    let after: Vec<(u64, String)> = cohort.after.iter().map(|p| (p.debts, p.paid.to_string())).collect();
    assert_eq!(after, [(0, "1.70 RUB".into()), (0, "1.70 RUB".into()), (0, "1.70 RUB".into())]);
    let over: Vec<bool> =
        [7, 14, 30].iter().map(|days| cohorts.is_over(jiff::civil::date(2026, 11, 16), *days)).collect();
    assert_eq!(over, [true, false, false], "the week's last debts came in on the 22nd");
    assert!(text::cohorts(&cohorts).contains("1.70 RUB = 11.3 % so far"), "{}", text::cohorts(&cohorts));
}

#[test]
fn drop_off_counts_calls_once_and_entries_as_often_as_they_were() {
    let path = |call, nodes: &str, cause: Option<HangupCause>| CallPath {
        call: CallId(call),
        flow: FlowHash("a1".into()),
        nodes: nodes.split_whitespace().map(String::from).collect(),
        cause,
        finished: true,
    };
    let mut found = DropOff::default();
    found.add(&path(1, "", Some(HangupCause::NoAnswer)));
    found.add(&path(2, "hello", Some(HangupCause::RemoteHangup)));
    found.add(&path(3, "hello ask hello ask bye", Some(HangupCause::LocalHangup)));
    found.add(&CallPath { finished: false, ..path(4, "hello ask", None) });
    let flow = &found.flows[&FlowHash("a1".into())];
    assert_eq!((flow.dialled, flow.calls), (4, 3));
    let row = |name: &str| {
        let n = &flow.nodes[name];
        assert_eq!(n.entries, n.went_on() + n.hung_up + n.ended + n.live, "{name}: every entry has one way on");
        (n.calls, n.entries, n.went_on(), n.hung_up, n.ended, n.live)
    };
    assert_eq!(row("hello"), (3, 4, 3, 1, 0, 0));
    assert_eq!(row("ask"), (2, 3, 2, 0, 0, 1));
    assert_eq!(row("bye"), (1, 1, 0, 0, 1, 0));
    assert!(text::drop_off("reminder", flow).contains("33.3 %"));
}

#[test]
fn exported_rows_say_who_somebody_is_only_in_full() {
    let ledgers = ledgers();
    let names = asked(&[]).names;
    for rows in Rows::ALL.iter().filter(|rows| **rows != Rows::Rulings) {
        for full in [false, true] {
            let found = rows.rows(&ledgers[0], &names, full, wall("2026-12-01T12:00Z"));
            let expected = if *rows == Rows::Attempts { 3 } else { 1 };
            assert_eq!(found.len(), expected, "{rows}");
            for row in found {
                let columns = rows.columns();
                assert_eq!(row.len(), columns.len(), "{rows}");
                let written: Vec<String> = row.iter().map(|cell| cell.csv()).collect();
                let written = written.join(" ");
                let contact = &ledgers[0].contact;
                for private in [contact.name.as_str(), contact.phones[0].number.full()] {
                    assert!(full || !written.contains(private), "{rows}: {written}");
                }
                assert_eq!(*rows == Rows::Contacts && full, written.contains(&contact.name), "{rows}: {written}");
            }
        }
    }
}

/// Given by hand, step → what a call of half a minute costs that was not charged, at 0.25 and 1.20 by minutes begun.
#[test]
fn calls_that_were_not_charged_are_charged_each_by_itself() {
    use crate::price::{CallPrice, Prices, Rate, Tariff};
    let price = CallPrice { attempt_micros: 250_000, minute_micros: 1_200_000, step_s: 60 };
    let tariff = Tariff { currency: Currency::Rub, rates: vec![Rate { prefix: "+7".into(), price }] };
    for (given, step_s, expected) in [
        (&["sms=3 RUB"][..], None, "1.45 RUB"),
        (&["minute=6 RUB"], None, "6.25 RUB"),
        (&["minute=6 RUB"], Some(1), "3.25 RUB"),
        (&["call=1 RUB", "minute=0 RUB"], None, "1.00 RUB"),
    ] {
        let written: Vec<_> = given.iter().map(|price| price.parse().unwrap()).collect();
        let prices = Prices::of(&written, step_s, [&tariff]).unwrap().unwrap();
        let mut ledger = ledgers().remove(1);
        ledger.attempts[1].cost = None;
        charge(&mut ledger, &prices, |number| tariff.rate(number).map(|rate| rate.price));
        let costs = ledger.attempts.iter().map(|attempt| attempt.cost.map(|cost| cost.to_string()));
        // What the books have stays, and who was handed to a human was not called.
        let expected = [Some("0.25 RUB".to_string()), Some(expected.to_string()), None];
        assert_eq!(costs.collect::<Vec<_>>(), expected, "{given:?} {step_s:?}");
    }
}

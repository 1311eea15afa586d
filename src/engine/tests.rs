//! Whole calls through the engine, written as a script: what is told (`>`), and what is ordered in answer.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::agent::{Desk, Staffing};
use crate::books::{
    Caller, CampaignState, Enrolment, FlowVersion, Model, NewContact, NewDebt, NewPayment, Priority, ZoneFrom,
};
use crate::language::Language;
use crate::money::{Currency, Money};
use crate::outcome::HangupCause;
use crate::phone::{NumberRules, PhoneNumber};
use crate::time::Wall;

/// Main menu: 1 last four digits and a question to billing, 3 an agent of `desk`, 4 a message.
pub(super) const FLOW: &str = include_str!("../../tests/calls/counter.yaml");

pub(super) const LADDER: &str = r#"
ladder: small
languages: [en]
segments:
  all: { when: days_overdue > -1000, flow: counter }
window: { days: mon-sun, from: "09:00", to: "20:00", zone: contact }
caps: [1 per day]
steps:
  - voice: segment.flow
    retry: { no_answer: [1d] }
"#;

pub(super) fn trunk(name: &str) -> TrunkPlan {
    TrunkPlan {
        name: name.to_string(),
        channels_max: 20,
        cps_max: 100,
        prefixes: Vec::new(),
        priority: 1,
        numbers: NumberRules::default(),
        caller_id: "+442079460000".parse().expect("a number"),
        tariff: None,
    }
}

pub(super) fn limits() -> Limits {
    Limits {
        hold_max: Duration::from_secs(60),
        trunks: vec![trunk("main")],
        allow_prefixes: vec!["+44".to_string()],
        transfer_to: vec!["+442079".to_string()],
    }
}

/// A campaign that the engine runs.
pub(super) struct Playing<'a> {
    pub name: &'a str,
    pub ladder: &'a str,
    pub priority: Priority,
    pub calls: usize,
    /// The flow that the ladder calls `counter`.
    pub flow: &'a str,
}

/// The engine, its books, and a world that does what it is told and nothing by itself.
pub(super) struct Stage {
    pub engine: Engine,
    pub books: Model,
    begins: Wall,
    pub now: Mono,
    told: VecDeque<Input>,
    plays: BTreeMap<CallId, PlayId>,
    /// Audio comes when the script says so.
    pub voice_is_slow: bool,
    unprepared: VecDeque<AttemptId>,
    pub ordered: Vec<String>,
}

impl Stage {
    /// Calls 1 to `calls` are being dialled. `now` is their own clock as well as ours.
    fn set(limits: Limits, desk: Desk, calls: usize, now: &str) -> Stage {
        let campaigns = [Playing { name: "small", ladder: LADDER, priority: Priority::USUAL, calls, flow: FLOW }];
        let mut stage = Stage::play(limits, desk, None, &campaigns, now);
        for _ in 0..calls {
            stage.wait(Duration::from_secs(1));
        }
        assert_eq!(stage.engine.in_air(), calls, "{:?}", stage.ordered);
        stage.ordered.clear();
        stage
    }

    /// The campaigns are loaded and running, the contacts of each behind those of the one before.
    pub(super) fn play(
        limits: Limits,
        desk: Desk,
        spending: Option<Spending>,
        campaigns: &[Playing],
        now: &str,
    ) -> Stage {
        Stage::play_with(&|n| contact(n).phones, limits, desk, spending, campaigns, now)
    }

    /// The same to contacts with other numbers.
    fn play_to(numbers: &dyn Fn(usize) -> Vec<PhoneNumber>, limits: Limits, campaigns: &[Playing], now: &str) -> Stage {
        Stage::play_with(numbers, limits, Desk::default(), None, campaigns, now)
    }

    fn play_with(
        numbers: &dyn Fn(usize) -> Vec<PhoneNumber>,
        limits: Limits,
        desk: Desk,
        spending: Option<Spending>,
        campaigns: &[Playing],
        now: &str,
    ) -> Stage {
        let begins: Wall = now.parse().unwrap();
        let engine = Engine::new(limits, desk, spending, Now { mono: Mono::ZERO, wall: begins });
        let mut stage = Stage {
            engine,
            books: Model::default(),
            begins,
            now: Mono::ZERO,
            told: VecDeque::new(),
            plays: BTreeMap::new(),
            voice_is_slow: false,
            unprepared: VecDeque::new(),
            ordered: Vec::new(),
        };
        let mut plans = Vec::new();
        let mut first_contact = 1;
        for playing in campaigns {
            plans.push(stage.create(playing, first_contact, numbers));
            first_contact += playing.calls;
        }
        for plan in plans {
            stage.tell(Input::CampaignLoaded { plan, running: true });
        }
        stage
    }

    fn create(
        &mut self,
        playing: &Playing,
        first_contact: usize,
        numbers: &dyn Fn(usize) -> Vec<PhoneNumber>,
    ) -> CampaignPlan {
        let Playing { name, ladder: source, priority, calls, flow: text } = *playing;
        let (ladder, found) = crate::ladder::compile(source);
        let ladder = Arc::new(ladder.unwrap_or_else(|| panic!("{found:?}")));
        let program = Arc::new(crate::flow::compile(text).program.expect("a flow without faults"));
        let contacts: Vec<NewContact> =
            (first_contact..first_contact + calls).map(|n| NewContact { phones: numbers(n), ..contact(n) }).collect();
        self.books.import(&contacts, self.begins);
        let version = FlowVersion {
            hash: program.hash.clone(),
            name: program.name.clone(),
            version: program.version,
            source: text.to_string(),
        };
        let campaign = self.books.create_campaign(name, source, &[version], self.begins).unwrap();
        let standings = self.books.not_enrolled(campaign, ContactId(first_contact as i64 - 1), u32::MAX).unwrap();
        let first = |s| crate::campaign::plan_first(&ladder, s, self.begins);
        let enrolments: Vec<Enrolment> =
            standings.iter().map(|s| Enrolment { contact: s.contact.id, next: first(s) }).collect();
        self.books.enrol(campaign, &enrolments, self.begins).unwrap();
        self.books.set_campaign_state(campaign, CampaignState::Running, self.begins).unwrap();
        let programs = BTreeMap::from([("counter".to_string(), program)]);
        CampaignPlan { id: campaign, name: name.to_string(), priority, ladder, programs }
    }

    pub(super) fn tell(&mut self, input: Input) {
        self.told.push_back(input);
        while let Some(input) = self.told.pop_front() {
            let now = Now { mono: self.now, wall: self.begins + self.now.since(Mono::ZERO) };
            for output in self.engine.handle(now, input) {
                self.carry_out(now, output);
            }
        }
    }

    pub(super) fn wait(&mut self, length: Duration) {
        let until = self.now + length;
        loop {
            let now = Now { mono: self.now, wall: self.begins + self.now.since(Mono::ZERO) };
            let Some(at) = self.engine.deadline(now).filter(|at| *at < until) else { break };
            self.now = self.now.max(at) + Duration::from_millis(1);
            self.tell(Input::Ticked);
        }
        self.now = self.now.max(until);
        self.tell(Input::Ticked);
    }

    fn carry_out(&mut self, now: Now, output: Output) {
        let who = |leg: LegId| match leg.party {
            Party::Client => format!("{}", leg.call),
            Party::Agent => format!("other end of {}", leg.call),
        };
        let line = match output {
            Output::Claim { wanted } => {
                let attempts = self.books.claim_due(now.wall, now.wall + Duration::from_secs(300), &wanted);
                let next_due = self.books.next_due();
                return self.told.push_back(Input::Claimed { attempts, next_due });
            }
            Output::Prepare { attempt, .. } if self.voice_is_slow => return self.unprepared.push_back(attempt),
            Output::Prepare { attempt, .. } => {
                return self.told.push_back(Input::Prepared { attempt, result: Ok(()) });
            }
            Output::Write { order, group } => {
                for write in &group {
                    match write {
                        Write::Finish { attempt, outcome, .. } => {
                            self.ordered.push(format!("{attempt} ended {}", outcome.disposition));
                        }
                        Write::InboundEnded { call, end } => {
                            self.ordered.push(format!("{call} ended {}", end.disposition));
                        }
                        Write::SuppressNumber { number, .. } => {
                            self.ordered.push(format!("{number} is not to be called"));
                        }
                        _ => {}
                    }
                }
                self.books.apply(&group).unwrap();
                return self.told.push_back(Input::Stored { order, result: Ok(()) });
            }
            Output::Dial { leg, to: Destination::Number(number), trunk } if trunk.0 > 0 => {
                format!("{} rung at {number} over trunk {}", who(leg), trunk.0)
            }
            Output::Dial { leg, to: Destination::Number(number), .. } => format!("{} rung at {number}", who(leg)),
            Output::Dial { leg, to: Destination::Agent(address), .. } => format!("{} rung at {address}", who(leg)),
            Output::Refer { leg, to: Destination::Number(to) } => format!("{} sent to {to}", who(leg)),
            Output::Refer { leg, to: Destination::Agent(to) } => format!("{} sent to {to}", who(leg)),
            Output::Play { leg, play, utterances } => {
                self.plays.insert(leg.call, play);
                let text = utterances.iter().map(|u| u.said.text.as_str()).collect::<Vec<_>>().join(" ");
                format!("{} hears {text}", who(leg))
            }
            Output::StopPlay { .. } | Output::EndPlay { .. } | Output::Close { .. } => return,
            Output::Request { call, request, question } => format!("{call} asks {request} {}", question.url),
            Output::Record { leg, number, max, .. } => format!("{} recorded, message {number}, {max:?}", who(leg)),
            Output::StopRecording { leg } => format!("{} recorded no longer", who(leg)),
            Output::Bridge { call } => format!("{call} bridged"),
            Output::Hangup { leg } => format!("{} hung up on", who(leg)),
            Output::Warn(why) => format!("warned: {why}"),
            Output::Suspend { campaign, why } => format!("campaign {campaign} paused: {why}"),
            Output::Ring { leg } => format!("{} told that it rings", who(leg)),
            Output::Answer { leg } => format!("{} taken", who(leg)),
            Output::Refuse { leg, why } => format!("{} refused: {why:?}", who(leg)),
        };
        self.ordered.push(line);
    }

    /// One line of a script: `1 answered`, `1 key 3`, `1 played`, `1 hung up`, `other end of 1 failed busy`, `1 replied 1 200 {}`,
    /// `wait 20`.
    pub(super) fn act(&mut self, line: &str) {
        if let Some(seconds) = line.strip_prefix("wait ") {
            return self.wait(Duration::from_secs(seconds.parse().unwrap()));
        }
        let (other, rest) = line.strip_prefix("other end of ").map_or((false, line), |rest| (true, rest));
        let (call, what) = rest.split_once(' ').unwrap();
        let call = CallId(call.parse().unwrap());
        let leg = if other { LegId::agent(call) } else { LegId::client(call) };
        let words: Vec<&str> = what.splitn(4, ' ').collect();
        let event = match words.as_slice() {
            ["rings", did, "from", caller] => {
                let caller = Caller { number: caller.parse().ok(), ..Caller::default() };
                return self.tell(Input::Offered { leg, did: (*did).to_string(), caller });
            }
            ["pays", minor] => return self.pays(call, minor.parse().unwrap()),
            ["prepared"] => {
                let attempt = self.unprepared.pop_front().expect("audio was ordered");
                return self.tell(Input::Prepared { attempt, result: Ok(()) });
            }
            ["not", "prepared"] => {
                let attempt = self.unprepared.pop_front().expect("audio was ordered");
                return self.tell(Input::Prepared { attempt, result: Err("no voice".to_string()) });
            }
            ["answered"] => LegEvent::Answered,
            ["rings"] => LegEvent::Ringing,
            ["refused", cause] => LegEvent::Refused(cause.parse().unwrap()),
            ["key", key] => LegEvent::Digit(key.chars().next().unwrap()),
            ["referred"] => LegEvent::Referred,
            ["refer", "failed", cause] => LegEvent::ReferFailed(cause.parse().unwrap()),
            ["held"] => LegEvent::Held,
            ["resumed"] => LegEvent::Resumed,
            ["played"] => LegEvent::PlayEnded(self.plays[&call]),
            ["hung", "up"] => LegEvent::Ended(HangupCause::RemoteHangup),
            ["failed", cause] => LegEvent::Failed(cause.parse().unwrap()),
            ["message", seconds] => {
                let length = Duration::from_secs(seconds.parse().unwrap());
                LegEvent::Recorded { length, file: Some("1-1.wav".to_string()) }
            }
            ["replied", request, status, body] => {
                let request = RequestId(request.parse().unwrap());
                let reply = Some((status.parse().unwrap(), (*body).to_string()));
                return self.tell(Input::Replied { call, request, reply });
            }
            ["unreplied", request] => {
                let request = RequestId(request.parse().unwrap());
                return self.tell(Input::Replied { call, request, reply: None });
            }
            other => panic!("nobody understands {other:?}"),
        };
        self.tell(Input::Leg { leg, event });
    }

    /// Into the books, and told as the feed's reader does. The first contact's call is call 1.
    fn pays(&mut self, call: CallId, minor: i64) {
        let (external, paid_at) = (format!("c{}", call.0), self.begins + self.now.since(Mono::ZERO));
        let id = format!("payment {}", self.now.since(Mono::ZERO).as_nanos() + u128::from(minor.unsigned_abs()));
        let amount = Some(Money::new(minor, Currency::Gbp));
        self.books.pay(&NewPayment { id, contact: external.clone(), debt: None, amount, paid_at }, paid_at).unwrap();
        let contact = self.books.history(&external).unwrap().standing.contact;
        assert!(self.engine.concerns(contact.id));
        self.tell(Input::Paid { contact: contact.id, debts: contact.debts });
    }
}

fn contact(n: usize) -> NewContact {
    let fields = [("contract", "123456"), ("last4", "4321"), ("manager", "+442079460000")];
    NewContact {
        external_id: format!("c{n}"),
        name: "Anna".to_string(),
        language: Language::EN,
        zone: "Europe/London".parse().unwrap(),
        zone_from: ZoneFrom::Given,
        email: None,
        creditor: "City Water".to_string(),
        phones: vec![format!("+44790000{n:04}").parse().unwrap()],
        person: None,
        debts: vec![NewDebt {
            external_id: String::new(),
            amount: Money::new(1000, Currency::Gbp),
            due: "2026-11-01".parse().unwrap(),
        }],
        fields: fields.into_iter().map(|(k, v)| (k.to_string(), v.to_string())).collect(),
    }
}

/// Lines with `>` are told; the others are what follows, in order.
pub(super) fn script(mut stage: Stage, script: &str) {
    let mut lines = script.lines().map(str::trim).filter(|l| !l.is_empty()).peekable();
    while let Some(line) = lines.next() {
        let told = line.strip_prefix("> ").unwrap_or_else(|| panic!("`{line}` follows from nothing"));
        stage.act(told);
        let mut expected = Vec::new();
        while let Some(order) = lines.next_if(|l| !l.starts_with("> ")) {
            expected.push(order.to_string());
        }
        assert_eq!(std::mem::take(&mut stage.ordered), expected, "after `{told}`");
    }
}

fn one_call(limits: Limits) -> Stage {
    Stage::set(limits, Desk::default(), 1, "2026-11-20T10:00Z")
}

const TO_THE_QUESTION: &str = "
    > 1 answered
    1 hears Balance, press one. Why you have not paid, press two. A person, press three. A message, press four. More, press five.
    > 1 key 1
    1 hears Last four digits, please.
    > 1 key 4
    > 1 key 3
    > 1 key 2
    > 1 key 1
    1 hears One moment.
    > 1 played
    1 asks 1 https://billing.example/balance
";

#[test]
fn a_reply_is_spoken() {
    let rest = r#"
        > 1 replied 1 200 {"amount": "12.30 GBP", "open": false}
        1 hears You owe twelve pounds and thirty pence.
        > 1 played
        1 hung up on
        1 ended informed
    "#;
    script(one_call(limits()), &format!("{TO_THE_QUESTION}{rest}"));
}

const TO_THE_MANAGER: &str = "
    > 1 unreplied 1
    1 hears We cannot look that up now.
    > 1 played
    1 hears Connecting you.
";

#[test]
fn a_call_is_given_to_a_number() {
    let rest = "
        > 1 played
        other end of 1 rung at +4420•••0000
        > other end of 1 answered
        1 bridged
        > other end of 1 hung up
        1 hung up on
        1 ended transferred
    ";
    script(one_call(limits()), &format!("{TO_THE_QUESTION}{TO_THE_MANAGER}{rest}"));
}

#[test]
fn the_other_end_is_busy() {
    let rest = "
        > 1 played
        other end of 1 rung at +4420•••0000
        > other end of 1 failed busy
        1 hears Please speak after the beep.
    ";
    script(one_call(limits()), &format!("{TO_THE_QUESTION}{TO_THE_MANAGER}{rest}"));
}

/// `limits` give a minute; the call itself would have taken two.
#[test]
fn who_does_not_come_back_from_hold_is_hung_up_on() {
    let rest = "
        > 1 held
        > wait 59
        > 1 resumed
        > 1 held
        > wait 59
        > wait 2
        1 hung up on
        1 ended informed
    ";
    script(one_call(limits()), &format!("{TO_THE_QUESTION}{TO_THE_MANAGER}{rest}"));
}

#[test]
fn a_transfer_is_taken_back_when_the_client_hangs_up() {
    let rest = "
        > 1 played
        other end of 1 rung at +4420•••0000
        > 1 hung up
        1 hung up on
        other end of 1 hung up on
        1 ended informed
        > other end of 1 failed cancelled
    ";
    script(one_call(limits()), &format!("{TO_THE_QUESTION}{TO_THE_MANAGER}{rest}"));
}

/// Nobody is rung whom the config does not name, and no number outside the allow-list even when it is named.
#[test]
fn a_transfer_that_is_not_allowed_rings_nobody() {
    let refused = "
        > 1 played
        warned: call 1 is not given to +4420•••0000: `transfer_to` and `allow_prefixes` in the config do not both allow it
        1 hears Goodbye.
    ";
    let unnamed = Limits { transfer_to: Vec::new(), ..limits() };
    script(one_call(unnamed), &format!("{TO_THE_QUESTION}{TO_THE_MANAGER}{refused}"));
}

#[test]
fn whom_a_call_may_be_given_to() {
    let listed = ["+7800", "+44207946", "sip:desk@example.org", "sip:*@PBX.example.org:5070"];
    let limits = Limits { transfer_to: listed.iter().map(ToString::to_string).collect(), ..limits() };
    for (to, allowed) in [
        ("+442079460000", true),
        ("+442079990000", false),
        // Named, but outside `allow_prefixes`.
        ("+78001234567", false),
        ("sip:desk@example.org", true),
        ("sip:desk@EXAMPLE.org", true),
        ("sip:Desk@example.org", false),
        ("sip:desk@example.org.evil.example", false),
        ("sip:anybody@pbx.example.org:5070", true),
        ("sip:anybody@pbx.example.org", false),
        // A number in the guise of an address.
        ("sip:+442079460000@pbx.example.org:5070", true),
        ("sip:+79001234567@pbx.example.org:5070", false),
        ("", false),
    ] {
        assert_eq!(limits.may_transfer(to), allowed, "{to}");
    }
    assert!(!Limits { transfer_to: Vec::new(), ..limits }.may_transfer("+442079460000"));
}

#[test]
fn a_message_is_recorded_and_outlives_the_leg() {
    script(
        one_call(limits()),
        "
        > 1 answered
        1 hears Balance, press one. Why you have not paid, press two. A person, press three. A message, press four. More, press five.
        > 1 key 4
        1 hears Please speak after the beep.
        > 1 played
        1 recorded, message 1, 20s
        > 1 hung up
        1 recorded no longer
        > 1 message 9
        1 ended hung_up_early
    ",
    );
}

fn two_calls_and_agents(agents: &[&str], now: &str) -> Stage {
    let hours = crate::policy::Hours::new(9 * 60, 18 * 60);
    let days = [jiff::civil::Weekday::Friday];
    let staffing = Staffing {
        agents: agents.iter().map(ToString::to_string).collect(),
        hours: Some((crate::policy::CallingWindow::on(&days, hours), "Europe/London".parse().unwrap())),
    };
    let mut stage = Stage::set(limits(), Desk::new([("desk".to_string(), staffing)]), 2, now);
    for call in [1, 2] {
        for line in ["answered", "key 3", "played"] {
            stage.ordered.clear();
            stage.act(&format!("{call} {line}"));
        }
        if call == 1 {
            assert_eq!(stage.ordered, ["other end of 1 rung at sip:a"]);
        }
    }
    stage
}

#[test]
fn a_call_waits_in_line_until_an_agent_is_free() {
    let mut stage = two_calls_and_agents(&["sip:a"], "2026-11-20T10:00Z");
    let waits = "2 hears You are number one, about three minutes. To be called back, press one.";
    assert_eq!(std::mem::take(&mut stage.ordered), [waits]);
    script(
        stage,
        "
        > other end of 1 answered
        1 bridged
        > wait 2
        > 1 hung up
        1 hung up on
        other end of 1 hung up on
        1 ended transferred
        > other end of 1 hung up
        other end of 2 rung at sip:a
        > other end of 2 answered
        2 bridged
        > other end of 2 hung up
        2 hung up on
        2 ended transferred
    ",
    );
}

#[test]
fn who_leaves_the_line_is_not_rung_for() {
    let mut stage = two_calls_and_agents(&["sip:a"], "2026-11-20T10:00Z");
    stage.ordered.clear();
    script(
        stage,
        "
        > 2 key 1
        2 hears We will call you back.
        > other end of 1 failed busy
        1 hears You are number one, about three minutes. To be called back, press one.
        > wait 16
        other end of 1 rung at sip:a
    ",
    );
}

#[test]
fn an_agent_who_does_not_pick_up_gives_way_to_the_next() {
    let mut stage = two_calls_and_agents(&["sip:a", "sip:b"], "2026-11-20T10:00Z");
    assert_eq!(std::mem::take(&mut stage.ordered), ["other end of 2 rung at sip:b"]);
    script(
        stage,
        "
        > 2 hung up
        2 hung up on
        other end of 2 hung up on
        2 ended hung_up_early
        > other end of 2 failed cancelled
        > wait 21
        other end of 1 hung up on
        > other end of 1 answered
        > other end of 1 failed cancelled
        other end of 1 rung at sip:b
        > other end of 1 answered
        1 bridged
    ",
    );
}

#[test]
fn a_queue_is_closed_outside_its_hours() {
    let staffing = Staffing { agents: Vec::new(), hours: None };
    let nobody = Stage::set(limits(), Desk::new([("desk".to_string(), staffing)]), 1, "2026-11-20T10:00Z");
    let hours = Some((crate::policy::CallingWindow::CLOSED, "Europe/London".parse().unwrap()));
    let staffing = Staffing { agents: vec!["sip:a".to_string()], hours };
    let closed = Stage::set(limits(), Desk::new([("desk".to_string(), staffing)]), 1, "2026-11-20T10:00Z");
    for mut stage in [nobody, closed] {
        for line in ["1 answered", "1 key 3", "1 played"] {
            stage.ordered.clear();
            stage.act(line);
        }
        assert_eq!(stage.ordered, ["1 hears Goodbye."]);
    }
}

const FRONT_DESK: &str = include_str!("../../flows/lines/front_desk.yaml");

/// The front desk answers `+442079460000`, two calls at once.
fn a_line(desk: Desk) -> Stage {
    let mut stage = Stage::set(limits(), desk, 0, "2026-11-20T10:00Z");
    let program = crate::flow::compile(FRONT_DESK).program.expect("the shipped flow");
    assert_eq!(unfit(&program), [""; 0]);
    let line = Line {
        did: Some("+442079460000".to_string()),
        program: Arc::new(program),
        company: "City Water".to_string(),
        language: Language::EN,
        zone: "Europe/London".parse().unwrap(),
        calls_max: 2,
    };
    stage.tell(Input::LinesLoaded(vec![line]));
    stage
}

const HELLO: &str = "Hello! This is City Water; you are speaking to an automated system. To speak to one of our staff, press one. \
                     To leave a message, press two. If this number is not to be called by us any more, press nine.";

#[test]
fn who_rings_us_is_answered() {
    let lines = format!(
        "
        > -1 rings 442079460000 from +447900000001
        -1 told that it rings
        -1 taken
        > -1 answered
        -1 hears {HELLO}
        > -1 key 2
        -1 hears After the tone, please say your name, your telephone number and what it is about.
        > -1 played
        -1 recorded, message 1, 90s
        > -1 message 7
        -1 hears Thank you, we will call you back. Goodbye!
        > -1 played
        -1 hung up on
        -1 ended callback_requested
        "
    );
    script(a_line(Desk::default()), &lines);
}

#[test]
fn who_rings_us_may_want_no_more_calls() {
    let opt_out = |caller: &str, then: &str| {
        let begin = format!(
            "
            > -1 rings +442079460000 from {caller}
            -1 told that it rings
            -1 taken
            > -1 answered
            -1 hears {HELLO}
            > -1 key 9
            "
        );
        script(a_line(Desk::default()), &format!("{begin}{then}"));
    };
    opt_out(
        "+447900000001",
        "
        +4479•••0001 is not to be called
        -1 hears We will not call this number again. Goodbye!
        > -1 hung up
        -1 ended opted_out
        ",
    );
    // A number that is withheld cannot be suppressed, and the call does not say that it was.
    opt_out("anonymous", "-1 hears We cannot see the number that you are calling from.");
}

#[test]
fn calls_that_are_not_taken() {
    script(
        a_line(Desk::default()),
        "
        > -1 rings +442079460001 from +447900000001
        -1 refused: NoSuchLine
        > -2 rings +442079460000 from +447900000001
        -2 told that it rings
        -2 taken
        > -3 rings +442079460000 from anonymous
        -3 told that it rings
        -3 taken
        > -4 rings +442079460000 from +447900000002
        -4 refused: Full
        > -3 failed remote_hangup
        -3 ended no_answer
        > -5 rings +442079460000 from +447900000002
        -5 told that it rings
        -5 taken
        ",
    );
}

/// A flow that speaks of a contact's debt cannot answer whoever rings.
#[test]
fn flows_for_contacts_answer_no_line() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("flows");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect("a shipped flow");
    let library = crate::flow::Library(BTreeMap::from([("identify".to_string(), read("library/identify.yaml"))]));
    let compiled = crate::flow::compile_with(&read("callback_inbound.yaml"), &library);
    let found = unfit(&compiled.program.expect("it compiles")).join("\n");
    for what in ["asks for the contact's `amount`", "takes a promise", "verifies a contact"] {
        assert!(found.contains(what), "{what}: {found}");
    }
}

/// A number that the ladder does not dial leaves the others: the contact waits for one of them, and is closed when none is left.
#[test]
fn a_barred_number_gives_way_to_the_next() {
    let ladder = LADDER
        .replace("caps: [1 per day]", "caps: [1 per day per number]\nnumbers: { types: [mobile] }")
        .replace("no_answer: [1d]", "no_answer: [1h]");
    let barred_first = |numbers: &[&str]| {
        let campaigns = [Playing { name: "small", ladder: &ladder, priority: Priority::USUAL, calls: 1, flow: FLOW }];
        let numbers: Vec<PhoneNumber> = numbers.iter().map(|n| n.parse().unwrap()).collect();
        let begins = "2026-11-20T10:00Z";
        let mut stage = Stage::play_to(&|_| numbers.clone(), limits(), &campaigns, begins);
        stage.wait(Duration::from_secs(1));
        stage
    };
    let mut stage = barred_first(&["+442079460000", "+447900000001"]);
    assert_eq!(std::mem::take(&mut stage.ordered), ["1 rung at +4479•••0001"]);
    stage.act("1 failed no_answer");
    stage.wait(Duration::from_secs(2 * 3600));
    let open = stage.books.attempts(None, AttemptId(0), 9).pop().unwrap();
    assert_eq!(open.state, crate::books::AttemptState::Scheduled, "the mobile may be dialled tomorrow: {open:?}");
    assert_eq!(open.plan.due_at, "2026-11-21T09:00Z".parse::<Wall>().unwrap(), "{}", open.plan.why);
    // Nothing but a landline: nobody is rung, with the reason.
    let stage = barred_first(&["+442079460000"]);
    assert_eq!(stage.ordered, [""; 0]);
    let attempt = stage.books.attempts(None, AttemptId(0), 9).pop().unwrap();
    assert_eq!(attempt.state, crate::books::AttemptState::Cancelled);
}

/// What is keyed in secret goes to the service that it is meant for, and nowhere else: not into events, facts, outcomes or messages.
#[test]
fn pci_1_secret_keys() {
    let flow = r#"
flow: counter
version: 1
languages: [en]
messages:
  ask: { en: "Enter the number of your card." }
  again: { en: "That is no number of a card." }
  done: { en: "Thank you." }
start: card
hotkeys: { "*9": stop }
nodes:
  card: { collect: account, min: 12, max: 19, check: luhn, secret: true, tries: 3, ask: ask, no_match: again, into: card, ok: pay, exhausted: done, cancelled: done }
  pay: { request: "https://pay.example/card", send: { card: card }, ok: done, error: done, no_reply: done }
  done: { say: done, end: informed }
  stop: { opt_out: number, next: done }
"#;
    let campaigns = [Playing { name: "small", ladder: LADDER, priority: Priority::USUAL, calls: 1, flow }];
    let mut stage = Stage::play(limits(), Desk::default(), None, &campaigns, "2026-11-20T10:00Z");
    stage.wait(Duration::from_secs(1));
    stage.act("1 answered");
    // Refused for its last digit, then right.
    for entry in ["4929111122223333#", "4929111122223337#"] {
        entry.chars().for_each(|key| stage.act(&format!("1 key {key}")));
    }
    assert_eq!(stage.ordered.last().unwrap(), "1 asks 1 https://pay.example/card");
    stage.act("1 replied 1 200 {}");
    stage.act("1 hung up");
    let events = stage.books.call_events(CallId(1));
    let pressed: Vec<&str> = events.iter().filter(|e| e.kind == "pressed").map(|e| e.detail.as_str()).collect();
    assert_eq!(pressed, ["•".repeat(16), "•".repeat(16)]);
    let kept = format!("{:?} {:?}", stage.books, stage.ordered);
    assert!(kept.contains("1 ended informed") && !kept.contains("4929"), "{kept}");
}

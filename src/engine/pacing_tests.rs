//! How fast, over which trunk, for what money, and for which agents: whole calls through the engine.

use std::collections::BTreeMap;

use super::tests::{FLOW, LADDER, Playing, Stage, limits, script, trunk};
use super::*;
use crate::agent::Staffing;
use crate::books::{AgentResult, Priority};
use crate::campaign::{Budget, CampaignBudget};
use crate::money::Currency;
use crate::price::{CallPrice, Rate, Tariff};
use crate::time::Wall;

const NOON: &str = "2026-11-20T12:00Z";

fn playing<'a>(name: &'a str, ladder: &'a str, weight: u8, calls: usize) -> Playing<'a> {
    Playing { name, ladder, priority: Priority::new(weight).unwrap(), calls, flow: FLOW }
}

fn two_trunks() -> Limits {
    Limits { trunks: vec![trunk("main"), trunk("backup")], ..limits() }
}

fn one_call(limits: Limits) -> Stage {
    let mut stage = Stage::play(limits, Desk::default(), None, &[playing("small", LADDER, 5, 1)], NOON);
    assert_eq!(std::mem::take(&mut stage.ordered), ["1 rung at +4479•••0001"]);
    stage
}

#[test]
fn a_carrier_that_refuses_before_ringing_gives_way_to_the_next() {
    let mut stage = one_call(two_trunks());
    stage.act("1 refused congestion");
    assert_eq!(std::mem::take(&mut stage.ordered), ["1 rung at +4479•••0001 over trunk 1"]);
    // Each is asked once.
    stage.act("1 refused congestion");
    assert_eq!(stage.ordered, ["1 ended congestion"]);
    let attempts = stage.books.attempts(None, AttemptId(0), 9);
    assert_eq!(attempts[0].trunk.as_deref(), Some("backup"));
    let noted: Vec<String> = stage.books.call_events(CallId(1)).into_iter().map(|e| e.kind + " " + &e.detail).collect();
    assert!(noted.contains(&"another_trunk congestion at main; over backup".to_string()), "{noted:?}");
    assert_eq!(stage.engine.tally().failed_over, 1);
}

/// Nobody is rung twice for one attempt, whatever the carrier says in the end; and what we have taken back stays so.
#[test]
fn who_may_have_been_rung_is_not_dialled_over_another_trunk() {
    for rows in [
        // It rang.
        "> 1 rings
         > 1 refused congestion
         1 ended congestion",
        // Nothing came back: it may have rung.
        "> 1 failed trunk_silent
         1 ended trunk_down",
        "> 1 failed congestion
         1 ended congestion",
    ] {
        script(one_call(two_trunks()), rows);
    }
    let mut stage = one_call(two_trunks());
    stage.tell(Input::Stopped);
    stage.act("1 refused congestion");
    assert!(!stage.ordered.iter().any(|line| line.contains("rung at")), "{:?}", stage.ordered);
}

#[test]
fn a_trunk_that_is_down_is_passed_over_and_said_so() {
    let campaigns = [playing("small", LADDER, 5, 0)];
    let mut stage = Stage::play(two_trunks(), Desk::default(), None, &campaigns, NOON);
    let now = Now { mono: stage.now, wall: NOON.parse().unwrap() };
    stage.tell(Input::TrunkUp { trunk: crate::campaign::TrunkId(0), up: false });
    let holding = stage.engine.holding(now);
    assert_eq!(holding.len(), 1);
    assert_eq!(holding[0].about, "trunk main");
    assert!(holding[0].says.starts_with("is not dialled: the trunk does not answer"), "{holding:?}");
}

/// Campaigns of weights 1 and 3 want 4 lines; every call ends after ten seconds.
#[test]
fn lines_follow_priorities() {
    let trunk = TrunkPlan { channels_max: 4, ..trunk("main") };
    let limits = Limits { trunks: vec![trunk], ..limits() };
    let campaigns = [playing("light", LADDER, 1, 120), playing("heavy", LADDER, 3, 120)];
    let mut stage = Stage::play(limits, Desk::default(), None, &campaigns, NOON);
    let mut dialled = [0, 0];
    let mut ends: VecDeque<(u64, String)> = VecDeque::new();
    for second in 0..300 {
        while let Some((_, call)) = ends.pop_front_if(|(at, _)| *at <= second) {
            stage.act(&format!("{call} failed no_answer"));
        }
        stage.wait(Duration::from_secs(1));
        for line in std::mem::take(&mut stage.ordered) {
            if let Some((call, _)) = line.split_once(" rung at") {
                dialled[usize::from(call.parse::<usize>().unwrap() > 120)] += 1;
                ends.push_back((second + 10, call.to_string()));
            }
        }
        assert_eq!(stage.engine.in_air(), 4, "no line stands idle");
    }
    let light = f64::from(dialled[0]) / f64::from(dialled[0] + dialled[1]);
    assert!((0.22..0.28).contains(&light), "{dialled:?}");
}

fn spending(day_max: i64, max: Option<i64>) -> (Limits, Spending) {
    let price = CallPrice { attempt_micros: 250_000, minute_micros: 1_000_000, step_s: 60 };
    let rate = Rate { prefix: "+".into(), price };
    let tariff = Some(Tariff { currency: Currency::Gbp, rates: vec![rate] });
    let trunks = vec![TrunkPlan { tariff, ..trunk("main") }];
    let own = CampaignBudget { day_max: None, max };
    let budget = Budget {
        currency: Currency::Gbp,
        zone: "Europe/London".parse().unwrap(),
        day_max: Some(day_max),
        campaigns: BTreeMap::from([("small".to_string(), own)]),
    };
    (Limits { trunks, ..limits() }, Spending::new(budget, &[], NOON.parse().unwrap()))
}

/// A call with a first minute is 1.25; two in the air at most, of a day's 2.90.
#[test]
fn a_days_money_is_spent_and_calls_go_on_the_next_day() {
    let (limits, spending) = spending(2_900_000, None);
    let campaigns = [playing("small", LADDER, 5, 5)];
    let mut stage = Stage::play(limits, Desk::default(), Some(spending), &campaigns, NOON);
    stage.wait(Duration::from_secs(2));
    assert_eq!(stage.engine.in_air(), 2, "{:?}", stage.ordered);
    stage.act("1 answered");
    stage.wait(Duration::from_secs(61));
    for line in ["1 hung up", "2 failed busy"] {
        stage.act(line);
    }
    let attempts = stage.books.attempts(None, AttemptId(0), 99);
    let cost = |n: usize| attempts[n].cost.unwrap().to_string();
    assert_eq!((cost(0), cost(1)), ("2.25 GBP".into(), "0.25 GBP".into()));
    assert_eq!(attempts[0].trunk.as_deref(), Some("main"));
    stage.wait(Duration::from_secs(60));
    assert_eq!(stage.engine.in_air(), 0, "2.50 are spent, and 0.40 are not enough");
    let open: Vec<_> = stage.books.attempts(None, AttemptId(0), 99).into_iter().filter(|a| a.state.is_open()).collect();
    let waits = open.iter().find(|a| a.contact == ContactId(5)).unwrap();
    let why = "the daily limit of all campaigns, 2.90 GBP, is spent for today: 2.50 GBP so far; calls go on at 2026-11-21 00:00";
    assert!(waits.plan.why.starts_with(why) || waits.plan.why.contains("is spent for today"), "{}", waits.plan.why);
    assert_eq!(waits.plan.due_at, "2026-11-21T00:00Z".parse::<Wall>().unwrap());
    let now = Now { mono: stage.now, wall: NOON.parse::<Wall>().unwrap() + stage.now.since(Mono::ZERO) };
    let holding = stage.engine.holding(now);
    assert!(holding[0].says.contains("is spent for today"), "{holding:?}");
    stage.ordered.clear();
    // Midnight brings money, nine o'clock brings the window.
    stage.wait(Duration::from_secs(21 * 3600 + 60));
    assert_eq!(stage.engine.in_air(), 2, "{:?}", stage.ordered);
}

#[test]
fn a_campaign_whose_money_is_gone_is_paused_with_the_reason() {
    let (limits, spending) = spending(100_000_000, Some(1_000_000));
    let campaigns = [playing("small", LADDER, 5, 2)];
    let mut stage = Stage::play(limits, Desk::default(), Some(spending), &campaigns, NOON);
    let why = "campaign 1 paused: the limit of campaign small, 1.00 GBP, is spent: 0.00 GBP so far; raise its `max` in \
               the config, start `ringback serve` anew, then the campaign";
    assert_eq!(stage.ordered, [why]);
    stage.wait(Duration::from_secs(60));
    assert_eq!(stage.engine.in_air(), 0);
    assert!(
        stage.books.attempts(None, AttemptId(0), 9).iter().all(|a| a.state == crate::books::AttemptState::Scheduled)
    );
}

const FOR_AGENTS: &str = r#"
ladder: small
languages: [en]
segments:
  all: { when: days_overdue > -1000, flow: counter }
window: { days: mon-sun, from: "09:00", to: "20:00", zone: contact }
caps: [3 per day]
pacing: { mode: progressive, queue: desk }
steps:
  - voice: segment.flow
    attempts_max: 3
    retry: { no_answer: [1h], hung_up_early: [1h], no_input: [1h] }
"#;

fn desk(agents: &[&str]) -> Desk {
    let agents = agents.iter().map(ToString::to_string).collect();
    Desk::new([("desk".to_string(), Staffing { agents, hours: None })])
}

#[test]
fn no_more_calls_than_agents_are_free() {
    let campaigns = [playing("small", FOR_AGENTS, 5, 6)];
    let mut stage = Stage::play(limits(), desk(&["sip:a@x", "sip:b@x"]), None, &campaigns, NOON);
    stage.wait(Duration::from_secs(5));
    assert_eq!(stage.ordered, ["1 rung at +4479•••0001", "2 rung at +4479•••0002"]);
    stage.ordered.clear();
    stage.act("1 failed busy");
    assert_eq!(stage.ordered, ["1 ended busy", "3 rung at +4479•••0003"]);
    stage.ordered.clear();
    // One talks: only the other is free.
    for line in ["2 answered", "2 key 3", "2 played", "other end of 2 answered"] {
        stage.act(line);
    }
    stage.ordered.clear();
    stage.act("3 failed busy");
    assert_eq!(stage.ordered, ["3 ended busy", "4 rung at +4479•••0004"]);
    assert_eq!(stage.engine.in_air(), 2);
    let nobody = Stage::play(limits(), desk(&[]), None, &campaigns, NOON);
    assert_eq!(nobody.engine.in_air(), 0);
}

/// An agent is wanted at once.
const AT_ONCE: &str = "
flow: counter
version: 1
languages: [en]
messages:
  nobody: { abandoned: { caller: \"{company}\", decline: \"+442079460000\" } }
  bye: { en: \"We will not ring again.\" }
start: agent
hotkeys: { \"*9\": stop }
nodes:
  agent: { queue: desk, answered: talked, no_agent: nobody }
  nobody: { say: nobody, end: no_input }
  stop: { opt_out: number, next: bye }
  bye: { say: bye, end: opted_out }
  talked: { end: transferred }
";

/// One call, which an agent does not take in two seconds.
fn abandoned(ladder: &str) -> Stage {
    let playing = Playing { flow: AT_ONCE, ..playing("small", ladder, 5, 1) };
    let mut stage = Stage::play(limits(), desk(&["sip:a@x"]), None, &[playing], NOON);
    stage.act("1 answered");
    stage.wait(Duration::from_millis(2_000));
    stage.act("other end of 1 failed cancelled");
    stage.act("1 hung up");
    stage
}

/// The agent does not pick up within two seconds: the person hears so at once, it is counted, and they are left in peace for 72 hours.
#[test]
fn who_finds_no_agent_hears_so_and_is_counted() {
    // Without enough calls seen, a predictive campaign is dialled as a progressive one, but promises no agent.
    let predictive = FOR_AGENTS.replace("mode: progressive", "mode: predictive");
    let stage = abandoned(&predictive);
    let attempts = stage.books.attempts(None, AttemptId(0), 9);
    assert_eq!(attempts[0].agent, Some(AgentResult::Abandoned));
    assert_eq!(stage.engine.tally().abandoned, 1);
    let next = &attempts[1];
    let ended = attempts[0].finished_at.unwrap();
    assert_eq!(next.plan.due_at, ended + Duration::from_secs(72 * 3600), "{next:?}");
    let stage_of_another = abandoned(FOR_AGENTS);
    let next = &stage_of_another.books.attempts(None, AttemptId(0), 9)[1];
    assert!(next.plan.due_at < ended + Duration::from_secs(24 * 3600), "an agent is kept for the next call: {next:?}");
    let hours = stage.books.agent_hours(Wall(0));
    assert_eq!(hours.iter().map(|h| (h.connected, h.abandoned)).collect::<Vec<_>>(), [(0, 1)]);
}

/// Nobody is dialled for an agent and left in silence: from the answer on it takes two seconds, and no key, until who finds nobody hears who
/// rang and how to decline further calls (UK-1, UK-2, US-T5).
#[test]
fn uk_2_information_message() {
    let playing = Playing { flow: AT_ONCE, ..playing("small", FOR_AGENTS, 5, 1) };
    let mut stage = Stage::play(limits(), desk(&["sip:a@x"]), None, &[playing], NOON);
    stage.ordered.clear();
    stage.act("1 answered");
    assert_eq!(stage.ordered, ["other end of 1 rung at sip:a@x"]);
    stage.ordered.clear();
    stage.wait(Duration::from_millis(1_990));
    assert_eq!(stage.ordered, [""; 0]);
    stage.wait(Duration::from_millis(10));
    let [hung_up, heard] = stage.ordered.as_slice() else { panic!("{:?}", stage.ordered) };
    assert_eq!(hung_up, "other end of 1 hung up on");
    assert!(heard.starts_with("1 hears This is a call from City Water. We are sorry, nobody is free"), "{heard}");
    assert!(heard.contains("To decline further calls, please ring") && heard.ends_with("Goodbye."), "{heard}");
}

#[test]
fn who_finds_one_in_time_is_counted_too() {
    let campaigns = [playing("small", FOR_AGENTS, 5, 1)];
    let mut stage = Stage::play(limits(), desk(&["sip:a@x"]), None, &campaigns, NOON);
    for line in ["1 answered", "1 key 3", "1 played"] {
        stage.act(line);
    }
    stage.wait(Duration::from_millis(1_500));
    stage.act("other end of 1 answered");
    stage.wait(Duration::from_secs(30));
    assert!(!stage.ordered.contains(&"1 hears Goodbye.".to_string()), "{:?}", stage.ordered);
    stage.act("1 hung up");
    assert_eq!(stage.books.attempts(None, AttemptId(0), 9)[0].agent, Some(AgentResult::Connected));
}

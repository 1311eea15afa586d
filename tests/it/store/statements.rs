//! What an attempt costs the database's writer: the real engine makes calls, the real store keeps them, and its statements are
//! counted, so that none more creeps in.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use ringback::agent::Desk;
use ringback::campaign::{TrunkPlan, plan_first};
use ringback::engine::{CampaignPlan, Engine, Input, LegEvent, Limits, Output};
use ringback::outcome::HangupCause;
use ringback::phone::NumberRules;
use ringback::time::{Mono, Now};

use super::*;

const FLOW: &str = include_str!("../../../flows/overdue_reminder.yaml");

const LADDER: &str = r#"
ladder: small
languages: [ru]
segments:
  all: { when: days_overdue > -1000, flow: overdue_reminder }
window: { days: mon-sun, from: "09:00", to: "20:00", zone: contact }
steps:
  - voice: segment.flow
    retry: { no_answer: [1d] }
"#;

/// The engine and its books; whoever is rung does what the test says.
struct Line {
    engine: Engine,
    store: SqliteStore,
    seconds: u64,
    claimed: bool,
    told: VecDeque<Input>,
    /// Of the one call.
    call: Option<CallId>,
    play: Option<PlayId>,
    /// Statements and transactions before the claim.
    before: (u64, u64),
}

impl Line {
    /// One contact is dialled.
    async fn rung(store: SqliteStore) -> Line {
        let trunk = TrunkPlan {
            name: "main".into(),
            channels_max: 10,
            cps_max: 10,
            prefixes: Vec::new(),
            priority: 1,
            numbers: NumberRules::default(),
            caller_id: shown(),
            tariff: None,
        };
        let limits = Limits {
            trunks: vec![trunk],
            allow_prefixes: vec!["+7".into()],
            transfer_to: Vec::new(),
            hold_max: Duration::from_secs(60),
        };
        let program = Arc::new(ringback::flow::compile(FLOW).program.expect("the flow compiles"));
        let (ladder, found) = ringback::ladder::compile(LADDER);
        let ladder = Arc::new(ladder.unwrap_or_else(|| panic!("{found:?}")));
        store.import(&[contact(1)], at(-10)).await.unwrap();
        let campaign =
            store.create_campaign("small", LADDER, &[FlowVersion::of(&program, FLOW)], at(-9)).await.unwrap();
        let standing = store.not_enrolled(campaign, ContactId(0), 1).await.unwrap().remove(0);
        let next = plan_first(&ladder, &standing, at(-8));
        store.enrol(campaign, &[Enrolment { contact: ContactId(1), next }], at(-8)).await.unwrap();
        store.set_campaign_state(campaign, CampaignState::Running, at(-7)).await.unwrap();

        let engine = Engine::new(limits, Desk::new([]), None, Now { mono: Mono::ZERO, wall: at(0) });
        let counters = store.counters();
        let before = (counters.statements, counters.transactions);
        let mut line =
            Line { engine, store, seconds: 0, claimed: false, told: VecDeque::new(), call: None, play: None, before };
        let programs = BTreeMap::from([(program.name.clone(), program)]);
        let plan = CampaignPlan { id: campaign, name: "small".into(), priority: Priority::USUAL, ladder, programs };
        line.tell(Input::CampaignLoaded { plan, running: true }).await;
        line
    }

    fn now(&self) -> Now {
        let passed = Duration::from_secs(self.seconds);
        Now { mono: Mono::ZERO + passed, wall: at(0) + passed }
    }

    async fn tell(&mut self, input: Input) {
        self.told.push_back(input);
        while let Some(input) = self.told.pop_front() {
            let now = self.now();
            for output in self.engine.handle(now, input) {
                self.carry_out(now, output).await;
            }
        }
    }

    async fn carry_out(&mut self, now: Now, output: Output) {
        match output {
            // Whether somebody else is due, which is asked again and again, is no attempt's.
            Output::Claim { .. } if self.claimed => {
                self.told.push_back(Input::Claimed { attempts: Vec::new(), next_due: None });
            }
            Output::Claim { wanted } => {
                let lease = now.wall + Duration::from_secs(300);
                let attempts = self.store.claim_due(now.wall, lease, &wanted).await.unwrap();
                self.claimed = !attempts.is_empty();
                self.told.push_back(Input::Claimed { attempts, next_due: None });
            }
            Output::Prepare { attempt, .. } => self.told.push_back(Input::Prepared { attempt, result: Ok(()) }),
            Output::Write { order, group } => {
                self.store.apply(&group).await.unwrap();
                self.told.push_back(Input::Stored { order, result: Ok(()) });
            }
            Output::Dial { leg, .. } => self.call = Some(leg.call),
            Output::Play { play, .. } => self.play = Some(play),
            Output::Warn(why) => panic!("{why}"),
            _ => {}
        }
    }

    /// `ringing`, `answered`, `played`, `hung up`, `no answer`, or keys.
    async fn act(&mut self, what: &str) {
        let leg = LegId::client(self.call.expect("somebody is rung"));
        let events = match what {
            "ringing" => vec![LegEvent::Ringing],
            "answered" => vec![LegEvent::Answered],
            "played" => vec![LegEvent::PlayEnded(self.play.expect("something is said"))],
            "hung up" => vec![LegEvent::Ended(HangupCause::RemoteHangup)],
            "no answer" => vec![LegEvent::Failed(HangupCause::NoAnswer)],
            keys => keys.chars().map(LegEvent::Digit).collect(),
        };
        for event in events {
            self.seconds += 1;
            self.tell(Input::Leg { leg, event }).await;
        }
    }
}

struct Cost {
    /// From the claim to the audio's quality, without BEGIN and COMMIT, which as many attempts share as come together.
    statements: u64,
    /// That they share: the claim's too.
    transactions: u64,
    lines: usize,
    promises: usize,
}

/// Of one attempt, from its claim on; what became of it is looked at as well.
async fn cost(acts: &[&str], ends: Disposition) -> Cost {
    let place = Place::new();
    let store = open(&place.file()).await;
    let mut line = Line::rung(store.clone()).await;
    for act in acts {
        line.act(act).await;
    }
    let call = line.call.expect("somebody is rung");
    store.apply(&[Write::Quality { call, quality: quality(1) }]).await.unwrap();
    let counters = store.counters();
    let transactions = counters.transactions - line.before.1;
    let attempt = store.attempts(None, AttemptId(0), 1).await.unwrap().remove(0);
    assert_eq!(attempt.outcome.map(|outcome| outcome.disposition), Some(ends), "{acts:?}");
    let (trunk, caller_id) = (attempt.trunk.as_deref(), attempt.caller_id);
    assert_eq!((trunk, caller_id, attempt.quality), (Some("main"), Some(shown()), Some(quality(1))));
    Cost {
        statements: counters.statements - line.before.0 - 2 * transactions,
        transactions,
        lines: store.call_events(call).await.unwrap().len(),
        promises: store.promises().await.unwrap().len(),
    }
}

const TO_THE_QUESTION: [&str; 6] = ["ringing", "answered", "1", "0001", "played", "1"];

/// The claim is one. Live: the attempt, the call. The promise: earlier ones superseded, its parts, the lines up to it. The end: the
/// last lines, the attempt, the contact. And the audio's quality.
#[tokio::test]
async fn a_promise_takes_ten() {
    let acts = [&TO_THE_QUESTION[..], &["1", "1#", "1", "played", "hung up"]].concat();
    let cost = cost(&acts, Disposition::Promised).await;
    assert_eq!((cost.statements, cost.transactions), (10, 5));
    assert!(cost.lines >= 25 && cost.promises == 1, "{} lines, {} promises", cost.lines, cost.promises);
}

#[tokio::test]
async fn a_promise_of_three_parts_takes_no_more() {
    let acts = [&TO_THE_QUESTION[..], &["2", "2", "1", "1#", "1", "played", "hung up"]].concat();
    let cost = cost(&acts, Disposition::Promised).await;
    assert_eq!((cost.statements, cost.transactions, cost.promises), (10, 5, 3));
}

#[tokio::test]
async fn whoever_only_listens_takes_seven() {
    let cost = cost(&["ringing", "answered", "1", "0001", "hung up"], Disposition::Informed).await;
    assert_eq!((cost.statements, cost.transactions), (7, 4));
    assert!(cost.lines >= 8, "{} lines", cost.lines);
}

#[tokio::test]
async fn nobody_at_home_takes_seven() {
    let cost = cost(&["ringing", "no answer"], Disposition::NoAnswer).await;
    assert_eq!((cost.statements, cost.transactions), (7, 4));
}

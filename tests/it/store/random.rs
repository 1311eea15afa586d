//! Random operations on the model and on SQLite side by side: the same answers, the same kind of refusal, the same books.

use std::mem::discriminant;

use proptest::prelude::*;
use ringback::flow::program::OptOutScope;
use ringback::store::{MemoryStore, StoreError};

use super::*;

#[derive(Debug, Clone)]
enum Operation {
    Import {
        contact: u32,
        variant: u8,
    },
    /// A file of several lines, by what each of them is.
    File {
        lines: Vec<(u32, u8)>,
        minute: i64,
    },
    Undo {
        batch: i64,
    },
    Publish {
        version: u32,
    },
    Create {
        name: u8,
        version: u32,
    },
    UseFlow {
        campaign: i64,
        version: u32,
    },
    PublishLadder {
        version: u32,
        content: u8,
    },
    UseLadder {
        campaign: i64,
        content: u8,
    },
    Suspend {
        campaign: i64,
    },
    State {
        campaign: i64,
        state: CampaignState,
    },
    Enrol {
        campaign: i64,
        contacts: Vec<(i64, bool)>,
    },
    Claim {
        minute: i64,
        lease: i64,
        limits: [u32; 3],
    },
    Prioritise {
        campaign: i64,
        priority: u8,
    },
    Hold {
        about: u8,
        says: u8,
    },
    Recover,
    Apply(Vec<Write>),
    Pay {
        contact: u32,
        payment: u8,
        minor: Option<i64>,
        minute: i64,
    },
    Reverse {
        payment: u8,
    },
    Judge {
        minute: i64,
    },
    Withdraw {
        promise: i64,
    },
    Wake {
        campaign: i64,
        contact: i64,
        what: u8,
    },
    Sent {
        message: i64,
    },
    Failed {
        message: i64,
        again: Option<i64>,
    },
    Forget {
        contact: i64,
        call: i64,
        message: i64,
        what: u8,
    },
    Suppress {
        contact: u32,
    },
}

fn some_write() -> impl Strategy<Value = Write> {
    let attempt = || (1..14i64).prop_map(AttemptId);
    let minute = || 0..40i64;
    let channel = || prop::sample::select(Channel::ALL);
    prop_oneof![
        6 => (attempt(), 1..12i64, minute()).prop_map(|(a, p, m)| live(a, PhoneId(p), m)),
        1 => (attempt(), minute()).prop_map(|(attempt, m)| Write::Reschedule { attempt, due_at: at(m), why: "w".into() }),
        2 => (attempt(), minute()).prop_map(|(a, m)| log(a, m, ["said", "entered"][(m % 2) as usize])),
        2 => (attempt(), 0..4u16).prop_map(|(a, n)| Write::Quality { call: CallId::of(a), quality: quality(n) }),
        2 => (attempt(), 0..4i64, prop::option::of(prop::sample::select(AgentResult::ALL))).prop_map(|(attempt, n, agent)| {
            let cost = (n > 0).then(|| Cost::new(n * 250_000, Currency::Rub));
            let caller_id = (n > 2).then(|| "+74950000002".parse().unwrap());
            Write::Carried { attempt, trunk: (n > 1).then(|| format!("trunk {n}")), caller_id, cost, agent }
        }),
        3 => (attempt(), prop::sample::select(VisitOutcome::ALL), any::<bool>(), minute()).prop_map(
            |(attempt, outcome, goes_on, m)| {
                let report = VisitReport { attempt, outcome, visited_at: at(m), note: "n".into(), at: at(m) };
                let next = if goes_on { Next::Attempt(plan(Channel::Visit, at(m + 5))) } else { close("met") };
                Write::Visited { report, next }
            }
        ),
        1 => (attempt(), prop::option::of(0..2u8)).prop_map(|(attempt, class)| {
            let contact_class = class.map(|class| format!("class {class}"));
            Write::Led { attempt, led: Led { ladder: "small v1 (a1)".into(), contact_class } }
        }),
        3 => (attempt(), minute()).prop_map(|(a, m)| promise(a, m)),
        1 => (attempt(), any::<bool>(), minute()).prop_map(|(attempt, whole, m)| {
            let scope = if whole { OptOutScope::Person } else { OptOutScope::Number };
            Write::Suppress { attempt, scope, reason: Disposition::OptedOut, at: at(m) }
        }),
        1 => (1..14i64, prop::sample::select(PhoneState::ALL))
            .prop_map(|(phone, state)| Write::Phone { phone: PhoneId(phone), state }),
        1 => (attempt(), channel(), minute()).prop_map(|(attempt, channel, m)| {
            Write::Message { attempt, channel, subject: None, body: "b".into(), at: at(m) }
        }),
        1 => (attempt(), minute()).prop_map(|(attempt, m)| {
            Write::Worklist { attempt, queue: "q".into(), reason: "r".into(), at: at(m) }
        }),
        6 => (attempt(), prop::sample::select(Disposition::ALL), minute(), channel(), any::<bool>()).prop_map(
            |(attempt, disposition, m, channel, goes_on)| {
                let next = if goes_on { Next::Attempt(plan(channel, at(m + 5))) } else { close("ladder_ended") };
                finish(attempt, disposition, m, next)
            }
        ),
        1 => (attempt(), minute())
            .prop_map(|(attempt, m)| Write::Cancel { attempt, at: at(m), why: Close::new("excluded", "x") }),
    ]
}

fn operation() -> impl Strategy<Value = Operation> {
    let campaign = || 1..4i64;
    let versions = || 1..6u32;
    prop_oneof![
        2 => (1..7u32, 0..7u8).prop_map(|(contact, variant)| Operation::Import { contact, variant }),
        1 => (prop::collection::vec((1..9u32, 0..7u8), 1..5), 0..40i64)
            .prop_map(|(lines, minute)| Operation::File { lines, minute }),
        1 => (1..4i64).prop_map(|batch| Operation::Undo { batch }),
        1 => versions().prop_map(|version| Operation::Publish { version }),
        1 => (0..3u8, versions()).prop_map(|(name, version)| Operation::Create { name, version }),
        2 => (campaign(), versions()).prop_map(|(campaign, version)| Operation::UseFlow { campaign, version }),
        1 => (1..3u32, 0..3u8).prop_map(|(version, content)| Operation::PublishLadder { version, content }),
        1 => (campaign(), 0..3u8).prop_map(|(campaign, content)| Operation::UseLadder { campaign, content }),
        1 => campaign().prop_map(|campaign| Operation::Suspend { campaign }),
        1 => (campaign(), prop::sample::select(CampaignState::ALL))
            .prop_map(|(campaign, state)| Operation::State { campaign, state }),
        3 => (campaign(), prop::collection::vec((1..8i64, any::<bool>()), 1..4))
            .prop_map(|(campaign, contacts)| Operation::Enrol { campaign, contacts }),
        4 => (0..40i64, 0..10i64, [0..4u32, 0..4u32, 0..4u32])
            .prop_map(|(minute, lease, limits)| Operation::Claim { minute, lease, limits }),
        1 => (campaign(), 1..=10u8).prop_map(|(campaign, priority)| Operation::Prioritise { campaign, priority }),
        1 => (0..3u8, 0..3u8).prop_map(|(about, says)| Operation::Hold { about, says }),
        1 => Just(Operation::Recover),
        8 => prop::collection::vec(some_write(), 1..4).prop_map(Operation::Apply),
        2 => (1..8u32, 0..9u8, prop::option::of(prop::sample::select(vec![0, 20_000, 49_000, 123_450])), 0..9_000i64)
            .prop_map(|(contact, payment, minor, minute)| Operation::Pay { contact, payment, minor, minute }),
        1 => (0..9u8).prop_map(|payment| Operation::Reverse { payment }),
        1 => (0..20_000i64).prop_map(|minute| Operation::Judge { minute }),
        1 => (1..6i64).prop_map(|promise| Operation::Withdraw { promise }),
        2 => (campaign(), 1..8i64, 0..3u8).prop_map(|(campaign, contact, what)| Operation::Wake { campaign, contact, what }),
        1 => (1..6i64).prop_map(|message| Operation::Sent { message }),
        1 => (1..6i64, prop::option::of(0..40i64)).prop_map(|(message, again)| Operation::Failed { message, again }),
        1 => (1..8i64, 1..9i64, 1..6i64, 0..5u8)
            .prop_map(|(contact, call, message, what)| Operation::Forget { contact, call, message, what }),
        1 => (1..8u32).prop_map(|contact| Operation::Suppress { contact }),
    ]
}

fn variant_of(n: u32, variant: u8) -> NewContact {
    match variant {
        0 | 1 => contact(n),
        2 => NewContact { phones: contact(n).phones[1..].to_vec(), email: None, ..contact(n) },
        3 => NewContact { debts: vec![debt(777, jiff::civil::date(2026, 11, 25))], ..contact(n) },
        4 => NewContact {
            debts: vec![NewDebt { external_id: "heat".into(), ..debt(10_000, jiff::civil::date(2026, 10, 1)) }],
            ..contact(n)
        },
        // One human for two creditors, and two who share a line.
        5 => NewContact { person: Some(format!("P{}", n % 2)), ..contact(n) },
        _ => NewContact { phones: contact(n % 2 + 1).phones, ..contact(n) },
    }
}

/// 1 is the one that attempts go live with; 4 and 5 are contents of one version.
fn flow_number(n: u32) -> FlowVersion {
    match n {
        1 => flow(),
        n => FlowVersion { hash: FlowHash(format!("{n}{n}{n}{n}")), version: n.min(4), ..flow() },
    }
}

/// What an operation came to, so that two stores can be compared: a text, or the kind of the refusal.
type Answer = Result<String, std::mem::Discriminant<StoreError>>;

fn answer<T: std::fmt::Debug>(result: Result<T, StoreError>) -> Answer {
    result.map(|value| format!("{value:?}")).map_err(|e| discriminant(&e))
}

async fn run(store: &impl Store, operation: &Operation) -> Answer {
    match operation {
        Operation::Import { contact, variant } => answer(store.import(&[variant_of(*contact, *variant)], at(0)).await),
        Operation::File { lines, minute } => {
            let batch = store
                .begin_import(&NewBatch { file: "f.csv".into(), ..NewBatch::default() }, at(*minute))
                .await
                .unwrap();
            let rows = lines.iter().map(|(contact, variant)| variant_of(*contact, *variant)).collect();
            let at_lines = (2..).take(lines.len()).collect();
            let reject = |(line, code)| ImportReject { line, field: "amount".into(), code };
            let codes = [(90, RejectCode::Empty), (91, RejectCode::Currency), (91, RejectCode::Empty)];
            let rejects = codes.into_iter().take(*minute as usize % 4).map(reject).collect();
            let part = ImportPart { batch: Some(batch), rows, lines: at_lines, rejects, ..ImportPart::default() };
            let summary = store.import_part(part, at(*minute)).await;
            store.finish_import(batch, at(*minute)).await.unwrap();
            answer(summary)
        }
        Operation::Undo { batch } => answer(store.undo_import(ImportBatchId(*batch), at(41)).await),
        Operation::Publish { version } => answer(store.publish(&flow_number(*version), at(1)).await),
        Operation::Create { name, version } => {
            answer(store.create_campaign(&format!("c{name}"), "ladder", &[flow_number(*version)], at(0)).await)
        }
        Operation::UseFlow { campaign, version } => {
            answer(store.use_flow(CampaignId(*campaign), &flow_number(*version).hash, at(1)).await)
        }
        Operation::PublishLadder { version, content } => {
            let (name, source) = ("small".to_string(), format!("content {content}"));
            let ladder = LadderVersion { hash: format!("h{content}"), name, version: *version, source };
            answer(store.publish_ladder(&ladder, at(1)).await)
        }
        Operation::UseLadder { campaign, content } => {
            let (ladder, detail) = (format!("content {content}"), format!("to {content}"));
            answer(store.use_ladder(CampaignId(*campaign), &ladder, &detail, at(1)).await)
        }
        Operation::Suspend { campaign } => answer(store.suspend_campaign(CampaignId(*campaign), "w", at(1)).await),
        Operation::State { campaign, state } => {
            answer(store.set_campaign_state(CampaignId(*campaign), *state, at(1)).await)
        }
        Operation::Enrol { campaign, contacts } => {
            let batch = contacts.iter().map(|(contact, dial)| Enrolment {
                contact: ContactId(*contact),
                next: if *dial { again(contact % 3) } else { close("excluded") },
            });
            let batch: Vec<Enrolment> = batch.collect();
            answer(store.enrol(CampaignId(*campaign), &batch, at(1)).await)
        }
        Operation::Claim { minute, lease, limits } => {
            let wanted: Vec<_> = (1..).map(CampaignId).zip(limits.iter().copied()).collect();
            answer(store.claim_due(at(*minute), at(minute + lease), &wanted).await)
        }
        Operation::Prioritise { campaign, priority } => {
            answer(store.set_priority(CampaignId(*campaign), Priority::new(*priority).unwrap()).await)
        }
        Operation::Hold { about, says } => {
            let held = Holding { about: format!("trunk {about}"), says: format!("is slow {says}"), at: at(1) };
            answer(store.tell_holding(&vec![held; usize::from(*about > 0)]).await)
        }
        Operation::Recover => answer(store.recover().await),
        Operation::Apply(group) => answer(store.apply(group).await),
        Operation::Pay { contact, payment: id, minor, minute } => {
            let new = payment(&format!("P{id}"), &format!("K{contact}"), *minor, *minute);
            answer(store.pay(&[new], at(2)).await.and_then(|mut answers| answers.remove(0)))
        }
        Operation::Reverse { payment } => answer(store.reverse(&format!("P{payment}"), at(3)).await),
        Operation::Judge { minute } => answer(store.judge_promises(at(*minute), 3).await),
        Operation::Withdraw { promise } => answer(store.withdraw_promise(PromiseId(*promise), at(4)).await),
        Operation::Wake { campaign, contact, what } => {
            let next = match what {
                0 => again(contact % 3),
                1 => close("promised"),
                _ => Next::Close(Close::new("promised", "sleeps").until(Some(at(5)))),
            };
            let batch = [Enrolment { contact: ContactId(*contact), next }];
            answer(store.wake(CampaignId(*campaign), &batch, at(4)).await)
        }
        Operation::Sent { message } => answer(store.outbox_sent(OutboxId(*message), at(3)).await),
        Operation::Failed { message, again } => {
            answer(store.outbox_failed(OutboxId(*message), "no", again.map(at)).await)
        }
        Operation::Forget { contact, call, message, what } => {
            let forget = Forget {
                calls: vec![CallId(*call)],
                messages: vec![OutboxId(*message)],
                asked: what % 2 == 1,
                details: *what == 1,
                whole: *what > 2,
                ..Forget::nothing(ContactId(*contact))
            };
            answer(store.forget(&forget, at(44)).await)
        }
        Operation::Suppress { contact: n } => {
            let number = contact(*n).phones[0].clone();
            answer(store.apply(&[Write::SuppressNumber { number, reason: Disposition::OptedOut, at: at(45) }]).await)
        }
    }
}

/// All that can be read.
async fn books(store: &impl Store) -> Vec<Answer> {
    let one = store.contacts(ContactId(0), 1).await.unwrap_or_default();
    let behind_one = one.first().map(LedgerPlace::behind).unwrap_or_default();
    let mut all = vec![
        answer(store.contacts(ContactId(0), 99).await),
        answer(store.visits_to_report(None, AttemptId(0), 99).await),
        answer(store.visits_to_report(Some(ContactId(2)), AttemptId(1), 1).await),
        answer(store.campaigns().await),
        answer(store.holding().await),
        answer(store.spent(at(10)).await),
        answer(store.agent_hours(at(0)).await),
        answer(store.published().await),
        answer(store.published_ladders().await),
        answer(store.campaign_rejects(CampaignId(1)).await),
        answer(store.campaign_rejects(CampaignId(2)).await),
        answer(store.attempts(None, AttemptId(0), 99).await),
        answer(store.attempts(Some(CampaignId(2)), AttemptId(1), 2).await),
        answer(store.open_attempts(CampaignId(1), AttemptId(1), 5).await),
        answer(store.promises().await),
        answer(store.ledgers(None, &LedgerPlace::default(), 99).await),
        answer(store.ledgers(Some(CampaignId(1)), &behind_one, 2).await),
        answer(store.call_paths(None, CallId(0), 99).await),
        answer(store.call_paths(Some(CampaignId(1)), CallId(1), 2).await),
        answer(store.payments(0, 99).await),
        answer(store.last_payment().await),
        answer(store.sleepers(at(20_000), 99).await),
        answer(store.worklist().await),
        answer(store.outbox().await),
        answer(store.outbox_due(at(20), 3).await),
        answer(store.next_due().await),
        answer(store.closings(None).await),
        answer(store.closings(Some(CampaignId(1))).await),
        answer(store.imports().await),
        answer(store.import_rejects(ImportBatchId(1), 0, 9).await),
        answer(store.shared_numbers().await),
        answer(store.keepings(&Whom::After(ContactId(0), 99)).await),
        answer(store.keepings(&Whom::Contact("K1".into())).await),
        answer(store.keepings(&Whom::Person("P1".into())).await),
    ];
    for n in 1..4 {
        all.push(answer(store.history(&format!("K{n}")).await));
        all.push(answer(store.not_enrolled(CampaignId(n), ContactId(0), 99).await));
        all.push(answer(store.call_events(CallId(n)).await));
        all.push(answer(store.campaign_events(CampaignId(n)).await));
    }
    all
}

async fn compare(operations: Vec<Operation>) -> Result<usize, TestCaseError> {
    let place = Place::new();
    let (memory, sqlite) = (MemoryStore::new(), open(&place.file()).await);
    // A campaign with three contacts, so that few operations are refused for want of anything to do.
    running(&memory, 3).await;
    running(&sqlite, 3).await;
    let mut went_well = 0;
    for operation in &operations {
        let expected = run(&memory, operation).await;
        prop_assert_eq!(&run(&sqlite, operation).await, &expected, "{:?}", operation);
        let checked = memory.model().check();
        prop_assert!(checked.is_ok(), "{:?} after {:?}", checked, operation);
        went_well += usize::from(expected.is_ok());
    }
    let checked = memory.model().check_all();
    prop_assert!(checked.is_ok(), "{:?}", checked);
    prop_assert_eq!(books(&sqlite).await, books(&memory).await);
    Ok(went_well)
}

/// `PROPTEST_CASES=3000` looks longer.
fn config() -> ProptestConfig {
    let chosen = ProptestConfig::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { chosen.cases } else { 64 };
    ProptestConfig { cases, failure_persistence: None, ..chosen }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn sqlite_keeps_the_books_as_the_model_does(operations in prop::collection::vec(operation(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(compare(operations))?;
    }
}

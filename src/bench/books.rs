//! Books with a million people in a campaign: how long it takes to claim what is due next and to decide about it, and how many
//! statements an attempt costs.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use super::crowd::Crowd;
use super::process::peak_kb;
use super::seen::{Spread, Times};
use crate::books::*;
use crate::campaign::{Then, Turn, plan_first, plan_next, turn};
use crate::cli::{SHIPPED_LADDER, shipped_flows};
use crate::flow;
use crate::flow::program::FlowHash;
use crate::id::{CampaignId, ContactId};
use crate::ladder::{self, Ladder};
use crate::outcome::{Channel, Disposition};
use crate::store::{SqliteStore, Store};
use crate::time::{Clock, Wall};

/// What `ringback bench-books` is told.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The database is made here.
    #[arg(long)]
    dir: PathBuf,
    #[arg(long, default_value_t = 1_000_000)]
    contacts: u64,
    /// Attempts that are made.
    #[arg(long, default_value_t = 5_000)]
    attempts: usize,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Books {
    pub contacts: u64,
    pub import_s: f64,
    pub enrol_s: f64,
    pub database_mb: f64,
    /// To claim one attempt and decide about it.
    pub claim_one: Spread,
    /// To claim as many at once as an engine of 100 calls a second does, and to decide about all.
    pub claim_many: Spread,
    pub claimed_at_once: u32,
    pub attempts: u64,
    /// Of an attempt, from its claim to what comes next; claims of [`Books::claimed_at_once`].
    pub statements: f64,
    pub peak_kb: u64,
}

/// The number shown.
const SHOWN: &str = "+74950000001";
const PAGE: u32 = 5_000;
const LEASE: Duration = Duration::from_secs(300);
const CLAIMED_AT_ONCE: u32 = 150;

/// Prints [`Books`] as JSON.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let books = runtime.block_on(measure(args))?;
    println!("{}", serde_json::to_string(&books)?);
    Ok(())
}

struct House {
    store: SqliteStore,
    campaign: CampaignId,
    ladder: Ladder,
    /// By name.
    flows: Vec<(String, FlowHash)>,
    clock: Clock,
}

async fn measure(args: &Args) -> anyhow::Result<Books> {
    let path = args.dir.join("books.db");
    let clock = Clock::system();
    let ladder = ladder::compile(SHIPPED_LADDER).0.context("the shipped ladder compiles")?;
    // A Monday; people joined over the two weeks before it, at all hours.
    let start: Wall = "2026-11-23T09:00Z".parse()?;
    let store = SqliteStore::open(&path).await?;
    let begun = clock.mono();
    import(&store, args.contacts, start).await?;
    let import_s = clock.mono().since(begun).as_secs_f64();

    let sources = shipped_flows();
    let mut versions = Vec::new();
    for name in ladder.flows() {
        let source = sources.get(name).with_context(|| format!("the flow {name} is shipped"))?;
        let program = flow::compile(source).program.with_context(|| format!("the flow {name} compiles"))?;
        versions.push(FlowVersion::of(&program, source));
    }
    let flows = versions.iter().map(|version| (version.name.clone(), version.hash.clone())).collect();
    let campaign = store.create_campaign("bench", SHIPPED_LADDER, &versions, start).await?;
    let house = House { store, campaign, ladder, flows, clock };
    let begun = house.clock.mono();
    house.enrol(start).await?;
    let enrol_s = house.clock.mono().since(begun).as_secs_f64();
    house.store.set_campaign_state(campaign, CampaignState::Running, start).await?;

    let (claim_one, _) = house.attempts(start, args.attempts / 5, 1).await?;
    let before = house.store.counters().statements;
    let (claim_many, attempts) =
        house.attempts(start + Duration::from_secs(60), args.attempts, CLAIMED_AT_ONCE).await?;
    let statements = house.store.counters().statements - before;
    Ok(Books {
        contacts: args.contacts,
        import_s,
        enrol_s,
        database_mb: size_mb(&path)?,
        claim_one,
        claim_many,
        claimed_at_once: CLAIMED_AT_ONCE,
        attempts,
        statements: statements as f64 / attempts.max(1) as f64,
        peak_kb: peak_kb().unwrap_or(0),
    })
}

async fn import(store: &SqliteStore, contacts: u64, start: Wall) -> anyhow::Result<()> {
    let crowd = Crowd::new(start);
    for first in (0..contacts).step_by(PAGE as usize) {
        let rows: Vec<NewContact> = (first..contacts.min(first + u64::from(PAGE))).map(|n| crowd.person(n)).collect();
        store.import(&rows, start).await?;
    }
    Ok(())
}

fn size_mb(path: &Path) -> anyhow::Result<f64> {
    Ok(std::fs::metadata(path).context("the database is there")?.len() as f64 / 1e6)
}

impl House {
    async fn enrol(&self, start: Wall) -> anyhow::Result<()> {
        let mut after = ContactId(0);
        loop {
            let page = self.store.not_enrolled(self.campaign, after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.contact.id;
            let joined = |contact: ContactId| start - Duration::from_secs(contact.0 as u64 * 7_919 % (14 * 86_400));
            let batch: Vec<Enrolment> = page
                .iter()
                .map(|standing| {
                    let contact = standing.contact.id;
                    Enrolment { contact, next: plan_first(&self.ladder, standing, joined(contact)) }
                })
                .collect();
            self.store.enrol(self.campaign, &batch, start).await?;
        }
    }

    /// Claims, decides, and writes what the engine writes for a call that nobody answers.
    async fn attempts(&self, now: Wall, attempts: usize, at_once: u32) -> anyhow::Result<(Spread, u64)> {
        let mut took = Times::default();
        let mut made = 0;
        while made < attempts as u64 {
            let begun = self.clock.mono();
            let claimed = self.store.claim_due(now, now + LEASE, &[(self.campaign, at_once)]).await?;
            let turns: Vec<_> = claimed.iter().map(|c| turn(&self.ladder, &c.standing, &c.attempt.plan, now)).collect();
            took.add(self.clock.mono().since(begun).as_micros() as u64);
            anyhow::ensure!(!claimed.is_empty(), "nothing is due any more after {made} attempts");
            made += claimed.len() as u64;
            // As they come from an engine: calls go live and end side by side, and share commits.
            let writes = claimed.into_iter().zip(turns).map(|(claimed, turn)| self.make(claimed, turn, now));
            let mut all = tokio::task::JoinSet::new();
            for groups in writes {
                let store = self.store.clone();
                all.spawn(async move {
                    for group in groups? {
                        store.apply(&group).await?;
                    }
                    anyhow::Ok(())
                });
            }
            while let Some(result) = all.join_next().await {
                result??;
            }
        }
        Ok((took.spread(), made))
    }

    /// The groups that are written of one attempt, one after another.
    fn make(&self, claimed: Claimed, turn: Turn, now: Wall) -> anyhow::Result<Vec<Vec<Write>>> {
        let Claimed { attempt, mut standing } = claimed;
        let id = attempt.id;
        let (disposition, before): (Disposition, Vec<Vec<Write>>) = match (turn, attempt.channel) {
            (Turn::Go, Channel::Voice) => {
                let flow = self.ladder.flow_of(&attempt.plan).context("a call has a flow")?;
                let flow = self.flows.iter().find(|(name, _)| name == flow).context("pinned above")?.1.clone();
                let phone = crate::policy::phone_to_dial(&standing).context("policy has allowed it")?.id;
                let (policy, caller_id) = (self.ladder.rules.policy(&standing.contact), SHOWN.parse()?);
                let live = Write::Live { attempt: id, phone, flow, policy, caller_id, at: now };
                (Disposition::NoAnswer, vec![vec![live]])
            }
            (Turn::Go, _) => (Disposition::Queued, Vec::new()),
            (Turn::NotNow { then: Then::Later { due_at, why }, .. }, _) => {
                return Ok(vec![vec![Write::Reschedule { attempt: id, due_at, why }]]);
            }
            (_, _) => (Disposition::Cancelled, Vec::new()),
        };
        let outcome = Outcome { ring_ms: 30_000, ..Outcome::of(disposition) };
        let past = PastAttempt {
            whose: Whose::Contact,
            node: None,
            channel: attempt.channel,
            step: attempt.plan.step,
            try_number: attempt.plan.try_number,
            at: now,
            phone: None,
            disposition,
            blame: outcome.blame,
            answered_by: None,
            right_party: false,
            abandoned_at: None,
        };
        standing.past.push(past.clone());
        standing.past_here.push(past);
        let next = plan_next(&self.ladder, &standing, &attempt.plan, disposition, now);
        let mut groups = before;
        groups.push(vec![Write::Finish { attempt: id, outcome, at: now, next }]);
        Ok(groups)
    }
}

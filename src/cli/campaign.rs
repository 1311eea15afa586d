//! `ringback campaign create | start | pause | stop | status`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};

use crate::books::{CampaignState, Close, Enrolment, FlowVersion, Next, Standing};
use crate::call::rehearse::rehearse;
use crate::diagnostic::{Diagnostic, render_all};
use crate::engine::CampaignPlan;
use crate::flow::program::Program;
use crate::id::{AttemptId, CampaignId, ContactId};
use crate::ladder::Ladder;
use crate::store::Store;
use crate::time::Wall;
use crate::{flow, ladder, serve};

#[derive(clap::Subcommand)]
pub enum Command {
    /// Compile a ladder and its flows, run the flows' tests, and pin them to a new campaign.
    Create {
        name: String,
        /// The ladder: whom, when, by which channel, what next.
        #[arg(long)]
        ladder: PathBuf,
        /// The folder in which the ladder's flows lie.
        #[arg(long, default_value = "flows")]
        flows: PathBuf,
    },
    /// Take in the contacts that are not in the campaign yet, and let `ringback serve` dial.
    Start { name: String },
    /// Dial nobody new; calls in the air end by themselves. `start` goes on.
    Pause { name: String },
    /// For good: open attempts are cancelled.
    Stop { name: String },
    /// Where every campaign stands.
    Status { name: Option<String> },
}

pub async fn run(config: &Path, command: &Command) -> anyhow::Result<()> {
    let (_, store, clock) = super::open(config).await?;
    let now = clock.now().wall;
    match command {
        Command::Create { name, ladder, flows } => {
            let sources = Sources::read(ladder, flows)?;
            create(&*store, name, &sources, now).await?;
            println!("campaign {name} is created; `ringback campaign start {name}` takes in its contacts");
        }
        Command::Start { name } => {
            let taken = start(&*store, name, now).await?;
            print!("{taken}");
            println!("campaign {name} is running; `ringback serve` dials");
        }
        Command::Pause { name } => {
            set_state(&*store, name, CampaignState::Paused, now).await?;
            println!("campaign {name} is paused; calls in the air end by themselves");
        }
        Command::Stop { name } => {
            set_state(&*store, name, CampaignState::Stopped, now).await?;
            println!("campaign {name} is stopped for good");
        }
        Command::Status { name } => status(&*store, name.as_deref(), now).await?,
    }
    Ok(())
}

/// A ladder and the flows it names, read and found good.
pub(super) struct Sources {
    pub ladder: String,
    pub flows: Vec<FlowVersion>,
}

impl Sources {
    fn read(ladder_path: &Path, flows_dir: &Path) -> anyhow::Result<Sources> {
        let read =
            |path: &Path| std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()));
        let source = read(ladder_path)?;
        let ladder = checked_ladder(&source, &ladder_path.display().to_string())?;
        let mut flows = Vec::new();
        for name in ladder.flows() {
            let path = flows_dir.join(format!("{name}.yaml"));
            let flow_source = read(&path).with_context(|| format!("the ladder names the flow {name}"))?;
            flows.push(checked_flow(&flow_source, &path.display().to_string())?);
        }
        Ok(Sources { ladder: source, flows })
    }

    /// From texts instead of files; `flows` by name.
    pub fn shipped(ladder_source: &str, flows: &BTreeMap<&str, &str>) -> anyhow::Result<Sources> {
        let ladder = checked_ladder(ladder_source, "the shipped ladder")?;
        let mut versions = Vec::new();
        for name in ladder.flows() {
            let source = flows.get(name).with_context(|| format!("the shipped ladder names the flow {name}"))?;
            versions.push(checked_flow(source, name)?);
        }
        Ok(Sources { ladder: ladder_source.to_string(), flows: versions })
    }
}

fn checked_ladder(source: &str, file: &str) -> anyhow::Result<Ladder> {
    let (ladder, diagnostics) = ladder::compile(source);
    report(&diagnostics, file, source);
    ladder.with_context(|| format!("{file} has errors; no campaign was created"))
}

/// A flow with errors or failing tests cannot be pinned.
fn checked_flow(source: &str, file: &str) -> anyhow::Result<FlowVersion> {
    let compiled = flow::compile(source);
    report(&compiled.diagnostics, file, source);
    let program = compiled.program.with_context(|| format!("{file} has errors; no campaign was created"))?;
    let program = Arc::new(program);
    for test in &compiled.tests {
        if let Err(failure) = rehearse(&program, test) {
            bail!(
                "{file}: test \"{}\" fails; no campaign was created\n{}\n{}",
                test.name,
                failure.message,
                failure.transcript
            );
        }
    }
    Ok(FlowVersion {
        hash: program.hash.clone(),
        name: program.name.clone(),
        version: program.version,
        source: source.to_string(),
    })
}

fn report(diagnostics: &[Diagnostic], file: &str, source: &str) {
    if !diagnostics.is_empty() {
        eprintln!("{}", render_all(diagnostics, file, source));
    }
}

pub(super) async fn create(store: &impl Store, name: &str, sources: &Sources, now: Wall) -> anyhow::Result<CampaignId> {
    store.create_campaign(name, &sources.ladder, &sources.flows, now).await.with_context(|| format!("campaign {name}"))
}

/// How a campaign's contacts were taken in.
#[derive(Debug, Default)]
pub(super) struct Taken {
    pub scheduled: u64,
    /// Reason → how many, with one contact's words as an example.
    pub closed: BTreeMap<String, (u64, String)>,
}

impl std::fmt::Display for Taken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{} contacts have their first attempt", self.scheduled)?;
        for (reason, (count, example)) in &self.closed {
            writeln!(f, "{count} are not called ({reason}), for example: {example}")?;
        }
        Ok(())
    }
}

/// How many contacts are read and enrolled at a time.
const PAGE: u32 = 1_000;

pub(super) async fn start(store: &impl Store, name: &str, now: Wall) -> anyhow::Result<Taken> {
    let campaign = store.campaign(name).await?;
    if campaign.state == CampaignState::Stopped {
        bail!("campaign {name} was stopped for good; create a new one");
    }
    let plan = serve::load_plan(&campaign)?;
    let mut taken = Taken::default();
    let mut after = ContactId(0);
    loop {
        let page = store.not_enrolled(campaign.id, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.contact.id;
        let mut batch = Vec::with_capacity(page.len());
        for standing in &page {
            let next = first(&plan, standing, now);
            match &next {
                Next::Attempt(_) => taken.scheduled += 1,
                Next::Close(Close { reason, why }) => {
                    let entry = taken.closed.entry(reason.clone());
                    entry.or_insert_with(|| (0, format!("{}: {why}", standing.contact.external_id))).0 += 1;
                }
            }
            batch.push(Enrolment { contact: standing.contact.id, next });
        }
        store.enrol(campaign.id, &batch, now).await?;
    }
    store.set_campaign_state(campaign.id, CampaignState::Running, now).await?;
    Ok(taken)
}

/// The first attempt, unless the contact lacks a value that its flow must have.
fn first(plan: &CampaignPlan, standing: &Standing, now: Wall) -> Next {
    let next = crate::campaign::plan_first(&plan.ladder, standing, now);
    let Next::Attempt(attempt) = &next else { return next };
    let program: Option<&Program> =
        plan.ladder.flow_of(attempt).and_then(|flow| plan.programs.get(flow)).map(AsRef::as_ref);
    let Some(program) = program else { return next };
    let contact = &standing.contact;
    match program.bind(program.language_for(contact.language), |field| contact.field(field)) {
        Ok(_) => next,
        Err(errors) => {
            let why = errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
            Next::Close(Close::new("excluded", why))
        }
    }
}

async fn set_state(store: &impl Store, name: &str, state: CampaignState, now: Wall) -> anyhow::Result<()> {
    let campaign = store.campaign(name).await?;
    if campaign.state == CampaignState::Stopped {
        bail!("campaign {name} was stopped for good");
    }
    Ok(store.set_campaign_state(campaign.id, state, now).await?)
}

async fn status(store: &impl Store, name: Option<&str>, now: Wall) -> anyhow::Result<()> {
    let campaigns = match name {
        Some(name) => vec![store.campaign(name).await?],
        None => store.campaigns().await?,
    };
    if campaigns.is_empty() {
        println!("no campaign yet; `ringback campaign create` makes one");
    }
    let next = store.next_due().await?;
    for campaign in campaigns {
        let mut states: BTreeMap<&str, u64> = BTreeMap::new();
        let mut after = AttemptId(0);
        loop {
            let page = store.attempts(Some(campaign.id), after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.id;
            for attempt in &page {
                *states.entry(attempt.state.as_str()).or_default() += 1;
            }
        }
        let counts: Vec<String> = states.iter().map(|(state, n)| format!("{n} {state}")).collect();
        println!("{}: {}; attempts: {}", campaign.name, campaign.state, counts.join(", "));
    }
    match next {
        Some(due) if due <= now => println!("attempts are due now"),
        Some(due) => println!("next attempt is due at {due}"),
        None => {}
    }
    Ok(())
}

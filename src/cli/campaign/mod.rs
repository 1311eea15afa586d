//! `ringback campaign create | forecast | dry-run | people | start | priority | render | use-flow | use-ladder | pause | stop | status`.

mod estimate;
mod outlook;
mod recordings;
pub(super) mod render;
mod sources;
mod status;
mod use_flow;
mod use_ladder;
mod waiting;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::books::{CampaignState, Close, Enrolment, FlowRef, Holding, Next, Priority, Standing};
use crate::engine::CampaignPlan;
use crate::flow::program::Program;
use crate::id::{CampaignId, ContactId};
use crate::outcome::Channel;
use crate::serve::{self, Numbers};
use crate::store::Store;
use crate::time::Wall;

use outlook::Told;
pub(super) use sources::Sources;
pub(super) use waiting::run as waiting;

#[derive(clap::Subcommand)]
pub enum Command {
    /// Pin a ladder and the flows that it names to a new campaign: each flow's latest published version, or what lies in
    /// a folder.
    Create {
        name: String,
        /// The ladder: whom, when, by which channel, what next.
        #[arg(long)]
        ladder: PathBuf,
        /// Publish the ladder's flows from this folder first, as `ringback flow publish` does, and pin those.
        #[arg(long, conflicts_with = "flow")]
        flows: Option<PathBuf>,
        /// Not the latest version of this flow but another: NAME@VERSION or NAME#HASH. May be given several times.
        #[arg(long)]
        flow: Vec<FlowRef>,
        /// Its weight when campaigns share lines, 1 to 10: one of 10 is given twice the lines of one of 5.
        #[arg(long, default_value = "5")]
        priority: Priority,
    },
    /// Change a campaign's weight when campaigns share lines, 1 to 10. Holds at once, also while `ringback serve` dials.
    Priority { name: String, priority: Priority },
    /// Take in the contacts that are not in the campaign yet, and let `ringback serve` dial.
    Start { name: String },
    /// Move a campaign to another published version of a flow. Calls dialled from then on use it; those in the air end as
    /// they began.
    UseFlow {
        name: String,
        /// NAME (the latest version), NAME@VERSION or NAME#HASH.
        flow: FlowRef,
    },
    /// Move a campaign to another version of its ladder, with the same steps and segments: other delays, retries, conditions, texts.
    UseLadder { name: String, ladder: PathBuf },
    /// Make the audio that the campaign's calls may need, before it is needed. Goes on while `ringback serve` dials.
    Render {
        name: String,
        /// Only say what it would cost, message by message, as it is rendered and as it could be. A few texts of each language
        /// are rendered, and kept, to learn how fast its voice is.
        #[arg(long)]
        estimate: bool,
    },
    /// Before the start: how many are called and how many are not by which rule, calls by hour, lines needed, when it is over,
    /// what it costs.
    Forecast(outlook::Arguments),
    /// Play the next days in virtual time against a model of people: calls, promises and payments day by day.
    DryRun(outlook::Arguments),
    /// The model of people that forecasts take by default: a file to begin your own with.
    People,
    /// Dial nobody new; calls in the air end by themselves. `start` goes on.
    Pause { name: String },
    /// For good: open attempts are cancelled.
    Stop { name: String },
    /// Where every campaign stands.
    Status { name: Option<String> },
}

pub async fn run(config: &Path, command: &Command) -> anyhow::Result<()> {
    if matches!(command, Command::People) {
        print!("{}", crate::forecast::DEFAULT);
        return Ok(());
    }
    let (config, store, clock) = super::open(config).await?;
    let now = clock.now().wall;
    let out = &mut std::io::stdout();
    match command {
        Command::Forecast(told) => outlook::run(&*store, &config, told, Told::Forecast, now, out).await?,
        Command::DryRun(told) => outlook::run(&*store, &config, told, Told::DryRun, now, out).await?,
        Command::People => {}
        Command::Create { name, ladder, flows, flow, priority } => {
            let sources = match flows {
                Some(folder) => Sources::read(ladder, folder)?,
                None => Sources::published(&*store, ladder, flow).await?,
            };
            sources.held_against(&config)?;
            super::voices(&config, &clock)?;
            let id = create(&*store, name, &sources, now).await?;
            store.set_priority(id, *priority).await?;
            for flow in &sources.flows {
                println!("pinned: {flow}");
            }
            println!("campaign {name} is created; `ringback campaign start {name}` takes in its contacts");
        }
        Command::Start { name } => {
            super::import::mend(&config, &*store, now, out).await?;
            let campaign = store.campaign(name).await?;
            for line in recordings::lacking(&*store, &super::voices(&config, &clock)?, &campaign, now).await? {
                println!("{line}");
            }
            let plan = serve::load_plan(&campaign)?;
            let programs: Vec<_> = plan.programs.values().cloned().collect();
            sources::lawful(&config, &plan.ladder, &programs)?;
            sources::never_silent(&plan.ladder, &programs)?;
            let taken = start(&*store, &serve::numbers(&config), name, now).await?;
            print!("{taken}");
            println!("campaign {name} is running; `ringback serve` dials");
        }
        Command::Pause { name } => {
            set_state(&*store, name, CampaignState::Paused, now).await?;
            println!("campaign {name} is paused; calls in the air end by themselves");
        }
        Command::Render { name, estimate } => {
            let prompts = super::prompts(&config, &clock)?;
            render::run(&*store, &clock, &prompts, name, *estimate, &mut std::io::stdout()).await?;
        }
        Command::Stop { name } => {
            set_state(&*store, name, CampaignState::Stopped, now).await?;
            crate::voice::unpin(&config.cache_dir, name)?;
            println!("campaign {name} is stopped for good");
        }
        Command::Priority { name, priority } => {
            let campaign = store.campaign(name).await?;
            store.set_priority(campaign.id, *priority).await?;
            println!("campaign {name} has priority {priority}; before: {}", campaign.priority);
        }
        Command::UseFlow { name, flow } => {
            sources::lawful_after_move(&config, &*store, name, flow).await?;
            use_flow::run(&*store, name, flow, now, &mut std::io::stdout()).await?;
        }
        Command::UseLadder { name, ladder } => {
            use_ladder::run(&*store, &config, name, ladder, now, &mut std::io::stdout()).await?;
        }
        Command::Status { name } => status::run(&*store, name.as_deref(), now, &mut std::io::stdout()).await?,
    }
    Ok(())
}

pub(super) async fn create(store: &impl Store, name: &str, sources: &Sources, now: Wall) -> anyhow::Result<CampaignId> {
    let ladder = crate::ladder::compile(&sources.ladder).0.context("the ladder was read without an error")?;
    if let Some(version) = super::ladder::version_of(&ladder, &sources.ladder) {
        store.publish_ladder(&version, now).await.with_context(|| format!("campaign {name}"))?;
    }
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

/// `numbers`: whom the config lets be dialled.
pub(super) async fn start(store: &impl Store, numbers: &Numbers, name: &str, now: Wall) -> anyhow::Result<Taken> {
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
            let next = may_be_dialled(numbers, &plan, standing, first(&plan, standing, now));
            match &next {
                Next::Attempt(_) => taken.scheduled += 1,
                Next::Close(Close { reason, why, .. }) => {
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

/// A call to nobody who may be dialled is not planned: the contact is closed at once, with the reason.
fn may_be_dialled(numbers: &Numbers, campaign: &CampaignPlan, standing: &Standing, next: Next) -> Next {
    match &next {
        Next::Attempt(plan) if plan.channel == Channel::Voice => {
            match numbers.barred(&campaign.ladder.numbers, standing) {
                Some(barred) => Next::Close(Close::new(barred.reason, barred.why)),
                None => next,
            }
        }
        Next::Attempt(_) | Next::Close(_) => next,
    }
}

/// What slows or stops dialling, as the running service last said; with a name, of that campaign and of what all have in common.
fn held(holding: &[Holding], campaign: Option<&str>, now: Wall) -> Vec<String> {
    let of_other = |about: &str| {
        let whose = about.strip_prefix("campaign ");
        whose.is_some_and(|whose| campaign.is_some_and(|name| name != whose))
    };
    let told = holding.iter().filter(|held| !of_other(&held.about)).map(|held| {
        let age = now.since(held.at);
        let old = match age > HOLDING_AGE_MAX {
            true => format!(" (said {} minutes ago; is `ringback serve` running?)", age.as_secs() / 60),
            false => String::new(),
        };
        format!("{} {}{old}", held.about, held.says)
    });
    told.collect()
}

/// A running service says again within seconds what holds it.
const HOLDING_AGE_MAX: std::time::Duration = std::time::Duration::from_secs(60);

async fn set_state(store: &impl Store, name: &str, state: CampaignState, now: Wall) -> anyhow::Result<()> {
    let campaign = store.campaign(name).await?;
    if campaign.state == CampaignState::Stopped {
        bail!("campaign {name} was stopped for good");
    }
    Ok(store.set_campaign_state(campaign.id, state, now).await?)
}

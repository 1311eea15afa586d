//! `ringback campaign forecast | dry-run`: what becomes of a list, before it is called.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};

use super::{PAGE, first, may_be_dialled, sources};
use crate::books::{AgentHour, CampaignState, Close, NewContact, Next, Spent, Standing};
use crate::campaign::{Spending, Trunks, plan_first};
use crate::config::Config;
use crate::diagnostic::render_all;
use crate::forecast::{Agents, Learning, Lines, List, Outlook, People, Purse, Scene, play};
use crate::id::{AttemptId, CampaignId, ContactId};
use crate::import::{ContactReader, Defaults, Encoding, decoded};
use crate::ladder::Ladder;
use crate::language::Language;
use crate::money::Currency;
use crate::price::Price;
use crate::serve;
use crate::store::Store;
use crate::time::{Mono, Wall, Zone};

const DAYS_MAX: u32 = 366;
const SLEEPERS_MAX: u32 = 20_000;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A campaign: those whom `start` would take in, and those whom it works on.
    #[arg(required_unless_present = "contacts")]
    name: Option<String>,
    /// No campaign but a CSV, which is not imported; the columns are those of `ringback import`.
    #[arg(long, requires = "ladder", conflicts_with = "name")]
    contacts: Option<PathBuf>,
    /// …by this ladder.
    #[arg(long, requires = "contacts")]
    ladder: Option<PathBuf>,
    /// Days that are played, 1 to 366.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=i64::from(DAYS_MAX)))]
    days: u32,
    /// How people behave: `default`, `books` (learnt from the attempts made so far), or a YAML file of rates;
    /// `ringback campaign people` prints the default.
    #[arg(long, default_value = "default")]
    people: String,
    /// The same seed gives the same days.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// In place of the config's.
    #[arg(long)]
    channels_max: Option<u32>,
    /// In place of the config's.
    #[arg(long)]
    cps_max: Option<u32>,
    /// What things cost, all in one currency: `sms=3 RUB`; also email, human, letter, visit, agent_hour. Calls cost what the config's
    /// tariffs say, unless `call=0.10 RUB` or `minute=1.20 RUB` is given. May be given several times.
    #[arg(long)]
    price: Vec<Price>,
    /// Talk is charged in whole steps of so many seconds, 1 to 3,600, in place of the tariff's; 60 without one.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=3600))]
    billed_by_s: Option<u32>,
    /// For a ladder with `pacing`: so many agents in place of the config's.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    agents: Option<u32>,
    /// When the play begins, for example 2026-11-23T09:00+03:00; by default now.
    #[arg(long)]
    start: Option<Wall>,
    /// For programs.
    #[arg(long)]
    json: bool,
    /// Of the CSV: `utf-8`, `utf-16le`, `utf-16be` or `windows-1251`.
    #[arg(long, default_value = "utf-8", requires = "contacts")]
    encoding: Encoding,
    /// For rows of the CSV without a language.
    #[arg(long, requires = "contacts")]
    language: Option<Language>,
    /// For rows without a zone.
    #[arg(long, requires = "contacts")]
    zone: Option<Zone>,
    /// For rows without a creditor.
    #[arg(long, requires = "contacts")]
    creditor: Option<String>,
    /// For rows without a currency.
    #[arg(long, requires = "contacts")]
    currency: Option<Currency>,
}

/// What is told of a play.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// Before the start: whom, when, how many lines.
    Forecast,
    /// Day by day.
    DryRun,
}

pub(super) async fn run(
    store: &impl Store,
    config: &Config,
    arguments: &Arguments,
    told: Told,
    now: Wall,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let start = arguments.start.unwrap_or(now);
    let people = people(store, &arguments.people).await?;
    let trunks = Trunks::new(serve::trunk_plans(config), config.budget.is_some(), Mono::ZERO);
    let prices = crate::cli::prices(&arguments.price, arguments.billed_by_s, &trunks)?;
    // Those of all trunks together: which call goes over which is not played.
    let all = |each: fn(&crate::config::Trunk) -> u32| config.trunks.iter().map(each).sum();
    let lines = Lines {
        channels_max: arguments.channels_max.unwrap_or_else(|| all(|trunk| trunk.channels_max)),
        cps_max: arguments.cps_max.unwrap_or_else(|| all(|trunk| trunk.cps_max)),
    };
    let (name, ladder, list) = match (&arguments.name, &arguments.contacts, &arguments.ladder) {
        (Some(name), ..) => {
            let (ladder, list) = of_campaign(store, config, name, start, arguments.days).await?;
            (name.clone(), ladder, list)
        }
        (None, Some(contacts), Some(ladder)) => {
            let (_, ladder) = sources::read_ladder(ladder)?;
            let list = of_file(config, contacts, arguments, &ladder, start)?;
            (contacts.display().to_string(), Arc::new(ladder), list)
        }
        (None, ..) => bail!("a campaign's name, or --contacts FILE and --ladder FILE"),
    };
    if list.is_empty() {
        writeln!(out, "{name}: nobody is in it, or it is done with everybody")?;
        return Ok(());
    }
    let days = arguments.days;
    let (spent, past) = before(store, config, arguments.name.as_deref(), start).await?;
    let agents = agents(config, arguments, &ladder, past)?;
    // A file is no campaign yet: it has the limits of all campaigns, and none of its own.
    let campaign = spent.campaign;
    let own = arguments.name.as_deref().unwrap_or_default();
    let purse = config.budget.as_ref().map(|budget| Purse { budget, campaign, name: own, spent: &spent.spent });
    let scene = Scene {
        ladder: &ladder,
        people: &people,
        lines,
        prices,
        trunks: Some(&trunks),
        purse,
        agents: agents.as_ref(),
        start,
        days,
        seed: arguments.seed,
    };
    let due: Option<Outlook> = match told {
        Told::Forecast => Some(play(list.clone(), &Scene { lines: Lines::WITHOUT_END, ..scene.clone() })?),
        Told::DryRun => None,
    };
    let outlook = play(list, &scene)?;
    if arguments.json {
        writeln!(out, "{:#}", outlook.json(due.as_ref(), &name, lines))?;
        return Ok(());
    }
    let text = match &due {
        Some(due) => outlook.forecast(due, &name, lines),
        None => outlook.dry_run(&name, lines),
    };
    write!(out, "{text}")?;
    Ok(())
}

/// Money that is spent when the play begins.
struct Before {
    campaign: CampaignId,
    spent: Vec<Spent>,
}

/// …and who found agents in the 30 days before it.
async fn before(
    store: &impl Store,
    config: &Config,
    campaign: Option<&str>,
    start: Wall,
) -> anyhow::Result<(Before, Vec<AgentHour>)> {
    let campaign = match campaign {
        Some(name) => store.campaign(name).await?.id,
        None => CampaignId(0),
    };
    let spent = match &config.budget {
        Some(budget) => store.spent(Spending::day_began(budget, start)).await?,
        None => Vec::new(),
    };
    let month = start - Duration::from_secs(30 * 86_400);
    let mut past = store.agent_hours(month).await?;
    past.retain(|hour| hour.campaign == campaign);
    Ok((Before { campaign, spent }, past))
}

/// Of the queue that the ladder is paced for, if it is.
fn agents(
    config: &Config,
    arguments: &Arguments,
    ladder: &Ladder,
    past: Vec<AgentHour>,
) -> anyhow::Result<Option<Agents>> {
    let Some(pacing) = &ladder.pacing else {
        anyhow::ensure!(arguments.agents.is_none(), "--agents: ladder {} has no `pacing`", ladder.name);
        return Ok(None);
    };
    let staffing = serve::staffing(config).into_iter().find(|(name, _)| *name == pacing.queue).map(|(_, of)| of);
    let listed = staffing.as_ref().map_or(0, |staffing| staffing.agents.len() as u32);
    let count = arguments.agents.unwrap_or(listed);
    if count == 0 {
        bail!(
            "ladder {} is paced for the agents of the queue {}, which has none in the config: name them under `queues`, or give --agents N",
            ladder.name,
            pacing.queue
        );
    }
    Ok(Some(Agents { count, hours: staffing.and_then(|staffing| staffing.hours), past }))
}

async fn people(store: &impl Store, named: &str) -> anyhow::Result<People> {
    match named {
        "default" => Ok(People::default_model()),
        "books" => learnt(store).await,
        file => {
            let source = std::fs::read_to_string(file).with_context(|| format!("--people {file}: cannot read it"))?;
            People::read(&source).map_err(|found| anyhow::anyhow!("--people:\n{}", render_all(&found, file, &source)))
        }
    }
}

async fn learnt(store: &impl Store) -> anyhow::Result<People> {
    let mut zones: HashMap<ContactId, Zone> = HashMap::new();
    let mut after = ContactId(0);
    loop {
        let page = store.contacts(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.id;
        zones.extend(page.into_iter().map(|contact| (contact.id, contact.zone)));
    }
    let mut learning = Learning::default();
    let mut after = AttemptId(0);
    loop {
        let page = store.attempts(None, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.id;
        for attempt in &page {
            if let Some(zone) = zones.get(&attempt.contact) {
                learning.add(attempt, zone);
            }
        }
    }
    store.promises().await?.iter().for_each(|promise| learning.promise(promise));
    learning.people(&People::default_model()).context("--people books")
}

/// Page by page; what is kept of a person is small.
async fn of_campaign(
    store: &impl Store,
    config: &Config,
    name: &str,
    start: Wall,
    days: u32,
) -> anyhow::Result<(Arc<Ladder>, List)> {
    let campaign = store.campaign(name).await?;
    if campaign.state == CampaignState::Stopped {
        bail!("campaign {name} was stopped for good: nobody is contacted any more");
    }
    let plan = serve::load_plan(&campaign)?;
    let numbers = serve::numbers(config);
    let mut list = List::default();
    let mut after = AttemptId(0);
    loop {
        let page = store.open_attempts(campaign.id, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.attempt.id;
        for open in page {
            let next = Next::Attempt(open.attempt.plan);
            add(&mut list, &open.standing, &next, config)?;
        }
    }
    // All who wake within the play, at once: the store gives them by the hour of waking, not by a place to go on from.
    let end = start + Duration::from_secs(86_400 * u64::from(days));
    let sleepers = store.sleepers(end, SLEEPERS_MAX).await?;
    if sleepers.len() == SLEEPERS_MAX as usize {
        eprintln!(
            "warning: of those who have promised, only the {SLEEPERS_MAX} whose promises are due first are played"
        );
    }
    for sleeper in sleepers.iter().filter(|sleeper| sleeper.campaign == campaign.id) {
        list.add_sleeper(sleeper, |number| config.may_dial(number))
            .with_context(|| format!("contact {}", sleeper.standing.contact.external_id))?;
    }
    let elsewhere = worked_on_elsewhere(store, campaign.id).await?;
    let mut after = ContactId(0);
    loop {
        let page = store.not_enrolled(campaign.id, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.contact.id;
        for standing in &page {
            let next = match may_be_dialled(&numbers, &plan, standing, first(&plan, standing, start)) {
                Next::Attempt(_) if elsewhere.contains(&standing.contact.id) => Next::Close(Close::in_other_campaign()),
                next => next,
            };
            add(&mut list, standing, &next, config)?;
        }
    }
    Ok((plan.ladder, list))
}

/// Those whom this campaign would not take in.
async fn worked_on_elsewhere(store: &impl Store, here: CampaignId) -> anyhow::Result<HashSet<ContactId>> {
    let mut found = HashSet::new();
    for campaign in store.campaigns().await?.iter().filter(|c| c.id != here) {
        let mut after = AttemptId(0);
        loop {
            let page = store.open_attempts(campaign.id, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.attempt.id;
            found.extend(page.iter().map(|open| open.attempt.contact));
        }
    }
    Ok(found)
}

fn of_file(
    config: &Config,
    contacts: &Path,
    arguments: &Arguments,
    ladder: &Ladder,
    start: Wall,
) -> anyhow::Result<List> {
    let shown = contacts.display();
    let file = File::open(contacts).with_context(|| format!("{shown} cannot be opened"))?;
    let defaults = Defaults {
        language: arguments.language,
        zone: arguments.zone.clone(),
        creditor: arguments.creditor.clone(),
        currency: arguments.currency,
        ..Defaults::default()
    };
    let mut reader =
        ContactReader::new(decoded(file, arguments.encoding), defaults).with_context(|| shown.to_string())?;
    let mut list = List::default();
    let mut rejected = 0;
    // Several debts of a contact are lines that stand together.
    let mut debts = Together::default();
    let mut take = |contact: Option<NewContact>| -> anyhow::Result<()> {
        let Some(contact) = contact else { return Ok(()) };
        let standing = contact.unseen(list.len() as i64 + 1);
        add(&mut list, &standing, &plan_first(ladder, &standing, start), config)
    };
    while let Some(batch) = reader.batch(PAGE as usize).with_context(|| format!("{shown} cannot be read"))? {
        rejected += batch.lines_rejected;
        for contact in batch.contacts {
            take(debts.next(contact)?)?;
        }
    }
    take(debts.last.take())?;
    if rejected > 0 {
        eprintln!("warning: {rejected} lines of {shown} are left out; `ringback import` says what is wrong with them");
    }
    Ok(list)
}

fn add(list: &mut List, standing: &Standing, next: &Next, config: &Config) -> anyhow::Result<()> {
    list.add(standing, next, |number| config.may_dial(number))
        .with_context(|| format!("contact {}", standing.contact.external_id))
}

/// Lines of one contact, put together.
#[derive(Default)]
struct Together {
    last: Option<NewContact>,
    /// Contacts with several debts that are complete.
    complete: HashSet<String>,
}

impl Together {
    /// The contact before this line, if it is complete.
    fn next(&mut self, line: NewContact) -> anyhow::Result<Option<NewContact>> {
        match &mut self.last {
            Some(last) if last.external_id == line.external_id => {
                last.debts.extend(line.debts);
                Ok(None)
            }
            last => {
                if self.complete.contains(&line.external_id) {
                    bail!("the debts of contact {} stand apart in the file: sort it by contact_id", line.external_id);
                }
                let before = last.replace(line);
                if let Some(before) = before.as_ref().filter(|c| c.debts.iter().any(|d| !d.external_id.is_empty())) {
                    self.complete.insert(before.external_id.clone());
                }
                Ok(before)
            }
        }
    }
}

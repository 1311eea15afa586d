//! `ringback campaign render`: the audio that a campaign's calls may need, made before it is needed.
//!
//! A call is dialled only when its audio is ready, so nothing has to be rendered ahead; what is, is not waited for at the
//! moment of dialling. Runs beside `ringback serve`: both keep their clips in one folder.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::estimate::Estimate;
use super::{PAGE, first};
use crate::books::{AttemptState, Contact, Next, Plan};
use crate::call;
use crate::engine::CampaignPlan;
use crate::flow::program::{ContactValues, Program};
use crate::id::{AttemptId, CampaignId, ContactId};
use crate::outcome::Channel;
use crate::serve;
use crate::speech::Utterance;
use crate::store::Store;
use crate::time::{Clock, Wall};
use crate::voice::{Key, PromptCache};

/// Clips that are ordered at once: enough to keep every thread busy.
const CHUNK: usize = 256;
/// How many contacts may pass before what they need is pinned on disk.
const PIN_EVERY: u64 = 5_000;

/// What a rendering comes to.
#[derive(Debug, Default)]
pub(in crate::cli) struct RenderedAhead {
    pub contacts: u64,
    /// Distinct clips that their calls may play.
    pub clips: u64,
    /// Made now; the others were there.
    pub made: u64,
    /// Why contacts or clips cannot be spoken → how many.
    pub failed: BTreeMap<String, u64>,
    /// Words that a recorded voice lacks, by voice.
    pub missing: BTreeMap<String, BTreeSet<String>>,
    pub took: Duration,
}

/// One contact about to be rung.
pub(super) struct Due<'c> {
    pub program: &'c Program,
    pub values: ContactValues,
    pub context: call::Context,
}

pub(super) async fn run(
    store: &impl Store,
    clock: &Clock,
    prompts: &PromptCache,
    name: &str,
    estimate_only: bool,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    if estimate_only {
        let mut estimate = Estimate::default();
        let mut add = |due: Due<'_>| {
            estimate.add(&due, prompts);
            Ok(())
        };
        let contacts = each_due(store, clock.now().wall, name, &mut add).await?;
        return estimate.print(contacts, prompts, clock, out);
    }
    let done = render(store, clock, prompts, name).await?;
    writeln!(
        out,
        "{} contacts need {} clips: {} made now in {:.1} s, {} were there",
        done.contacts,
        done.clips,
        done.made,
        done.took.as_secs_f64(),
        done.clips.saturating_sub(done.made)
    )?;
    for (voice, words) in &done.missing {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        writeln!(out, "the voice {voice} has no recording of: {}; another voice says these clauses", words.join(", "))?;
    }
    for (why, count) in &done.failed {
        writeln!(out, "{count} times: {why}")?;
    }
    anyhow::ensure!(done.failed.is_empty(), "not all audio could be made; the contacts it is for will not be dialled");
    Ok(())
}

/// Renders what is not there, with a bar on a terminal. What the campaign needs is pinned until the campaign is over.
pub(in crate::cli) async fn render(
    store: &impl Store,
    clock: &Clock,
    prompts: &PromptCache,
    name: &str,
) -> anyhow::Result<RenderedAhead> {
    let start = clock.now();
    let mut done = RenderedAhead::default();
    let mut keys: BTreeSet<Key> = BTreeSet::new();
    let mut chunk: Vec<Utterance> = Vec::with_capacity(CHUNK);
    let bar = bar();
    let make = |chunk: &mut Vec<Utterance>, done: &mut RenderedAhead| {
        let (made, errors) = prompts.make(chunk);
        done.made += made;
        for error in errors {
            *done.failed.entry(error.to_string()).or_default() += 1;
        }
        chunk.clear();
        let unsaved = prompts.counters().unsaved;
        anyhow::ensure!(
            unsaved == 0,
            "{unsaved} clips could not be kept on disk: the log says why; the rest is not rendered"
        );
        Ok(())
    };
    let mut contacts = 0u64;
    let mut each = |due: Due<'_>| {
        contacts += 1;
        match call::prompts_needed(due.program, &due.values, &due.context) {
            Ok(needed) => {
                for utterance in needed {
                    let Ok(key) = prompts.key(&utterance) else {
                        chunk.push(utterance);
                        continue;
                    };
                    if keys.insert(key) {
                        if utterance.audio.is_none()
                            && let Some((voice, words)) = prompts.voices().missing(&utterance)
                        {
                            done.missing.entry(voice.to_owned()).or_default().extend(words);
                        }
                        chunk.push(utterance);
                    }
                    if chunk.len() >= CHUNK {
                        make(&mut chunk, &mut done)?;
                    }
                }
            }
            Err(why) => *done.failed.entry(why.to_string()).or_default() += 1,
        }
        if contacts.is_multiple_of(PIN_EVERY) {
            prompts.pin(name, &keys, true)?;
        }
        bar.inc(1);
        bar.set_message(format!("{} clips, {} made", keys.len(), done.made));
        Ok(())
    };
    let contacts = each_due(store, start.wall, name, &mut each).await?;
    done.contacts = contacts;
    prompts.pin(name, &keys, false)?;
    make(&mut chunk, &mut done)?;
    bar.finish_and_clear();
    done.clips = keys.len() as u64;
    done.took = clock.now().mono.since(start.mono);
    Ok(done)
}

fn bar() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{spinner} {pos} contacts, {msg} [{elapsed}]").expect("it is well formed");
    ProgressBar::new_spinner().with_style(style)
}

/// Calls `seen` for every contact whom this campaign is going to ring: those with a call planned, and those it has not taken in
/// yet. Returns how many.
pub(super) async fn each_due(
    store: &impl Store,
    now: Wall,
    name: &str,
    seen: &mut impl FnMut(Due<'_>) -> anyhow::Result<()>,
) -> anyhow::Result<u64> {
    let campaign = store.campaign(name).await?;
    let plan = serve::load_plan(&campaign)?;
    let scheduled = scheduled(store, campaign.id).await?;
    let mut count = 0;
    let mut after = ContactId(0);
    while !scheduled.is_empty() {
        let page = store.contacts(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.id;
        for contact in &page {
            if let Some(attempt) = scheduled.get(&contact.id)
                && let Some(due) = due(&plan, contact, attempt)
            {
                count += 1;
                seen(due)?;
            }
        }
    }
    let mut after = ContactId(0);
    loop {
        let page = store.not_enrolled(campaign.id, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.contact.id;
        for standing in &page {
            if let Next::Attempt(attempt) = first(&plan, standing, now)
                && let Some(due) = due(&plan, &standing.contact, &attempt)
            {
                count += 1;
                seen(due)?;
            }
        }
    }
    Ok(count)
}

async fn scheduled(store: &impl Store, campaign: CampaignId) -> anyhow::Result<HashMap<ContactId, Plan>> {
    let mut found = HashMap::new();
    let mut after = AttemptId(0);
    loop {
        let page = store.attempts(Some(campaign), after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.id;
        let open = |state: AttemptState| matches!(state, AttemptState::Scheduled | AttemptState::Claimed);
        let calls = page.into_iter().filter(|a| open(a.state) && a.channel == Channel::Voice);
        found.extend(calls.map(|attempt| (attempt.contact, attempt.plan)));
    }
    Ok(found)
}

/// `None`: no call, or one that will be refused when its turn comes.
fn due<'c>(plan: &'c CampaignPlan, contact: &Contact, attempt: &Plan) -> Option<Due<'c>> {
    let program = plan.ladder.flow_of(attempt).and_then(|flow| plan.programs.get(flow))?;
    let language = program.language_for(contact.language);
    let values = program.bind(language, |field| contact.field(field)).ok()?;
    let context = call::Context {
        language,
        company: contact.creditor.clone(),
        today: attempt.due_at.date(&contact.zone),
        due: Some(contact.due()),
    };
    Some(Due { program, values, context })
}

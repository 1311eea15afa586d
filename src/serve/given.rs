//! What the config gives the engine, and what flows want that it does not give.

use crate::agent::Staffing;
use crate::books::Standing;
use crate::campaign::{TrunkPlan, Trunks};
use crate::config::{Config, MediaSettings, Origin, Queue, Trunk};
use crate::engine::{Input, Limits};
use crate::flow::program::{Made, Program, Step, TransferTo, Via};
use crate::ladder::Ladder;
use crate::media;
use crate::phone::{Barred, NumberRules, PhoneNumber};
use crate::policy::{CallingWindow, Hours, Offered, OfferedTrunk, phones_to_dial};
use crate::store::{Store, StoreError};
use crate::time::{Mono, Wall};

/// What the operator allows.
pub(super) fn limits(config: &Config) -> Limits {
    Limits {
        trunks: trunk_plans(config),
        allow_prefixes: config.allow_prefixes.clone(),
        transfer_to: config.transfer_to.clone(),
        hold_max: config.media.hold_max,
    }
}

/// Whom the config lets be dialled, asked when a campaign takes its contacts in.
pub struct Numbers {
    limits: Limits,
    trunks: Trunks,
}

/// What calls go over.
pub fn trunk_plans(config: &Config) -> Vec<TrunkPlan> {
    config.trunks.iter().map(|trunk| trunk_plan(trunk, config)).collect()
}

pub fn numbers(config: &Config) -> Numbers {
    let limits = limits(config);
    let trunks = Trunks::new(limits.trunks.clone(), config.budget.is_some(), Mono::ZERO);
    Numbers { limits, trunks }
}

impl Numbers {
    /// Why none of the contact's numbers that are in service may be dialled; `None`: one may, or it has none. `own`: the
    /// ladder's rules.
    pub fn barred(&self, own: &NumberRules, standing: &Standing) -> Option<Barred> {
        let mut barred = None;
        for phone in phones_to_dial(standing) {
            match own.bars(&phone.number).map_or_else(|| self.limits.way_to(&self.trunks, &phone.number), Err) {
                Ok(_) => return None,
                Err(why) => drop(barred.get_or_insert(why)),
            }
        }
        barred
    }
}

fn trunk_plan(trunk: &Trunk, config: &Config) -> TrunkPlan {
    TrunkPlan {
        name: trunk.name.clone(),
        channels_max: trunk.channels_max,
        cps_max: trunk.cps_max,
        prefixes: trunk.prefixes.clone(),
        priority: trunk.priority,
        numbers: trunk.numbers.clone(),
        caller_id: trunk.caller_id.as_ref().unwrap_or(&config.caller_id).clone(),
        tariff: trunk.tariff.clone(),
    }
}

/// How audio is carried.
pub(super) fn media(settings: &MediaSettings) -> media::Settings {
    media::Settings {
        threads: settings.threads,
        ports: settings.ports.map(|(first, last)| first..=last),
        silent_after: settings.silent_max,
        anywhere: settings.far_end_anywhere,
    }
}

/// Who works in which queue, and when.
pub fn staffing(config: &Config) -> Vec<(String, Staffing)> {
    let one = |(name, queue): (&String, &Queue)| {
        let hours = queue.hours.as_ref().map(|hours| {
            let window = CallingWindow::on(&hours.days, Hours::new(hours.from, hours.to));
            (window, hours.zone.clone())
        });
        (name.clone(), Staffing { agents: queue.agents.clone(), hours })
    };
    config.queues.iter().map(one).collect()
}

/// What flows want that the config does not give: better said before anybody is called. By node; each names the setting.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unmet {
    /// The config forbids it.
    pub forbidden: Vec<String>,
    /// Nobody has been set up for it yet, and the flow's own route for that is taken.
    pub missing: Vec<String>,
}

/// What the ladder's packs demand of config, flows and messages and these do not have.
pub fn unlawful<'p>(config: &Config, ladder: &Ladder, programs: impl IntoIterator<Item = &'p Program>) -> Vec<String> {
    let programs: Vec<&Program> = programs.into_iter().collect();
    let left = programs.iter().filter(|_| ladder.ever_leaves_voicemail()).flat_map(|p| {
        let free = p.left_on_machines().into_iter().filter(|m| m.made != Some(Made::LimitedContent));
        free.map(|message| (p.name.as_str(), message.name.as_str()))
    });
    let trunks = config.trunks.iter().map(|t| OfferedTrunk {
        name: &t.name,
        shows: t.caller_id.as_ref().unwrap_or(&config.caller_id),
        anonymous: t.carrier.privacy,
        ring_max: t.ring_max,
        mass_call: t.mass_call.is_some(),
    });
    let offered = Offered {
        trunks: trunks.collect(),
        records_calls: config.media.record_calls,
        flows: programs.iter().map(|p| (p.name.as_str(), p.discloses.as_slice())).collect(),
        left_free: left.collect(),
        messages: ladder.written().collect(),
    };
    ladder.rules.unmet(&offered)
}

/// Where one who is dialled for an agent and finds none does not hear at once who rang: flow and node.
pub fn silent<'p>(ladder: &Ladder, programs: impl IntoIterator<Item = &'p Program>) -> Vec<String> {
    let Some(pacing) = &ladder.pacing else { return Vec::new() };
    let mut silent = Vec::new();
    for program in programs {
        for named in &program.steps {
            let mut ways = named.routes.iter().filter(|(via, _)| matches!(via, Via::Outcome("no_agent" | "no_time")));
            let of_agents = matches!(&named.step, Step::Queue(queue) if queue.queue == pacing.queue);
            if of_agents && !ways.all(|(_, to)| program.tells_who_rang(*to)) {
                silent.push(format!("flow {}, node {}", program.name, named.name));
            }
        }
    }
    silent
}

/// All of it, of all these flows.
pub fn unmet<P: AsRef<Program>>(config: &Config, programs: impl IntoIterator<Item = P>) -> Unmet {
    let mut unmet = Unmet::default();
    programs.into_iter().for_each(|program| unmet.of(config, program.as_ref()));
    unmet
}

impl Unmet {
    fn of(&mut self, config: &Config, program: &Program) {
        let limits = limits(config);
        self.forbidden.extend(kept_secret(config, program));
        let allowed = |url: &str| {
            let origin = Origin::of(url);
            config.requests.iter().any(|service| origin.as_ref() == Some(&service.origin))
        };
        for named in &program.steps {
            let place = format!("flow {}, node {}", program.name, named.name);
            match &named.step {
                Step::Request(request) if !allowed(&request.url) => {
                    let server = Origin::of(&request.url).map_or_else(|| request.url.clone(), |o| o.to_string());
                    let what =
                        format!("{place}: asks {server}, which the config does not allow; name it under `requests`");
                    self.forbidden.push(what);
                }
                Step::Transfer(transfer) => match &transfer.to {
                    TransferTo::Fixed(to) if !limits.may_transfer(to) => {
                        let shown = to.parse::<PhoneNumber>().map_or_else(|_| to.clone(), |number| number.to_string());
                        let help = "name it under `transfer_to`, and a number's beginning under `allow_prefixes`";
                        let what = format!("{place}: gives calls to {shown}, which the config does not allow; {help}");
                        self.forbidden.push(what);
                    }
                    TransferTo::Phone(_) if config.transfer_to.is_empty() => {
                        let what =
                            format!("{place}: gives calls to others, but the config's `transfer_to` names nobody");
                        self.forbidden.push(what);
                    }
                    TransferTo::Fixed(_) | TransferTo::Phone(_) => {}
                },
                Step::Queue(queue) if config.queues.get(&queue.queue).is_none_or(|q| q.agents.is_empty()) => {
                    let what =
                        format!("{place}: waits for the queue {}, which has no agents in the config", queue.queue);
                    self.missing.push(what);
                }
                Step::Request(_) | Step::Queue(_) | Step::Record(_) | Step::Notify { .. } | Step::OptOut { .. } => {}
                Step::Say { .. } | Step::Menu(_) | Step::Collect(_) | Step::Verify(_) | Step::Promise(_) => {}
                Step::Branch { .. } | Step::Set { .. } | Step::Reason(_) | Step::End { .. } => {}
            }
        }
    }
}

/// A flow that asks for secret keys is not for an installation that keeps the sound of calls: keys are tones in it (PCI DSS 3.3).
fn kept_secret(config: &Config, program: &Program) -> Option<String> {
    let named = program.takes_secrets()?;
    let setting = match (config.media.record_calls, config.media.keep_first.is_zero()) {
        (true, _) => "media.record_calls",
        (false, false) => "media.keep_first_s",
        (false, true) => return None,
    };
    Some(format!(
        "flow {}, node {}: asks for secret keys, and `{setting}` keeps the sound of calls, keys too (PCI-1); send a link to a \
         payment page instead, or record no calls",
        program.name, named.name
    ))
}

/// A campaign that is loaded is held against the config: what it lacks is logged; one whose callers' secrets would be kept, or whose people
/// would be left in silence, is suspended, in the books too.
pub(super) async fn fit<S: Store>(config: &Config, store: &S, input: Input, now: Wall) -> Result<Input, StoreError> {
    tell_unmet(config, &input);
    match input {
        Input::CampaignLoaded { plan, running: true } => {
            let secret = plan.programs.values().find_map(|program| kept_secret(config, program));
            let silent = silent(&plan.ladder, plan.programs.values().map(AsRef::as_ref)).into_iter().next();
            let why = secret.or_else(|| {
                Some(format!("{}: who finds no agent does not hear at once who rang (UK-2, US-T5)", silent?))
            });
            let running = why.is_none();
            if let Some(why) = why {
                tracing::error!(campaign = %plan.name, "suspended: {why}");
                store.suspend_campaign(plan.id, &why, now).await?;
            }
            Ok(Input::CampaignLoaded { plan, running })
        }
        other => Ok(other),
    }
}

fn tell_unmet(config: &Config, input: &Input) {
    let Input::CampaignLoaded { plan, .. } = input else { return };
    let Unmet { forbidden, missing } = unmet(config, plan.programs.values());
    for what in forbidden.into_iter().chain(missing) {
        tracing::warn!(campaign = %plan.name, "{what}");
    }
}

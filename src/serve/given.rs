//! What the config gives the engine, and what flows want that it does not give.

use crate::agent::Staffing;
use crate::config::{Config, MediaSettings, Origin, Queue, Trunk};
use crate::engine::{Input, Limits};
use crate::flow::program::{Program, Step, TransferTo};
use crate::media;
use crate::phone::PhoneNumber;
use crate::policy::{CallingWindow, Hours};

/// What the operator allows on this trunk.
pub(super) fn limits(config: &Config, trunk: &Trunk) -> Limits {
    Limits {
        channels_max: trunk.channels_max,
        cps_max: trunk.cps_max,
        allow_prefixes: config.allow_prefixes.clone(),
        transfer_to: config.transfer_to.clone(),
        hold_max: config.media.hold_max,
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
pub(super) fn staffing(config: &Config) -> Vec<(String, Staffing)> {
    let one = |(name, queue): (&String, &Queue)| {
        let hours = queue.hours.as_ref().map(|hours| {
            let window = CallingWindow::on(&hours.days, Hours::new(hours.from, hours.to));
            (window, hours.zone.clone())
        });
        (name.clone(), Staffing { agents: queue.agents.clone(), hours })
    };
    config.queues.iter().map(one).collect()
}

/// What a flow wants that the config does not give: better said before anybody is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmet {
    /// Names the node and the setting.
    pub what: String,
    /// The config forbids it. Otherwise nobody has been set up for it yet, and the flow's own route for that is taken.
    pub forbidden: bool,
}

/// All of them, by node.
pub fn unmet(config: &Config, program: &Program) -> Vec<Unmet> {
    let Some(trunk) = config.trunks.first() else { return Vec::new() };
    let limits = limits(config, trunk);
    let allowed = |url: &str| {
        let origin = Origin::of(url);
        config.requests.iter().any(|service| origin.as_ref() == Some(&service.origin))
    };
    let mut unmet = Vec::new();
    for named in &program.steps {
        let place = format!("flow {}, node {}", program.name, named.name);
        match &named.step {
            Step::Request(request) if !allowed(&request.url) => {
                let server = Origin::of(&request.url).map_or_else(|| request.url.clone(), |o| o.to_string());
                let what = format!("{place}: asks {server}, which the config does not allow; name it under `requests`");
                unmet.push(Unmet { what, forbidden: true });
            }
            Step::Transfer(transfer) => match &transfer.to {
                TransferTo::Fixed(to) if !limits.may_transfer(to) => {
                    let shown = to.parse::<PhoneNumber>().map_or_else(|_| to.clone(), |number| number.to_string());
                    let help = "name it under `transfer_to`, and a number's beginning under `allow_prefixes`";
                    let what = format!("{place}: gives calls to {shown}, which the config does not allow; {help}");
                    unmet.push(Unmet { what, forbidden: true });
                }
                TransferTo::Phone(_) if config.transfer_to.is_empty() => {
                    let what = format!("{place}: gives calls to others, but the config's `transfer_to` names nobody");
                    unmet.push(Unmet { what, forbidden: true });
                }
                TransferTo::Fixed(_) | TransferTo::Phone(_) => {}
            },
            Step::Queue(queue) if config.queues.get(&queue.queue).is_none_or(|q| q.agents.is_empty()) => {
                let what = format!("{place}: waits for the queue {}, which has no agents in the config", queue.queue);
                unmet.push(Unmet { what, forbidden: false });
            }
            Step::Request(_) | Step::Queue(_) | Step::Record(_) | Step::Notify { .. } | Step::OptOut { .. } => {}
            Step::Say { .. } | Step::Menu(_) | Step::Collect(_) | Step::Verify(_) | Step::Promise(_) => {}
            Step::Branch { .. } | Step::Set { .. } | Step::Reason(_) | Step::End { .. } => {}
        }
    }
    unmet
}

/// A campaign that is loaded is held against the config, for the log.
pub(super) fn tell_unmet(config: &Config, input: &Input) {
    let Input::CampaignLoaded { plan, .. } = input else { return };
    for Unmet { what, .. } in plan.programs.values().flat_map(|program| unmet(config, program)) {
        tracing::warn!(campaign = %plan.name, "{what}");
    }
}

//! What packs demand of an installation and of flows: held when a campaign is created and started, not when somebody is rung.

use std::time::Duration;

use super::retention::Retain;
use super::rules::{By, Rules};
use crate::flow::program::Disclosure;
use crate::phone::PhoneNumber;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Demand {
    /// Every flow's first words, which no key cuts short.
    Says(Disclosure),
    /// Who is rung sees a number that can be rung back and costs no premium.
    NumberShown,
    /// The carrier has a contract for mass calls, and shows a label.
    MassCallContract,
    /// Every call is recorded.
    Recorded,
    /// Every SMS and e-mail says how to stop them.
    OptOutNotice,
    /// What is left on machines holds who rang and how to ring back, and nothing else.
    LimitedContent,
    /// A phone rings at least so long, from its first ring on, before we give up.
    RingMin(Duration),
    Abandon(Abandon),
    Retain(Retain),
}

/// How many people who picked up may find no agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Abandon {
    /// Of live answers in a campaign, per thousand.
    pub permille_max: u16,
    /// In any stretch of so many days.
    pub days: u16,
    pub agent_within: Duration,
}

/// What an installation, its trunks and a campaign's flows and messages have.
#[derive(Debug, Default)]
pub struct Offered<'a> {
    pub trunks: Vec<OfferedTrunk<'a>>,
    pub records_calls: bool,
    /// Name, and what its first words say.
    pub flows: Vec<(&'a str, &'a [Disclosure])>,
    /// What machines may be left beside messages with our own words: flow and message.
    pub left_free: Vec<(&'a str, &'a str)>,
    /// Name of a written message, and its text in one language.
    pub messages: Vec<(&'a str, String)>,
}

#[derive(Debug)]
pub struct OfferedTrunk<'a> {
    pub name: &'a str,
    pub shows: &'a PhoneNumber,
    /// Our number is withheld.
    pub anonymous: bool,
    pub ring_max: Duration,
    pub mass_call: bool,
}

/// How people say that they want no more messages; one of these stands in each.
const STOP_WORDS: [&str; 4] = ["stop", "unsubscribe", "стоп", "отписаться"];

impl Rules {
    /// The least of what packs allow to be abandoned; of each figure the strictest.
    pub fn abandon(&self) -> Option<Abandon> {
        let all = self.demands.iter().filter_map(|by| match &by.rule {
            Demand::Abandon(abandon) => Some(*abandon),
            _ => None,
        });
        all.reduce(|a, b| Abandon {
            permille_max: a.permille_max.min(b.permille_max),
            // Fewer days even less out: a bad day is not hidden in a good month.
            days: a.days.min(b.days),
            agent_within: a.agent_within.min(b.agent_within),
        })
    }

    pub fn ring_min(&self) -> Duration {
        let all = self.demands.iter().filter_map(|by| match by.rule {
            Demand::RingMin(least) => Some(least),
            _ => None,
        });
        all.max().unwrap_or_default()
    }

    pub fn retained(&self) -> impl Iterator<Item = (&str, &Retain)> {
        self.demands.iter().filter_map(|by| match &by.rule {
            Demand::Retain(retain) => Some((&*by.by, retain)),
            _ => None,
        })
    }

    /// Each demand that is not met, in plain words with the id of who makes it. Empty: the campaign may run.
    pub fn unmet(&self, offered: &Offered) -> Vec<String> {
        self.demands
            .iter()
            .flat_map(|By { by, rule, .. }| faults(rule, offered).into_iter().map(move |f| format!("{by}: {f}")))
            .collect()
    }
}

fn faults(demand: &Demand, offered: &Offered) -> Vec<String> {
    let of_trunks = |bad: &dyn Fn(&OfferedTrunk) -> Option<String>| offered.trunks.iter().filter_map(bad).collect();
    match demand {
        Demand::Says(what) => {
            let silent = offered.flows.iter().filter(|(_, says)| !says.contains(what));
            let fault = |(name, _): &(&str, &[Disclosure])| {
                format!(
                    "flow {name} does not say first {}; begin it with an uninterruptible `say` that does, and name it under `discloses`",
                    what.in_words()
                )
            };
            silent.map(fault).collect()
        }
        Demand::NumberShown => of_trunks(&|t| match (t.anonymous, super::phones::premium(t.shows)) {
            (true, _) => Some(format!("trunk {} withholds our number; set `privacy: false`", t.name)),
            (_, true) => Some(format!("trunk {} shows a premium number as `caller_id`", t.name)),
            (false, false) => None,
        }),
        Demand::MassCallContract => of_trunks(&|t| {
            let fault = "has no contract for mass calls; name the contract and its label under `mass_call`";
            (!t.mass_call).then(|| format!("trunk {} {fault}", t.name))
        }),
        Demand::Recorded => {
            let fault = "calls are not recorded; set `media.record_calls: all`";
            (!offered.records_calls).then(|| fault.to_string()).into_iter().collect()
        }
        Demand::OptOutNotice => {
            let lacks = |text: &str| !STOP_WORDS.iter().any(|word| text.to_lowercase().contains(word));
            let silent = offered.messages.iter().filter(|(_, text)| lacks(text));
            silent
                .map(|(name, _)| {
                    format!("message {name} does not say how to stop messages, in each language: with STOP")
                })
                .collect()
        }
        Demand::LimitedContent => {
            let fault = |(flow, message): &(&str, &str)| {
                format!(
                    "flow {flow} leaves the message {message} on machines, whose words nobody can judge; make it of parts with \
                     `limited_content`, or let the ladder leave nothing"
                )
            };
            offered.left_free.iter().map(fault).collect()
        }
        Demand::RingMin(least) => of_trunks(&|t| {
            let (has, least) = (t.ring_max.as_secs(), least.as_secs());
            (t.ring_max.as_secs() < least)
                .then(|| format!("trunk {} lets phones ring {has} s, less than {least} s; raise `ring_s_max`", t.name))
        }),
        Demand::Abandon(_) | Demand::Retain(_) => Vec::new(),
    }
}

//! `pacing:` and `numbers:`: how fast a campaign is dialled for its agents, and which numbers it is not for.

use std::time::Duration;

use super::codes;
use super::reader::Reader;
use crate::flow::yaml::{Map, Node};
use crate::phone::{NumberRules, NumberType};
use crate::policy::Rules;

crate::words! {
    pub enum PacingMode {
        /// Never more calls on their way than agents are free.
        Progressive = "progressive",
        /// More, as far as hardly anybody finds no agent.
        Predictive = "predictive",
    }
}

/// Calls are started for the agents of a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentPacing {
    pub mode: PacingMode,
    pub queue: String,
    /// Of those who were to talk to an agent, so many may find none: 1..=30 thousandths, in any 24 hours and any 30 days.
    pub abandon_permille_max: u32,
    /// Who has no agent so long after the flow asked for one is abandoned, and hears what the flow says to `no_agent`. 1..=2 s.
    pub connect_within: Duration,
}

impl AgentPacing {
    /// For every call on its way an agent is kept free.
    pub fn keeps_an_agent(&self) -> bool {
        self.mode == PacingMode::Progressive
    }
}

/// The law's own limit (US-T5) is 3 %; chance is given room.
const ABANDON_USUAL_PERMILLE: u32 = 25;
const ABANDON_MOST_PERMILLE: u32 = 30;
const CONNECT_SECONDS: std::ops::RangeInclusive<u64> = 1..=2;
const CONNECT_USUAL: Duration = Duration::from_secs(2);

const KEYS: [&str; 4] = ["mode", "queue", "abandon_max", "connect_within"];
const NUMBER_KEYS: [&str; 3] = ["allow", "deny", "types"];

pub(super) fn pacing(reader: &mut Reader, top: &Map, rules: &Rules) -> Option<AgentPacing> {
    let entry = top.get("pacing")?;
    let map = reader.map(&entry.value, "`pacing`")?;
    reader.known_keys(map, "key of `pacing`", &KEYS);
    let mode = reader.required(map, "mode", "`pacing`", entry.key_span).and_then(|node| mode(reader, node));
    let queue = reader.required(map, "queue", "`pacing`", entry.key_span).and_then(|n| reader.text(n, "the queue"));
    let abandon = match map.get("abandon_max") {
        Some(entry) => permille(reader, &entry.value).filter(|written| lawful(reader, &entry.value, *written, rules)),
        None => Some(law(rules).map_or(ABANDON_USUAL_PERMILLE, |most| most.min(ABANDON_USUAL_PERMILLE))),
    };
    let within = match map.get("connect_within") {
        Some(entry) => within(reader, &entry.value),
        None => Some(CONNECT_USUAL),
    };
    Some(AgentPacing { mode: mode?, queue: queue?, abandon_permille_max: abandon?, connect_within: within? })
}

/// The strictest of the packs, in thousandths.
fn law(rules: &Rules) -> Option<u32> {
    rules.abandon().map(|abandon| abandon.permille_max.into())
}

/// What the ladder's packs allow is not widened, and a number that is written is not clipped without a word.
fn lawful(reader: &mut Reader, node: &Node, written: u32, rules: &Rules) -> bool {
    let Some(most) = law(rules).filter(|most| written > *most) else { return true };
    let (whole, tenth) = (most / 10, most % 10);
    let found = format!("the packs under `policy` allow {whole}.{tenth}% of calls without an agent, and no more");
    reader.error(codes::MALFORMED, node.span, found, &format!("write {whole}.{tenth}% or less, or leave the key out"));
    false
}

fn mode(reader: &mut Reader, node: &Node) -> Option<PacingMode> {
    let text = reader.text(node, "the mode")?;
    let mode = text.parse().ok();
    match mode {
        Some(_) => {}
        None if text == "preview" => reader.error(
            codes::MALFORMED,
            node.span,
            "agents cannot look at contacts before the call yet, so that there is no `preview`",
            "use `progressive`: a call for each free agent",
        ),
        None => {
            let known: Vec<&str> = PacingMode::ALL.iter().map(|m| m.as_str()).collect();
            reader.unknown(codes::MALFORMED, node.span, "mode", &text, &known);
        }
    }
    mode
}

/// `2.5%` → 25.
fn permille(reader: &mut Reader, node: &Node) -> Option<u32> {
    let text = reader.text(node, "the cap")?;
    let tenths = text.strip_suffix('%').and_then(|number| {
        let (whole, part) = number.trim().split_once('.').unwrap_or((number.trim(), "0"));
        let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        (digits(whole) && digits(part) && part.len() == 1)
            .then(|| Some(whole.parse::<u32>().ok()? * 10 + part.parse::<u32>().ok()?))?
    });
    let fine = tenths.filter(|tenths| (1..=ABANDON_MOST_PERMILLE).contains(tenths));
    if fine.is_none() {
        let found = format!("`{text}` is no cap of abandoned calls");
        reader.error(
            codes::MALFORMED,
            node.span,
            found,
            "from 0.1% to 3.0%, the most that the law allows; 2.5% is usual",
        );
    }
    fine
}

fn within(reader: &mut Reader, node: &Node) -> Option<Duration> {
    let text = reader.text(node, "the time")?;
    let seconds = text.strip_suffix('s').and_then(|s| s.parse::<u64>().ok()).filter(|s| CONNECT_SECONDS.contains(s));
    if seconds.is_none() {
        let found = format!("`{text}` is no time to connect in");
        reader.error(
            codes::MALFORMED,
            node.span,
            found,
            "1s or 2s: two are usual, and the most that the law allows (US-T5, UK-2)",
        );
    }
    seconds.map(Duration::from_secs)
}

pub(super) fn numbers(reader: &mut Reader, top: &Map) -> NumberRules {
    let Some(map) = top.get("numbers").and_then(|entry| reader.map(&entry.value, "`numbers`")) else {
        return NumberRules::default();
    };
    reader.known_keys(map, "key of `numbers`", &NUMBER_KEYS);
    let mut beginnings = |key: &str| -> Vec<String> {
        let Some(entry) = map.get(key) else { return Vec::new() };
        reader.items(&entry.value).into_iter().filter_map(|node| beginning(reader, node)).collect()
    };
    let (allow, deny) = (beginnings("allow"), beginnings("deny"));
    let types = match map.get("types") {
        Some(entry) => reader.items(&entry.value).into_iter().filter_map(|node| number_type(reader, node)).collect(),
        None => Vec::new(),
    };
    NumberRules { allow, deny, types }
}

/// `+7 900` → `+7900`.
fn beginning(reader: &mut Reader, node: &Node) -> Option<String> {
    let text = reader.text(node, "the beginning of a number")?;
    let prefix: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')')).collect();
    let digits = prefix.strip_prefix('+').unwrap_or("");
    let fine = (1..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    if !fine {
        let found = format!("`{text}` is not the beginning of a number");
        reader.error(codes::MALFORMED, node.span, found, "write + and digits, for example \"+7495\"");
    }
    fine.then_some(prefix)
}

fn number_type(reader: &mut Reader, node: &Node) -> Option<NumberType> {
    let text = reader.text(node, "the type of a number")?;
    match text.parse() {
        Ok(NumberType::Premium | NumberType::Short) => {
            let found = format!("{text} numbers are never dialled");
            reader.error(codes::MALFORMED, node.span, found, "take it out of the list");
            None
        }
        Ok(kind) => Some(kind),
        Err(_) => {
            let known: Vec<&str> = NumberType::ALL.iter().map(|t| t.as_str()).collect();
            reader.unknown(codes::MALFORMED, node.span, "type of number", &text, &known);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::ladder::compile;

    /// Packs, what stands under `pacing`, and the cap that comes of it, in thousandths.
    #[test]
    fn packs_are_not_widened() {
        for (packs, written, expected) in [
            ("", "mode: predictive", Some(25)),
            ("", "mode: predictive, abandon_max: 3.0%", Some(30)),
            ("us.tcpa", "mode: predictive", Some(25)),
            ("us.tcpa", "mode: predictive, abandon_max: 2.6%", None),
            ("us.tcpa, uk", "mode: predictive", Some(20)),
            ("uk", "mode: progressive, abandon_max: 2.1%", None),
            ("uk", "mode: progressive, abandon_max: 0.5%", Some(5)),
            ("", "mode: predictive, connect_within: 1s", Some(25)),
            ("", "mode: predictive, connect_within: 3s", None),
        ] {
            let source = format!(
                "ladder: l\npolicy: [{packs}]\npacing: {{ queue: desk, {written} }}\nsegments:\n  all: {{ when: days_overdue > -1000, flow: f }}\nsteps:\n  - voice: segment.flow\n"
            );
            let (ladder, found) = compile(&source);
            let cap = ladder.as_ref().and_then(|l| l.pacing.as_ref()).map(|p| p.abandon_permille_max);
            assert_eq!(cap, expected, "{packs}: {written}: {found:?}");
            let kept = ladder.is_some_and(|l| l.rules.agent_kept);
            assert_eq!(kept, expected.is_some() && written.contains("progressive"), "{written}");
        }
    }
}

//! `promise:`, `on_broken_promise:` and `on_kept_promise:`: what is taken as a promise, when it counts as kept, and what follows.

use super::codes;
use super::delay::Delay;
use super::reader::Reader;
use crate::books::pledge::{in_a_row, length_days};
use crate::books::{PromiseTerms, Standing};
use crate::diagnostic::{Diagnostic, Span};
use crate::flow::program::PromiseBounds;
use crate::flow::yaml::{Map, Node};

/// The keys of `promise:`.
pub const KEYS: [&str; 7] = ["grace", "tolerance", "days_max", "least_share", "most", "re_promise_longer", "remind"];
/// A promise further ahead than this, or more of them in a row, is a slip of the hand.
const DAYS_MAX: u32 = 366;
const MOST_MAX: u32 = 100;
const GRACE_DAYS_MAX: u32 = 30;
/// The n-th broken promise is told apart at most so far.
const BROKEN_MAX: usize = 20;

/// Which promises are taken. What is not limited is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PromiseLimits {
    /// Days from the call to the payment; of a plan, to its first part.
    pub days_max: Option<u32>,
    /// Of what is owed, in thousandths; a plan counts with all its parts.
    pub least_share_permille: u32,
    /// Promises in a row of which none was kept.
    pub most: Option<u32>,
    /// A promise after one that was not kept may run for more days than the first of that row did.
    pub re_promise_longer: bool,
}

impl Default for PromiseLimits {
    fn default() -> PromiseLimits {
        PromiseLimits { days_max: None, least_share_permille: 0, most: None, re_promise_longer: true }
    }
}

impl PromiseLimits {
    /// What a call to this contact may take.
    pub fn bounds(&self, standing: &Standing) -> PromiseBounds {
        let row = in_a_row(&standing.promises);
        let longest = row.first().filter(|_| !self.re_promise_longer);
        PromiseBounds {
            none: self.most.is_some_and(|most| row.len() >= most as usize),
            within_days: self.days_max,
            last_within_days: longest.map(|first| length_days(first, &standing.contact.zone)),
            least_permille: self.least_share_permille,
        }
    }
}

/// Where a contact goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Goto {
    pub to: Target,
    /// How long after; `None`: as the step itself says.
    pub after: Option<Delay>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The first step of the contact's segment.
    First,
    /// The one behind the step in which it stands.
    Next,
    /// The step of this name in the contact's segment.
    Step(String),
}

impl Goto {
    /// After a broken promise, when the ladder has no word on it.
    pub const NEXT: Goto = Goto { to: Target::Next, after: None };
    /// After a kept promise with a rest still owed: from the beginning, in a week.
    pub const FIRST_IN_A_WEEK: Goto = Goto { to: Target::First, after: Some(Delay::days(7)) };
}

/// `grace` and `tolerance`.
pub fn terms(reader: &mut Reader, top: &Map) -> PromiseTerms {
    let mut terms = PromiseTerms::default();
    let Some(map) = section(reader, top) else { return terms };
    if let Some(days) = whole_days(reader, map, "grace", GRACE_DAYS_MAX) {
        terms.grace_days = days;
    }
    if let Some(permille) = permille(reader, map, "tolerance", 999) {
        terms.tolerance_permille = permille;
    }
    terms
}

pub fn limits(reader: &mut Reader, top: &Map) -> PromiseLimits {
    let mut limits = PromiseLimits::default();
    let Some(map) = section(reader, top) else { return limits };
    reader.known_keys(map, "key of promise", &KEYS);
    if let Some(entry) = map.get("days_max") {
        limits.days_max = reader.number(&entry.value, "`days_max`", 1, DAYS_MAX);
    }
    limits.least_share_permille = permille(reader, map, "least_share", 1000).unwrap_or(0);
    if let Some(entry) = map.get("most") {
        limits.most = reader.number(&entry.value, "`most`", 1, MOST_MAX);
    }
    if let Some(entry) = map.get("re_promise_longer") {
        limits.re_promise_longer = reader.truth(&entry.value, "`re_promise_longer`").unwrap_or(true);
    }
    limits
}

/// The map under `promise:`, when it is one; [`limits`] tells of it when it is not.
fn section<'m>(reader: &mut Reader, top: &'m Map) -> Option<&'m Map> {
    let entry = top.get("promise")?;
    let seen = reader.diagnostics.iter().any(|d| d.span == entry.value.span);
    if seen { entry.value.map() } else { reader.map(&entry.value, "promise") }
}

fn whole_days(reader: &mut Reader, map: &Map, key: &str, most: u32) -> Option<u32> {
    let node = &map.get(key)?.value;
    let delay = reader.delay(node, &format!("`{key}`"))?;
    if delay.seconds != 0 || delay.days > most {
        let found = format!("`{key}` is whole days, at most {most}");
        reader.error(codes::MALFORMED, node.span, found, "for example 2d");
        return None;
    }
    Some(delay.days)
}

/// `5%` or `2.5%`, in thousandths.
fn permille(reader: &mut Reader, map: &Map, key: &str, most: u32) -> Option<u32> {
    let node = &map.get(key)?.value;
    let scalar = reader.scalar(node, &format!("`{key}`"))?;
    let parsed = scalar.text.strip_suffix('%').and_then(|percent| {
        let (whole, tenth) = percent.trim_end().split_once('.').unwrap_or((percent.trim_end(), "0"));
        let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        let one = tenth.len() == 1 && digits(tenth) && digits(whole);
        one.then(|| Some(whole.parse::<u32>().ok()?.checked_mul(10)? + tenth.parse::<u32>().ok()?))?
    });
    let good = parsed.filter(|permille| *permille <= most);
    if good.is_none() {
        let found = format!("`{key}` is a share up to {}.{}%, not `{}`", most / 10, most % 10, scalar.text);
        reader.error(codes::MALFORMED, node.span, found, "for example 5% or 2.5%");
    }
    good
}

/// `on_broken_promise`: one way on, or a list of them: after the first, the second, and every later one.
pub fn on_broken(reader: &mut Reader, top: &Map) -> Vec<(Goto, Span)> {
    let Some(entry) = top.get("on_broken_promise") else { return vec![(Goto::NEXT, Span::default())] };
    let nodes = reader.items(&entry.value);
    if nodes.is_empty() || nodes.len() > BROKEN_MAX {
        let found = format!("`on_broken_promise` has 1 to {BROKEN_MAX} entries");
        reader.report(Diagnostic::error(codes::SHAPE, entry.value.span, found));
    }
    nodes.into_iter().filter_map(|node| goto(reader, node)).collect()
}

pub fn on_kept(reader: &mut Reader, top: &Map) -> (Goto, Span) {
    let found = top.get("on_kept_promise").and_then(|entry| goto(reader, &entry.value));
    found.unwrap_or((Goto::FIRST_IN_A_WEEK, Span::default()))
}

/// `{ goto: STEP, after: 1d }`, with the place of the step's name.
fn goto(reader: &mut Reader, node: &Node) -> Option<(Goto, Span)> {
    let map = reader.map(node, "where to go on")?;
    reader.known_keys(map, "key of a way on", &["goto", "after"]);
    let after = map.get("after").and_then(|entry| reader.delay(&entry.value, "`after`"));
    let to = reader.required(map, "goto", "a way on", node.span)?;
    let target = match reader.text(to, "the step's name")?.as_str() {
        "first" => Target::First,
        "next" => Target::Next,
        name => Target::Step(name.into()),
    };
    Some((Goto { to: target, after }, to.span))
}

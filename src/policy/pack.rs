//! Packs: what a law or a custom demands, as data, with a version. `packs/*.yaml`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::calendar::Calendar;
use super::cap::Cap;
use super::demands::{Abandon, Demand};
use super::facts::Stop;
use super::gap::{After, Gap, Length};
use super::retention::{Retain, Retained, Term};
use super::rules::{By, Opening, PackLine, Rules};
use super::scope::{self, Exempt};
use super::window::{CallingWindow, Holidays, Hours, days};
use crate::flow::program::Disclosure;

/// As shipped, in the order in which they are listed.
const SHIPPED: [&str; 7] = [
    include_str!("packs/default.yaml"),
    include_str!("packs/ru.credit.yaml"),
    include_str!("packs/ru.utility.yaml"),
    include_str!("packs/us.reg_f.yaml"),
    include_str!("packs/us.tcpa.yaml"),
    include_str!("packs/uk.yaml"),
    include_str!("packs/eu.yaml"),
];

#[derive(Debug)]
pub struct Pack {
    pub name: String,
    /// Since when its parameters hold, or a count.
    pub version: String,
    pub about: String,
    /// Its rules, by id and in words.
    pub says: Vec<(String, String)>,
    /// Rules that other parts of the program hold to, and how.
    pub elsewhere: BTreeMap<String, String>,
    pub rules: Rules,
    /// As written.
    pub source: &'static str,
}

static PACKS: LazyLock<Vec<Pack>> = LazyLock::new(|| {
    let read = |source| Pack::read(source).unwrap_or_else(|why| panic!("shipped, and held by a test: {why}"));
    SHIPPED.into_iter().map(read).collect()
});

impl Pack {
    pub fn all() -> &'static [Pack] {
        &PACKS
    }

    pub fn named(name: &str) -> Option<&'static Pack> {
        PACKS.iter().find(|pack| pack.name == name)
    }

    /// The pack that always holds.
    pub fn outermost() -> &'static Pack {
        &PACKS[0]
    }

    fn read(source: &'static str) -> Result<Pack, String> {
        let written: Written = serde_saphyr::from_str(source).map_err(|e| e.to_string())?;
        let mut says = Vec::new();
        let mut scope = Vec::new();
        for WrittenScope { id, says: words, known } in written.scope {
            let exempt = scope::read(&id.as_str().into(), known).map_err(|e| format!("{} {id}: {e}", written.pack))?;
            scope.push(exempt);
            says.push((id, words));
        }
        let scope: Arc<[Exempt]> = scope.into();
        let line = format!("{} {}#{}", written.pack, written.version, hash(source));
        let packs = vec![PackLine { line, unless: scope.clone() }];
        let mut rules = Rules { packs, ..Rules::none() };
        for mut rule in written.rules {
            let by: Arc<str> = rule.id.as_str().into();
            let own = std::mem::take(&mut rule.unless);
            let unless: Arc<[Exempt]> = match own.is_empty() {
                true => scope.clone(),
                false => {
                    let own = scope::read(&by, own).map_err(|e| format!("{} {by}: {e}", written.pack))?;
                    scope.iter().cloned().chain([own]).collect()
                }
            };
            let demands = rule.demands();
            let fault = |what: &str| format!("{} {}: {what}", written.pack, rule.id);
            let demands = demands.map_err(|e| fault(&e))?;
            let before = rules.count();
            if let Some(hours) = rule.hours {
                let rule = hours.opening().map_err(|e| fault(&e))?;
                rules.hours.push(By { by: by.clone(), rule, unless: unless.clone() });
            }
            for cap in rule.caps {
                let cap: Cap = cap.parse().map_err(|e| fault(&format!("{cap}: {e:?}")))?;
                rules.caps.push(By { by: by.clone(), rule: cap, unless: unless.clone() });
            }
            if let Some(gap) = rule.gap {
                let rule = gap.gap().map_err(|e| fault(&e))?;
                rules.gaps.push(By { by: by.clone(), rule, unless: unless.clone() });
            }
            if let Some(stop) = rule.stop {
                rules.stops.push(By { by: by.clone(), rule: stop, unless: unless.clone() });
            }
            // Of the installation, whoever is rung.
            rules.demands.extend(demands.into_iter().map(|rule| By::always(&by, rule)));
            if rules.count() == before {
                return Err(fault("holds nothing"));
            }
            says.push((rule.id, rule.says));
        }
        let Written { pack: name, version, about, elsewhere, .. } = written;
        Ok(Pack { name, version, about, says, elsewhere, rules, source })
    }
}

/// Of what a pack says, to the letter: the first eight digits of its SHA-256.
fn hash(source: &str) -> String {
    Sha256::digest(source.as_bytes())[..4].iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    pack: String,
    version: String,
    about: String,
    /// For whom the whole pack does not hold.
    #[serde(default)]
    scope: Vec<WrittenScope>,
    rules: Vec<WrittenRule>,
    #[serde(default)]
    elsewhere: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
struct WrittenScope {
    id: String,
    says: String,
    #[serde(flatten)]
    known: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRule {
    /// As in the table of laws; `ladder` is taken.
    id: String,
    says: String,
    /// It does not hold for whom these columns have these words.
    #[serde(default)]
    unless: BTreeMap<String, String>,
    hours: Option<WrittenHours>,
    #[serde(default)]
    caps: Vec<String>,
    gap: Option<WrittenGap>,
    stop: Option<Stop>,
    says_first: Option<String>,
    demand: Option<String>,
    ring_min_s: Option<u64>,
    abandon: Option<WrittenAbandon>,
    retain: Option<WrittenRetain>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenAbandon {
    permille_max: u16,
    days: u16,
    agent_within_s: u64,
}

/// One of `days_min`, `years_min`, `days_max`, `years_max`; none: for ever.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRetain {
    what: String,
    days_min: Option<u16>,
    years_min: Option<u8>,
    days_max: Option<u16>,
    years_max: Option<u8>,
    why: String,
}

impl WrittenRetain {
    fn retain(self) -> Result<Retain, String> {
        let WrittenRetain { what, days_min, years_min, days_max, years_max, why } = self;
        let what: Retained = what.parse()?;
        let terms = [
            (days_min.map(Term::Days), true),
            (years_min.map(Term::Years), true),
            (days_max.map(Term::Days), false),
            (years_max.map(Term::Years), false),
        ];
        let mut said = terms.into_iter().filter_map(|(term, at_least)| Some((term?, at_least)));
        let (term, at_least) = said.next().unwrap_or((Term::ForEver, true));
        if said.next().is_some() {
            return Err("kept at least so long, or at most".into());
        }
        Ok(Retain { what, term, at_least, why })
    }
}

impl WrittenRule {
    /// Takes them out.
    fn demands(&mut self) -> Result<Vec<Demand>, String> {
        let says = self.says_first.take().map(|word| Ok(Demand::Says(word.parse::<Disclosure>()?)));
        let demand = self.demand.take().map(|word| match word.as_str() {
            "number_shown" => Ok(Demand::NumberShown),
            "mass_call_contract" => Ok(Demand::MassCallContract),
            "recorded" => Ok(Demand::Recorded),
            "opt_out_notice" => Ok(Demand::OptOutNotice),
            "limited_content" => Ok(Demand::LimitedContent),
            other => Err(format!("no demand: {other}")),
        });
        let ring = self.ring_min_s.map(|least| Ok(Demand::RingMin(Duration::from_secs(least))));
        let abandon = self.abandon.take().map(|w| {
            let agent_within = Duration::from_secs(w.agent_within_s);
            Ok(Demand::Abandon(Abandon { permille_max: w.permille_max, days: w.days, agent_within }))
        });
        let retain = self.retain.take().map(|w| w.retain().map(Demand::Retain));
        [says, demand, ring, abandon, retain].into_iter().flatten().collect()
    }
}

#[derive(Debug, Deserialize)]
struct WrittenHours {
    guard_min: u64,
    #[serde(default)]
    numbers_too: bool,
    holidays: Option<WrittenHolidays>,
    #[serde(flatten)]
    days: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenHolidays {
    calendar: String,
    /// None: closed.
    hours: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenGap {
    after: String,
    minutes: Option<u64>,
    days: Option<u16>,
    #[serde(default)]
    unless_agent: bool,
}

impl WrittenHours {
    fn opening(self) -> Result<Opening, String> {
        let mut window = CallingWindow::CLOSED;
        for (written_days, written) in &self.days {
            let hours = hours(written)?;
            for day in days(written_days).map_err(|fault| format!("{written_days}: {fault:?}"))? {
                window.days[day.to_monday_zero_offset() as usize] = Some(hours);
            }
        }
        if let Some(written) = self.holidays {
            let calendar =
                Calendar::named(&written.calendar).ok_or_else(|| format!("no calendar {}", written.calendar))?;
            let hours = written.hours.as_deref().map(hours).transpose()?;
            window.holidays = Some(Holidays { calendar, hours });
        }
        Ok(Opening { window, guard: Duration::from_secs(60 * self.guard_min), numbers_too: self.numbers_too })
    }
}

/// `08:00-22:00`.
fn hours(written: &str) -> Result<Hours, String> {
    let minutes = |time: &str| {
        let (hour, minute) = time.split_once(':')?;
        Some(hour.parse::<u16>().ok()? * 60 + minute.parse::<u16>().ok()?)
    };
    let both = written.split_once('-').and_then(|(from, to)| Some((minutes(from)?, minutes(to)?)));
    match both {
        Some((from, to)) if from < to && to <= 1440 => Ok(Hours::new(from, to)),
        _ => Err(format!("no hours: {written}")),
    }
}

impl WrittenGap {
    fn gap(self) -> Result<Gap, String> {
        let after: After = self.after.parse()?;
        let least = match (self.minutes, self.days) {
            (Some(minutes), None) => Length::For(Duration::from_secs(60 * minutes)),
            (None, Some(days)) => Length::Days(days),
            _ => return Err("a gap is of minutes or of days".into()),
        };
        Ok(Gap { after, least, unless_agent: self.unless_agent })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shipped_packs_can_be_read_and_say_what_they_hold() {
        let names: Vec<&str> = Pack::all().iter().map(|p| p.name.as_str()).collect();
        assert_eq!(names, ["default", "ru.credit", "ru.utility", "us.reg_f", "us.tcpa", "uk", "eu"]);
        for pack in Pack::all() {
            assert!(!pack.version.is_empty() && !pack.about.is_empty());
            assert!(pack.says.iter().all(|(id, says)| !id.is_empty() && !says.is_empty()), "{}", pack.name);
        }
    }
}

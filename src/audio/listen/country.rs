//! What differs between countries and languages: the network's tones, and how people and machines answer. Data, read from
//! `countries.yaml` or a file of the installation's own.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use serde::Deserialize;

use super::greeting::{HIDDEN, INPUTS, Model, NAMES, Net};
use super::known::{RECORDINGS_MAX, Recording, WORDS_MAX, WORDS_MIN, read_print};
use super::tones::Tone;

/// The settings that ship with the program.
pub const SHIPPED: &str = include_str!("countries.yaml");

/// Tones whose pitch lies this near are of the network: exchanges keep theirs to 15 Hz or better, the rest is our measuring.
const PITCH_HZ: f32 = 14.0;

/// What a listener goes by.
#[derive(Debug, Clone, PartialEq)]
pub struct Country {
    /// `us`, or `any`.
    pub name: String,
    pub model: Model,
    pub ring: Vec<Pattern>,
    pub busy: Vec<Pattern>,
    pub congestion: Vec<Pattern>,
    pub dial: Vec<Pattern>,
    pub unobtainable: Vec<Pattern>,
    /// Known ones of all countries: people and their mailboxes travel.
    pub recordings: Arc<[Recording]>,
}

/// A tone of the network: one or two frequencies, and for how long it sounds and pauses in turn. No times: it does not end.
#[derive(Debug, Clone, PartialEq)]
pub struct Pattern {
    pub hz: f32,
    pub second: f32,
    pub on_off_ms: Vec<u32>,
}

impl Pattern {
    /// `480+620 500 500`.
    fn read(text: &str) -> Option<Pattern> {
        let mut words = text.split_whitespace();
        let pitch = words.next()?;
        let (hz, second) = pitch.split_once('+').map_or((pitch, None), |(a, b)| (a, Some(b)));
        let in_band = |hz: &f32| (300.0..=2200.0).contains(hz);
        let hz = hz.parse().ok().filter(in_band)?;
        let second = match second {
            Some(second) => second.parse().ok().filter(in_band).filter(|s| *s > hz)?,
            None => 0.0,
        };
        let on_off_ms: Option<Vec<u32>> =
            words.map(|w| w.parse().ok().filter(|ms| (60..=10_000).contains(ms))).collect();
        on_off_ms.filter(|times| times.len() % 2 == 0).map(|on_off_ms| Pattern { hz, second, on_off_ms })
    }

    pub fn is_pitch(&self, tone: &Tone) -> bool {
        tone.is_near(self.hz, self.second, PITCH_HZ)
    }

    /// These lengths on and off follow one another in the pattern, from wherever in it.
    pub fn fits(&self, on: &[u32; 3], off: &[u32; 2], within: u32) -> bool {
        !self.on_off_ms.is_empty() && self.off_by(on, off) <= within
    }

    /// By how much the length that differs most differs, where the pattern fits best.
    pub fn off_by(&self, on: &[u32; 3], off: &[u32; 2]) -> u32 {
        let periods = self.on_off_ms.len() / 2;
        let at = |from: usize| {
            let on = on.iter().enumerate().map(|(n, on)| on.abs_diff(self.on_off_ms[(from + n) % periods * 2]));
            let off = off.iter().enumerate().map(|(n, off)| off.abs_diff(self.on_off_ms[(from + n) % periods * 2 + 1]));
            on.chain(off).max().unwrap_or(u32::MAX)
        };
        (0..periods).map(at).min().unwrap_or(u32::MAX)
    }
}

impl Country {
    /// All tones of the network.
    pub fn pitches(&self) -> impl Iterator<Item = &Pattern> {
        [&self.ring, &self.busy, &self.congestion, &self.dial, &self.unobtainable].into_iter().flatten()
    }

    /// Its pitch is one of the network's.
    pub fn is_of_network(&self, tone: &Tone) -> bool {
        self.pitches().any(|pattern| pattern.is_pitch(tone))
    }
}

/// All countries of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Countries {
    any: Arc<Country>,
    /// By the beginning of the number, without `+`.
    by_prefix: BTreeMap<String, Arc<Country>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    model: WrittenModel,
    any: WrittenCountry,
    #[serde(default)]
    countries: BTreeMap<String, WrittenCountry>,
    #[serde(default)]
    recordings: Vec<WrittenRecording>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRecording {
    name: String,
    says: String,
    print: String,
}

#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
struct WrittenModel {
    /// A person from this probability on, in percent.
    human_at: f32,
    machine_at: f32,
    hurried_human_at: f32,
    hurried_machine_at: f32,
    hurry_ms: u32,
    human_after_all_at: f32,
    decide_by_ms: u32,
    /// What the model weighs, in this order.
    weighs: Vec<String>,
    hidden: Vec<Vec<f32>>,
    out: Vec<f32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenCountry {
    #[serde(default)]
    prefixes: Vec<String>,
    model: Option<WrittenModel>,
    #[serde(default)]
    ring: Vec<String>,
    #[serde(default)]
    busy: Vec<String>,
    #[serde(default)]
    congestion: Vec<String>,
    #[serde(default)]
    dial: Vec<String>,
    #[serde(default)]
    unobtainable: Vec<String>,
}

impl Countries {
    /// # Errors
    /// In words, with the place in the file: not YAML, an unknown key, a tone that is none, a weight that is missing.
    pub fn read(text: &str) -> Result<Countries, String> {
        let written: Written = serde_saphyr::from_str(text).map_err(|e| e.to_string())?;
        let shared = model(&written.model, "model")?;
        let recordings = recordings(&written.recordings)?;
        let any = Arc::new(country("any", &written.any, &shared, &recordings)?);
        let mut by_prefix = BTreeMap::new();
        for (name, written) in &written.countries {
            let made = Arc::new(country(name, written, &shared, &recordings)?);
            if written.prefixes.is_empty() {
                return Err(format!(
                    "countries.{name}: `prefixes` is missing: the beginnings of its numbers, such as \"49\""
                ));
            }
            for prefix in &written.prefixes {
                let digits = !prefix.is_empty() && prefix.len() <= 7 && prefix.bytes().all(|b| b.is_ascii_digit());
                if !digits {
                    return Err(format!(
                        "countries.{name}: the prefix `{prefix}` is not 1 to 7 digits, such as \"49\""
                    ));
                }
                if by_prefix.insert(prefix.clone(), made.clone()).is_some() {
                    return Err(format!("countries.{name}: the prefix `{prefix}` is another country's too"));
                }
            }
        }
        Ok(Countries { any, by_prefix })
    }

    /// The settings that ship with the program.
    pub fn shipped() -> Arc<Countries> {
        static SHIPPED_COUNTRIES: LazyLock<Arc<Countries>> =
            LazyLock::new(|| Arc::new(Countries::read(SHIPPED).expect("a test reads them")));
        SHIPPED_COUNTRIES.clone()
    }

    /// For a number with its country code, `+` or not; the longest prefix counts.
    pub fn of_number(&self, number: &str) -> Arc<Country> {
        let digits = number.trim_start_matches('+');
        let longest =
            (1..=digits.len().min(7)).rev().filter_map(|n| digits.get(..n)).find_map(|p| self.by_prefix.get(p));
        longest.unwrap_or(&self.any).clone()
    }

    /// `ru`, or `any`.
    pub fn named(&self, name: &str) -> Option<Arc<Country>> {
        self.all().find(|country| country.name == name).cloned()
    }

    /// The same, and these recordings instead of their own.
    pub fn knowing(&self, recordings: Vec<Recording>) -> Countries {
        let recordings: Arc<[Recording]> = recordings.into();
        let knows = |c: &Arc<Country>| Arc::new(Country { recordings: recordings.clone(), ..(**c).clone() });
        Countries {
            any: knows(&self.any),
            by_prefix: self.by_prefix.iter().map(|(p, c)| (p.clone(), knows(c))).collect(),
        }
    }

    /// Each once or more often.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Country>> {
        std::iter::once(&self.any).chain(self.by_prefix.values())
    }
}

fn model(written: &WrittenModel, place: &str) -> Result<Model, String> {
    if written.weighs != NAMES {
        return Err(format!("{place}.weighs: this program weighs {}, in this order", NAMES.join(", ")));
    }
    let shape = || format!("{place}.hidden: {HIDDEN} rows of {} numbers, and `out` has {}", INPUTS + 1, HIDDEN + 1);
    let rows: Option<Vec<[f32; INPUTS + 1]>> =
        written.hidden.iter().map(|row| row.as_slice().try_into().ok()).collect();
    let hidden = rows.and_then(|rows| rows.try_into().ok()).ok_or_else(shape)?;
    let net = Net { hidden, out: written.out.as_slice().try_into().map_err(|_| shape())? };
    let percent = |name: &str, value: f32| {
        let good = (0.0..=100.0).contains(&value);
        if good { Ok(value / 100.0) } else { Err(format!("{place}.{name}: {value} is no percentage: 0 to 100")) }
    };
    if !(500..=20_000).contains(&written.decide_by_ms) {
        return Err(format!("{place}.decide_by_ms: {} must lie between 500 and 20000", written.decide_by_ms));
    }
    if !(800..=10_000).contains(&written.hurry_ms) {
        return Err(format!("{place}.hurry_ms: {} must lie between 800 and 10000", written.hurry_ms));
    }
    Ok(Model {
        human_at: percent("human_at", written.human_at)?,
        machine_at: percent("machine_at", written.machine_at)?,
        hurried_human_at: percent("hurried_human_at", written.hurried_human_at)?,
        hurried_machine_at: percent("hurried_machine_at", written.hurried_machine_at)?,
        hurry_ms: written.hurry_ms,
        human_after_all_at: percent("human_after_all_at", written.human_after_all_at)?,
        decide_by_ms: written.decide_by_ms,
        net,
    })
}

fn recordings(written: &[WrittenRecording]) -> Result<Arc<[Recording]>, String> {
    if written.len() > RECORDINGS_MAX {
        return Err(format!(
            "recordings: {} of them; at most {RECORDINGS_MAX} are looked through in a call",
            written.len()
        ));
    }
    let read = |written: &WrittenRecording| {
        let says = written.says.parse().map_err(|e| format!("recordings.{}: says: {e}", written.name))?;
        let print = read_print(&written.print).ok_or_else(|| {
            let [least, most] = [WORDS_MIN, WORDS_MAX].map(|words| words * 4);
            format!(
                "recordings.{}: `print` is {least} to {most} hexadecimal digits, as `ringback amd learn` writes them",
                written.name
            )
        })?;
        Ok(Recording { name: written.name.clone(), says, print })
    };
    written.iter().map(read).collect()
}

fn country(
    name: &str,
    written: &WrittenCountry,
    shared: &Model,
    recordings: &Arc<[Recording]>,
) -> Result<Country, String> {
    let patterns = |what: &str, texts: &[String]| {
        let read = |text: &String| {
            Pattern::read(text).ok_or_else(|| {
                format!(
                    "{name}.{what}: `{text}` is no tone: frequencies, then milliseconds on and off: \"480+620 500 500\""
                )
            })
        };
        texts.iter().map(read).collect::<Result<Vec<_>, _>>()
    };
    Ok(Country {
        name: name.to_string(),
        model: written.model.as_ref().map_or(Ok(shared.clone()), |m| model(m, &format!("{name}.model")))?,
        ring: patterns("ring", &written.ring)?,
        busy: patterns("busy", &written.busy)?,
        congestion: patterns("congestion", &written.congestion)?,
        dial: patterns("dial", &written.dial)?,
        unobtainable: patterns("unobtainable", &written.unobtainable)?,
        recordings: recordings.clone(),
    })
}

//! What a campaign's audio costs, message by message: as it is rendered now, and as it could be.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io::Write;
use std::time::Duration;

use super::render::Due;
use crate::call::{depends_on_call, prompts_of, spoken_messages};
use crate::flow::program::{RENDERS, Render};
use crate::language::Language;
use crate::speech::Utterance;
use crate::time::Clock;
use crate::voice::{Key, PromptCache};

/// Utterances of each language that are rendered to learn how long its voice takes.
const SAMPLES: usize = 12;
/// Both codecs.
const BYTES_A_SECOND: f64 = 16_000.0;

#[derive(Default)]
struct Cost {
    clips: HashSet<Key>,
    letters: u64,
}

#[derive(Default)]
struct MessageCost {
    language: Option<Language>,
    /// In the order of [`RENDERS`].
    by_render: [Cost; 3],
    render: Option<Render>,
    /// Cannot be rendered otherwise.
    on_call: bool,
    failed: u64,
}

/// Gathered contact by contact.
#[derive(Default)]
pub(super) struct Estimate {
    /// By flow, language and message.
    messages: BTreeMap<(String, String, String), MessageCost>,
    all: HashSet<Key>,
    there: u64,
    samples: BTreeMap<Language, BTreeSet<Utterance>>,
}

impl Estimate {
    pub fn add(&mut self, due: &Due<'_>, prompts: &PromptCache) {
        let language = due.program.language_for(due.context.language);
        for id in spoken_messages(due.program) {
            let message = due.program.message(id);
            let take = &message.takes[&language];
            let key = (due.program.name.clone(), language.to_string(), message.name.clone());
            let cost = self.messages.entry(key).or_default();
            cost.language = Some(language);
            cost.render = Some(take.render);
            cost.on_call = depends_on_call(take);
            for (n, (_, render)) in RENDERS.iter().enumerate() {
                if cost.on_call && *render != Render::Pieces {
                    continue;
                }
                let Ok(utterances) = prompts_of(due.program, id, Some(*render), &due.values, &due.context) else {
                    cost.failed += 1;
                    break;
                };
                for utterance in utterances {
                    let Ok(key) = prompts.key(&utterance) else { continue };
                    let letters = utterance.said.text.chars().count() as u64;
                    if cost.by_render[n].clips.insert(key) {
                        cost.by_render[n].letters += letters;
                    }
                    if *render == take.render && self.all.insert(key) {
                        self.there += u64::from(prompts.is_made(&utterance));
                        let samples = self.samples.entry(language).or_default();
                        if samples.len() < SAMPLES && letters > 10 {
                            samples.insert(utterance);
                        }
                    }
                }
            }
        }
    }

    pub fn print(
        &self,
        contacts: u64,
        prompts: &PromptCache,
        clock: &Clock,
        out: &mut impl Write,
    ) -> anyhow::Result<()> {
        let paces: BTreeMap<Language, Pace> = self
            .samples
            .iter()
            .map(|(language, samples)| Ok((*language, Pace::measure(samples, prompts, clock)?)))
            .collect::<anyhow::Result<_>>()?;
        let mut table = comfy_table::Table::new();
        table.load_preset(comfy_table::presets::NOTHING);
        table.set_header(["message", "rendered as", "clips", "audio", "disk", "voice's time"]);
        let (mut audio, mut time) = (0.0, 0.0);
        for ((flow, language, message), cost) in &self.messages {
            let pace = cost.language.and_then(|language| paces.get(&language)).copied().unwrap_or_default();
            for (n, (name, render)) in RENDERS.iter().enumerate() {
                let Cost { clips, letters } = &cost.by_render[n];
                let now = cost.render == Some(*render);
                if clips.is_empty() || (!now && clips.len() == cost.now().clips.len()) {
                    continue;
                }
                let seconds = *letters as f64 * pace.audio_s;
                let voice = pace.voice_s.map(|s| *letters as f64 * s);
                if now {
                    audio += seconds;
                    time += voice.unwrap_or_default();
                }
                let (first, how) = match (now, cost.on_call) {
                    (true, true) => (format!("{flow} {language} {message}"), format!("{name} (known in the call)")),
                    (true, false) => (format!("{flow} {language} {message}"), (*name).to_owned()),
                    (false, _) => (String::new(), format!("or {name}")),
                };
                let disk = bytes(seconds * BYTES_A_SECOND);
                table.add_row([
                    first,
                    how,
                    clips.len().to_string(),
                    length(seconds),
                    disk,
                    voice.map_or("-".to_owned(), length),
                ]);
            }
        }
        writeln!(out, "{table}")?;
        let unsayable: u64 = self.messages.values().map(|cost| cost.failed).sum();
        writeln!(
            out,
            "{contacts} contacts need {} clips, {} of them are there; {} of audio, {} on disk, {} of one core",
            self.all.len(),
            self.there,
            length(audio),
            bytes(audio * BYTES_A_SECOND),
            length(time)
        )?;
        if unsayable > 0 {
            writeln!(out, "{unsayable} times a message has a value without words; those contacts will not be dialled")?;
        }
        Ok(())
    }
}

impl MessageCost {
    fn now(&self) -> &Cost {
        let at = RENDERS.iter().position(|(_, render)| Some(*render) == self.render).unwrap_or(0);
        &self.by_render[at]
    }
}

/// Seconds for a letter.
#[derive(Debug, Clone, Copy, Default)]
struct Pace {
    audio_s: f64,
    /// `None`: all that could tell was there already.
    voice_s: Option<f64>,
}

impl Pace {
    fn measure(samples: &BTreeSet<Utterance>, prompts: &PromptCache, clock: &Clock) -> anyhow::Result<Pace> {
        let letters = |utterances: &[&Utterance]| -> f64 {
            utterances.iter().map(|u| u.said.text.chars().count()).sum::<usize>().max(1) as f64
        };
        let all: Vec<&Utterance> = samples.iter().collect();
        // Kept like any other: a voice may cost money. Those that are there already tell nothing of the voice's time.
        let new: Vec<&Utterance> = samples.iter().filter(|utterance| !prompts.is_made(utterance)).collect();
        let start = clock.now().mono;
        for utterance in &new {
            prompts.ready(std::slice::from_ref(*utterance))?;
        }
        let took = clock.now().mono.since(start);
        let audio: Duration = all.iter().filter_map(|utterance| prompts.duration(utterance)).sum();
        let voice_s = (!new.is_empty()).then(|| took.as_secs_f64() / letters(&new));
        Ok(Pace { audio_s: audio.as_secs_f64() / letters(&all), voice_s })
    }
}

/// `3 h 12 min`, `4.1 s`.
fn length(seconds: f64) -> String {
    match seconds {
        s if s >= 3600.0 => format!("{:.0} h {:.0} min", (s / 3600.0).floor(), (s % 3600.0 / 60.0).floor()),
        s if s >= 60.0 => format!("{:.0} min {:.0} s", (s / 60.0).floor(), s % 60.0),
        s => format!("{s:.1} s"),
    }
}

fn bytes(bytes: f64) -> String {
    match bytes {
        b if b >= 1e9 => format!("{:.1} GB", b / 1e9),
        b if b >= 1e6 => format!("{:.0} MB", b / 1e6),
        b => format!("{:.0} kB", (b / 1e3).ceil()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_sizes() {
        for (seconds, words) in
            [(4.06, "4.1 s"), (75.0, "1 min 15 s"), (3600.0, "1 h 0 min"), (45_296.0, "12 h 34 min")]
        {
            assert_eq!(length(seconds), words);
        }
        for (size, words) in [(0.0, "0 kB"), (1.0, "1 kB"), (2_600_000.0, "3 MB"), (19_700_000_000.0, "19.7 GB")] {
            assert_eq!(bytes(size), words);
        }
    }
}

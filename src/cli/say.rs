//! `ringback say`: a message in words, and as a call would hear it.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, anyhow};
use jiff::civil::Date;

use crate::audio::{RATE, wav};
use crate::config::Config;
use crate::language::Language;
use crate::speech::markup::{self, Tag};
use crate::speech::{self, Format, Manner, Piece, Spoken, Template, Utterance};
use crate::time::{Clock, Zone};
use crate::voice::{VoiceOptions, VoiceSet};

/// Speak a message as a call would: prints the words, writes the audio.
#[derive(Debug, clap::Args)]
pub struct SayArgs {
    /// Two letters: ru, en.
    #[arg(long, short)]
    language: Language,
    /// The message, with values where a flow has slots: "You owe {1234.50 USD | money}, due {2026-11-25 | date}."
    message: String,
    /// WAV to write (8 kHz, 16 bits). Without it, only the words are printed.
    #[arg(long, short)]
    output: Option<PathBuf>,
    /// The day on which it is said: the year of another year's dates is spoken. Today by default.
    #[arg(long)]
    today: Option<Date>,
    /// Piece by piece, as a message is rendered whose values are known only in the call.
    #[arg(long)]
    pieces: bool,
    /// Speak with this voice and no other: one of the config's (`voices`), or pico, ru_tts, espeak. `ringback prompts voices`
    /// lists those that are here.
    #[arg(long)]
    voice: Option<String>,
    /// In this creditor's name: with its voices and its pronunciation.
    #[arg(long, default_value = "")]
    creditor: String,
    /// libru_tts.so, when it is not in .voices/.
    #[arg(long)]
    ru_tts: Option<PathBuf>,
}

pub fn run(config: &Path, args: SayArgs) -> anyhow::Result<()> {
    let (template, values) = template(&args.message)?;
    let today = args.today.unwrap_or_else(|| Clock::system().now().wall.date(&Zone::utc()));
    let value = |slot: usize| values.get(slot).cloned();
    let stretches = if args.pieces {
        speech::say_pieces(&template, value, args.language, today)?
    } else {
        speech::say_sentences(&template, value, args.language, today)?
    };
    for said in &stretches {
        println!("{}", said.text);
    }
    let Some(output) = args.output else { return Ok(()) };

    let mut voices = voices_for_trying(config, args.ru_tts)?;
    if let Some(name) = &args.voice {
        voices = voices.only(name)?;
    }
    let (mut pcm, mut voice) = (Vec::new(), String::new());
    for said in stretches {
        let creditor = args.creditor.clone();
        let utterance = Utterance { said, creditor, ..Utterance::new(args.language, "") };
        let rendered = voices.render(&utterance)?;
        pcm.extend(rendered.pcm);
        voice = rendered.voice;
    }
    let written = || format!("cannot write {}", output.display());
    let file = File::create(&output).with_context(written)?;
    wav::write(BufWriter::new(file), &pcm).with_context(written)?;
    let length = Duration::from_millis(pcm.len() as u64 * 1000 / u64::from(RATE));
    eprintln!("{}: {:.1} s, voice {}", output.display(), length.as_secs_f64(), voice);
    Ok(())
}

/// The config's voices where there is a config, those that come with the program where there is none.
pub(super) fn voices_for_trying(config: &Path, ru_tts: Option<PathBuf>) -> anyhow::Result<VoiceSet> {
    let embedded = VoiceOptions::embedded(std::env::temp_dir().join("ringback-voices"));
    let options = match config.exists() {
        true => VoiceOptions { speech: Config::load(config)?.speech, ..embedded },
        false => embedded,
    };
    let voices = VoiceSet::load(&VoiceOptions { ru_tts, ..options });
    for problem in voices.problems() {
        eprintln!("warning: {problem}");
    }
    Ok(voices)
}

/// Text with `{value | format}` and markup in it, as a flow has them.
fn template(message: &str) -> anyhow::Result<(Template, Vec<Spoken>)> {
    let (template, values) = slots(message)?;
    let mut pieces = Vec::new();
    let mut open: Vec<(&str, Manner)> = Vec::new();
    let mut manner = Manner::default();
    for piece in template.0 {
        let Piece::Text(text) = piece else {
            pieces.push(piece);
            continue;
        };
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once('<') {
            pieces.push(Piece::Text(before.to_owned()));
            if !markup::is_tag(after) {
                rest = after;
                continue;
            }
            let (inside, after) = after.split_once('>').ok_or_else(|| anyhow!("`<` without `>` in: {message}"))?;
            rest = after;
            match markup::tag(inside)? {
                Tag::Break(ms) => pieces.push(Piece::Break(ms)),
                Tag::Open(name, inner) => {
                    open.push((name, manner));
                    manner = manner.with(inner);
                    pieces.push(Piece::Manner(manner));
                }
                Tag::Close(name) => {
                    let last = open.pop_if(|(open, _)| *open == name);
                    manner = last.ok_or_else(|| anyhow!("`</{name}>` closes nothing in: {message}"))?.1;
                    pieces.push(Piece::Manner(manner));
                }
                Tag::SayAs(format) => {
                    let close = "</say-as>";
                    let (value, after) = rest.split_once(close).ok_or_else(|| anyhow!("no {close} in: {message}"))?;
                    let value = Spoken::read(value, format).map_err(|why| anyhow!("`{value}`: {why}"))?;
                    pieces.push(Piece::Literal { value, format });
                    rest = after;
                }
            }
        }
        pieces.push(Piece::Text(rest.to_owned()));
    }
    anyhow::ensure!(open.is_empty(), "a tag is not closed in: {message}");
    Ok((Template(pieces), values))
}

fn slots(message: &str) -> anyhow::Result<(Template, Vec<Spoken>)> {
    let (mut pieces, mut values) = (Vec::new(), Vec::new());
    let mut rest = message;
    while let Some((text, after)) = rest.split_once('{') {
        let (slot, after) = after.split_once('}').ok_or_else(|| anyhow!("`{{` without `}}` in: {message}"))?;
        pieces.push(Piece::Text(text.to_owned()));
        let (value, format) = slot.split_once('|').unwrap_or((slot, ""));
        let (value, format): (&str, Format) = (value.trim(), format.parse()?);
        pieces.push(Piece::Slot { slot: values.len(), format });
        values.push(Spoken::read(value, format).map_err(|why| anyhow!("in {{{slot}}}: {why}"))?);
        rest = after;
    }
    pieces.push(Piece::Text(rest.to_owned()));
    Ok((Template(pieces), values))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_in_place_of_slots() {
        for (message, said) in [
            (
                "{1234.50 USD | money} by {2027-11-25|date}.",
                Ok(
                    "one thousand two hundred thirty-four dollars and fifty cents by the twenty-fifth of November twenty twenty-seven.",
                ),
            ),
            ("Dear {Anna}, code {12 | digits}", Ok("Dear Anna, code one two")),
            (
                "Code <prosody rate=\"slow\"><say-as interpret-as=\"digits\">42</say-as></prosody>, <break/> a < b",
                Ok("Code four two, a b"),
            ),
            ("<speed>x", Err("unknown tag `<speed>`")),
            ("<emphasis>x", Err("a tag is not closed")),
            ("{5 dollars | money}", Err("in {5 dollars | money}")),
            ("{5 | moneys}", Err("`moneys` is no way to speak a value")),
            ("{5", Err("`{` without `}` in: {5")),
        ] {
            let result = template(message).map(|(template, values)| {
                speech::say(&template, |slot| values.get(slot).cloned(), Language::EN, jiff::civil::date(2026, 1, 1))
                    .unwrap()
            });
            match (result, said) {
                (Ok(words), Ok(said)) => assert_eq!(words, said),
                (Err(error), Err(said)) => assert!(error.to_string().starts_with(said), "{error}"),
                (result, said) => panic!("{message}: {result:?}, expected {said:?}"),
            }
        }
    }
}

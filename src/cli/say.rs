//! `ringback say`: a message in words, and as a call would hear it.

use std::fs::File;
use std::io::BufWriter;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, anyhow};
use jiff::civil::Date;

use crate::audio::{RATE, wav};
use crate::language::Language;
use crate::speech::{self, Format, Piece, Spoken, Template, Utterance};
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
    /// libru_tts.so, when it is not in .voices/.
    #[arg(long)]
    ru_tts: Option<PathBuf>,
}

pub fn run(args: SayArgs) -> anyhow::Result<()> {
    let (template, values) = template(&args.message)?;
    let today = args.today.unwrap_or_else(|| Clock::system().now().wall.date(&Zone::utc()));
    let value = |slot: usize| values.get(slot).cloned();
    let stretches = if args.pieces {
        speech::say_pieces(&template, value, args.language, today)?
    } else {
        speech::say_whole(&template, value, args.language, today)?
    };
    for said in &stretches {
        println!("{}", said.text);
    }
    let Some(output) = args.output else { return Ok(()) };

    let data = std::env::temp_dir().join("ringback-voices");
    let voices = VoiceSet::load(&VoiceOptions { ru_tts: args.ru_tts, ..VoiceOptions::embedded(data) });
    let (mut pcm, mut voice) = (Vec::new(), String::new());
    for said in stretches {
        let utterance = Utterance { said, ..Utterance::new(args.language, "") };
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

/// Text with `{value | format}` in it.
fn template(message: &str) -> anyhow::Result<(Template, Vec<Spoken>)> {
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

//! `ringback flow play`: a flow on a telephone that is this terminal.

use std::fs::File;
use std::io::{BufRead, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use jiff::civil::Date;
use jiff::fmt::temporal::Pieces;

use super::files::read;
use crate::audio::{Codec, RATE, tone, wav};
use crate::diagnostic::{Span, render_all};
use crate::flow::expr::Value;
use crate::flow::program::Program;
use crate::flow::test::{Expect, TestCase};
use crate::flow::{self, Compiled};
use crate::language::Language;
use crate::speech::Utterance;
use crate::time::{Clock, Wall};
use crate::voice::{CacheOptions, PromptCache, Recorded, VoiceOptions, VoiceSet};
use crate::workshop::contact::{make, text_of};
use crate::workshop::phone::{Phone, Shown, Sound};
use crate::workshop::test_entry::entry;

/// A longer silence adds nothing to a recording.
const SILENCE_MAX: Duration = Duration::from_secs(4);
/// Between the end of words and what follows.
const BREATH_MS: u32 = 300;

#[derive(Debug, clap::Args)]
pub struct PlayArgs {
    file: PathBuf,
    /// The language of the contact: ru, en.
    #[arg(long, short)]
    language: Option<Language>,
    /// A field of the contact, `name=Anna`; again for more. The others are those of the first test in the file.
    #[arg(long, value_name = "FIELD=VALUE", value_parser = field)]
    contact: Vec<(String, String)>,
    /// The contact of this test, by its name.
    #[arg(long, value_name = "TEST")]
    contact_from_test: Option<String>,
    /// Print the call as a test for the flow's file.
    #[arg(long)]
    record: bool,
    /// Write what was heard into this WAV (8 kHz, 16 bits).
    #[arg(long, value_name = "WAV")]
    listen: Option<PathBuf>,
    /// When the call is dialled: 2026-11-20T10:00+03:00.
    #[arg(long)]
    now: Option<String>,
    /// libru_tts.so, when it is not in .voices/; for --listen.
    #[arg(long)]
    ru_tts: Option<PathBuf>,
    /// Recorded prompts, <language>/<file>.wav; for --listen.
    #[arg(long, default_value = "prompts")]
    prompts: PathBuf,
}

fn field(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write a field as name=Anna")?;
    Ok((name.trim().to_string(), value.to_string()))
}

/// `false` when the flow does not compile.
pub(super) fn run(args: &PlayArgs, input: &mut impl BufRead, out: &mut impl Write) -> anyhow::Result<bool> {
    let source = read(&args.file)?;
    let file = args.file.display().to_string();
    let Compiled { program, tests, diagnostics, .. } = flow::compile(&source);
    let Some(program) = program.map(Arc::new) else {
        write!(out, "{}", render_all(&diagnostics, &file, &source))?;
        return Ok(false);
    };
    let case = called(args, &program, &tests, out)?;
    let look = Look { styled: std::io::stdout().is_terminal(), echo: !std::io::stdin().is_terminal() };
    let mut phone = Phone::new(&program, case);
    look.show(&phone.news(), out)?;
    while !phone.is_over() {
        look.ask(&phone, out)?;
        let mut line = String::new();
        if input.read_line(&mut line).context("the input cannot be read")? == 0 {
            writeln!(out, "(end of input: hangs up)")?;
            look.show(&phone.put_down(), out)?;
            break;
        }
        if look.echo {
            writeln!(out, "{}", line.trim())?;
        }
        look.show(&phone.take(&line), out)?;
    }
    let heard = match &args.listen {
        Some(wav) => Some(listen(args, wav, &phone.sounds())?),
        None => None,
    };
    writeln!(out)?;
    for line in phone.summary(heard) {
        writeln!(out, "{line}")?;
    }
    if let Some(wav) = &args.listen {
        writeln!(out, "heard:   {}", wav.display())?;
    }
    if args.record {
        match phone.recorded("recorded by play") {
            Ok(test) => writeln!(out, "\n# under `tests:` in {file}\n{}", entry(&program, &test))?,
            Err(why) => writeln!(out, "\nThis call cannot be told as a test: {why}")?,
        }
    }
    Ok(true)
}

/// Who is called, and when.
fn called(args: &PlayArgs, program: &Program, tests: &[TestCase], out: &mut impl Write) -> anyhow::Result<TestCase> {
    let test = match &args.contact_from_test {
        None => tests.first(),
        Some(name) => match tests.iter().find(|test| test.name == *name) {
            Some(test) => Some(test),
            None => {
                let names: Vec<&str> = tests.iter().map(|test| test.name.as_str()).collect();
                let near = crate::diagnostic::did_you_mean(name, names.iter().copied());
                let hint = match near {
                    Some(near) => format!("did you mean \"{near}\"?"),
                    None if names.is_empty() => "it has no tests".to_string(),
                    None => format!("its tests are \"{}\"", names.join("\", \"")),
                };
                bail!("{} has no test named \"{name}\"; {hint}", args.file.display());
            }
        },
    };
    let (now, today) = match (&args.now, test) {
        (Some(text), _) => moment(text).ok_or_else(|| anyhow!("--now {text}: write 2026-11-20T10:00+03:00"))?,
        (None, Some(test)) => (test.now, test.today),
        (None, None) => moment("2026-11-20T10:00+03:00").expect("a moment as it is written"),
    };
    let base = test.map(|test| (&test.contact, test.language));
    let made = make(program, &args.contact, base, args.language, today).map_err(|faults| anyhow!("{faults}"))?;
    let bare = |(field, value): (&crate::flow::program::Field, &Option<Value>)| {
        Some(format!("{} {}", field.name, value.as_ref().map_or("—".into(), text_of)))
    };
    let fields: Vec<String> = program.contact.iter().zip(&made.contact.0).filter_map(bare).collect();
    let whose = match test {
        Some(test) => format!("of the test \"{}\"", test.name),
        None => "with invented values, since the file has no test".to_string(),
    };
    writeln!(out, "Ringing a contact {whose}: {}; language {}; {today}.", fields.join(", "), made.language)?;
    writeln!(out, "You are the client, and have picked up. Type keys, Enter for silence, h to hang up, ? for more.\n")?;
    let due = program.contact.iter().zip(&made.contact.0).find_map(|(field, value)| match value {
        Some(Value::Date(day)) if field.name == "due" => Some(*day),
        _ => None,
    });
    Ok(TestCase {
        name: String::new(),
        span: Span::default(),
        contact: made.contact,
        language: made.language,
        company: test.map_or("Example".into(), |test| test.company.clone()),
        now,
        today,
        due,
        steps: Vec::new(),
        expect: Expect::default(),
    })
}

fn moment(text: &str) -> Option<(Wall, Date)> {
    Some((text.parse::<Wall>().ok()?, Pieces::parse(text).ok()?.date()))
}

/// How the call looks here.
struct Look {
    /// A terminal: asides are dim.
    styled: bool,
    /// What was typed is not on the screen by itself.
    echo: bool,
}

impl Look {
    fn show(&self, lines: &[Shown], out: &mut impl Write) -> std::io::Result<()> {
        for line in lines {
            match line {
                Shown::Heard(words) => writeln!(out, "  {words}")?,
                Shown::Aside(words) if self.styled => writeln!(out, "\x1b[2m· {words}\x1b[0m")?,
                Shown::Aside(words) => writeln!(out, "· {words}")?,
                Shown::Complaint(why) => writeln!(out, "! {why}")?,
                Shown::Help(text) => writeln!(out, "{text}")?,
            }
        }
        Ok(())
    }

    fn ask(&self, phone: &Phone, out: &mut impl Write) -> std::io::Result<()> {
        write!(out, "{}> ", phone.awaits())?;
        out.flush()
    }
}

/// Writes what was heard, and says how long that is.
fn listen(args: &PlayArgs, to: &Path, sounds: &[Sound]) -> anyhow::Result<Duration> {
    let data = std::env::temp_dir().join("ringback-voices");
    let voices = VoiceSet::load(&VoiceOptions { ru_tts: args.ru_tts.clone(), ..VoiceOptions::embedded(data.clone()) });
    let cache = PromptCache::open(
        &data.join("prompts"),
        voices,
        Recorded::scan(&args.prompts),
        CacheOptions::default(),
        Arc::new(Clock::system()),
    )?;
    let words = |utterances: &[Utterance]| -> anyhow::Result<Vec<i16>> {
        let clips = cache.ready(utterances)?;
        let pcm = utterances.iter().filter_map(|utterance| clips.get(utterance));
        Ok(pcm.flat_map(|clip| clip.decode(Codec::Pcma)).collect())
    };
    let mut pcm = Vec::new();
    for sound in sounds {
        match sound {
            Sound::Words(utterances) => {
                pcm.extend(words(utterances)?);
                pcm.extend(tone::silence(BREATH_MS));
            }
            Sound::CutWords(utterances) => {
                let whole = words(utterances)?;
                // Who interrupts has understood, and has not waited for the end.
                pcm.extend(&whole[..whole.len() / 2]);
            }
            Sound::Silence(length) => pcm.extend(tone::silence((*length).min(SILENCE_MAX).as_millis() as u32)),
            Sound::Beep => pcm.extend(tone::beep()),
        }
    }
    let written = || format!("cannot write {}", to.display());
    wav::write(BufWriter::new(File::create(to).with_context(written)?), &pcm).with_context(written)?;
    Ok(Duration::from_millis(pcm.len() as u64 * 1000 / u64::from(RATE)))
}

//! `ringback amd`: who answered, tried out on stored first seconds of calls.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};

use crate::audio::listen::trial::{LABELS, Trial, course, print, trial};
use crate::audio::listen::{Countries, Country, fit, greeting, known};
use crate::audio::{level, wav};

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// Print the settings that ship with the program, to begin a file of your own with.
    Settings,
    /// Run clips through settings and show what would change. Clips are WAV files that begin at the answer; one whose name begins
    /// with `human`, `machine`, `fax`, `screening`, `network` or `unknown` is labelled, and so is one in `labels.csv`
    /// (`file,label,country`).
    Replay {
        folder: PathBuf,
        /// The settings that are tried.
        #[arg(long)]
        settings: Option<PathBuf>,
        /// Those in force, instead of the program's own.
        #[arg(long)]
        was: Option<PathBuf>,
        /// Of clips whose country `labels.csv` does not give: `ru`, `us`, …
        #[arg(long, default_value = "any")]
        country: String,
        /// Only the clips that come out otherwise.
        #[arg(long)]
        changes: bool,
    },
    /// Fit the model of a greeting to labelled clips, and print it as `model:` of a settings file.
    Fit {
        folder: PathBuf,
        #[arg(long, default_value = "any")]
        country: String,
    },
    /// Print the entry of a settings file by which a recording is recognized: a screener's question, an announcement.
    Learn {
        file: PathBuf,
        /// `screening`, `machine`, `out_of_service`, `invalid_number`, `no_answer`, `busy` or `congestion`.
        #[arg(long)]
        says: known::Says,
    },
}

/// Clips of one folder.
const CLIPS_MAX: usize = 100_000;
/// Of one clip: the rest of a call is not looked at.
const SECONDS_MAX: usize = 60;

pub(super) fn run(command: Command) -> anyhow::Result<ExitCode> {
    let text = match command {
        Command::Settings => crate::audio::listen::country::SHIPPED.to_string(),
        Command::Replay { folder, settings, was, country, changes } => {
            let (is, was) = (countries(settings.as_deref())?, countries(was.as_deref())?);
            replay(&clips(&folder)?, &was, &is, &country, changes)?
        }
        Command::Fit { folder, country } => fitted(&clips(&folder)?, &Countries::shipped(), &country)?,
        Command::Learn { file, says } => learnt(&file, says)?,
    };
    // A reader who has seen enough (`| head`) is no failure.
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
    Ok(ExitCode::SUCCESS)
}

fn countries(file: Option<&Path>) -> anyhow::Result<Arc<Countries>> {
    let Some(file) = file else { return Ok(Countries::shipped()) };
    let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let read = Countries::read(&text).map_err(|why| anyhow::anyhow!("{}: {why}", file.display()))?;
    Ok(Arc::new(read))
}

struct Clip {
    name: String,
    label: Option<&'static str>,
    country: Option<String>,
    pcm: Vec<i16>,
}

/// A clip that cannot be read is named, and the others are taken.
fn clips(folder: &Path) -> anyhow::Result<Vec<Clip>> {
    let labels = labels(&folder.join("labels.csv"))?;
    let entries = std::fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))?;
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|file| file.extension().is_some_and(|e| e.eq_ignore_ascii_case("wav")));
    files.sort();
    if files.is_empty() || files.len() > CLIPS_MAX {
        bail!("{} holds {} WAV files; 1 to {CLIPS_MAX} are wanted", folder.display(), files.len());
    }
    let mut clips = Vec::new();
    for file in files {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let pcm = match read(&file) {
            Ok(pcm) => pcm,
            Err(why) => {
                eprintln!("{name} is left out: {why:#}");
                continue;
            }
        };
        let listed = labels.get(&name);
        let label =
            listed.map(|(label, _)| *label).or_else(|| LABELS.into_iter().find(|label| name.starts_with(label)));
        let country = listed.and_then(|(_, country)| country.clone());
        clips.push(Clip { name, label, country, pcm });
    }
    Ok(clips)
}

fn read(file: &Path) -> anyhow::Result<Vec<i16>> {
    let mut pcm = wav::read(BufReader::new(File::open(file)?))?;
    pcm.truncate(SECONDS_MAX * crate::audio::RATE as usize);
    Ok(pcm)
}

type Labels = BTreeMap<String, (&'static str, Option<String>)>;

fn labels(file: &Path) -> anyhow::Result<Labels> {
    let mut labels = Labels::new();
    if !file.exists() {
        return Ok(labels);
    }
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_path(file)?;
    for (n, row) in reader.records().enumerate() {
        let row = row?;
        let word = row.get(1).unwrap_or_default().trim();
        let Some(label) = LABELS.into_iter().find(|label| *label == word) else {
            bail!("{}, row {}: the label `{word}` is none of {}", file.display(), n + 2, LABELS.join(", "));
        };
        let country = row.get(2).map(str::trim).filter(|c| !c.is_empty()).map(String::from);
        labels.insert(row.get(0).unwrap_or_default().trim().to_string(), (label, country));
    }
    Ok(labels)
}

fn named(countries: &Countries, name: &str) -> anyhow::Result<Arc<Country>> {
    countries.named(name).with_context(|| {
        let mut names: Vec<&str> = countries.all().map(|country| country.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        format!("the settings have no country `{name}`; they have {}", names.join(", "))
    })
}

fn replay(clips: &[Clip], was: &Countries, is: &Countries, country: &str, changes: bool) -> anyhow::Result<String> {
    let mut out = format!("{:40} {:10} {:22} {:22}\n", "clip", "label", "was", "would be");
    let (mut changed, mut right) = (0, [0; 2]);
    let mut matrix: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut times: Vec<u32> = Vec::new();
    for clip in clips {
        let country = clip.country.as_deref().unwrap_or(country);
        let (before, after) = (trial(&clip.pcm, &named(was, country)?), trial(&clip.pcm, &named(is, country)?));
        let differs = before.verdict != after.verdict;
        changed += usize::from(differs);
        if let Some(label) = clip.label {
            *matrix.entry((label, after.verdict.word())).or_default() += 1;
            right[0] += usize::from(before.verdict.word() == label);
            right[1] += usize::from(after.verdict.word() == label);
        }
        times.push(after.at_ms);
        if differs || !changes {
            let mark = if differs { "  *" } else { "" };
            let label = clip.label.unwrap_or("-");
            let _ = writeln!(out, "{:40} {label:10} {:22} {:22}{mark}", clip.name, shown(&before), shown(&after));
        }
    }
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() * percent / 100).min(times.len() - 1)];
    let _ = writeln!(
        out,
        "\n{} clips, {changed} would come out otherwise; decided within {} ms (half), {} ms (95 %)",
        clips.len(),
        at(50),
        at(95)
    );
    let labelled: usize = matrix.values().sum();
    if labelled > 0 {
        let percent = |n: usize| n as f64 * 100.0 / labelled as f64;
        let _ = writeln!(
            out,
            "right: {:.1} % were, {:.1} % would be, of {labelled} with a label\n",
            percent(right[0]),
            percent(right[1])
        );
        let head: String = LABELS.iter().map(|label| format!("{label:>10}")).collect();
        let _ = writeln!(out, "{:10}{head}", "label");
        for label in LABELS {
            let cells: String =
                LABELS.iter().map(|word| format!("{:>10}", matrix.get(&(label, word)).copied().unwrap_or(0))).collect();
            let _ = writeln!(out, "{label:10}{cells}");
        }
    }
    Ok(out)
}

fn shown(trial: &Trial) -> String {
    let beep = trial.beeped_ms.map(|at| format!(", beep {:.1} s", f64::from(at) / 1000.0)).unwrap_or_default();
    format!("{} {:.1} s{beep}", trial.verdict.word(), f64::from(trial.at_ms) / 1000.0)
}

fn fitted(clips: &[Clip], countries: &Countries, country: &str) -> anyhow::Result<String> {
    let country = named(countries, country)?;
    let courses: Vec<fit::Course> = clips
        .iter()
        .filter(|clip| matches!(clip.label, Some("human" | "machine")))
        .filter_map(|clip| course(&clip.pcm, &country, clip.label == Some("human")))
        .collect();
    let humans = courses.iter().filter(|course| course.human).count();
    if humans < FIT_MIN || courses.len() - humans < FIT_MIN {
        bail!(
            "{humans} clips of people and {} of machines are too few to fit to: at least {FIT_MIN} of each, named \
             human*.wav and machine*.wav or listed in labels.csv",
            courses.len() - humans
        );
    }
    // It learns from one half and is held against the other.
    let every_second = |odd: usize| courses.iter().skip(odd).step_by(2).cloned().collect::<Vec<_>>();
    let model = greeting::Model { net: fit::net(&every_second(0)), ..country.model.clone() };
    let model = fit::thresholds(&every_second(1), &model, fit::SECOND);
    let machines = courses.len() - humans;
    Ok(format!("# fitted to {humans} clips of people and {machines} of machines\n{}", fit::written(&model)))
}

/// Fewer clips of a kind say nothing.
const FIT_MIN: usize = 30;

fn learnt(file: &Path, says: known::Says) -> anyhow::Result<String> {
    let pcm = read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let print = print(level::trim(&pcm, 0)).with_context(|| {
        format!(
            "{} is too short to be recognized by: {:.1} s of sound are needed",
            file.display(),
            known::WORDS_MIN as f64 / 50.0
        )
    })?;
    Ok(format!(
        "  - {{ name: \"{}\", says: {says}, print: \"{}\" }}\n",
        name.replace(['"', '\\'], "_"),
        known::write_print(&print)
    ))
}

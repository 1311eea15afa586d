//! `ringback init`: a documented config and something to begin with.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::config::Config;

#[derive(clap::Args)]
pub struct Arguments {
    /// The folder to begin in.
    #[arg(default_value = ".")]
    dir: PathBuf,
}

/// The shipped flows and ladder, as they are in the repository.
pub(super) const SHIPPED_FLOWS: [(&str, &str); 9] = [
    ("flows/gentle_reminder.yaml", include_str!("../../flows/gentle_reminder.yaml")),
    ("flows/overdue_reminder.yaml", include_str!("../../flows/overdue_reminder.yaml")),
    ("flows/broken_promise.yaml", include_str!("../../flows/broken_promise.yaml")),
    ("flows/final_notice.yaml", include_str!("../../flows/final_notice.yaml")),
    ("flows/callback_inbound.yaml", include_str!("../../flows/callback_inbound.yaml")),
    ("flows/third_person.yaml", include_str!("../../flows/third_person.yaml")),
    ("flows/voicemail.yaml", include_str!("../../flows/voicemail.yaml")),
    ("flows/planned_outage.yaml", include_str!("../../flows/planned_outage.yaml")),
    ("flows/appointment_confirmation.yaml", include_str!("../../flows/appointment_confirmation.yaml")),
];
/// What they call.
const SHIPPED_LIBRARY: [(&str, &str); 1] =
    [("flows/library/identify.yaml", include_str!("../../flows/library/identify.yaml"))];
pub(crate) const SHIPPED_LADDER: &str = include_str!("../../flows/ladders/utility_overdue.yaml");

/// By name.
pub(crate) fn shipped_flows() -> BTreeMap<&'static str, &'static str> {
    let name = |path: &'static str| path.trim_start_matches("flows/").trim_end_matches(".yaml");
    SHIPPED_FLOWS.iter().map(|(path, source)| (name(path), *source)).collect()
}

pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let files = [("ringback.yaml", Config::sample()), ("flows/ladders/utility_overdue.yaml", SHIPPED_LADDER)]
        .into_iter()
        .chain(SHIPPED_FLOWS)
        .chain(SHIPPED_LIBRARY);
    let present: Vec<String> = files
        .clone()
        .map(|(name, _)| name)
        .filter(|name| arguments.dir.join(name).exists())
        .map(String::from)
        .collect();
    if !present.is_empty() {
        bail!("nothing was written: {} would be overwritten in {}", present.join(", "), arguments.dir.display());
    }
    for (name, text) in files {
        write(&arguments.dir.join(name), text)?;
        println!("wrote {}", arguments.dir.join(name).display());
    }
    println!(
        "\nNext:\n  edit ringback.yaml: your trunk, caller ID and the prefixes that may be dialled\n  \
         ringback import contacts.csv\n  \
         ringback campaign create overdue --ladder flows/ladders/utility_overdue.yaml --flows flows\n  \
         ringback campaign start overdue\n  ringback serve"
    );
    Ok(())
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

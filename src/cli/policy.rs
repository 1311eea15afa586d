//! `ringback policy`: the packs of rules that a ladder can name.

mod audit;

use std::fmt::Write as _;
use std::path::Path;

use anyhow::bail;

use crate::diagnostic::did_you_mean;
use crate::policy::Pack;

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// The packs, with their versions.
    List,
    /// What a pack demands, rule by rule.
    Show {
        /// `ru.credit`, `us.reg_f`, …
        pack: String,
        /// As it is written.
        #[arg(long)]
        source: bool,
    },
    /// Every decision about a contact's attempts: when, by which rule, under which versions of the packs. Times in UTC.
    Audit {
        /// The contact's `contact_id`.
        #[arg(long)]
        contact: String,
    },
}

pub(super) async fn run(config: &Path, command: Command) -> anyhow::Result<()> {
    let text = match command {
        Command::Audit { contact } => {
            let (_, store, _) = super::open(config).await?;
            return audit::run(&*store, &contact, &mut std::io::stdout()).await;
        }
        Command::List => list(),
        Command::Show { pack, source } => {
            let pack = named(&pack)?;
            if source { pack.source.to_string() } else { show(pack) }
        }
    };
    print!("{text}");
    Ok(())
}

fn named(name: &str) -> anyhow::Result<&'static Pack> {
    let Some(pack) = Pack::named(name) else {
        let names = Pack::all().iter().map(|pack| pack.name.as_str());
        match did_you_mean(name, names) {
            Some(near) => bail!("no policy pack `{name}`; did you mean `{near}`?"),
            None => bail!("no policy pack `{name}`; `ringback policy list` shows them"),
        }
    };
    Ok(pack)
}

fn list() -> String {
    let mut out = String::new();
    for pack in Pack::all() {
        let always = if pack.name == Pack::outermost().name { " (always)" } else { "" };
        let _ = writeln!(out, "{:<12}{:<12}{}{always}", pack.name, pack.version, pack.about);
    }
    out
}

fn show(pack: &Pack) -> String {
    let mut out = format!("{} {}: {}\n\n", pack.name, pack.version, pack.about);
    let width =
        pack.says.iter().map(|(id, _)| id.len()).chain(pack.elsewhere.keys().map(String::len)).max().unwrap_or(0);
    for (id, says) in &pack.says {
        let _ = writeln!(out, "  {id:<width$}  {says}");
    }
    if !pack.elsewhere.is_empty() {
        out += "\nHeld elsewhere:\n";
    }
    for (id, how) in &pack.elsewhere {
        let _ = writeln!(out, "  {id:<width$}  {how}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packs_in_words() {
        assert!(
            list().starts_with("default     1           what no ladder can widen (always)\nru.credit   2024-02-01")
        );
        let shown = show(named("us.reg_f").unwrap());
        assert!(shown.contains("\n  US-F2  seven calls in seven days"), "{shown}");
        assert!(shown.contains("\nHeld elsewhere:\n  US-F5  the debt is told"), "{shown}");
        let wrong = named("us.regf").unwrap_err().to_string();
        assert_eq!(wrong, "no policy pack `us.regf`; did you mean `us.reg_f`?");
    }
}

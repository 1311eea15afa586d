//! `ringback flow check --watch`: checks again whenever a flow changes, appears or goes.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::Context;

use super::check::check_text;
use super::files::{LIBRARY, flow_and_library_files};
use crate::time::{Clock, Mono};

/// Looking at the times of a few files costs less than a watcher of the operating system would weigh.
const BEAT: Duration = Duration::from_millis(300);

/// Returns when interrupted (Ctrl-C).
pub(super) fn watch(paths: &[PathBuf], out: &mut impl Write) -> anyhow::Result<()> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start the runtime")?;
    let mut interrupted = Box::pin(tokio::signal::ctrl_c());
    watch_until(paths, out, || {
        runtime.block_on(async {
            tokio::select! {
                _ = &mut interrupted => false,
                () = tokio::time::sleep(BEAT) => true,
            }
        })
    })
}

/// Checks once, and then after every beat that finds a change; `beat` says whether to go on.
fn watch_until(paths: &[PathBuf], out: &mut impl Write, mut beat: impl FnMut() -> bool) -> anyhow::Result<()> {
    let clock = Clock::system();
    let mut seen = look(paths);
    let mut changes = Vec::new();
    loop {
        if std::io::stdout().is_terminal() {
            // Clears the screen and what has scrolled off it.
            write!(out, "\x1b[2J\x1b[3J\x1b[H")?;
        }
        for change in &changes {
            writeln!(out, "{change}")?;
        }
        let started = clock.now().mono;
        // A folder may be empty for a moment, or a file be away while an editor replaces it.
        if let Err(error) = check_text(paths, out) {
            writeln!(out, "error: {error:#}")?;
        }
        writeln!(out, "checked in {}; waiting for changes, Ctrl-C ends", milliseconds(&clock, started))?;
        out.flush()?;
        loop {
            if !beat() {
                return Ok(());
            }
            let now = look(paths);
            changes = differences(&seen, &now);
            seen = now;
            if !changes.is_empty() {
                break;
            }
        }
    }
}

/// When each file was written, and how long it is.
type Seen = BTreeMap<PathBuf, (SystemTime, u64)>;

/// Each path by itself: one that is away for a moment hides none of the others. A change of a sub-flow is one of the flows
/// that call it.
fn look(paths: &[PathBuf]) -> Seen {
    let libraries = paths.iter().filter(|path| !path.is_dir()).filter_map(|file| Some(file.parent()?.join(LIBRARY)));
    let looked_at = paths.iter().cloned().chain(libraries.filter(|folder| folder.is_dir()));
    let files = looked_at.flat_map(|path| flow_and_library_files(&[path]).unwrap_or_default());
    files.filter_map(|file| Some((file.clone(), stamp(&file)?))).collect()
}

fn stamp(file: &Path) -> Option<(SystemTime, u64)> {
    let metadata = std::fs::metadata(file).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

fn differences(before: &Seen, after: &Seen) -> Vec<String> {
    let now = after.iter().filter_map(|(file, stamp)| match before.get(file) {
        None => Some(format!("appeared: {}", file.display())),
        Some(earlier) if earlier != stamp => Some(format!("changed: {}", file.display())),
        Some(_) => None,
    });
    let gone = before.keys().filter(|file| !after.contains_key(*file)).map(|f| format!("gone: {}", f.display()));
    now.chain(gone).collect()
}

fn milliseconds(clock: &Clock, started: Mono) -> String {
    format!("{:.1} ms", clock.now().mono.since(started).as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The hands at the keyboard are the beats: each changes the folder, and the watcher must see it at once.
    #[test]
    fn every_change_is_seen() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let file = |name: &str| folder.path().join(name);
        std::fs::write(file("a.yaml"), "flow: a\n").expect("written");
        let mut beats = 0;
        let mut out = Vec::new();
        watch_until(&[folder.path().to_path_buf()], &mut out, || {
            beats += 1;
            match beats {
                1 => {}
                2 => std::fs::write(file("a.yaml"), "flow: a\nversion: 1\n").expect("written"),
                3 => std::fs::write(file("b.yaml"), "nonsense: [").expect("written"),
                4 => std::fs::remove_file(file("a.yaml")).expect("removed"),
                5 => std::fs::remove_file(file("b.yaml")).expect("removed"),
                _ => return false,
            }
            true
        })
        .expect("the folder can be read");
        let printed = String::from_utf8(out).expect("text").replace(&folder.path().display().to_string(), "");
        let rounds: Vec<&str> = printed.split("waiting for changes, Ctrl-C ends\n").collect();
        assert_eq!(rounds.len(), 6, "{printed}");
        for (round, begins, has) in [
            (0, "/a.yaml:1:1: error[F007]", "the flow lacks `version`"),
            (1, "changed: /a.yaml\n", "the flow lacks `languages`"),
            (2, "appeared: /b.yaml\n", "/b.yaml:1:11: error[F001]"),
            (3, "gone: /a.yaml\n", "1 errors, 0 warnings"),
            (4, "gone: /b.yaml\n", "there is no flow"),
        ] {
            assert!(rounds[round].starts_with(begins) && rounds[round].contains(has), "{round}: {printed}");
        }
    }
}

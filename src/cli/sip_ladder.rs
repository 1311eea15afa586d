//! `ringback ladder <call>`: the SIP messages of one call, as text or for other programs.

use std::io::Write;
use std::path::Path;

use anyhow::Context;

use crate::config::Config;
use crate::trunk::trace::{MESSAGES_MAX, drawing, of_call, pcap};

/// `call`: its number, as `ringback why` and the log show it.
pub fn run(
    config: &Config,
    call: i64,
    full_numbers: bool,
    pcap_file: Option<&Path>,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let folder = &config.sip_trace.folder;
    let messages = match of_call(folder, call) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        read => read.with_context(|| format!("cannot read the SIP messages in {}", folder.display()))?,
    };
    if messages.is_empty() {
        anyhow::bail!(
            "no SIP message of call {call} was kept in {}: it was never dialled, was before `sip_trace` was set, or has \
             made room for later ones (`disk_mb_max`)",
            folder.display()
        );
    }
    match pcap_file {
        Some(path) => {
            std::fs::write(path, pcap::file(&messages)).with_context(|| format!("cannot write {}", path.display()))?;
            writeln!(out, "{} messages, with whole numbers, written to {}", messages.len(), path.display())?;
        }
        None => write!(out, "{}", drawing::ladder(&messages, full_numbers))?,
    }
    if messages.len() == MESSAGES_MAX {
        writeln!(out, "only the first {MESSAGES_MAX} messages are shown")?;
    }
    Ok(())
}

//! The messages of RFC 4475 and RFC 5118, from the shared material; skipped, saying so, when it is not there.

use std::path::PathBuf;
use std::process::Command;

use ringback::sip::message::{Malformed, Message, parse};
use ringback::sip::{Config, Hop, Input, UserAgent};
use ringback::time::Mono;

/// Where the archives lie: beside the repository, or where `RINGBACK_MATERIAL` says.
fn material(archive: &str) -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/material");
    let named = std::env::var_os("RINGBACK_MATERIAL").map(PathBuf::from);
    named.into_iter().chain([beside]).map(|dir| dir.join(archive)).find(|path| path.exists())
}

/// The messages of an archive, by name. `None`: not there.
fn messages(archive: &str) -> Option<Vec<(String, Vec<u8>)>> {
    let Some(path) = material(archive) else {
        eprintln!("skipped: ../shared/material/{archive} is not there, and RINGBACK_MATERIAL does not name its folder");
        return None;
    };
    let dir = tempfile::tempdir().unwrap();
    let unpacked = Command::new("tar").arg("xJf").arg(&path).arg("-C").arg(dir.path()).status().unwrap();
    assert!(unpacked.success(), "{} cannot be unpacked", path.display());
    let folder = std::fs::read_dir(dir.path()).unwrap().next().unwrap().unwrap().path();
    let files = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path());
    let mut all: Vec<(String, Vec<u8>)> =
        files.map(|p| (p.file_stem().unwrap().to_string_lossy().into_owned(), std::fs::read(&p).unwrap())).collect();
    all.sort();
    Some(all)
}

fn source() -> Hop {
    Hop::udp("127.0.0.1:5060".parse().unwrap())
}

fn verdict(bytes: &[u8]) -> String {
    match parse(bytes, source()) {
        Ok(Message::Request(r)) => r.head.method.to_string(),
        Ok(Message::Response(r)) => r.status.to_string(),
        Err(Malformed::Noise) => "noise".into(),
        Err(Malformed::Answer { status, .. }) => format!("→ {status}"),
    }
}

#[test]
fn rfc_4475() {
    let Some(messages) = messages("rfc4475.tar.xz") else { return };
    assert_eq!(messages.len(), 50);
    let of = |name: &str| verdict(&messages.iter().find(|(n, _)| n == name).unwrap_or_else(|| panic!("{name}")).1);
    // §3.1.1: valid.
    for (name, expected) in [
        ("wsinv", "INVITE"),
        ("intmeth", "!interesting-Method0123456789_*+`.%indeed'~"),
        ("esc01", "INVITE"),
        ("escnull", "REGISTER"),
        ("esc02", "RE%47IST%45R"),
        ("lwsdisp", "OPTIONS"),
        ("longreq", "INVITE"),
        ("dblreq", "REGISTER"),
        ("semiuri", "OPTIONS"),
        ("transports", "OPTIONS"),
        ("mpart01", "MESSAGE"),
        ("unreason", "200"),
        ("noreason", "100"),
    ] {
        assert_eq!(of(name), expected, "{name}");
    }
    // §3.1.2: invalid, and such that a call must not come of it.
    for name in
        ["badinv01", "clerr", "ncl", "scalar02", "scalarlg", "quotbal", "ltgtruri", "lwsruri", "lwsstart", "trws"]
    {
        let verdict = of(name);
        assert!(verdict == "noise" || verdict.starts_with('→'), "{name}: {verdict}");
    }
    assert_eq!(of("badvers"), "→ 505");
    assert_eq!(of("mismatch01"), "→ 400");
    assert_eq!(of("mismatch02"), "→ 400");
    assert_eq!(of("multi01"), "→ 400");
    assert_eq!(of("insuf"), "noise");
}

#[test]
fn torture_in_an_agent() {
    for archive in ["rfc4475.tar.xz", "rfc5118.tar.xz"] {
        let Some(messages) = messages(archive) else { continue };
        let mut agent = UserAgent::new(Mono::ZERO, Config::new(source().addr, [1; 32]));
        for (_, bytes) in &messages {
            agent.handle(Mono(1), Input::Message { from: source(), bytes });
            // And cut short anywhere.
            for end in (0..bytes.len()).step_by(37) {
                agent.handle(Mono(1), Input::Message { from: source(), bytes: &bytes[..end] });
            }
        }
    }
}

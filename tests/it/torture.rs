//! The messages of RFC 4475 and RFC 5118, from the shared material; skipped, saying so, when it is not there.

use std::path::PathBuf;
use std::process::Command;

use ringback::sip::message::{Message, parse};
use ringback::sip::{Config, Event, Hop, Input, Output, UserAgent};
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

/// What a user agent that takes calls makes of one packet: `call` (the application is asked), a status that is answered,
/// `dropped`, or, of a response, `response` and its status: it is readable, whoever waits for it.
fn verdict(bytes: &[u8]) -> String {
    if let Ok(Message::Response(response)) = parse(bytes, source()) {
        return format!("response {}", response.status);
    }
    let mut agent = UserAgent::new(Mono::ZERO, Config::new(source().addr, [1; 32]));
    match agent.handle(Mono(1), Input::Message { from: source(), bytes }).as_slice() {
        [] => "dropped".into(),
        [Output::Event(Event::Incoming { .. })] => "call".into(),
        [Output::Send { bytes, .. }] => String::from_utf8_lossy(bytes).split(' ').nth(1).unwrap().into(),
        more => panic!("one packet, one verdict: {more:?}"),
    }
}

/// Name of the file, section, verdict. Where the text leaves a choice between strict and forgiving, the row says which.
fn check(archive: &str, table: &[(&str, &str, &str)]) {
    let Some(messages) = messages(archive) else { return };
    assert_eq!(messages.len(), table.len());
    let mut wrong = Vec::new();
    for (name, bytes) in &messages {
        let (_, section, expected) = table.iter().find(|row| row.0 == name).unwrap_or_else(|| panic!("{name}: no row"));
        let got = verdict(bytes);
        if got != *expected {
            wrong.push(format!("{name} (§{section}): {expected} expected, {got} found"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn rfc_4475() {
    let table = [
        // Valid, and unusual.
        // Readable; and of a call that we do not know: its To has a tag (RFC 3261 §12.2.2).
        ("wsinv", "3.1.1.1", "481"),
        ("intmeth", "3.1.1.2", "501"),
        ("esc01", "3.1.1.3", "call"),
        ("escnull", "3.1.1.4", "405"),
        // Not REGISTER: a method is compared as it is written.
        ("esc02", "3.1.1.5", "501"),
        ("lwsdisp", "3.1.1.6", "200"),
        ("longreq", "3.1.1.7", "call"),
        // What follows the first message is ignored.
        ("dblreq", "3.1.1.8", "405"),
        ("semiuri", "3.1.1.9", "200"),
        ("transports", "3.1.1.10", "200"),
        ("mpart01", "3.1.1.11", "405"),
        ("unreason", "3.1.1.12", "response 200"),
        ("noreason", "3.1.1.13", "response 100"),
        // Invalid.
        ("badinv01", "3.1.2.1", "400"),
        ("clerr", "3.1.2.2", "400"),
        ("ncl", "3.1.2.3", "400"),
        ("scalar02", "3.1.2.4", "400"),
        ("scalarlg", "3.1.2.5", "dropped"),
        ("quotbal", "3.1.2.6", "400"),
        ("ltgtruri", "3.1.2.7", "400"),
        ("lwsruri", "3.1.2.8", "400"),
        ("lwsstart", "3.1.2.9", "400"),
        ("trws", "3.1.2.10", "400"),
        ("escruri", "3.1.2.11", "400"),
        // Forgiven: nobody here reads Date.
        ("baddate", "3.1.2.12", "call"),
        ("regbadct", "3.1.2.13", "400"),
        // Forgiven: the spaces are inside the brackets and mean nothing.
        ("badaspec", "3.1.2.14", "200"),
        // Forgiven, as names from Russian exchanges must be: bytes outside a token, without quotes.
        ("baddn", "3.1.2.15", "200"),
        ("badvers", "3.1.2.16", "505"),
        ("mismatch01", "3.1.2.17", "400"),
        ("mismatch02", "3.1.2.18", "400"),
        ("bigcode", "3.1.2.19", "dropped"),
        // Forgiven: the transaction is told apart as those of RFC 2543 are.
        ("badbranch", "3.2.1", "200"),
        ("insuf", "3.3.1", "400"),
        ("unkscm", "3.3.2", "416"),
        ("novelsc", "3.3.3", "416"),
        // We are no registrar: REGISTER is refused whatever it holds (RFC 3261 §8.2.1).
        ("unksm2", "3.3.4", "405"),
        ("bext01", "3.3.5", "420"),
        ("invut", "3.3.6", "415"),
        ("regaut01", "3.3.7", "405"),
        ("multi01", "3.3.8", "400"),
        ("mcl01", "3.3.9", "400"),
        // RFC 3261 §8.1.3.3: another Via below ours.
        ("bcast", "3.3.10", "dropped"),
        // A user agent is where it was going.
        ("zeromf", "3.3.11", "200"),
        ("cparam01", "3.3.12", "405"),
        ("cparam02", "3.3.13", "405"),
        ("regescrt", "3.3.14", "405"),
        ("sdp01", "3.3.15", "406"),
        ("inv2543", "3.4.1", "call"),
        // In the archive, not in the text: a request line without a version, no Via (RFC 3261 §7.1, §8.2.6.2).
        ("test", "-", "dropped"),
    ];
    check("rfc4475.tar.xz", &table);
}

/// What readers of RFC 4475's messages could get wrong without refusing them.
#[test]
fn rfc_4475_is_understood() {
    let Some(messages) = messages("rfc4475.tar.xz") else { return };
    let answer = |name: &str| {
        let bytes = &messages.iter().find(|(n, _)| n == name).unwrap().1;
        let mut agent = UserAgent::new(Mono::ZERO, Config::new(source().addr, [1; 32]));
        let outputs = agent.handle(Mono(1), Input::Message { from: source(), bytes });
        match outputs.into_iter().next().unwrap() {
            Output::Send { bytes, .. } => String::from_utf8_lossy(&bytes).into_owned(),
            Output::Event(Event::Incoming { to_user, media, .. }) => {
                format!("{} {}", to_user.full(), media.unwrap().addr)
            }
            Output::Event(event) => panic!("{event:?}"),
        }
    };
    for (name, words) in [
        ("wsinv", "From: \"J Rosenberg \\\\\\\"\"       <sip:jdrosen@example.com>"),
        ("esc01", "sips:user@example.com 192.0.2.1:49217"),
        ("inv2543", "UserB 192.0.2.5:49217"),
        ("bext01", "Unsupported: nothingSupportsThis, nothingSupportsThisEither\r\n"),
        ("invut", "Accept: application/sdp\r\n"),
        ("transports", "Via: SIP/2.0/UNKNOWN t4.example.com;branch=z9hG4bKasd0f3en\r\n"),
        ("insuf", "CSeq: 193942 INVITE\r\n"),
        ("badinv01", "Call-ID: badinv01.0ha0isndaksdjasdf3234nas\r\n"),
        ("dblreq", "Call-ID: dblreq.0ha0isndaksdj99sdfafnl3lk233412\r\n"),
    ] {
        let text = answer(name);
        assert!(text.contains(words), "{name}: {words} is not in {text}");
    }
}

#[test]
fn rfc_5118() {
    let table = [
        // Valid, but we are no registrar (RFC 3261 §8.2.1).
        ("ipv6-good", "4.1", "405"),
        ("ipv6-bad", "4.2", "400"),
        ("port-ambiguous", "4.3", "405"),
        ("port-unambiguous", "4.4", "405"),
        // Valid, and of no call of ours (§15.1.2).
        ("via-received-param-with-delim", "4.5", "481"),
        ("via-received-param-no-delim", "4.5", "200"),
        // Meant to be valid; but the file announces 268 bytes of body and has 251 (RFC 3261 §18.3). Put right: below.
        ("ipv6-in-sdp", "4.6", "400"),
        ("mult-ip-in-header", "4.7", "481"),
        ("mult-ip-in-sdp", "4.8", "call"),
        // G.726 is not spoken here (RFC 3264 §6, RFC 3261 §21.4.26).
        ("ipv4-mapped-ipv6", "4.9", "488"),
        // Both must be borne.
        ("ipv6-bug-abnf-3-colons", "4.10", "200"),
        ("ipv6-correct-abnf-2-colons", "4.10", "200"),
    ];
    check("rfc5118.tar.xz", &table);
    let Some(messages) = messages("rfc5118.tar.xz") else { return };
    let whole = &messages.iter().find(|(name, _)| name == "ipv6-in-sdp").unwrap().1;
    let whole = String::from_utf8_lossy(whole).replace("Content-Length: 268", "Content-Length: 251");
    assert_eq!(verdict(whole.as_bytes()), "488");
    let spoken = whole.replace("RTP/AVP 2\r\na=rtpmap:2 G726-32/8000", "RTP/AVP 8\r\na=rtpmap:8    PCMA/8000");
    assert_eq!(verdict(spoken.as_bytes()), "call");
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

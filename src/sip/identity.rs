//! Who calls: what we say of ourselves the way a carrier wants it, and what a carrier says of somebody who calls us.

use super::address::{Address, is_user, user};
use super::carrier::{Carrier, Identity};
use super::message::Writer;
use super::order::User;
use crate::outcome::Verstat;

/// What the headers of an INVITE tell about its caller beside From. History-Info is not read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Caller {
    /// The user of P-Asserted-Identity (RFC 3325), else of Remote-Party-ID: what a trusted peer vouches for.
    pub asserted: Option<User>,
    pub verstat: Option<Verstat>,
    /// Whom the caller rang before the call came here: the topmost Diversion (RFC 5806).
    pub diverted_from: Option<User>,
    /// The caller does not want to be shown (RFC 3323).
    pub private: bool,
}

/// The headers that [`Caller::read`] wants, all values of each.
pub struct Told<'a> {
    pub from: &'a str,
    pub asserted: &'a [Vec<u8>],
    pub remote_party: &'a [Vec<u8>],
    pub diversion: &'a [Vec<u8>],
    pub privacy: &'a [Vec<u8>],
}

impl Caller {
    pub fn read(told: &Told) -> Caller {
        let uri = |values: &[Vec<u8>]| {
            let list = values.first().and_then(|v| Address::parse_list(v));
            list.and_then(|l| l.into_iter().next()).map(|a| a.uri)
        };
        let named = |uri: &Option<String>| uri.as_deref().map(user).filter(|u| !u.is_empty()).map(User::new);
        let asserted = uri(told.asserted);
        // A number from nobody's mouth is worth no more than From's (RFC 3325 §9.1 before the draft of Remote-Party-ID).
        let asserted_user = named(&asserted).or_else(|| named(&uri(told.remote_party)));
        let verstat = asserted.as_deref().and_then(verstat).or_else(|| verstat(told.from));
        let words = |value: &Vec<u8>| {
            value.split(|b| matches!(b, b';' | b',' | b' ')).any(|w| {
                [&b"id"[..], b"user", b"header", b"full"].iter().any(|private| w.eq_ignore_ascii_case(private))
            })
        };
        let private = told.privacy.iter().any(words);
        let anonymous = user(told.from).eq_ignore_ascii_case("anonymous");
        Caller {
            asserted: asserted_user,
            verstat,
            diverted_from: named(&uri(told.diversion)),
            private: private || anonymous,
        }
    }

    /// The number of the caller; From names `from`. `None`: withheld, whatever is asserted.
    pub fn number<'a>(&'a self, from: &'a User) -> Option<&'a User> {
        (!self.private).then(|| self.asserted.as_ref().unwrap_or(from))
    }
}

/// The parameter stands in the user part of a `sip:` URI or behind a `tel:` number.
fn verstat(uri: &str) -> Option<Verstat> {
    let lower = uri.to_ascii_lowercase();
    let (_, value) = lower.split_once(";verstat=")?;
    match value.split([';', '@', '?', '>']).next().unwrap_or("") {
        "tn-validation-passed" => Some(Verstat::Passed),
        "tn-validation-failed" => Some(Verstat::Failed),
        "no-tn-validation" => Some(Verstat::NotVerified),
        _ => None,
    }
}

/// `number` as the user of a URI at `host`; `None` when it cannot stand there.
fn number_uri(carrier: &Carrier, number: &str, host: &str) -> Option<String> {
    let written = carrier.number_format.write(number);
    let phone = if carrier.user_phone { ";user=phone" } else { "" };
    is_user(&written).then(|| format!("sip:{written}@{host}{phone}"))
}

/// The URI of our From. `here`: our own address, for a carrier that does not give us a domain. Who is not to be shown is
/// anonymous there (RFC 3323 §4.1.1.3), if the carrier learns the number by another header.
pub fn from_uri(carrier: &Carrier, number: &str, here: &str) -> String {
    let host = carrier.from_domain.as_deref().unwrap_or(here);
    if carrier.privacy && carrier.identity != Identity::None {
        return "sip:anonymous@anonymous.invalid".into();
    }
    number_uri(carrier, number, host).unwrap_or_else(|| format!("sip:{host}"))
}

/// What stands before the brackets of our From.
pub fn from_display(carrier: &Carrier) -> String {
    match &carrier.from_display {
        _ if carrier.privacy && carrier.identity != Identity::None => "\"Anonymous\" ".into(),
        Some(name) => format!("\"{}\" ", name.replace('\\', "\\\\").replace('"', "\\\"")),
        None => String::new(),
    }
}

/// Writes what a carrier wants to know beside From.
pub fn write(w: &mut Writer, carrier: &Carrier, number: &str, here: &str) {
    let host = carrier.from_domain.as_deref().unwrap_or(here);
    if let Some(uri) = number_uri(carrier, number, host) {
        match carrier.identity {
            Identity::None => {}
            Identity::Asserted => drop(w.line("P-Asserted-Identity", format_args!("<{uri}>"))),
            Identity::Preferred => drop(w.line("P-Preferred-Identity", format_args!("<{uri}>"))),
            Identity::RemoteParty => {
                let privacy = if carrier.privacy { "full" } else { "off" };
                w.line("Remote-Party-ID", format_args!("<{uri}>;party=calling;screen=yes;privacy={privacy}"));
            }
        }
    }
    if carrier.privacy {
        w.line("Privacy", "id");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip::message::Method;

    fn written(carrier: &Carrier) -> String {
        let mut w = Writer::request(&Method::Invite, "sip:1@h");
        let from = (from_display(carrier), from_uri(carrier, "+74951112233", "10.0.0.1:5060"));
        w.line("From", format_args!("{}<{}>", from.0, from.1));
        write(&mut w, carrier, "+74951112233", "10.0.0.1:5060");
        let text = String::from_utf8(w.finish(None)).unwrap();
        text.lines().skip(1).take_while(|l| !l.starts_with("Content")).collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn what_carriers_want_to_hear() {
        let usual = Carrier::default;
        for (carrier, expected) in [
            (usual(), "From: <sip:+74951112233@10.0.0.1:5060>"),
            (
                Carrier { from_domain: Some("sip.example".into()), user_phone: true, ..usual() },
                "From: <sip:+74951112233@sip.example;user=phone>",
            ),
            (
                Carrier { from_display: Some("Вода \"Ю\"".into()), ..usual() },
                "From: \"Вода \\\"Ю\\\"\" <sip:+74951112233@10.0.0.1:5060>",
            ),
            (
                Carrier { identity: Identity::Asserted, from_domain: Some("sip.example".into()), ..usual() },
                "From: <sip:+74951112233@sip.example> | P-Asserted-Identity: <sip:+74951112233@sip.example>",
            ),
            (
                Carrier { identity: Identity::Preferred, privacy: true, ..usual() },
                "From: \"Anonymous\" <sip:anonymous@anonymous.invalid> | \
                 P-Preferred-Identity: <sip:+74951112233@10.0.0.1:5060> | Privacy: id",
            ),
            (
                Carrier { identity: Identity::RemoteParty, ..usual() },
                "From: <sip:+74951112233@10.0.0.1:5060> | \
                 Remote-Party-ID: <sip:+74951112233@10.0.0.1:5060>;party=calling;screen=yes;privacy=off",
            ),
            // Nobody else knows our number: it must stay in From, and the carrier hides it.
            (Carrier { privacy: true, ..usual() }, "From: <sip:+74951112233@10.0.0.1:5060> | Privacy: id"),
        ] {
            assert_eq!(written(&carrier), expected);
        }
    }

    #[test]
    fn what_a_carrier_tells_of_a_caller() {
        let user = |u: &str| Some(User::new(u));
        for (from, asserted, remote_party, diversion, privacy, expected) in [
            ("sip:100@h", "", "", "", "", Caller::default()),
            (
                "sip:anonymous@anonymous.invalid",
                "\"Ann\" <sip:+12155551212;verstat=TN-Validation-Passed@h;user=phone>, <tel:+12155551212>",
                "<sip:+19@h>;party=calling",
                "<sip:+74950000000@h>;reason=no-answer, <sip:+7@h>",
                "id",
                Caller {
                    asserted: user("+12155551212"),
                    verstat: Some(Verstat::Passed),
                    diverted_from: user("+74950000000"),
                    private: true,
                },
            ),
            (
                "sip:+12155551212;verstat=TN-Validation-Failed@h",
                "",
                "<sip:+19@h>;party=calling",
                "",
                "none",
                Caller { asserted: user("+19"), verstat: Some(Verstat::Failed), ..Caller::default() },
            ),
            (
                "sip:1@h",
                "tel:+1215;verstat=No-TN-Validation",
                "",
                "",
                "critical; user",
                Caller {
                    asserted: user("+1215"),
                    // Outside brackets a parameter is the header's; it is not the number's.
                    verstat: None,
                    private: true,
                    ..Caller::default()
                },
            ),
            (
                "sip:1@h",
                "<tel:+1215;verstat=No-TN-Validation>",
                "",
                "",
                "",
                Caller { asserted: user("+1215"), verstat: Some(Verstat::NotVerified), ..Caller::default() },
            ),
            ("sip:1@h", "<never closed", "<<>>", "\"", "", Caller::default()),
        ] {
            let values = |v: &str| if v.is_empty() { vec![] } else { vec![v.as_bytes().to_vec()] };
            let (asserted, remote_party) = (values(asserted), values(remote_party));
            let (diversion, privacy) = (values(diversion), values(privacy));
            let told = Told {
                from,
                asserted: &asserted,
                remote_party: &remote_party,
                diversion: &diversion,
                privacy: &privacy,
            };
            assert_eq!(Caller::read(&told), expected, "{from}");
        }
    }
}

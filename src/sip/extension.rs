//! What the extensions of SIP put into headers: reliable provisional answers (RFC 3262), session timers (RFC 4028),
//! transfers (RFC 3515, 3891, 4488), INFO. Read once a message; a header that cannot be read counts as absent, unless its
//! absence would mean something else.

use super::address::Address;
use super::message::Fields;

/// Longest body that is kept beside SDP: a few digits, a status line.
const CONTENT_BYTES_MAX: usize = 1024;

/// Option tags that we know (RFC 3261 §27.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tags {
    /// `100rel`, RFC 3262.
    pub reliable: bool,
    /// `timer`, RFC 4028.
    pub timer: bool,
    /// RFC 3891.
    pub replaces: bool,
    /// `norefersub`, RFC 4488.
    pub no_subscription: bool,
}

impl Tags {
    /// What we write into Supported.
    pub const OURS: &str = "100rel, timer, replaces, norefersub";
    /// The same without reliable provisional answers, for carriers that get them wrong.
    pub const OURS_UNRELIABLE: &str = "timer, replaces, norefersub";

    pub fn knows(tag: &str) -> bool {
        Tags::default().read(tag)
    }

    fn read(&mut self, tag: &str) -> bool {
        let flag = match () {
            () if tag.eq_ignore_ascii_case("100rel") => &mut self.reliable,
            () if tag.eq_ignore_ascii_case("timer") => &mut self.timer,
            () if tag.eq_ignore_ascii_case("replaces") => &mut self.replaces,
            () if tag.eq_ignore_ascii_case("norefersub") => &mut self.no_subscription,
            () => return false,
        };
        *flag = true;
        true
    }
}

/// Who keeps a session fresh, seen from the request that carries it (RFC 4028 §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refresher {
    Uac,
    Uas,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionExpires {
    pub seconds: u32,
    pub refresher: Option<Refresher>,
}

/// The call that a new one is to take the place of (RFC 3891 §3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaces {
    pub call_id: String,
    pub to_tag: String,
    pub from_tag: String,
    pub early_only: bool,
}

/// Of PRACK: the provisional answer it acknowledges (RFC 3262 §7.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rack {
    pub rseq: u32,
    pub cseq: u32,
    pub method: String,
}

/// A body that is no SDP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// Lower case, without parameters.
    pub kind: String,
    pub bytes: Vec<u8>,
}

#[derive(Debug, Default)]
pub struct Extensions {
    pub supported: Tags,
    pub required: Tags,
    /// Methods of Allow that make a difference to us. `None`: no Allow.
    pub allows_update: Option<bool>,
    pub rseq: Option<u32>,
    pub rack: Option<Rack>,
    pub session_expires: Option<SessionExpires>,
    /// Seconds.
    pub min_se: Option<u32>,
    /// `Some(None)`: there is one, and it cannot be read.
    pub replaces: Option<Option<Replaces>>,
    /// `Some(None)`: more or less than one address.
    pub refer_to: Option<Option<String>>,
    /// `Some(false)`: no NOTIFY is wanted, or none will come.
    pub refer_sub: Option<bool>,
    /// The package of Event, without parameters.
    pub event: Option<String>,
    /// `Subscription-State: terminated`.
    pub terminated: bool,
    pub info_package: Option<String>,
    pub content: Option<Content>,
}

impl Extensions {
    pub(super) fn read(fields: &Fields, body: &[u8]) -> Extensions {
        let mut e = Extensions::default();
        fields.each_token("Supported", |tag| {
            e.supported.read(tag);
        });
        fields.each_token("Require", |tag| {
            e.required.read(tag);
        });
        fields.each_token("Allow", |method| {
            let update = method == "UPDATE";
            e.allows_update = Some(e.allows_update.unwrap_or(false) || update);
        });
        e.rseq = fields.one("RSeq").and_then(|v| number(&v));
        e.rack = fields.one("RAck").and_then(|v| rack(&v));
        e.session_expires = fields.one("Session-Expires").and_then(|v| session_expires(&v));
        e.min_se = fields.one("Min-SE").and_then(|v| number(v.split(';').next().unwrap_or("")));
        e.replaces = fields.one("Replaces").map(|v| replaces(&v));
        e.refer_to = fields.one("Refer-To").map(|v| {
            let list = Address::parse_list(v.as_bytes()).filter(|list| list.len() == 1);
            list.and_then(|list| list.into_iter().next()).map(|address| address.uri)
        });
        e.refer_sub = fields.one("Refer-Sub").map(|v| !first(&v).eq_ignore_ascii_case("false"));
        e.event = fields.one("Event").map(|v| first(&v).to_ascii_lowercase());
        e.terminated = fields.one("Subscription-State").is_some_and(|v| first(&v).eq_ignore_ascii_case("terminated"));
        e.info_package = fields.one("Info-Package").map(|v| first(&v).to_owned());
        if !body.is_empty() && body.len() <= CONTENT_BYTES_MAX {
            let kind = fields.one("Content-Type").map(|v| first(&v).to_ascii_lowercase());
            e.content = kind.map(|kind| Content { kind, bytes: body.to_vec() });
        }
        e
    }
}

/// What stands before the parameters.
fn first(value: &str) -> &str {
    value.split(';').next().unwrap_or("").trim()
}

fn number(value: &str) -> Option<u32> {
    let value = value.trim();
    value.parse().ok().filter(|_| value.bytes().all(|b| b.is_ascii_digit()))
}

fn rack(value: &str) -> Option<Rack> {
    let mut words = value.split_ascii_whitespace();
    let (rseq, cseq) = (number(words.next()?)?, number(words.next()?)?);
    Some(Rack { rseq, cseq, method: words.next()?.to_owned() })
}

fn session_expires(value: &str) -> Option<SessionExpires> {
    let mut parts = value.split(';');
    let seconds = number(parts.next()?)?;
    let refresher = parts.find_map(|p| {
        let (name, value) = p.split_once('=')?;
        match value.trim() {
            _ if !name.trim().eq_ignore_ascii_case("refresher") => None,
            uac if uac.eq_ignore_ascii_case("uac") => Some(Refresher::Uac),
            uas if uas.eq_ignore_ascii_case("uas") => Some(Refresher::Uas),
            _ => None,
        }
    });
    Some(SessionExpires { seconds, refresher })
}

fn replaces(value: &str) -> Option<Replaces> {
    let mut parts = value.split(';');
    let call_id = parts.next()?.trim().to_owned();
    let (mut to_tag, mut from_tag, mut early_only) = (None, None, false);
    for part in parts {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        match name.trim().to_ascii_lowercase().as_str() {
            "to-tag" => to_tag = Some(value.trim().to_owned()),
            "from-tag" => from_tag = Some(value.trim().to_owned()),
            "early-only" => early_only = true,
            _ => {}
        }
    }
    Some(Replaces { call_id, to_tag: to_tag?, from_tag: from_tag?, early_only }).filter(|r| !r.call_id.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values() {
        assert_eq!(number(" 42 "), Some(42));
        assert!([" ", "-1", "+1", "4294967296", "x"].iter().all(|v| number(v).is_none()));
        let expires = |v| session_expires(v).map(|s| (s.seconds, s.refresher));
        assert_eq!(expires("1800;refresher=uas"), Some((1800, Some(Refresher::Uas))));
        assert_eq!(expires("90 ; x=y; Refresher=UAC"), Some((90, Some(Refresher::Uac))));
        assert_eq!(expires("90;refresher=they"), Some((90, None)));
        assert_eq!(expires("soon"), None);
        let r = rack("776656 1 INVITE").unwrap();
        assert_eq!((r.rseq, r.cseq, r.method.as_str()), (776656, 1, "INVITE"));
        assert_eq!(rack("776656 1"), None);
        let r = replaces("425928@bobster.example.org;to-tag=7743;from-tag=6472;early-only").unwrap();
        assert_eq!((r.call_id.as_str(), r.to_tag.as_str()), ("425928@bobster.example.org", "7743"));
        assert!(r.from_tag == "6472" && r.early_only);
        assert!(["", "a", "a;to-tag=1", ";to-tag=1;from-tag=2"].iter().all(|v| replaces(v).is_none()));
    }

    #[test]
    fn what_we_say_we_support_is_what_we_know() {
        assert!(Tags::OURS.split(", ").all(Tags::knows) && Tags::OURS_UNRELIABLE.split(", ").all(Tags::knows));
        assert!(!Tags::knows("gruu"));
    }
}

//! What a carrier says and wants: our caller alone on the line, the carrier's answers written by hand.

use super::*;
use crate::outcome::Verstat;
use crate::sip::carrier::{Carrier, Identity, NumberFormat};
use crate::sip::gate::{Rules, Strangers};

const CARRIER: &str = "203.0.113.1:5060";

fn carrier() -> Hop {
    Hop::udp(CARRIER.parse().unwrap())
}

struct Ours {
    agent: UserAgent,
    now: Mono,
    /// All that was sent, and where to.
    sent: Vec<(SocketAddr, String)>,
    told: Vec<String>,
}

fn ours(configure: impl Fn(&mut Config)) -> Ours {
    let mut config = Config::new(addr(CALLER), [3; 32]);
    config.peer = Some(Peer { host: "sip.example".into(), hop: carrier() });
    config.credentials = Some(Credentials { username: "u".into(), password: Secret::new("p") });
    configure(&mut config);
    Ours { agent: UserAgent::new(Mono::ZERO, config), now: Mono(1), sent: Vec::new(), told: Vec::new() }
}

impl Ours {
    fn input(&mut self, input: Input) {
        for output in self.agent.handle(self.now, input) {
            match output {
                Output::Send { to, bytes } => self.sent.push((to.addr, String::from_utf8(bytes).unwrap())),
                Output::Event(event) => self.told.push(name(&event)),
            }
        }
    }

    fn dial(&mut self, to: &str) -> DialogId {
        let dialog = self.agent.reserve();
        let (to, from) = (to.into(), "+74950000000".into());
        let media = audio(CALLER);
        self.input(Input::Command(Command::Dial { dialog, to, from, media, ring_ms_max: 30_000 }));
        dialog
    }

    /// The last request of a method.
    fn last(&self, method: &str) -> &str {
        let found = self.sent.iter().rev().find(|(_, text)| text.starts_with(method));
        found.map(|(_, text)| text.as_str()).unwrap_or_else(|| panic!("no {method} in {:?}", self.sent))
    }

    fn header(&self, method: &str, name: &str) -> Option<String> {
        let line = self.last(method).lines().find(|l| l.starts_with(&format!("{name}: ")));
        line.map(|l| l.split_once(": ").unwrap().1.to_owned())
    }

    /// Answers the last INVITE.
    fn answer(&mut self, status: &str, lines: &str) {
        let copied = ["Via", "From", "To", "Call-ID", "CSeq"];
        let copied = copied.map(|n| format!("{n}: {}\r\n", self.header("INVITE", n).unwrap())).concat();
        let copied = copied.replace("To: <", "To:  <").replace("\r\nCall-ID", ";tag=there\r\nCall-ID");
        let bytes = format!("SIP/2.0 {status}\r\n{copied}{lines}Content-Length: 0\r\n\r\n");
        self.input(Input::Message { from: carrier(), bytes: bytes.as_bytes() });
    }
}

#[test]
fn failures_have_causes() {
    for (status, lines, expected) in [
        ("486 Busy Here", "", "failed busy 486"),
        (
            "480 Temporarily Unavailable",
            "Reason: Q.850;cause=20;text=\"Subscriber absent\"\r\n",
            "failed unreachable 480",
        ),
        ("503 Service Unavailable", "Reason: Q.850;cause=1\r\n", "failed invalid_number 503"),
        ("503 Service Unavailable", "Retry-After: 30\r\n", "down, failed congestion 503"),
        ("503 Service Unavailable", "Retry-After: 99999999999 (never)\r\n", "down, failed congestion 503"),
        // Not the trunk: the person is busy until then.
        ("486 Busy Here", "Retry-After: 30\r\n", "failed busy 486"),
        ("603 Network Blocked", "Reason: Q.850;cause=21\r\n", "failed blocked 603"),
        ("302 Moved", "Contact: <sip:+79161234567@sip.example>\r\n", "failed trunk_refused 302"),
    ] {
        let mut line = ours(|_| {});
        line.dial("+79161234567");
        line.answer(status, lines);
        assert_eq!(line.told.join(", "), expected, "{status}");
    }
}

#[test]
fn a_call_as_the_carrier_wants_it() {
    let mut line = ours(|c| {
        c.carrier = Carrier {
            from_domain: Some("sip.example".into()),
            from_display: Some("Billing".into()),
            identity: Identity::Asserted,
            number_format: NumberFormat::Digits,
            dial_prefix: "99".into(),
            user_phone: true,
            ..Carrier::default()
        }
    });
    line.dial("+79161234567");
    assert!(line.last("INVITE").starts_with("INVITE sip:9979161234567@sip.example;user=phone SIP/2.0\r\n"));
    let from = line.header("INVITE", "From").unwrap();
    assert!(from.starts_with("\"Billing\" <sip:74950000000@sip.example;user=phone>;tag="), "{from}");
    let asserted = line.header("INVITE", "P-Asserted-Identity").unwrap();
    assert_eq!(asserted, "<sip:74950000000@sip.example;user=phone>");
    // An agent's telephone is dialled as it is written.
    line.dial("sip:agent1@10.0.0.9");
    assert!(line.last("INVITE").starts_with("INVITE sip:agent1@10.0.0.9 SIP/2.0\r\n"));
}

#[test]
fn only_the_trunks_realm_gets_our_password() {
    for (realm, expected) in [("ours", 2), ("theirs", 1)] {
        let mut line = ours(|c| c.carrier.realm = Some("ours".into()));
        line.dial("+79161234567");
        line.answer(
            "407 x",
            &format!("Proxy-Authenticate: Digest realm=\"{realm}\", nonce=\"n\", qop=\"auth-int\"\r\n"),
        );
        let invites = line.sent.iter().filter(|(_, text)| text.starts_with("INVITE")).count();
        assert_eq!(invites, expected, "{realm}");
        assert_eq!(line.header("INVITE", "Proxy-Authorization").is_some(), expected == 2);
    }
}

#[test]
fn a_signature_goes_with_the_invite_and_with_its_repetition() {
    let mut line = ours(|_| {});
    let dialog = DialogId(1);
    line.agent.vouch(dialog, "token;info=<https://c>;alg=ES256;ppt=shaken".into());
    assert_eq!(line.dial("+79161234567"), dialog);
    line.answer("401 x", "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n");
    assert!(line.header("INVITE", "CSeq").unwrap().starts_with('2'));
    assert_eq!(line.header("INVITE", "Identity").as_deref(), Some("token;info=<https://c>;alg=ES256;ppt=shaken"));
}

#[test]
fn a_cancel_says_why() {
    let mut line = ours(|_| {});
    let dialog = line.dial("+79161234567");
    line.answer("180 Ringing", "");
    line.input(Input::Command(Command::Hangup { dialog }));
    assert_eq!(line.header("CANCEL", "Reason").as_deref(), Some("Q.850;cause=16;text=\"Normal call clearing\""));
}

#[test]
fn redirections() {
    let contact = |uri: &str| format!("Contact: <{uri}>\r\n");
    let follow = |max: u8| {
        ours(move |c| {
            c.carrier.redirects_max = max;
            c.carrier.redirect_hosts = vec!["203.0.113.9".into()];
            c.carrier.redirect_prefixes = vec!["+7".into()];
        })
    };
    // Within the peer, to another of its ports, to a listed host.
    let mut line = follow(3);
    line.dial("+79161234567");
    line.answer("302 Moved", &contact("sip:+79161234567@sip.example:5070"));
    assert!(line.last("INVITE").starts_with("INVITE sip:+79161234567@sip.example:5070 SIP/2.0\r\n"));
    assert_eq!(line.sent.last().unwrap().0, "203.0.113.1:5070".parse().unwrap());
    assert_eq!(line.header("INVITE", "To").as_deref(), Some("<sip:+79161234567@sip.example>"), "To stays");
    line.answer("302 Moved", &contact("sip:+79161234567@203.0.113.9"));
    assert_eq!(line.sent.last().unwrap().0, "203.0.113.9:5060".parse().unwrap());
    // A loop: it leads where we have been, and nowhere else.
    line.answer("302 Moved", &contact("sip:+79161234567@sip.example:5070"));
    assert_eq!(line.told, ["failed trunk_refused 302"]);

    // The next contact when the first fails; no more than the bound.
    let mut line = follow(2);
    line.dial("+79161234567");
    line.answer("300 x", "Contact: <sip:+79160000001@sip.example>;q=0.5, <sip:+79160000002@sip.example>, <sip:+79160000003@sip.example>;q=0.1\r\n");
    assert!(line.last("INVITE").contains("sip:+79160000002@"), "the best first");
    line.answer("480 x", "");
    assert!(line.last("INVITE").contains("sip:+79160000001@"));
    line.answer("480 x", "");
    assert_eq!(line.told, ["failed no_answer 480"]);

    // Not outside the allow-list, not to strangers, not at all where it is not allowed.
    for (max, uri) in [
        (3, "sip:+882123456789@sip.example"),
        (3, "sip:+79161234567@198.51.100.1"),
        (0, "sip:+79161234567@sip.example:5070"),
    ] {
        let mut line = follow(max);
        line.dial("+79161234567");
        line.answer("302 Moved", &contact(uri));
        assert_eq!(line.told, ["failed trunk_refused 302"], "{max} {uri}");
        line.agent.check();
    }
}

fn invite(from: &str, more: &str) -> String {
    format!(
        "INVITE sip:1@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {from};rport;branch=z9hG4bKx{}\r\nMax-Forwards: 70\r\n\
         From: <sip:+12155551212;verstat=TN-Validation-Passed@h>;tag=1\r\nTo: <sip:1@10.0.0.1>\r\nCall-ID: c{}\r\n\
         CSeq: 1 INVITE\r\nContact: <sip:a@{from}>\r\n{more}Content-Type: application/sdp\r\n\r\n\
         v=0\r\no=- 1 1 IN IP4 1.1.1.1\r\ns=-\r\nc=IN IP4 1.1.1.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n",
        more.len(),
        more.len()
    )
}

#[test]
fn the_gate() {
    let rules = |strangers| Rules { peers: vec!["203.0.113.0/24".parse().unwrap()], strangers };
    for (strangers, from, more, expected) in [
        (Strangers::Silence, "203.0.113.9:5060", "", "incoming"),
        (Strangers::Silence, "198.51.100.1:5060", "", ""),
        (Strangers::Forbidden, "198.51.100.1:5060", "", "403"),
        (Strangers::Forbidden, "198.51.100.1:5060", "User-Agent: friendly-scanner\r\n", ""),
        // Broken bytes of a peer are answered, of a stranger not, nor more than once where they are.
        (Strangers::Silence, "203.0.113.9:5060", "Content-Length: x\r\n", "400"),
        (Strangers::Silence, "198.51.100.1:5060", "Content-Length: x\r\n", ""),
    ] {
        let mut line = ours(|c| c.gate = Some(rules(strangers)));
        let input = invite(from, more);
        line.input(Input::Message { from: Hop::udp(from.parse().unwrap()), bytes: input.as_bytes() });
        let statuses = line.sent.iter().map(|(_, text)| text.split(' ').nth(1).unwrap());
        let all: Vec<&str> = statuses.chain(line.told.iter().map(String::as_str)).collect();
        assert_eq!(all.join(" "), expected, "{from} {more}");
        assert!(line.sent.iter().all(|(_, text)| text.len() <= input.len()));
    }
}

#[test]
fn overload_refuses_new_calls_and_keeps_those_in_progress() {
    let mut line =
        ours(|c| c.gate = Some(Rules { peers: vec!["203.0.113.0/24".parse().unwrap()], ..Rules::default() }));
    let from = carrier();
    line.input(Input::Message { from, bytes: invite(CARRIER, "").as_bytes() });
    assert_eq!(line.told, ["incoming"]);
    let dialog = DialogId(1);
    assert_eq!(line.agent.caller(dialog).unwrap().verstat, Some(Verstat::Passed));
    line.input(Input::Command(Command::Answer { dialog, media: audio(CALLER), codec: Codec::Pcma }));
    let answer = line.last("SIP/2.0 200").to_owned();
    let to = answer.lines().find(|l| l.starts_with("To: ")).unwrap().to_owned();
    line.agent.lags(Duration::from_secs(1));
    // A new call is refused, with the time after which it may come again.
    line.input(Input::Message { from, bytes: invite(CARRIER, "X: y\r\n").as_bytes() });
    assert!(line.last("SIP/2.0 503").contains("Retry-After: 5\r\n"));
    // What belongs to the one in progress is heard as ever.
    for request in ["ACK", "BYE"] {
        let seq = if request == "ACK" { 1 } else { 2 };
        let bytes = format!(
            "{request} sip:1@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {CARRIER};rport;branch=z9hG4bKy{request}\r\n\
             From: <sip:+12155551212@h>;tag=1\r\n{to}\r\nCall-ID: c0\r\nCSeq: {seq} {request}\r\n\
             Reason: Q.850;cause=38\r\nContent-Length: 0\r\n\r\n"
        );
        line.input(Input::Message { from, bytes: bytes.as_bytes() });
    }
    assert_eq!(line.told, ["incoming", "acked", "ended congestion"]);
    assert!(line.agent.caller(dialog).is_none(), "nothing is kept");
}

//! REGISTER (RFC 3261 §10.2): telling the carrier where we are, again before it forgets, and once more when we leave.
//!
//! The decisions are [`Binding`]'s: what a response means and when to try again. The agent writes and sends.

use std::time::Duration;

use super::auth::{Challenge, Credentials};
use super::carrier::Registration;
use super::client::{ClientKey, Owner};
use super::hop::HostPort;
use super::message::{Method, Response, Writer};
use super::order::Event;
use super::user_agent::{Due, UserAgent};
use crate::time::Mono;

/// Challenges answered in a row: one for each of a proxy and the registrar, once more for a stale nonce.
const CHALLENGES_MAX: u8 = 4;
/// The registrar is asked for longer (423) as often as this in a row.
const LONGER_MAX: u8 = 2;
/// A registration is renewed so long before it ends, or at four fifths of a short one.
const MARGIN: Duration = Duration::from_secs(60);
/// Nothing is renewed more often than this, whatever is granted.
const RENEW_MIN: Duration = Duration::from_secs(5);
/// The first wait after a failure; each next is twice as long, up to the last.
const BACK_OFF_MIN: Duration = Duration::from_secs(15);
const BACK_OFF_MAX: Duration = Duration::from_secs(300);
/// While the carrier is being looked for.
const LOCATING: Duration = Duration::from_secs(1);
/// The longest that a registrar may demand or grant.
const EXPIRES_MAX: Duration = Duration::from_secs(86_400);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Refused with this status.
    Refused(u16),
    /// No answer at all.
    Silent,
}

impl Trouble {
    /// For whoever runs this: what the carrier means, and what is to be done.
    pub fn advice(self) -> &'static str {
        match self {
            Trouble::Refused(401 | 407) => {
                "the carrier refuses the password, or asks for one that it may not have: \
                 check `username`, `password` and `realm` of the trunk"
            }
            Trouble::Refused(403 | 404) => "the carrier does not know this account: check `username` and `from_domain`",
            Trouble::Refused(_) => "the carrier takes no registrations now: ask it, if that lasts",
            Trouble::Silent => "no answer: check `peer`, and that nothing stands in the way there",
        }
    }
}

/// What becomes of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Ask once more, now.
    Again,
    /// It is registered until then; renewed at `renew`.
    Held { renew: Mono, until: Mono },
    /// Not registered; tried again then.
    Failed { trouble: Trouble, again: Mono },
    /// Unregistered, as we wanted.
    Gone,
}

/// One Contact of one account at one registrar.
pub(super) struct Binding {
    settings: Registration,
    call_id: String,
    tag: String,
    seq: u32,
    challenges: Vec<Challenge>,
    challenged: u8,
    longer: u8,
    /// What is asked for; the registrar may have demanded more than the settings say.
    asked: Duration,
    failures: u32,
    until: Option<Mono>,
    /// What was last told of it.
    is: bool,
    /// Its request is out.
    waiting: bool,
    leaving: bool,
    /// It has been left.
    gone: bool,
}

impl Binding {
    pub fn new(settings: Registration, call_id: String, tag: String) -> Binding {
        Binding {
            asked: settings.expires,
            settings,
            call_id,
            tag,
            seq: 0,
            challenges: Vec::new(),
            challenged: 0,
            longer: 0,
            failures: 0,
            until: None,
            is: false,
            waiting: false,
            leaving: false,
            gone: false,
        }
    }

    pub fn is_kept(&self) -> bool {
        !self.gone
    }

    /// Whose registration this is.
    fn account<'a>(&'a self, trunk: Option<&'a Credentials>) -> Option<&'a Credentials> {
        self.settings.account.as_ref().or(trunk)
    }

    /// `contact`: ours as it was written. `can_answer`: there is a password, and the challenge's realm may have it.
    /// `jitter`: 0..=1000, so that a thousand trunks do not come back in one second.
    fn on_response(&mut self, now: Mono, response: &Response, contact: &str, can_answer: bool, jitter: u32) -> Step {
        match response.status {
            200..300 if self.leaving => Step::Gone,
            200..300 => {
                let granted = self.granted(response, contact);
                if granted.is_zero() {
                    return self.failed(now, Trouble::Refused(response.status), None, jitter);
                }
                (self.challenged, self.longer, self.failures) = (0, 0, 0);
                let margin = MARGIN.min(granted / 5);
                Step::Held { renew: now + (granted - margin).max(RENEW_MIN), until: now + granted }
            }
            401 | 407 if can_answer && self.take_challenge(response) => Step::Again,
            // Too brief: the registrar says what it wants at least (§10.2.8).
            423 if self.longer < LONGER_MAX && !self.leaving => match response.min_expires_s {
                Some(least) if u64::from(least) > self.asked.as_secs() && u64::from(least) <= EXPIRES_MAX.as_secs() => {
                    self.longer += 1;
                    self.asked = Duration::from_secs(u64::from(least));
                    Step::Again
                }
                _ => self.failed(now, Trouble::Refused(423), None, jitter),
            },
            _ if self.leaving => Step::Gone,
            status => {
                let wait = response.retry_after_s.map(|s| Duration::from_secs(u64::from(s)));
                self.failed(now, Trouble::Refused(status), wait, jitter)
            }
        }
    }

    /// What holds for our Contact among all that are registered there; some registrars name none, or ours in other words.
    fn granted(&self, response: &Response, contact: &str) -> Duration {
        let bare = |uri: &str| uri.split(';').next().unwrap_or("").to_ascii_lowercase();
        let ours = response.contacts.iter().find(|c| bare(&c.uri) == bare(contact));
        let alone = response.contacts.first().filter(|_| response.contacts.len() == 1);
        let said = ours.or(alone).and_then(|c| c.expires_s).or(response.expires_s);
        said.map_or(self.asked, |s| Duration::from_secs(u64::from(s))).min(EXPIRES_MAX)
    }

    fn failed(&mut self, now: Mono, trouble: Trouble, wait: Option<Duration>, jitter: u32) -> Step {
        (self.challenged, self.longer) = (0, 0);
        self.challenges.clear();
        let doubled = BACK_OFF_MIN.saturating_mul(1 << self.failures.min(10)).min(BACK_OFF_MAX);
        self.failures = self.failures.saturating_add(1);
        // Half of it for sure, the rest by chance (RFC 5626 §4.5).
        let chance = doubled / 2 + doubled / 2 * jitter.min(1_000) / 1_000;
        Step::Failed { trouble, again: now + wait.map_or(chance, |wait| wait.max(BACK_OFF_MIN)) }
    }

    /// Whether a challenge can be answered, and has been noted to be.
    fn take_challenge(&mut self, response: &Response) -> bool {
        let from_proxy = response.status == 407;
        let Some(challenge) = Challenge::strongest(&response.challenges, from_proxy) else { return false };
        let known = self.challenges.iter().position(|c| c.from_proxy() == from_proxy);
        // The same question right after the answer, and not because the nonce grew old: the password is wrong.
        if self.challenged >= CHALLENGES_MAX || (self.challenged > 0 && known.is_some() && !challenge.is_stale()) {
            return false;
        }
        self.challenged += 1;
        match known {
            Some(at) => self.challenges[at] = challenge,
            None => self.challenges.push(challenge),
        }
        true
    }
}

impl UserAgent {
    /// Sends what the settings ask for; at the beginning, and whenever it is due again.
    pub(super) fn register(&mut self, which: usize) {
        let now = self.now;
        let Some(peer) = self.config.peer.clone() else {
            // Nobody knows yet where the carrier is.
            return self.set_register_due(which, Some(now + LOCATING));
        };
        let (branch, cnonce, here) = (self.branch(), self.token(), self.here(peer.hop));
        let Some(contact) = self.registered_contact(which, peer.hop) else { return };
        let Some(binding) = self.bindings.get_mut(which).filter(|b| !b.waiting && !b.gone) else { return };
        let account = binding.account(self.config.credentials.as_ref()).cloned();
        let username = account.as_ref().map(|c| c.username.clone());
        binding.waiting = true;
        binding.seq += 1;
        let domain = self.config.carrier.from_domain.as_deref().unwrap_or(&peer.host);
        let uri = format!("sip:{domain}");
        let user = username.or(binding.settings.contact_user.clone());
        let of = user.filter(|u| super::address::is_user(u)).map_or(uri.clone(), |u| format!("sip:{u}@{domain}"));
        let expires_s = if binding.leaving { 0 } else { binding.asked.as_secs() };
        let method = Method::Other { name: "REGISTER".into(), known: true };
        let mut w = Writer::request(&method, &uri);
        w.line("Via", here.via(branch));
        w.line("Max-Forwards", 70);
        w.line("From", format_args!("<{of}>;tag={}", binding.tag)).line("To", format_args!("<{of}>"));
        w.line("Call-ID", &binding.call_id).line("CSeq", format_args!("{} REGISTER", binding.seq));
        if let Some(credentials) = &account {
            for challenge in &mut binding.challenges {
                w.line(challenge.header_name(), challenge.answer(credentials, "REGISTER", &uri, &cnonce));
            }
        }
        w.line("Contact", format_args!("<{contact}>;expires={expires_s}")).line("Expires", expires_s);
        w.line("User-Agent", &self.config.software);
        let bytes = w.finish(None);
        // A binding that has run out meanwhile is none, though nobody has said so.
        if self.bindings.get(which).and_then(|b| b.until).is_some_and(|until| until <= now) {
            self.registered(which, false, Some(Trouble::Silent));
        }
        self.set_register_due(which, None);
        self.start_client(ClientKey { branch, cancel: false }, Owner::Register(which), false, peer.hop, bytes);
    }

    /// Where the carrier shall send the calls of a registration.
    fn registered_contact(&self, which: usize, towards: super::hop::Hop) -> Option<String> {
        let here = self.here(towards);
        let binding = self.bindings.get(which)?;
        let account = binding.account(self.config.credentials.as_ref());
        let named = binding.settings.contact_user.as_deref();
        let user = named.or(account.map(|c| c.username.as_str()));
        let uri = here.uri().to_string();
        Some(match user.filter(|u| super::address::is_user(u)) {
            Some(user) => uri.replacen("sip:", &format!("sip:{user}@"), 1),
            None => uri,
        })
    }

    pub(super) fn on_register_response(&mut self, which: usize, response: &Response) {
        if response.status < 200 {
            return;
        }
        let Some(peer) = self.config.peer.clone() else { return };
        let Some(contact) = self.registered_contact(which, peer.hop) else { return };
        let carrier = &self.config.carrier;
        let from_proxy = response.status == 407;
        let trusted = Challenge::strongest(&response.challenges, from_proxy).is_some_and(|c| carrier.trusts(c.realm()));
        let jitter = (self.random() % 1_001) as u32;
        let now = self.now;
        let Some(binding) = self.bindings.get_mut(which) else { return };
        binding.waiting = false;
        let can_answer = trusted && binding.account(self.config.credentials.as_ref()).is_some();
        let step = binding.on_response(now, response, &contact, can_answer, jitter);
        self.take_register_step(which, step);
    }

    pub(super) fn on_register_timeout(&mut self, which: usize) {
        let (now, jitter) = (self.now, (self.random() % 1_001) as u32);
        let Some(binding) = self.bindings.get_mut(which) else { return };
        binding.waiting = false;
        let step = match binding.leaving {
            true => Step::Gone,
            false => binding.failed(now, Trouble::Silent, None, jitter),
        };
        self.take_register_step(which, step);
    }

    fn take_register_step(&mut self, which: usize, step: Step) {
        let leaving_late = self.bindings.get(which).is_some_and(|b| b.leaving);
        match step {
            Step::Again => self.register(which),
            // It was on its way when we were told to stop.
            Step::Held { .. } if leaving_late => self.register(which),
            Step::Held { renew, until } => {
                if let Some(binding) = self.bindings.get_mut(which) {
                    binding.until = Some(until);
                }
                self.set_register_due(which, Some(renew));
                self.registered(which, true, None);
            }
            Step::Failed { trouble, again } => {
                let Some(binding) = self.bindings.get_mut(which) else { return };
                // While the old one still holds, calls go on; the renewal is tried once more before it ends.
                let held = binding.until.filter(|until| *until > self.now);
                let soon = held.map(|until| until.min(again)).unwrap_or(again);
                self.set_register_due(which, Some(soon));
                if held.is_none() {
                    self.registered(which, false, Some(trouble));
                }
            }
            Step::Gone => self.gone(which),
        }
    }

    fn gone(&mut self, which: usize) {
        if let Some(binding) = self.bindings.get_mut(which) {
            binding.gone = true;
        }
        self.set_register_due(which, None);
    }

    /// We leave: whoever rings us shall not be sent here any more.
    pub(super) fn unregister(&mut self) {
        for which in 0..self.bindings.len() {
            let binding = &mut self.bindings[which];
            binding.leaving = true;
            if binding.until.is_none_or(|until| until <= self.now) && !binding.waiting {
                self.gone(which);
            } else {
                self.register(which);
            }
        }
    }

    fn registered(&mut self, which: usize, is: bool, trouble: Option<Trouble>) {
        let Some(binding) = self.bindings.get_mut(which) else { return };
        if binding.is != is || trouble.is_some() {
            binding.is = is;
            self.tell(Event::Registered { which, is, trouble });
            self.tell_health();
        }
    }

    /// Whether calls may go out, as far as registrations are concerned: they go by the first one, the others only ring
    /// through. `None`: none is needed.
    pub(super) fn is_registered(&self) -> Option<bool> {
        self.bindings.first().map(|binding| binding.is)
    }

    fn set_register_due(&mut self, which: usize, at: Option<Mono>) {
        self.set_due(Due::Register(which), at);
    }

    /// The bindings that the settings want, made when the agent is.
    pub(super) fn begin_registering(&mut self) {
        for (which, settings) in self.config.registrations.clone().into_iter().enumerate() {
            let call_id = format!("{}@{}", self.token(), HostPort(self.config.contacts.udp));
            let tag = self.token();
            self.bindings.push(Binding::new(settings, call_id, tag));
            self.set_register_due(which, Some(self.now));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;
    use crate::sip::Command;
    use crate::sip::config::Config;
    use crate::sip::hop::{Hop, Peer};
    use crate::sip::order::{Input, Output};

    const REGISTRAR: &str = "203.0.113.1:5060";

    struct Line {
        agent: UserAgent,
        now: Mono,
        /// The last REGISTER that was sent.
        sent: String,
        told: Vec<String>,
    }

    fn line(expires_s: u64) -> Line {
        let mut config = Config::new("10.0.0.1:5060".parse().unwrap(), [7; 32]);
        config.peer = Some(Peer { host: "sip.example".into(), hop: Hop::udp(REGISTRAR.parse().unwrap()) });
        config.credentials = Some(Credentials { username: "7495".into(), password: Secret::new("p") });
        config.registrations =
            vec![Registration { account: None, expires: Duration::from_secs(expires_s), contact_user: None }];
        let agent = UserAgent::new(Mono::ZERO, config);
        let mut line = Line { agent, now: Mono::ZERO, sent: String::new(), told: Vec::new() };
        line.input(Input::Ticked);
        line
    }

    impl Line {
        fn input(&mut self, input: Input) {
            for output in self.agent.handle(self.now, input) {
                match output {
                    Output::Send { bytes, .. } => self.sent = String::from_utf8(bytes).unwrap(),
                    Output::Event(event) => self.told.push(format!("{event:?}")),
                }
            }
        }

        fn header(&self, name: &str) -> &str {
            let line =
                self.sent.lines().find(|l| l.starts_with(name)).unwrap_or_else(|| panic!("{name}: {}", self.sent));
            line.split_once(": ").unwrap().1
        }

        fn answer(&mut self, status: u16, lines: &str) {
            let copied =
                ["Via", "From", "To", "Call-ID", "CSeq"].map(|n| format!("{n}: {}\r\n", self.header(n))).concat();
            let lines = lines.replace("OURS", self.header("Contact").split(';').next().unwrap());
            let bytes = format!("SIP/2.0 {status} x\r\n{copied}{lines}Content-Length: 0\r\n\r\n");
            self.sent.clear();
            let from = Hop::udp(REGISTRAR.parse().unwrap());
            self.input(Input::Message { from, bytes: bytes.as_bytes() });
        }

        /// Lets time pass until a REGISTER is sent; after how many seconds.
        fn next(&mut self) -> u64 {
            let began = self.now;
            self.sent.clear();
            while self.sent.is_empty() {
                self.now = self.agent.deadline().expect("something is to be done");
                self.input(Input::Ticked);
            }
            self.now.since(began).as_secs()
        }
    }

    #[test]
    fn registered_renewed_and_gone() {
        let mut line = line(3_600);
        assert!(line.sent.starts_with("REGISTER sip:sip.example SIP/2.0\r\n"), "{}", line.sent);
        assert_eq!(line.header("To"), "<sip:7495@sip.example>");
        assert_eq!(line.header("Contact"), "<sip:7495@10.0.0.1:5060>;expires=3600");
        line.answer(401, "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\r\n");
        assert!(line.header("Authorization").contains("uri=\"sip:sip.example\""));
        assert_eq!(line.header("CSeq"), "2 REGISTER");
        // Another telephone of the same name is registered too; the registrar grants less than was asked.
        line.answer(200, "Contact: <sip:7495@10.9.9.9>;expires=60, OURS;expires=600\r\n");
        assert_eq!(line.told.pop().as_deref(), Some("PeerUp"));
        assert_eq!(line.next(), 540);
        assert!(line.header("Authorization").contains("nc=00000002"), "the nonce is used on");
        // The nonce has grown old.
        line.answer(401, "WWW-Authenticate: Digest realm=\"r\", nonce=\"m\", qop=\"auth\", stale=true\r\n");
        assert!(line.header("Authorization").contains("nonce=\"m\""));
        line.answer(200, "Contact: OURS;expires=60\r\n");
        assert_eq!(line.next(), 48);
        line.answer(200, "Expires: 100\r\n");
        line.input(Input::Command(Command::Close));
        assert_eq!(line.header("Contact"), "<sip:7495@10.0.0.1:5060>;expires=0");
        assert!(line.agent.is_busy());
        line.answer(200, "");
        assert!(!line.agent.is_busy() && line.agent.deadline().is_none_or(|at| at.since(line.now).as_secs() < 40));
    }

    /// Each account has its own name, Call-ID and password; only the first one's trouble keeps calls from going out.
    #[test]
    fn several_accounts() {
        let account = |name: &str| Credentials { username: name.into(), password: Secret::new("p") };
        let registration = |name: &str| Registration {
            account: Some(account(name)),
            expires: Duration::from_secs(3_600),
            contact_user: None,
        };
        let mut config = Config::new("10.0.0.1:5060".parse().unwrap(), [7; 32]);
        config.peer = Some(Peer { host: "sip.example".into(), hop: Hop::udp(REGISTRAR.parse().unwrap()) });
        config.registrations = vec![registration("first"), registration("second")];
        let mut agent = UserAgent::new(Mono::ZERO, config);
        let mut lines = Vec::new();
        for output in agent.handle(Mono::ZERO, Input::Ticked) {
            let Output::Send { bytes, .. } = output else { panic!("{output:?}") };
            lines.push(String::from_utf8(bytes).unwrap());
        }
        let header = |of: &str, name: &str| of.lines().find(|l| l.starts_with(name)).unwrap_or("").to_owned();
        assert_eq!(lines.len(), 2);
        lines.sort_by_key(|l| l.contains("second"));
        for (line, name) in lines.iter().zip(["first", "second"]) {
            assert_eq!(header(line, "To"), format!("To: <sip:{name}@sip.example>"));
            assert_eq!(header(line, "Contact"), format!("Contact: <sip:{name}@10.0.0.1:5060>;expires=3600"));
        }
        assert_ne!(header(&lines[0], "Call-ID"), header(&lines[1], "Call-ID"));
        let mut answer = |which: usize, status: u16| {
            let copied = ["Via", "From", "To", "Call-ID", "CSeq"].map(|n| header(&lines[which], n) + "\r\n").concat();
            let bytes = format!("SIP/2.0 {status} x\r\n{copied}Content-Length: 0\r\n\r\n");
            let from = Hop::udp(REGISTRAR.parse().unwrap());
            let outputs = agent.handle(Mono::ZERO, Input::Message { from, bytes: bytes.as_bytes() });
            outputs.into_iter().map(|o| format!("{o:?}")).collect::<Vec<_>>().join(" ")
        };
        let refused = answer(1, 403);
        assert!(refused.contains("Registered { which: 1, is: false, trouble: Some(Refused(403)) }"), "{refused}");
        let held = answer(0, 200);
        assert!(held.contains("which: 0, is: true") && held.contains("PeerUp"), "{held}");
        // Only the one that holds is given back.
        let left = agent.handle(Mono::ZERO, Input::Command(Command::Close));
        let left: Vec<_> = left.iter().filter(|o| matches!(o, Output::Send { .. })).collect();
        assert_eq!(left.len(), 1, "{left:?}");
    }

    #[test]
    fn a_registrar_may_want_longer() {
        let mut line = line(60);
        line.answer(423, "Min-Expires: 1800\r\n");
        assert_eq!(line.header("Expires"), "1800");
        line.answer(200, "Contact: OURS;expires=1800\r\n");
        assert_eq!(line.next(), 1_740);
        assert_eq!(line.header("Expires"), "1800", "and is asked for that from now on");
    }

    #[test]
    fn failures_are_told_and_tried_again_more_and_more_slowly() {
        let mut line = line(3_600);
        let mut waits = Vec::new();
        for _ in 0..7 {
            line.answer(403, "");
            waits.push(line.next());
        }
        for (wait, most) in waits.iter().zip([15, 30, 60, 120, 240, 300, 300]) {
            assert!((most / 2..=most).contains(wait), "{waits:?}");
        }
        let refused = "Registered { which: 0, is: false, trouble: Some(Refused(403)) }";
        assert!(line.told.iter().any(|t| t == refused), "{:?}", line.told);
        // The registrar says itself when.
        line.answer(503, "Retry-After: 77 (in maintenance)\r\n");
        assert_eq!(line.next(), 77);
        line.answer(200, "");
        assert_eq!(line.told.pop().as_deref(), Some("PeerUp"));
        assert_eq!(line.next(), 3_540);
    }

    #[test]
    fn a_silent_registrar_is_as_bad_as_none() {
        let mut line = line(3_600);
        line.now = Mono(33_000_000);
        line.input(Input::Ticked);
        assert!(
            line.told.iter().any(|t| t == "Registered { which: 0, is: false, trouble: Some(Silent) }"),
            "{:?}",
            line.told
        );
        // Registered at last, lost at the renewal: calls go on while the old one holds, then not any more.
        line.next();
        line.answer(200, "");
        line.told.clear();
        line.next();
        while line.told.is_empty() {
            line.now = line.agent.deadline().unwrap();
            line.input(Input::Ticked);
        }
        assert_eq!(line.told.pop().as_deref(), Some("PeerDown"), "{:?}", line.told);
    }

    #[test]
    fn a_wrong_password_is_not_tried_again_and_again_and_a_strange_realm_gets_none() {
        let mut line = line(3_600);
        let challenge = "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n";
        line.answer(401, challenge);
        line.answer(401, challenge);
        assert_eq!(line.sent, "");
        assert!(line.told.iter().any(|t| t.contains("Refused(401)")), "{:?}", line.told);

        let mut line = super::tests::line(3_600);
        line.agent.config.carrier.realm = Some("ours".into());
        line.answer(401, challenge);
        assert_eq!(line.sent, "");
    }
}

//! A SIP user agent, both caller and answerer: the table of calls and transactions, and the door to them.
//!
//! `handle` takes one input and returns everything that follows from it; `deadline` says when it wants `Input::Ticked`.
//! Every call that was dialled or offered ends with exactly one of `Failed`, `Cancelled` or `Ended`, unless this side
//! rejected or ignored it: then nothing more is heard of it.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::auth::Replays;
use super::call::{Call, State};
use super::client::{Branch, ClientKey, ClientTransaction, Owner, Step as ClientStep};
use super::config::Config;
use super::dialog;
use super::extension::Tags;
use super::gate::{Asked, Gate, Load, Verdict};
use super::hop::{Contacts, Hop};
use super::identity::Caller;
use super::message::{Malformed, Message, Method, Request, Response, Writer, parse};
use super::order::{Command, DialogId, Event, Input, Output};
use super::redirect::Redirects;
use super::register::Binding;
use super::sdes::{KEY_BYTES, MasterKey};
use super::sdp::Direction;
use super::server::{self, ServerTransaction, Step as ServerStep};
use super::session::{Encryption, Local};
use super::targets::{Target, Targets};
use super::timing::Agenda;
use crate::outcome::HangupCause;
use crate::time::Mono;

/// Methods we answer with something better than 405 or 501.
pub(super) const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK, REFER, NOTIFY";

/// Why a request that could open a call is refused whatever it is about (§8.2.2.1, §8.2.3), as a status.
fn objection(request: &Request) -> Option<u16> {
    let scheme = request.uri.split(':').next().unwrap_or("").to_ascii_lowercase();
    match () {
        () if !matches!(scheme.as_str(), "sip" | "sips" | "tel") => Some(416),
        () if request.head.foreign_body => Some(415),
        () if !request.accepts_sdp => Some(406),
        () => None,
    }
}

/// What a timer belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Due {
    Client(ClientKey),
    Server(u64),
    Call(DialogId),
    Keepalive,
    /// Those who asked to be left alone have been.
    Reopening,
    Register(usize),
}

/// Who calls, as others are shown it.
#[derive(Default)]
pub(super) struct Shown {
    pub number: String,
    /// The value of the Identity header.
    pub identity: Option<String>,
}

pub struct UserAgent {
    pub(super) config: Config,
    pub(super) now: Mono,
    pub(super) calls: BTreeMap<DialogId, Call>,
    /// Call-ID and our tag, to the call.
    pub(super) by_tag: HashMap<Box<str>, DialogId>,
    pub(super) clients: HashMap<ClientKey, ClientTransaction>,
    pub(super) servers: HashMap<u64, ServerTransaction>,
    by_key: HashMap<Box<str>, u64>,
    pub(super) agenda: Agenda<Due>,
    out: Vec<Output>,
    pub(super) rng: StdRng,
    next_id: u64,
    pub(super) nonce_secret: u64,
    pub(super) replays: Replays,
    pub(super) closed: bool,
    /// How late the loop around us is.
    lag: Duration,
    pub(super) gate: Option<Gate>,
    /// What others are shown of those whose calls we make.
    pub(super) shown: HashMap<DialogId, Shown>,
    /// Who calls us, beside From.
    pub(super) callers: HashMap<DialogId, Caller>,
    pub(super) redirects: HashMap<DialogId, Redirects>,
    pub(super) bindings: Vec<Binding>,
    /// Whether the peer answers our OPTIONS.
    peer_heard: Option<bool>,
    peer_up: Option<bool>,
    /// An OPTIONS is out.
    pub(super) asking: bool,
    /// Where the peer is.
    pub(super) targets: Targets,
    /// Places that did not answer the OPTIONS of this round.
    pub(super) silent: Vec<Hop>,
    /// Streams over which no answer came; see [`UserAgent::take_abandoned`].
    pub(super) abandoned: Vec<Hop>,
    /// Places known not to speak TCP.
    pub(super) datagrams_only: Vec<SocketAddr>,
}

impl UserAgent {
    pub fn new(now: Mono, config: Config) -> UserAgent {
        let mut rng = StdRng::from_seed(config.seed);
        let nonce_secret = rng.next_u64();
        let mut targets = Targets::default();
        targets.replace(config.peer.iter().map(|peer| Target::only(peer.hop)).collect());
        let mut agenda = Agenda::default();
        let watches = config.peer.is_some() && !config.options_interval.is_zero();
        agenda.set(Due::Keepalive, watches.then_some(now));
        let gate = config.gate.clone().map(|rules| Gate::new(rules, now));
        let mut agent = UserAgent {
            lag: Duration::ZERO,
            gate,
            config,
            now,
            calls: BTreeMap::new(),
            by_tag: HashMap::new(),
            clients: HashMap::new(),
            servers: HashMap::new(),
            by_key: HashMap::new(),
            agenda,
            out: Vec::new(),
            rng,
            next_id: 0,
            nonce_secret,
            replays: Replays::default(),
            closed: false,
            shown: HashMap::new(),
            callers: HashMap::new(),
            redirects: HashMap::new(),
            bindings: Vec::new(),
            peer_heard: None,
            peer_up: None,
            asking: false,
            targets,
            silent: Vec::new(),
            abandoned: Vec::new(),
            datagrams_only: Vec::new(),
        };
        agent.begin_registering();
        agent
    }

    /// Our addresses, once they are known.
    pub fn set_contacts(&mut self, contacts: Contacts) {
        self.config.contacts = contacts;
    }

    /// A place from which nothing came back for as long as an answer may take, though it is reached by a stream: the system
    /// at the far end may go on acknowledging for a program that hangs. A connection there is not to be used any more. To
    /// be asked for after every input.
    pub fn take_abandoned(&mut self) -> Option<Hop> {
        self.abandoned.pop()
    }

    /// A new name for a call about to be dialled.
    pub fn reserve(&mut self) -> DialogId {
        self.next_id += 1;
        DialogId(self.next_id)
    }

    /// How late the loop around us has become: the time from when something was due to when it was done.
    pub fn lags(&mut self, lag: Duration) {
        self.lag = lag;
    }

    /// Requests that the gate has turned away.
    pub fn turned_away(&self) -> u64 {
        self.gate.as_ref().map_or(0, Gate::turned_away)
    }

    /// A signature of who calls (RFC 8224), for a call about to be dialled.
    pub fn vouch(&mut self, dialog: DialogId, identity: String) {
        self.shown.entry(dialog).or_default().identity = Some(identity);
    }

    /// Of a call that is not over.
    pub fn call_id(&self, dialog: DialogId) -> Option<&str> {
        self.calls.get(&dialog).map(|call| call.dialog.call_id.as_str())
    }

    /// What the headers of an offered call tell about who calls, beside From; until it is over.
    pub fn caller(&self, dialog: DialogId) -> Option<&Caller> {
        self.callers.get(&dialog)
    }

    /// After `Close`: something is still to be said or heard.
    pub fn is_busy(&self) -> bool {
        !self.calls.is_empty() || self.closed && self.bindings.iter().any(Binding::is_kept)
    }

    /// When `Input::Ticked` is wanted.
    pub fn deadline(&self) -> Option<Mono> {
        self.agenda.first()
    }

    /// Calls that are not over, those waiting for the answer to a BYE included.
    pub fn calls_open(&self) -> usize {
        self.calls.len()
    }

    /// Transactions remembered, finished ones included; and the bytes that the calling ones hold.
    pub fn transactions_kept(&self) -> (usize, usize) {
        let held = self.clients.values().map(ClientTransaction::held).sum();
        (self.clients.len() + self.servers.len(), held)
    }

    pub fn handle(&mut self, now: Mono, input: Input) -> Vec<Output> {
        self.now = now;
        match input {
            Input::Message { from, .. } if self.gate.as_ref().is_some_and(|g| g.is_banned(now, from.addr.ip())) => {}
            Input::Message { from, bytes } => match parse(bytes, from) {
                Ok(Message::Request(request)) => self.on_request(&request, from),
                Ok(Message::Response(response)) => self.on_response(&response, from),
                Err(Malformed::Noise) => {}
                Err(Malformed::Answer { status, echo }) => {
                    // An ACK is never answered, not even a broken one (§8.2.6.1).
                    if !echo.is_ack() {
                        let tag = self.token();
                        let answer = Writer::response(status, &echo, &tag).finish(None);
                        if self.may_answer(from, bytes.len(), answer.len()) {
                            self.send(echo.reply_to, answer);
                        }
                    }
                }
            },
            Input::Unframed { from, status, head } => self.on_unframed(from, status, head),
            Input::Unreachable { hop } => self.on_unreachable(hop),
            Input::Located { targets } => self.on_located(targets),
            Input::Command(command) => self.on_command(command),
            Input::Ticked => {
                while let Some(due) = self.agenda.take_due(now) {
                    match due {
                        Due::Client(key) => self.on_client_time(key),
                        Due::Server(id) => self.on_server_time(id),
                        Due::Call(id) => self.on_call_time(id),
                        Due::Keepalive => self.send_options(),
                        Due::Reopening => self.on_reopening(),
                        Due::Register(which) => self.register(which),
                    }
                }
            }
        }
        std::mem::take(&mut self.out)
    }

    fn on_unframed(&mut self, from: Hop, status: u16, head: &[u8]) {
        let echo = match parse(head, from) {
            Ok(Message::Request(request)) => request.echo,
            Err(Malformed::Answer { echo, .. }) => *echo,
            Ok(Message::Response(_)) | Err(Malformed::Noise) => return,
        };
        if !echo.is_ack() {
            let tag = self.token();
            let answer = Writer::response(status, &echo, &tag).finish(None);
            if self.may_answer(from, head.len(), answer.len()) {
                self.send(echo.reply_to, answer);
            }
        }
    }

    fn on_command(&mut self, command: Command) {
        match command {
            Command::Dial { dialog, to, from, media, ring_ms_max } => self.dial(dialog, &to, &from, media, ring_ms_max),
            Command::Hangup { dialog } => self.hang_up(dialog),
            Command::Ring { dialog } => self.ring(dialog),
            Command::Answer { dialog, media, codec } => self.answer(dialog, media, codec),
            Command::Reject { dialog, status } => self.reject(dialog, status),
            Command::Ignore { dialog } => self.ignore(dialog),
            Command::Progress { dialog, media, codec } => self.progress(dialog, media, codec),
            Command::Hold { dialog } => self.want(dialog, Some(Direction::SendOnly), None),
            Command::Resume { dialog } => self.want(dialog, Some(Direction::SendRecv), None),
            Command::Move { dialog, media } => self.want(dialog, None, Some(media)),
            Command::Refer { dialog, to, replaces } => self.refer(dialog, &to, replaces),
            Command::Report { dialog, status } => self.report(dialog, status),
            Command::Press { dialog, digit, duration_ms } => self.press(dialog, digit, duration_ms),
            Command::Close => {
                self.closed = true;
                self.agenda.set(Due::Keepalive, None);
                self.agenda.set(Due::Reopening, None);
                self.unregister();
                for dialog in self.calls.keys().copied().collect::<Vec<_>>() {
                    self.hang_up(dialog);
                }
            }
        }
    }

    /// Ends a call, whatever it is at.
    pub(super) fn hang_up(&mut self, id: DialogId) {
        match self.calls.get(&id).map(|call| &call.state) {
            Some(State::Inviting(_)) => self.take_back(id, HangupCause::Cancelled),
            Some(State::Offered(_)) => self.reject(id, 480),
            Some(State::Answering { .. } | State::Up) => self.leave(id),
            Some(State::Leaving) | None => {}
        }
    }

    fn on_request(&mut self, request: &Request, from: Hop) {
        if request.head.method == Method::Ack {
            return self.on_ack(request);
        }
        let key = server::key(request, &request.head.method);
        if let Some(id) = self.by_key.get(&key).copied() {
            if let Some(ServerStep::Send { to, bytes }) = self.servers.get_mut(&id).map(ServerTransaction::on_repeat) {
                self.send(to, bytes);
            }
            return;
        }
        if !self.let_in(request, from) {
            return;
        }
        if request.head.method == Method::Cancel {
            return self.on_cancel(request, key);
        }
        let reliable = self.config.reliable;
        let foreign = |tag: &&String| !Tags::knows(tag) || (!reliable && tag.eq_ignore_ascii_case("100rel"));
        let foreign: Vec<&str> = request.require.iter().filter(foreign).map(String::as_str).collect();
        if !foreign.is_empty() {
            let mut w = self.response(420, request, None);
            w.line("Unsupported", foreign.join(", "));
            return self.respond(request, key, w.finish(None));
        }
        match request.head.to.tag.as_deref().map(|tag| dialog::key(&request.head.call_id, tag)) {
            Some(dialog) => match self.by_tag.get(&dialog).copied() {
                Some(id) => self.answer_in_dialog(id, request, key),
                None => self.refuse(request, key, 481),
            },
            None => self.answer_outside(request, from, key),
        }
    }

    /// Whether a request goes on to what it asks for; if not, its sender has been told as much as it may be.
    fn let_in(&mut self, request: &Request, from: Hop) -> bool {
        let Some(gate) = &mut self.gate else { return true };
        let tag = request.head.to.tag.as_deref().unwrap_or("");
        let of_a_call = self.by_tag.contains_key(&dialog::key(&request.head.call_id, tag));
        let of_an_invite =
            request.head.method == Method::Cancel && self.by_key.contains_key(&server::key(request, &Method::Invite));
        if of_a_call || of_an_invite {
            return true;
        }
        let ip = from.addr.ip();
        let invite = request.head.method == Method::Invite;
        let pending = self.calls.values().filter(|c| invite && matches!(c.state, State::Offered(_))).count();
        let asked = Asked { from: ip, invite, names: &[request.user_agent.as_bytes(), &request.echo.from] };
        let verdict = gate.judge(self.now, &asked, Load { pending, lag: self.lag });
        let answer = match verdict {
            Verdict::Pass => return true,
            Verdict::Silence => return false,
            Verdict::Forbidden => Writer::response(403, &request.echo, &self.token()).finish(None),
            // Without a transaction: what is refused costs nothing, and comes again.
            Verdict::Busy { retry_after_s } => {
                let mut w = Writer::response(503, &request.echo, &self.token());
                w.line("Retry-After", retry_after_s);
                w.finish(None)
            }
        };
        if self.may_answer(from, request.bytes, answer.len()) {
            self.send(request.echo.reply_to, answer);
        }
        false
    }

    /// Whether somebody outside every call may be told something in so many bytes.
    fn may_answer(&mut self, from: Hop, asked_bytes: usize, answer_bytes: usize) -> bool {
        let (now, ip) = (self.now, from.addr.ip());
        let Some(gate) = &mut self.gate else { return true };
        if !gate.is_peer(ip) {
            gate.failed(now, ip);
        }
        gate.may_answer(now, ip, asked_bytes, answer_bytes)
    }

    fn answer_outside(&mut self, request: &Request, from: Hop, key: Box<str>) {
        match &request.head.method {
            Method::Invite | Method::Options if let Some(status) = objection(request) => {
                self.refuse(request, key, status);
            }
            Method::Invite => self.on_invite(request, from, key),
            Method::Options => {
                let status = if self.closed { 503 } else { 200 };
                let mut w = self.response(status, request, None);
                w.line("Allow", ALLOW).line("Accept", "application/sdp");
                self.respond(request, key, w.finish(None));
            }
            Method::Bye | Method::Info | Method::Update | Method::Prack | Method::Notify => {
                self.refuse(request, key, 481);
            }
            // Strangers send us nowhere.
            Method::Refer => self.refuse(request, key, 403),
            Method::Other { known, .. } => self.refuse(request, key, if *known { 405 } else { 501 }),
            // `on_request` has taken these out.
            Method::Ack | Method::Cancel => {}
        }
    }

    /// CANCEL (§9.2): it has its own answer, and ends the INVITE it names unless that has been answered.
    fn on_cancel(&mut self, request: &Request, key: Box<str>) {
        let invite = self.by_key.get(&server::key(request, &Method::Invite)).copied();
        let Some(invite) = invite.and_then(|id| self.servers.get(&id)) else {
            return self.refuse(request, key, 481);
        };
        let (open, dialog) = (invite.is_open(), invite.dialog);
        if invite.is_mute() {
            return;
        }
        let w = self.response(200, request, dialog);
        self.respond(request, key, w.finish(None));
        if let Some(dialog) = dialog.filter(|_| open) {
            self.withdrawn(dialog);
        }
    }

    fn on_ack(&mut self, request: &Request) {
        if let Some(id) = self.by_key.get(&server::key(request, &Method::Invite)).copied()
            && let Some(tx) = self.servers.get_mut(&id)
        {
            tx.on_ack(self.now, &self.config.timing);
            let due = tx.due();
            self.agenda.set(Due::Server(id), due);
        }
        // The ACK of a 200 has a branch of its own; one with the INVITE's is a mistake that is forgiven.
        let tag = request.head.to.tag.as_deref().unwrap_or("");
        if let Some(id) = self.by_tag.get(&dialog::key(&request.head.call_id, tag)).copied() {
            self.acknowledged(id, request);
        }
    }

    fn on_response(&mut self, response: &Response, from: Hop) {
        let Some(branch) = Branch::parse(&response.head.branch) else { return };
        let key = ClientKey { branch, cancel: response.head.method == Method::Cancel };
        let Some(tx) = self.clients.get_mut(&key) else { return };
        if tx.is_invite() != (response.head.method == Method::Invite) || !(100..700).contains(&response.status) {
            return;
        }
        let step = tx.on_response(self.now, &self.config.timing, response.status, response.head.to.tag.as_deref());
        let (owner, due, ack) = (tx.owner, tx.due(), tx.refusal_ack());
        self.agenda.set(Due::Client(key), due);
        match step {
            ClientStep::Nothing | ClientStep::TimedOut | ClientStep::Gone => {}
            ClientStep::Send { to, bytes } => self.send(to, bytes),
            ClientStep::TellFork => match owner {
                Owner::Invite(_) => self.on_fork(key, response, from),
                // A dialog does not fork; whoever says so is not in it.
                Owner::Within(_) | Owner::Keepalive | Owner::Register(_) | Owner::Nobody => {}
            },
            ClientStep::Tell => match owner {
                Owner::Invite(id) => self.on_invite_response(id, key, response, from),
                Owner::Within(id) => {
                    if let Some((to, ack)) = ack {
                        self.send(to, ack);
                    }
                    self.on_within_response(id, key, response);
                }
                Owner::Keepalive => self.on_options_response(response.status),
                Owner::Register(which) => self.on_register_response(which, response),
                Owner::Nobody => {}
            },
        }
    }

    pub(super) fn on_client_time(&mut self, key: ClientKey) {
        let Some(tx) = self.clients.get_mut(&key) else { return };
        let owner = tx.owner;
        match tx.on_time(self.now) {
            ClientStep::Send { to, bytes } => {
                let due = tx.due();
                self.agenda.set(Due::Client(key), due);
                self.send(to, bytes);
            }
            ClientStep::TimedOut => {
                match owner {
                    Owner::Invite(_) => self.abandon_client(key),
                    Owner::Within(_) | Owner::Keepalive | Owner::Register(_) | Owner::Nobody => self.forget_client(key),
                }
                match owner {
                    Owner::Invite(id) => self.on_invite_timeout(id),
                    Owner::Within(id) => self.on_within_timeout(id, key),
                    Owner::Keepalive => {
                        self.abandon(self.config.peer.as_ref().map(|peer| peer.hop));
                        self.on_options_silent();
                    }
                    Owner::Register(which) => self.on_register_timeout(which),
                    Owner::Nobody => {}
                }
            }
            ClientStep::Gone => self.forget_client(key),
            ClientStep::Nothing | ClientStep::Tell | ClientStep::TellFork => {
                let due = tx.due();
                self.agenda.set(Due::Client(key), due);
            }
        }
    }

    fn on_server_time(&mut self, id: u64) {
        let Some(tx) = self.servers.get_mut(&id) else { return };
        match tx.on_time(self.now) {
            ServerStep::Send { to, bytes } => self.send(to, bytes),
            ServerStep::Trying => {
                if let Some(echo) = tx.echo.clone() {
                    let bytes = Writer::response(100, &echo, "").finish(None);
                    tx.respond(self.now, &self.config.timing, 100, &bytes);
                    self.send(echo.reply_to, bytes);
                }
            }
            ServerStep::Gone => {
                let key = self.servers.remove(&id).map(|tx| tx.key);
                key.map(|key| self.by_key.remove(&key));
                return;
            }
            ServerStep::Nothing => {}
        }
        let due = self.servers.get(&id).and_then(ServerTransaction::due);
        self.agenda.set(Due::Server(id), due);
    }

    fn on_call_time(&mut self, id: DialogId) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        match &call.state {
            State::Inviting(_) => self.on_limit(id),
            State::Offered(offered) if offered.limit <= self.now => self.on_offer_limit(id),
            State::Offered(_) => self.on_provisional_time(id),
            State::Answering { .. } | State::Up | State::Leaving => {
                self.on_unacked_time(id);
                self.on_asked_limit(id);
                self.on_report_limit(id);
                self.on_session_time(id);
                self.offer_again(id);
            }
        }
        self.refresh(id);
    }

    fn on_unacked_time(&mut self, id: DialogId) {
        let Some(Call { unacked: Some(unacked), .. }) = self.calls.get_mut(&id) else { return };
        if unacked.until <= self.now {
            self.never_acknowledged(id);
        } else if unacked.resend.at <= self.now {
            unacked.resend = unacked.resend.next(self.now);
            let (to, bytes) = (unacked.to, unacked.bytes.clone());
            self.send(to, bytes);
        }
    }

    /// OPTIONS to the peer: is it there? (§11)
    fn send_options(&mut self) {
        self.agenda.set(Due::Keepalive, Some(self.now + self.config.options_interval));
        let Some(peer) = self.config.peer.clone().filter(|_| !self.asking) else { return };
        self.asking = true;
        let (branch, tag, call_id, here) = (self.branch(), self.token(), self.token(), self.here(peer.hop));
        let mut w = Writer::request(&Method::Options, &format!("sip:{}", peer.host));
        w.line("Via", here.via(branch));
        w.line("Max-Forwards", 70);
        w.line("From", format_args!("<{}>;tag={tag}", here.uri())).line("To", format_args!("<sip:{}>", peer.host));
        w.line("Call-ID", call_id).line("CSeq", "1 OPTIONS");
        w.line("Contact", format_args!("<{}>", here.uri())).line("Accept", "application/sdp");
        w.line("User-Agent", &self.config.software);
        let bytes = w.finish(None);
        self.start_client(ClientKey { branch, cancel: false }, Owner::Keepalive, false, peer.hop, bytes);
    }

    /// Any answer shows that the peer is there; only 503 says that it takes no calls, 408 that somebody behind is gone.
    fn on_options_response(&mut self, status: u16) {
        match status {
            ..200 => {}
            503 | 408 => self.on_options_silent(),
            _ => self.on_options_heard(),
        }
    }

    pub(super) fn peer_is(&mut self, up: bool) {
        self.peer_heard = Some(up);
        self.tell_health();
    }

    /// The peer takes calls from us when it answers, and knows us where it must.
    pub(super) fn tell_health(&mut self) {
        let heard = self.peer_heard.or(self.config.options_interval.is_zero().then_some(true));
        let up = match (heard, self.is_registered()) {
            (Some(heard), registered) => heard && registered.unwrap_or(true),
            (None, Some(false)) => false,
            (None, Some(true) | None) => return,
        };
        if self.peer_up != Some(up) {
            self.peer_up = Some(up);
            self.tell(if up { Event::PeerUp } else { Event::PeerDown });
        }
    }

    pub(super) fn set_due(&mut self, due: Due, at: Option<Mono>) {
        self.agenda.set(due, at);
    }

    // What the parts of this agent share.

    /// Our own end of the way to `to`.
    pub(super) fn here(&self, to: Hop) -> Hop {
        self.config.contacts.over(to.transport)
    }

    pub(super) fn send(&mut self, to: Hop, bytes: Vec<u8>) {
        self.out.push(Output::Send { to, bytes });
    }

    pub(super) fn tell(&mut self, event: Event) {
        self.out.push(Output::Event(event));
    }

    /// 64 random bits as text: a tag, a Call-ID, a cnonce.
    pub(super) fn token(&mut self) -> String {
        format!("{:016x}", self.rng.next_u64())
    }

    pub(super) fn branch(&mut self) -> Branch {
        Branch((u128::from(self.rng.next_u64()) << 64) | u128::from(self.rng.next_u64()))
    }

    /// 1 to 2^31 - 1, as RFC 3262 §3 has it; with room above for those that follow.
    pub(super) fn first_rseq(&mut self) -> u32 {
        (self.rng.next_u64() as u32 >> 2) | 1
    }

    pub(super) fn random(&mut self) -> u64 {
        self.rng.next_u64()
    }

    /// An SDP session id; 62 bits, as some peers read it as a signed number.
    fn session(&mut self) -> u64 {
        self.rng.next_u64() >> 2
    }

    /// Our side of a new session, heard at `media`; with keys of its own if it may need them.
    pub(super) fn local(&mut self, media: SocketAddr) -> Local {
        let mut keys = [[0; KEY_BYTES]; 2];
        if self.config.abilities.encryption != Encryption::Off {
            keys.iter_mut().for_each(|key| self.rng.fill_bytes(key));
        }
        let session = self.session();
        Local::new(media, session, self.config.abilities.clone(), keys.map(MasterKey::new))
    }

    pub(super) fn start_client(&mut self, key: ClientKey, owner: Owner, invite: bool, to: Hop, bytes: Vec<u8>) {
        let tx = ClientTransaction::start(self.now, &self.config.timing, owner, invite, to, bytes.clone());
        self.agenda.set(Due::Client(key), tx.due());
        self.clients.insert(key, tx);
        self.send(to, bytes);
    }

    pub(super) fn forget_client(&mut self, key: ClientKey) {
        self.clients.remove(&key);
        self.agenda.set(Due::Client(key), None);
    }

    /// See [`ClientTransaction::abandon`].
    pub(super) fn abandon_client(&mut self, key: ClientKey) {
        let Some(tx) = self.clients.get_mut(&key) else { return };
        tx.abandon(self.now, &self.config.timing);
        let due = tx.due();
        self.agenda.set(Due::Client(key), due);
    }

    pub(super) fn start_server(&mut self, tx: ServerTransaction) -> u64 {
        self.next_id += 1;
        let id = self.next_id;
        self.by_key.insert(tx.key.clone(), id);
        self.agenda.set(Due::Server(id), tx.due());
        self.servers.insert(id, tx);
        id
    }

    /// Sends a response to a waiting INVITE and lets its transaction note it.
    pub(super) fn respond_invite(&mut self, server: u64, status: u16, to: Hop, bytes: Vec<u8>) {
        if let Some(tx) = self.servers.get_mut(&server) {
            tx.respond(self.now, &self.config.timing, status, &bytes);
            let due = tx.due();
            self.agenda.set(Due::Server(server), due);
        }
        self.send(to, bytes);
    }

    pub(super) fn mute_server(&mut self, server: u64) {
        if let Some(tx) = self.servers.get_mut(&server) {
            tx.mute(self.now, &self.config.timing);
            let due = tx.due();
            self.agenda.set(Due::Server(server), due);
        }
    }

    /// Room for one more INVITE to be remembered?
    pub(super) fn has_room(&self) -> bool {
        !self.closed && self.calls.len() < self.config.calls_max && self.servers.len() < self.config.transactions_max
    }

    /// The beginning of a response. `dialog`: the call whose tag it carries.
    pub(super) fn response(&mut self, status: u16, request: &Request, dialog: Option<DialogId>) -> Writer {
        let tag = dialog.and_then(|id| self.calls.get(&id)).map(|call| call.dialog.local_tag.clone());
        let tag = tag.unwrap_or_else(|| self.token());
        let mut w = Writer::response(status, &request.echo, &tag);
        w.line("Server", &self.config.software);
        w
    }

    /// The final answer to a request that is not a waiting INVITE; repeated when the request is.
    pub(super) fn respond(&mut self, request: &Request, key: Box<str>, bytes: Vec<u8>) {
        let to = request.echo.reply_to;
        // Over a reliable transport a request comes once, so that only an INVITE, for its ACK, is remembered (timer J is 0).
        let remembered = request.head.method == Method::Invite || !to.transport.is_reliable();
        if remembered && self.servers.len() < self.config.transactions_max {
            if request.head.method == Method::Invite {
                let mut tx = ServerTransaction::invite(self.now, key, None, request.echo.clone());
                tx.respond(self.now, &self.config.timing, 400, &bytes);
                self.start_server(tx);
            } else {
                let timing = &self.config.timing;
                let tx = ServerTransaction::answered(self.now, timing, key, to, bytes.clone());
                self.start_server(tx);
            }
        }
        self.send(to, bytes);
    }

    pub(super) fn refuse(&mut self, request: &Request, key: Box<str>, status: u16) {
        let mut w = self.response(status, request, None);
        match status {
            405 | 501 => {
                w.line("Allow", ALLOW);
            }
            415 => {
                w.line("Accept", "application/sdp");
            }
            488 => {
                w.line("Warning", "304 ringback \"no audio stream here that we speak\"");
            }
            _ => {}
        }
        self.respond(request, key, w.finish(None));
    }

    pub(super) fn open_call(&mut self, id: DialogId, call: Call) {
        self.by_tag.insert(call.dialog.key(), id);
        self.calls.insert(id, call);
        self.refresh(id);
    }

    pub(super) fn forget_call(&mut self, id: DialogId) {
        self.shown.remove(&id);
        self.callers.remove(&id);
        self.redirects.remove(&id);
        if let Some(call) = self.calls.remove(&id) {
            self.by_tag.remove(&call.dialog.key());
        }
        self.agenda.set(Due::Call(id), None);
    }

    /// The tables agree with each other. For tests.
    #[cfg(test)]
    pub(super) fn check(&self) {
        assert_eq!(self.by_tag.len(), self.calls.len(), "a call, its tag");
        assert_eq!(self.by_key.len(), self.servers.len(), "a server transaction, its key");
        assert!(self.by_tag.values().all(|id| self.calls.contains_key(id)));
        assert!(self.by_key.values().all(|id| self.servers.contains_key(id)));
        assert!(self.calls.len() <= self.config.calls_max && self.servers.len() <= self.config.transactions_max);
    }

    /// Puts a call's next time into the agenda; after every change of its state.
    pub(super) fn refresh(&mut self, id: DialogId) {
        let due = self.calls.get(&id).and_then(Call::due);
        self.agenda.set(Due::Call(id), due);
    }
}

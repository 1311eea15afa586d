//! A call we make: from the INVITE until it is up or has failed. What follows is in `in_dialog`.

use std::net::SocketAddr;
use std::time::Duration;

use super::address::dialled;
use super::auth::Challenge;
use super::call::{Call, State};
use super::carrier::Prack;
use super::client::{Branch, ClientKey, Owner};
use super::dialog::Dialog;
use super::early::Fork;
use super::failover::Journey;
use super::hop::{Hop, HostPort};
use super::identity;
use super::message::{Head, Method, Response};
use super::order::{DialogId, Event};
use super::reason;
use super::reliable::supported;
use super::sdp::{Description, Media};
use super::user_agent::{ALLOW, UserAgent};
use crate::outcome::HangupCause;
use crate::time::Mono;

/// Challenges answered within one call: proxy and far end, each once and once more for a stale nonce.
const CHALLENGES_MAX: u8 = 4;

/// No telephone rings for longer, whatever is ordered.
const RING_MS_CEILING: u64 = 10 * 60 * 1000;
/// So long after the INVITE nothing rings yet, and we give up, however long a telephone may ring: no network takes as long to find one.
const SILENT_MS_MAX: u64 = 60 * 1000;

/// The time between INVITE and its final answer.
pub(super) struct Inviting {
    key: ClientKey,
    pub to: Hop,
    /// A provisional answer came, so that CANCEL is allowed (§9.1).
    pub heard: bool,
    pub rung: bool,
    /// How long a telephone may ring, from its first 180 or 183.
    ring: Duration,
    /// This INVITE has led to one that rings.
    ringing: bool,
    /// We do not want the call any more, and why.
    pub given_up: Option<HangupCause>,
    cancelled: bool,
    /// When it has rung for long enough; after CANCEL, when its answer is waited for no longer.
    pub limit: Option<Mono>,
    pub journey: Journey,
    /// The telephones that ring.
    pub forks: Vec<Fork>,
    /// What can be heard before the answer, as told last.
    pub early: Option<Media>,
}

impl UserAgent {
    pub(super) fn dial(&mut self, id: DialogId, to: &str, from: &str, media: SocketAddr, ring_ms_max: u64) {
        let fail = |cause, status| Event::Failed { dialog: id, cause, status };
        if self.closed || self.calls.len() >= self.config.calls_max {
            return self.tell(fail(HangupCause::SystemError, None));
        }
        let hop = match self.way_out() {
            Ok(hop) => hop,
            Err((cause, status)) => return self.tell(fail(cause, status)),
        };
        let host = self.config.peer.as_ref().map_or_else(String::new, |peer| peer.host.clone());
        let carrier = &self.config.carrier;
        let number = to.starts_with('+');
        let Some(mut uri) = dialled(&carrier.dialled(to), &host) else {
            return self.tell(fail(HangupCause::InvalidNumber, None));
        };
        if number && carrier.user_phone {
            uri += ";user=phone";
        }
        let here = HostPort(self.here(hop).addr).to_string();
        let local_uri = identity::from_uri(carrier, from, &here);
        let local_display = identity::from_display(carrier);
        self.shown.entry(id).or_default().number = from.to_owned();
        let dialog = Dialog {
            call_id: self.token() + &self.token(),
            local_display,
            local_uri,
            local_tag: self.token(),
            remote_uri: uri.clone(),
            remote_tag: None,
            target: uri,
            routes: Vec::new(),
            seq: 0,
            remote_seq: None,
            peer: hop,
        };
        let inviting = Inviting {
            key: ClientKey { branch: Branch(0), cancel: false },
            to: hop,
            heard: false,
            rung: false,
            ring: Duration::from_millis(ring_ms_max.min(RING_MS_CEILING)),
            ringing: false,
            given_up: None,
            cancelled: false,
            limit: Some(self.now + Duration::from_millis(ring_ms_max.min(SILENT_MS_MAX))),
            forks: Vec::new(),
            early: None,
            journey: Journey::default(),
        };
        let local = self.local(media);
        let state = State::Inviting(inviting);
        let mut call = Call::new(state, dialog, local);
        call.ours = true;
        call.expires_s = self.config.session_times.unwrap_or_default().expires_s;
        self.open_call(id, call);
        self.send_invite(id);
    }

    /// The INVITE; again, with a new branch and the next number, when it was challenged (§22.2).
    pub(super) fn send_invite(&mut self, id: DialogId) {
        let (branch, cnonce, contacts) = (self.branch(), self.token(), self.config.contacts);
        let session = self.session_lines(id);
        let Some(call) = self.calls.get_mut(&id) else { return };
        let State::Inviting(inviting) = &mut call.state else { return };
        call.dialog.seq += 1;
        inviting.key = ClientKey { branch, cancel: false };
        inviting.heard = false;
        inviting.ringing = false;
        inviting.forks.clear();
        let (key, to) = (inviting.key, inviting.to);
        let here = contacts.over(to.transport);
        let sdp = call.local.again();
        let mut w = call.dialog.request(&Method::Invite, call.dialog.seq, here, branch);
        if let Some(credentials) = &self.config.credentials {
            for challenge in &mut call.challenges {
                let uri = call.dialog.request_uri();
                let answer = challenge.answer_with(credentials, "INVITE", uri, &cnonce, sdp.as_bytes());
                w.line(challenge.header_name(), answer);
            }
        }
        w.line("Contact", format_args!("<{}>", here.uri())).line("Allow", ALLOW);
        supported(&mut w, self.config.reliable);
        if self.config.carrier.prack == Prack::Required {
            w.line("Require", "100rel");
        }
        for (name, value) in session {
            w.line(name, value);
        }
        if let Some(shown) = self.shown.get(&id) {
            identity::write(&mut w, &self.config.carrier, &shown.number, &HostPort(here.addr).to_string());
            if let Some(identity) = &shown.identity {
                w.line("Identity", identity);
            }
        }
        w.line("User-Agent", &self.config.software);
        let bytes = w.finish(Some(&sdp));
        if self.is_too_large(bytes.len(), to) {
            return self.move_to_tcp(id, to);
        }
        let patience = self.patience_with(id);
        self.start_client(key, Owner::Invite(id), true, to, bytes);
        self.give_up_at(key, patience);
    }

    /// We do not want the call any more.
    pub(super) fn take_back(&mut self, id: DialogId, cause: HangupCause) {
        let Some(Call { state: State::Inviting(inviting), .. }) = self.calls.get_mut(&id) else { return };
        if inviting.given_up.is_some() {
            return;
        }
        inviting.given_up = Some(cause);
        // Until a provisional answer comes, CANCEL must wait (§9.1); timer B bounds the waiting.
        inviting.limit = None;
        if inviting.heard {
            self.send_cancel(id);
        }
        self.refresh(id);
    }

    pub(super) fn send_cancel(&mut self, id: DialogId) {
        let (contacts, limit) = (self.config.contacts, self.now + self.config.timing.patience());
        let Some(Call { state: State::Inviting(inviting), dialog, .. }) = self.calls.get_mut(&id) else { return };
        if inviting.cancelled {
            return;
        }
        inviting.cancelled = true;
        inviting.limit = Some(limit);
        let (key, to) = (ClientKey { cancel: true, ..inviting.key }, inviting.to);
        let here = contacts.over(to.transport);
        let mut w = dialog.request(&Method::Cancel, dialog.seq, here, key.branch);
        w.line("Reason", reason::of_cause(inviting.given_up.unwrap_or(HangupCause::Cancelled)));
        let bytes = w.finish(None);
        self.start_client(key, Owner::Nobody, false, to, bytes);
        self.refresh(id);
    }

    /// It has rung for long enough, or the answer to CANCEL never came.
    pub(super) fn on_limit(&mut self, id: DialogId) {
        let Some(Call { state: State::Inviting(inviting), .. }) = self.calls.get(&id) else { return };
        match inviting.given_up {
            None => self.take_back(id, HangupCause::NoAnswer),
            Some(cause) => {
                // §9.1: after 64*T1 the INVITE counts as cancelled.
                let key = inviting.key;
                self.abandon_client(key);
                self.fail(id, cause, None);
            }
        }
    }

    /// Timer B: nothing at all came back. Or the way there is gone.
    pub(super) fn on_invite_timeout(&mut self, id: DialogId) {
        self.on_silence(id);
        if self.fail_over(id) {
            return;
        }
        let Some(Call { state: State::Inviting(inviting), .. }) = self.calls.get(&id) else { return };
        let cause = match inviting.given_up {
            Some(HangupCause::Cancelled) => HangupCause::Cancelled,
            _ => HangupCause::TrunkSilent,
        };
        self.fail(id, cause, None);
    }

    pub(super) fn on_invite_response(&mut self, id: DialogId, key: ClientKey, response: &Response, from: Hop) {
        match response.status {
            100..200 => self.on_provisional(id, response),
            200..300 => self.on_accepted(id, key, response, from),
            _ => self.on_refused(id, key, response),
        }
    }

    fn on_provisional(&mut self, id: DialogId, response: &Response) {
        let Some(Call { state: State::Inviting(inviting), .. }) = self.calls.get_mut(&id) else { return };
        inviting.heard = true;
        if inviting.given_up.is_some() {
            return self.send_cancel(id);
        }
        if matches!(response.status, 180 | 183) {
            // From now on it rings, and is let ring: what the network took to find the telephone is not taken off (47 CFR 64.1200(a)(6)).
            if !std::mem::replace(&mut inviting.ringing, true) {
                inviting.limit = Some(self.now + inviting.ring);
            }
            if !std::mem::replace(&mut inviting.rung, true) {
                self.tell(Event::Ringing { dialog: id });
            }
            self.refresh(id);
        }
        self.hear_fork(id, response);
    }

    fn on_accepted(&mut self, id: DialogId, key: ClientKey, response: &Response, from: Hop) {
        self.acknowledge(key, &response.head, from);
        let Some(call) = self.calls.get_mut(&id) else { return };
        let State::Inviting(inviting) = &mut call.state else { return };
        let given_up = inviting.given_up;
        let tag = response.head.to.tag.as_deref();
        let fork = inviting.forks.iter().position(|fork| fork.is(tag)).map(|at| inviting.forks.swap_remove(at));
        // Our own half is as we made it, whatever the response says; what was said to this telephone meanwhile counts.
        let mut dialog = call.dialog.joined(Dialog::of_response(&response.head, from));
        if let Some(fork) = &fork {
            (dialog.seq, dialog.remote_seq) = (fork.dialog.seq, fork.dialog.remote_seq);
        }
        call.dialog = dialog;
        call.state = State::Up;
        call.allows_update = response.head.more.allows_update.unwrap_or(false);
        call.media = match response.head.sdp.as_deref().map(Description::parse) {
            // Some change in the 200 what they said before it, though they may not (RFC 3261 §13.2.1): the last word counts.
            Some(described) => described.ok().and_then(|d| call.local.accept(&d)),
            // What was answered in a provisional answer need not be said again.
            None => fork.and_then(|fork| {
                call.local = fork.local?;
                fork.media
            }),
        };
        let media = call.media;
        self.session_agreed(id, response);
        self.refresh(id);
        match (given_up, media) {
            (None, Some(media)) => self.tell(Event::Answered { dialog: id, media }),
            // The 200 crossed our CANCEL, or what it describes cannot be spoken with: acknowledge, then end it.
            (given_up, _) => {
                let cause = given_up.unwrap_or(HangupCause::TrunkRefused);
                self.tell(Event::Failed { dialog: id, cause, status: Some(response.status) });
                self.send_bye(id);
            }
        }
    }

    fn on_refused(&mut self, id: DialogId, key: ClientKey, response: &Response) {
        let contacts = self.config.contacts;
        let Some(call) = self.calls.get_mut(&id) else { return };
        let State::Inviting(inviting) = &call.state else { return };
        let to = inviting.to;
        let given_up = inviting.given_up;
        // The ACK belongs to the INVITE's transaction: same branch, same Request-URI, the response's To (§17.1.1.3).
        let tag = response.head.to.tag.clone();
        call.dialog.remote_tag = tag;
        let ack =
            call.dialog.request(&Method::Ack, call.dialog.seq, contacts.over(to.transport), key.branch).finish(None);
        call.dialog.remote_tag = None;
        if let Some(tx) = self.clients.get_mut(&key) {
            tx.keep_ack(ack.clone());
        }
        self.send(to, ack);
        match given_up {
            Some(cause) => self.fail(id, cause, Some(response.status)),
            None if self.take_challenge(id, response)
                || self.take_interval(id, response)
                || self.take_redirect(id, response) =>
            {
                self.send_invite(id)
            }
            None if self.takes_elsewhere(response.status) && self.fail_over_load(id, response) => {}
            None => {
                let cause = response.reason.of_failure(response.status, &response.phrase);
                self.fail(id, cause, Some(response.status));
            }
        }
    }

    /// Statuses for which the carrier's next server is tried.
    fn takes_elsewhere(&self, status: u16) -> bool {
        status == 503 || self.config.carrier.failover_statuses.contains(&status)
    }

    /// Whether a refusal is a challenge that can be answered, and has been noted to be.
    pub(super) fn take_challenge(&mut self, id: DialogId, response: &Response) -> bool {
        if !matches!(response.status, 401 | 407) || self.config.credentials.is_none() {
            return false;
        }
        let from_proxy = response.status == 407;
        let challenge = Challenge::strongest(&response.challenges, from_proxy);
        let Some(challenge) = challenge.filter(|c| self.config.carrier.trusts(c.realm())) else { return false };
        let Some(call) = self.calls.get_mut(&id) else { return false };
        let known = call.challenges.iter().position(|c| c.from_proxy() == from_proxy);
        // The same question again, and not because the nonce grew old: the password is wrong.
        if call.challenged >= CHALLENGES_MAX || (known.is_some() && !challenge.is_stale()) {
            return false;
        }
        call.challenged += 1;
        match known {
            Some(at) => call.challenges[at] = challenge,
            None => call.challenges.push(challenge),
        }
        true
    }

    fn fail(&mut self, id: DialogId, cause: HangupCause, status: Option<u16>) {
        self.forget_call(id);
        self.tell(Event::Failed { dialog: id, cause, status });
    }

    /// ACK of a 2xx (§13.2.2.4): made from the response alone, and kept to answer its repetitions.
    fn acknowledge(&mut self, key: ClientKey, head: &Head, from: Hop) {
        let branch = self.branch();
        let dialog = Dialog::of_response(head, self.reached(key, from));
        let to = dialog.next_hop();
        let ack = dialog.request(&Method::Ack, head.cseq, self.here(to), branch).finish(None);
        if let Some(tx) = self.clients.get_mut(&key) {
            tx.keep_accepted(head.to.tag.as_deref().unwrap_or(""), to, ack.clone());
        }
        self.send(to, ack);
    }

    /// Where the request of a transaction went, on the connection by which its answer came from there.
    fn reached(&self, key: ClientKey, from: Hop) -> Hop {
        let to = self.clients.get(&key).map_or(from, |tx| tx.peer());
        if from.leads_to(to) { from } else { to }
    }

    /// A second telephone answered the same INVITE: it gets its ACK and a BYE (§13.2.2.4).
    pub(super) fn on_fork(&mut self, key: ClientKey, response: &Response, from: Hop) {
        self.acknowledge(key, &response.head, from);
        let branch = self.branch();
        let dialog = Dialog::of_response(&response.head, self.reached(key, from));
        let to = dialog.next_hop();
        let bytes = dialog.request(&Method::Bye, dialog.seq + 1, self.here(to), branch).finish(None);
        self.start_client(ClientKey { branch, cancel: false }, Owner::Nobody, false, to, bytes);
    }
}

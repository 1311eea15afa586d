//! Requests of ours within a dialog, other than INVITE's own ACK: sent, sent again with credentials when they are
//! challenged, and their answers given to whoever wanted them (RFC 3261 §12.2.1).

use super::auth::{Challenge, Credentials};
use super::call::{Call, State};
use super::client::{ClientKey, Owner};
use super::message::{Method, Response, Writer};
use super::order::DialogId;
use super::reliable::supported;
use super::session::Local;
use super::user_agent::{ALLOW, UserAgent};
use crate::time::Mono;

/// Requests of one call that wait for their answers at once; there is no need for more than two or three.
const ASKED_MAX: usize = 8;

/// Challenges answered for one request: a proxy and the far end, each once, and once more for a stale nonce.
const CHALLENGES_MAX: u8 = 4;

/// What a request was for.
pub(super) enum Purpose {
    /// Acknowledges a reliable provisional answer.
    Prack,
    Bye,
    Digit,
    /// An offer; with it, our side as it was before.
    Offer(Box<Local>),
    /// Keeps the session alive.
    Refresh,
    Refer,
    Notify,
}

/// A request on its way, with what is needed to send it again.
pub(super) struct Asked {
    key: Option<ClientKey>,
    pub method: Method,
    pub purpose: Purpose,
    /// The tag of the early dialog that it belongs to; otherwise to the call's own.
    fork: Option<String>,
    lines: Vec<(&'static str, String)>,
    /// Content-Type and body.
    body: Option<(&'static str, String)>,
    challenged: u8,
    /// When a request that has been answered provisionally is waited for no longer.
    pub limit: Option<Mono>,
}

impl Asked {
    pub fn new(method: Method, purpose: Purpose) -> Asked {
        Asked { key: None, method, purpose, fork: None, lines: Vec::new(), body: None, challenged: 0, limit: None }
    }

    pub fn line(mut self, name: &'static str, value: impl ToString) -> Asked {
        self.lines.push((name, value.to_string()));
        self
    }

    pub fn lines(mut self, lines: Vec<(&'static str, String)>) -> Asked {
        self.lines.extend(lines);
        self
    }

    pub fn body(mut self, kind: &'static str, text: String) -> Asked {
        self.body = Some((kind, text));
        self
    }

    pub fn for_fork(mut self, tag: Option<&str>) -> Asked {
        self.fork = tag.map(str::to_owned);
        self
    }
}

impl UserAgent {
    /// Sends a request within a call. Without room for its answer, nothing is sent and `false` returned.
    pub(super) fn ask(&mut self, id: DialogId, mut asked: Asked) -> bool {
        let (branch, cnonce, contacts) = (self.branch(), self.token(), self.config.contacts);
        let Some(Call { state, dialog, challenges, asked: open, .. }) = self.calls.get_mut(&id) else { return false };
        if open.len() >= ASKED_MAX {
            return false;
        }
        let fork = match state {
            State::Inviting(inviting) => inviting.forks.iter_mut().find(|f| f.is(asked.fork.as_deref())),
            State::Offered(_) | State::Answering { .. } | State::Up | State::Leaving => None,
        };
        let dialog = fork.map_or(dialog, |fork| &mut fork.dialog);
        if asked.fork.is_some() && asked.fork != dialog.remote_tag {
            // Its telephone does not ring any more: another has been answered.
            return false;
        }
        dialog.seq += 1;
        let to = dialog.next_hop();
        let here = contacts.over(to.transport);
        let mut w = dialog.request(&asked.method, dialog.seq, here, branch);
        authorise(&mut w, self.config.credentials.as_ref(), challenges, &asked.method, dialog.request_uri(), &cnonce);
        // Those that may move the target of the dialog, or make one (RFC 3261 §12.2, RFC 3515 §2.4.1).
        if matches!(asked.method, Method::Invite | Method::Update | Method::Refer | Method::Notify) {
            w.line("Contact", format_args!("<{}>", here.uri())).line("Allow", ALLOW);
        }
        if matches!(asked.method, Method::Invite | Method::Update) {
            supported(&mut w, self.config.reliable);
        }
        for (name, value) in &asked.lines {
            w.line(name, value);
        }
        w.line("User-Agent", &self.config.software);
        let bytes = w.finish_with(asked.body.as_ref().map(|(kind, text)| (*kind, text.as_str())));
        let (key, invite) = (ClientKey { branch, cancel: false }, asked.method == Method::Invite);
        asked.key = Some(key);
        open.push(asked);
        // Ready for a refusal that comes when the call is over: its ACK belongs to the transaction (§17.1.1.3).
        let ack = invite.then(|| dialog.request(&Method::Ack, dialog.seq, here, branch).finish(None));
        self.start_client(key, Owner::Within(id), invite, to, bytes);
        if let (Some(ack), Some(tx)) = (ack, self.clients.get_mut(&key)) {
            tx.acknowledge_refusal(ack);
        }
        self.refresh(id);
        true
    }

    pub(super) fn on_within_response(&mut self, id: DialogId, key: ClientKey, response: &Response) {
        if response.status < 200 {
            return;
        }
        let Some(mut asked) = self.take_asked(id, key) else { return };
        if asked.method == Method::Invite && response.status < 300 {
            self.acknowledge_within(id, key, response);
        }
        if self.take_challenge_of(id, &mut asked, response) {
            self.ask(id, asked);
            return;
        }
        self.on_answered(id, asked, Some(response));
    }

    /// Nobody answered.
    pub(super) fn on_within_timeout(&mut self, id: DialogId, key: ClientKey) {
        if let Some(asked) = self.take_asked(id, key) {
            self.on_answered(id, asked, None);
        }
    }

    fn on_answered(&mut self, id: DialogId, asked: Asked, response: Option<&Response>) {
        match asked.purpose {
            Purpose::Offer(before) => self.on_offer_answered(id, *before, response),
            Purpose::Refresh => self.on_refreshed(id, response),
            Purpose::Refer => self.on_refer_answered(id, response),
            // §12.2.1.2, RFC 6665 §4.2.2: nobody wants to know any more.
            Purpose::Notify if response.is_none_or(|r| r.status >= 300) => {
                if let Some(call) = self.calls.get_mut(&id) {
                    call.reports = None;
                }
            }
            // Whatever the far end answers: for us the call is over.
            Purpose::Bye => self.forget_call(id),
            // A telephone that does not take them will repeat its answer or fail by itself.
            Purpose::Prack | Purpose::Digit | Purpose::Notify => {}
        }
        self.refresh(id);
    }

    /// Requests that were answered provisionally and then not at all.
    pub(super) fn on_asked_limit(&mut self, id: DialogId) {
        let now = self.now;
        let late = |asked: &Asked| asked.limit.is_some_and(|limit| limit <= now);
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Some(at) = call.asked.iter().position(late) else { return };
        let asked = call.asked.swap_remove(at);
        if let Some(key) = asked.key {
            self.forget_client(key);
        }
        self.on_answered(id, asked, None);
    }

    /// ACK of a 2xx to an INVITE within the call, to where that says the far end is now (§13.2.2.4).
    fn acknowledge_within(&mut self, id: DialogId, key: ClientKey, response: &Response) {
        self.take_target(id, response);
        let (branch, contacts) = (self.branch(), self.config.contacts);
        let Some(call) = self.calls.get(&id) else { return };
        let to = call.dialog.next_hop();
        let here = contacts.over(to.transport);
        let ack = call.dialog.request(&Method::Ack, response.head.cseq, here, branch).finish(None);
        if let Some(tx) = self.clients.get_mut(&key) {
            tx.keep_accepted(response.head.to.tag.as_deref().unwrap_or(""), to, ack.clone());
        }
        self.send(to, ack);
    }

    fn take_asked(&mut self, id: DialogId, key: ClientKey) -> Option<Asked> {
        let open = &mut self.calls.get_mut(&id)?.asked;
        let at = open.iter().position(|asked| asked.key == Some(key))?;
        Some(open.swap_remove(at))
    }

    /// Whether a refusal is a challenge that can be answered, and has been noted to be. A request that carried an answer to
    /// an older challenge of the call may be challenged anew: some demand a fresh nonce for each, and do not say `stale`.
    fn take_challenge_of(&mut self, id: DialogId, asked: &mut Asked, response: &Response) -> bool {
        if !matches!(response.status, 401 | 407) || self.config.credentials.is_none() {
            return false;
        }
        let from_proxy = response.status == 407;
        let Some(challenge) = Challenge::strongest(&response.challenges, from_proxy) else { return false };
        let Some(call) = self.calls.get_mut(&id) else { return false };
        let known = call.challenges.iter().position(|c| c.from_proxy() == from_proxy);
        if asked.challenged >= CHALLENGES_MAX || (asked.challenged > 1 && !challenge.is_stale()) {
            return false;
        }
        asked.challenged += 1;
        match known {
            Some(at) => call.challenges[at] = challenge,
            None => call.challenges.push(challenge),
        }
        true
    }
}

/// Answers to all challenges of a call, before they are asked again (RFC 3261 §22.2).
fn authorise(
    w: &mut Writer,
    credentials: Option<&Credentials>,
    challenges: &mut [Challenge],
    method: &Method,
    uri: &str,
    cnonce: &str,
) {
    let Some(credentials) = credentials else { return };
    for challenge in challenges {
        let answer = challenge.answer(credentials, method.as_str(), uri, cnonce);
        w.line(challenge.header_name(), answer);
    }
}

//! A call we are offered: from the INVITE until it is up or over. What follows is in `in_dialog`.

use std::net::SocketAddr;
use std::time::Duration;

use super::auth::Verdict;
use super::call::{Call, State, Unacked};
use super::dialog::Dialog;
use super::hop::Hop;
use super::message::{Echo, Request, Writer};
use super::order::{DialogId, Event, User};
use super::reliable::{Next, Provisionals, Reliability, Said, supported};
use super::sdp::Description;
use super::server::ServerTransaction;
use super::session_timer::Terms;
use super::timing::Resend;
use super::user_agent::{ALLOW, UserAgent};
use crate::audio::Codec;
use crate::outcome::HangupCause;
use crate::time::Mono;

/// How long a caller may wait for our answer. It hangs up much sooner; but one that lost all we said does not tell us.
/// That of a proxy's timer C (§16.6).
const OFFER_LIMIT: Duration = Duration::from_secs(180);

/// The time between an INVITE and our final answer.
pub(super) struct Offered {
    pub server: u64,
    pub limit: Mono,
    /// `None`: the INVITE had none, so that we make one.
    pub offer: Option<Description>,
    pub provisionals: Provisionals,
    /// What we shall say about the session timer.
    terms: Option<Terms>,
    /// The call of ours whose place this takes when it is answered.
    replaces: Option<DialogId>,
}

impl Call {
    /// Its first offer has an answer that both ends know of, although it is not up.
    pub fn answered_firmly(&self) -> bool {
        match &self.state {
            State::Offered(offered) => {
                offered.provisionals.said == Said::Firmly && !offered.provisionals.must_wait(true)
            }
            State::Inviting(_) | State::Answering { .. } | State::Up | State::Leaving => false,
        }
    }
}

impl UserAgent {
    pub(super) fn on_invite(&mut self, request: &Request, from: Hop, key: Box<str>) {
        if !self.has_room() {
            return self.refuse(request, key, 503);
        }
        if let Some(demand) = self.config.demand.clone() {
            let mut verdict = demand.judge(&request.authorizations, "INVITE", self.now, self.nonce_secret);
            if verdict == Verdict::Right && !self.replays.is_new(&request.authorizations) {
                verdict = Verdict::Stale;
            }
            if verdict != Verdict::Right {
                let mut w = self.response(407, request, None);
                for challenge in demand.challenges(self.now, self.nonce_secret, verdict == Verdict::Stale) {
                    w.line("Proxy-Authenticate", challenge);
                }
                return self.respond(request, key, w.finish(None));
            }
        }
        let scheme = request.uri.split(':').next().unwrap_or("").to_ascii_lowercase();
        if !matches!(scheme.as_str(), "sip" | "tel") {
            return self.refuse(request, key, 416);
        }
        let replaces = match self.replaced(request, from.addr.ip()) {
            Ok(replaces) => replaces,
            Err(status) => return self.refuse(request, key, status),
        };
        let terms = match self.session_terms(request) {
            Ok(terms) => terms,
            Err(min_s) => return self.refuse_interval(request, key, min_s),
        };
        let offer = match request.head.sdp.as_deref().map(Description::parse) {
            None => None,
            Some(Ok(offer)) => Some(offer),
            Some(Err(_)) => return self.refuse(request, key, 488),
        };
        // Until it is answered nobody knows where our audio will be.
        let local = self.local(SocketAddr::new(self.here(from).addr.ip(), 0));
        let media = offer.as_ref().map(|offer| local.preview(offer));
        if media == Some(None) {
            return self.refuse(request, key, 488);
        }
        let media = media.flatten();
        let id = self.reserve();
        let user = |uri: &str| User::new(super::address::user(uri));
        let (to_user, from_user) = (user(&request.uri), user(&request.head.from.uri));
        let dialog = Dialog::of_invite(&request.head, self.token(), from);
        let tx = ServerTransaction::invite(self.now, key, Some(id), request.echo.clone());
        let server = self.start_server(tx);
        let more = &request.head.more;
        let able = match () {
            () if more.required.reliable => Reliability::Demanded,
            () if more.supported.reliable && self.config.reliable => Reliability::Able,
            () => Reliability::Unable,
        };
        let provisionals = Provisionals::new(able, request.head.cseq, self.first_rseq());
        let limit = self.now + OFFER_LIMIT;
        let state = State::Offered(Offered { server, limit, offer, provisionals, terms, replaces });
        let mut call = Call::new(state, dialog, local);
        call.media = media;
        call.allows_update = more.allows_update.unwrap_or(false);
        call.expires_s = self.config.session_times.unwrap_or_default().expires_s;
        self.callers.insert(id, request.caller.clone());
        self.open_call(id, call);
        self.tell(Event::Incoming { dialog: id, to_user, from_user, media, replaces });
    }

    pub(super) fn ring(&mut self, id: DialogId) {
        if !self.must_wait(id, false, Next::Ring) {
            self.say_provisional(id, 180, None);
        }
    }

    /// 183 with our side, so that the caller hears us before we answer: an announcement, ringback.
    pub(super) fn progress(&mut self, id: DialogId, media: SocketAddr, codec: Codec) {
        if self.must_wait(id, false, Next::Progress(media, codec)) {
            return;
        }
        match self.describe(id, media, codec) {
            Ok(sdp) => self.say_provisional(id, 183, sdp.as_deref()),
            Err(status) => self.reject(id, status),
        }
    }

    /// Whether an order must wait for a PRACK; then it does.
    fn must_wait(&mut self, id: DialogId, last_word: bool, next: Next) -> bool {
        let Some(Call { state: State::Offered(offered), .. }) = self.calls.get_mut(&id) else { return false };
        let waits = offered.provisionals.must_wait(last_word);
        if waits {
            offered.provisionals.wait(next);
        }
        waits
    }

    /// Our description for the next answer: of the first time, again, or none since the caller surely has it.
    /// Errors: no codec in common; a status.
    fn describe(&mut self, id: DialogId, media: SocketAddr, codec: Codec) -> Result<Option<String>, u16> {
        let Some(call) = self.calls.get_mut(&id) else { return Err(480) };
        let State::Offered(offered) = &call.state else { return Err(480) };
        match (offered.provisionals.said, &offered.offer) {
            (Said::Firmly, _) => Ok(None),
            (Said::Loosely, _) => Ok(Some(call.local.again())),
            (Said::Nothing, Some(offer)) => {
                call.local.addr = media;
                call.local.narrow(codec);
                let (sdp, agreed) = call.local.answer(offer).ok_or(488u16)?;
                call.media = Some(agreed);
                Ok(Some(sdp))
            }
            // We offer; whatever we can, since nobody has asked for anything.
            (Said::Nothing, None) => {
                call.local.addr = media;
                Ok(Some(call.local.offer()))
            }
        }
    }

    pub(super) fn reject(&mut self, id: DialogId, status: u16) {
        let Some((server, echo, tag)) = self.open_offer(id) else { return };
        let status = if (300..700).contains(&status) { status } else { 480 };
        let mut w = Writer::response(status, &echo, &tag);
        if let Some(reason) = super::reason::of_status(status) {
            w.line("Reason", reason);
        }
        w.line("Server", &self.config.software);
        self.respond_invite(server, status, echo.reply_to, w.finish(None));
        self.forget_call(id);
    }

    pub(super) fn answer(&mut self, id: DialogId, media: SocketAddr, codec: Codec) {
        let Some((server, echo, tag)) = self.open_offer(id) else { return };
        if self.must_wait(id, true, Next::Answer(media, codec)) {
            return;
        }
        let sdp = match self.describe(id, media, codec) {
            Ok(sdp) => sdp,
            Err(status) => return self.reject(id, status),
        };
        let Some(call) = self.calls.get_mut(&id) else { return };
        let State::Offered(offered) = &call.state else { return };
        let (seq, terms, replaces) = (offered.provisionals.seq, offered.terms, offered.replaces);
        // The offer is ours, and its answer comes with the ACK, unless a PRACK has brought it.
        let offered = offered.offer.is_none() && sdp.is_some();
        call.state = State::Answering { hang_up: false };
        let mut w = self.within_dialog(200, &echo, &tag, id);
        if let Some(terms) = terms {
            terms.write(&mut w);
        }
        self.keep_terms(id, terms);
        let bytes = w.finish(sdp.as_deref());
        self.respond_invite(server, 200, echo.reply_to, bytes.clone());
        self.await_ack(id, seq, echo.reply_to, bytes, offered);
        if let Some(other) = replaces {
            // RFC 3891 §3: with a BYE, or a CANCEL while it rings.
            self.hang_up(other);
        }
    }

    pub(super) fn ignore(&mut self, id: DialogId) {
        let Some((server, ..)) = self.open_offer(id) else { return };
        self.mute_server(server);
        self.forget_call(id);
    }

    /// The caller took the call back before we answered: CANCEL, or BYE of the early dialog.
    pub(super) fn withdrawn(&mut self, id: DialogId) {
        self.give_up_offer(id, 487);
    }

    /// Nobody has answered an offered call, and the caller does not seem to wait any more.
    pub(super) fn on_offer_limit(&mut self, id: DialogId) {
        self.give_up_offer(id, 480);
    }

    pub(super) fn give_up_offer(&mut self, id: DialogId, status: u16) {
        if !matches!(self.calls.get(&id), Some(Call { state: State::Offered(_), .. })) {
            return;
        }
        self.reject(id, status);
        // Without its transaction there is nothing to say; the call is over all the same.
        self.forget_call(id);
        self.tell(Event::Cancelled { dialog: id });
    }

    /// The transaction, what its answers copy, and our tag; of a call that still waits for our answer.
    pub(super) fn open_offer(&self, id: DialogId) -> Option<(u64, Echo, String)> {
        let call = self.calls.get(&id)?;
        let State::Offered(Offered { server, .. }) = &call.state else { return None };
        let echo = self.servers.get(server)?.echo.as_deref()?.clone();
        Some((*server, echo, call.dialog.local_tag.clone()))
    }

    /// A response that makes or confirms a dialog: with Contact, and the route set for the caller (§12.1.1).
    pub(super) fn within_dialog(&self, status: u16, echo: &Echo, tag: &str, id: DialogId) -> Writer {
        let mut w = Writer::response(status, echo, tag);
        if let Some(call) = self.calls.get(&id) {
            for route in &call.dialog.routes {
                w.line("Record-Route", format_args!("<{route}>"));
            }
        }
        w.line("Contact", format_args!("<{}>", self.here(echo.reply_to).uri())).line("Allow", ALLOW);
        supported(&mut w, self.config.reliable);
        w.line("Server", &self.config.software);
        w
    }

    pub(super) fn await_ack(&mut self, id: DialogId, seq: u32, to: Hop, bytes: Vec<u8>, offered: bool) {
        let timing = self.config.timing;
        let resend = Resend::starting(self.now, timing.t1, Some(timing.t2));
        let until = self.now + timing.patience();
        if let Some(call) = self.calls.get_mut(&id) {
            call.unacked = Some(Unacked { seq, to, bytes, resend, until, offered });
        }
        self.refresh(id);
    }

    pub(super) fn never_acknowledged(&mut self, id: DialogId) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.unacked = None;
        call.state = State::Up;
        self.tell(Event::Ended { dialog: id, cause: HangupCause::TrunkSilent });
        self.send_bye(id);
    }
}

//! A call we are offered: from the INVITE until it is up or over. What follows is in `in_dialog`.

use std::net::SocketAddr;
use std::time::Duration;

use super::auth::Verdict;
use super::dialog::Dialog;
use super::hop::Hop;
use super::message::{Echo, Request, Writer};
use super::sdp::Description;
use super::server::ServerTransaction;
use super::timing::Resend;
use super::user_agent::{ALLOW, Call, DialogId, Event, State, Unacked, User, UserAgent};
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
    offer: Description,
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
        let offer = request.head.sdp.as_deref().and_then(|sdp| Description::parse(sdp).ok());
        let Some(offer) = offer else { return self.refuse(request, key, 488) };
        // Until it is answered nobody knows where our audio will be.
        let local = self.local(SocketAddr::new(self.here(from).addr.ip(), 0));
        let Some(media) = local.preview(&offer) else { return self.refuse(request, key, 488) };
        let id = self.reserve();
        let user = |uri: &str| User::new(super::address::user(uri));
        let (to_user, from_user) = (user(&request.uri), user(&request.head.from.uri));
        let dialog = Dialog::of_invite(&request.head, self.token(), from);
        let tx = ServerTransaction::invite(self.now, key, Some(id), request.echo.clone());
        let server = self.start_server(tx);
        let state = State::Offered(Offered { server, limit: self.now + OFFER_LIMIT, offer });
        let call =
            Call { state, dialog, local, media: Some(media), unacked: None, challenges: Vec::new(), challenged: 0 };
        self.open_call(id, call);
        self.tell(Event::Incoming { dialog: id, to_user, from_user, media });
    }

    pub(super) fn ring(&mut self, id: DialogId) {
        let Some((server, echo, tag)) = self.open_offer(id) else { return };
        let w = self.within_dialog(180, &echo, &tag, id);
        self.respond_invite(server, 180, echo.reply_to, w.finish(None));
    }

    pub(super) fn reject(&mut self, id: DialogId, status: u16) {
        let Some((server, echo, tag)) = self.open_offer(id) else { return };
        let status = if (300..700).contains(&status) { status } else { 480 };
        let mut w = Writer::response(status, &echo, &tag);
        w.line("Server", &self.config.software);
        self.respond_invite(server, status, echo.reply_to, w.finish(None));
        self.forget_call(id);
    }

    pub(super) fn answer(&mut self, id: DialogId, media: SocketAddr, codec: Codec) {
        let Some((server, echo, tag)) = self.open_offer(id) else { return };
        let timing = self.config.timing;
        let Some(call) = self.calls.get_mut(&id) else { return };
        let State::Offered(Offered { offer, .. }) = &call.state else { return };
        call.local.addr = media;
        call.local.narrow(codec);
        let Some((sdp, agreed)) = call.local.answer(offer) else { return self.reject(id, 488) };
        call.media = Some(agreed);
        call.state = State::Answering { hang_up: false };
        let seq = call.dialog.remote_seq.unwrap_or(0);
        let bytes = self.within_dialog(200, &echo, &tag, id).finish(Some(&sdp));
        self.respond_invite(server, 200, echo.reply_to, bytes.clone());
        self.await_ack(id, seq, echo.reply_to, bytes, timing.t1);
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

    fn give_up_offer(&mut self, id: DialogId, status: u16) {
        if !matches!(self.calls.get(&id), Some(Call { state: State::Offered(_), .. })) {
            return;
        }
        self.reject(id, status);
        // Without its transaction there is nothing to say; the call is over all the same.
        self.forget_call(id);
        self.tell(Event::Cancelled { dialog: id });
    }

    /// The transaction, what its answers copy, and our tag; of a call that still waits for our answer.
    fn open_offer(&self, id: DialogId) -> Option<(u64, Echo, String)> {
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
        w.line("Server", &self.config.software);
        w
    }

    pub(super) fn await_ack(&mut self, id: DialogId, seq: u32, to: Hop, bytes: Vec<u8>, t1: Duration) {
        let timing = self.config.timing;
        let resend = Resend::starting(self.now, t1, Some(timing.t2));
        let until = self.now + timing.patience();
        if let Some(call) = self.calls.get_mut(&id) {
            call.unacked = Some(Unacked { seq, to, bytes, resend, until });
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

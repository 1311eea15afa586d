//! A call that is up: BYE, re-INVITE and the others, from both ends (RFC 3261 §12.2, §14, §15).

use super::client::{ClientKey, Owner};
use super::message::{Method, Request, Response};
use super::sdp::{Description, Media};
use super::server::ServerTransaction;
use super::user_agent::{ALLOW, Call, DialogId, Event, State, UserAgent};
use crate::outcome::HangupCause;

impl UserAgent {
    /// Hangs up a call that is up, and says so at once: what the far end answers changes nothing for us.
    pub(super) fn leave(&mut self, id: DialogId) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        match &mut call.state {
            // §15: an answerer may not say BYE before the ACK.
            State::Answering { hang_up } => *hang_up = true,
            State::Up => {
                self.tell(Event::Ended { dialog: id, cause: HangupCause::LocalHangup });
                self.send_bye(id);
            }
            State::Inviting(_) | State::Offered(_) | State::Leaving => {}
        }
    }

    pub(super) fn send_bye(&mut self, id: DialogId) {
        let (branch, cnonce, contacts) = (self.branch(), self.token(), self.config.contacts);
        let Some(call) = self.calls.get_mut(&id) else { return };
        let to = call.dialog.next_hop();
        call.state = State::Leaving;
        call.unacked = None;
        call.dialog.seq += 1;
        let mut w = call.dialog.request(&Method::Bye, call.dialog.seq, contacts.over(to.transport), branch);
        if let Some(credentials) = &self.config.credentials {
            for challenge in &mut call.challenges {
                let answer = challenge.answer(credentials, "BYE", call.dialog.request_uri(), &cnonce);
                w.line(challenge.header_name(), answer);
            }
        }
        w.line("User-Agent", &self.config.software);
        self.start_client(ClientKey { branch, cancel: false }, Owner::Bye(id), false, to, w.finish(None));
        self.refresh(id);
    }

    pub(super) fn on_bye_response(&mut self, id: DialogId, response: &Response) {
        if response.status < 200 {
            return;
        }
        if self.take_challenge(id, response) {
            return self.send_bye(id);
        }
        self.forget_call(id);
    }

    /// ACK of a 200 of ours.
    pub(super) fn acknowledged(&mut self, id: DialogId, request: &Request) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        if call.unacked.as_ref().is_none_or(|u| u.seq != request.head.cseq) {
            return;
        }
        call.unacked = None;
        if let Some(media) = described(call, request) {
            // Our 200 carried the offer, so that this is the answer.
            self.moved(id, media);
        }
        if let Some(Call { state: state @ State::Answering { .. }, .. }) = self.calls.get_mut(&id) {
            let hang_up = matches!(state, State::Answering { hang_up: true });
            *state = State::Up;
            self.tell(Event::Acked { dialog: id });
            if hang_up {
                self.leave(id);
            }
        }
        self.refresh(id);
    }

    pub(super) fn answer_in_dialog(&mut self, id: DialogId, request: &Request, key: Box<str>) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let same_peer = call.dialog.remote_tag.as_deref() == request.head.from.tag.as_deref();
        if !same_peer || matches!(call.state, State::Inviting(_)) {
            return self.refuse(request, key, 481);
        }
        // Out of order (§12.2.2): an older request than one already seen.
        if call.dialog.remote_seq.is_some_and(|seen| request.head.cseq <= seen) {
            return self.refuse(request, key, 500);
        }
        call.dialog.remote_seq = Some(request.head.cseq);
        match &request.head.method {
            Method::Bye => self.on_bye(id, request, key),
            Method::Invite | Method::Update => self.on_new_offer(id, request, key),
            Method::Options | Method::Info => {
                let mut w = self.response(200, request, Some(id));
                w.line("Allow", ALLOW);
                self.respond(request, key, w.finish(None));
            }
            Method::Other { known, .. } => self.refuse(request, key, if *known { 405 } else { 501 }),
            Method::Ack | Method::Cancel => {}
        }
    }

    fn on_bye(&mut self, id: DialogId, request: &Request, key: Box<str>) {
        let w = self.response(200, request, Some(id));
        self.respond(request, key, w.finish(None));
        match self.calls.get(&id).map(|call| &call.state) {
            Some(State::Offered(_)) => self.withdrawn(id),
            Some(State::Answering { .. } | State::Up) => {
                self.forget_call(id);
                self.tell(Event::Ended { dialog: id, cause: HangupCause::RemoteHangup });
            }
            // Both hung up at once: our BYE has its own transaction and needs no call.
            Some(State::Leaving) => self.forget_call(id),
            Some(State::Inviting(_)) | None => {}
        }
    }

    /// re-INVITE (§14.2) or UPDATE (RFC 3311): hold, a moved address, a session refresh. We answer with what we have;
    /// without an offer, we offer it.
    fn on_new_offer(&mut self, id: DialogId, request: &Request, key: Box<str>) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let invite = request.head.method == Method::Invite;
        if !matches!(call.state, State::Up) || call.unacked.is_some() {
            let mut w = self.response(if invite { 500 } else { 491 }, request, Some(id));
            w.line("Retry-After", 1);
            return self.respond(request, key, w.finish(None));
        }
        let answered = match request.head.sdp.as_deref().map(Description::parse) {
            None => None,
            Some(offer) => match offer.ok().and_then(|offer| call.local.answer(&offer)) {
                Some(answered) => Some(answered),
                // What was agreed before stays (§14.2).
                None => return self.refuse(request, key, 488),
            },
        };
        if let Some(contact) = &request.head.contact {
            call.dialog.target = contact.clone();
        }
        let (sdp, media) = match answered {
            Some((sdp, media)) => (Some(sdp), Some(media)),
            // Without an offer we make one, of everything we can (§14.2).
            None if invite => {
                call.local.widen();
                (Some(call.local.offer()), None)
            }
            None => (None, None),
        };
        let tag = call.dialog.local_tag.clone();
        let bytes = self.within_dialog(200, &request.echo, &tag, id).finish(sdp.as_deref());
        let to = request.echo.reply_to;
        if invite {
            let tx = ServerTransaction::invite(self.now, key, Some(id), request.echo.clone());
            let server = self.start_server(tx);
            self.respond_invite(server, 200, to, bytes.clone());
            self.await_ack(id, request.head.cseq, to, bytes, self.config.timing.t1);
        } else {
            self.respond(request, key, bytes);
        }
        if let Some(media) = media {
            self.moved(id, media);
        }
    }

    fn moved(&mut self, id: DialogId, mut media: Media) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        if let Some(before) = call.media.filter(|_| media.addr.ip().is_unspecified()) {
            // Hold as it was before RFC 3264: nobody is sent to, and the place where that was done stays known.
            (media.addr, media.rtcp_addr) = (before.addr, before.rtcp_addr);
        }
        if call.media.replace(media) != Some(media) {
            self.tell(Event::MediaChanged { dialog: id, media });
        }
    }
}

fn described(call: &mut Call, request: &Request) -> Option<Media> {
    let description = Description::parse(request.head.sdp.as_deref()?).ok()?;
    call.local.accept(&description)
}

//! A call that is up: BYE, re-INVITE and the others, from both ends (RFC 3261 §12.2, §14, §15).

use super::call::{Call, State};
use super::message::{Method, Request};
use super::order::{DialogId, Event};
use super::q850;
use super::sdp::Description;
use super::user_agent::{ALLOW, UserAgent};
use super::within::{Asked, Purpose};
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
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.state = State::Leaving;
        call.unacked = None;
        // Nobody waits for the answers to what was asked before.
        call.asked.clear();
        self.ask(id, Asked::new(Method::Bye, Purpose::Bye));
    }

    pub(super) fn is_up(&self, id: DialogId) -> bool {
        self.calls.get(&id).is_some_and(Call::is_up)
    }

    /// ACK of a 200 of ours.
    pub(super) fn acknowledged(&mut self, id: DialogId, request: &Request) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Some(unacked) = call.unacked.take_if(|u| u.seq == request.head.cseq) else { return };
        let described = request.head.sdp.as_deref().filter(|_| unacked.offered).map(Description::parse);
        let agreed = described.and_then(Result::ok).and_then(|answer| call.local.accept(&answer));
        if let Some(media) = agreed {
            // Our 200 carried the offer, so that this is the answer.
            self.moved(id, media);
        }
        let Some(call) = self.calls.get_mut(&id) else { return };
        if let State::Answering { hang_up } = call.state {
            call.state = State::Up;
            self.tell(Event::Acked { dialog: id });
            if unacked.offered && agreed.is_none() {
                // There is nothing to speak (§13.3.1.4).
                self.tell(Event::Ended { dialog: id, cause: HangupCause::TrunkRefused });
                self.send_bye(id);
            } else if hang_up {
                self.leave(id);
            }
        }
        self.offer_again(id);
    }

    pub(super) fn answer_in_dialog(&mut self, id: DialogId, request: &Request, key: Box<str>) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let tag = request.head.from.tag.as_deref();
        let (dialog, rings) = match &mut call.state {
            // Each telephone that rings has its own numbers.
            State::Inviting(inviting) => {
                (inviting.forks.iter_mut().find(|fork| fork.is(tag)).map(|fork| &mut fork.dialog), true)
            }
            State::Offered(_) | State::Answering { .. } | State::Up | State::Leaving => {
                (Some(&mut call.dialog).filter(|dialog| dialog.remote_tag.as_deref() == tag), false)
            }
        };
        let Some(dialog) = dialog else { return self.refuse(request, key, 481) };
        // Out of order (§12.2.2): an older request than one already seen.
        if dialog.remote_seq.is_some_and(|seen| request.head.cseq <= seen) {
            return self.refuse(request, key, 500);
        }
        dialog.remote_seq = Some(request.head.cseq);
        if let Some(update) = request.head.more.allows_update {
            call.allows_update = update;
        }
        match &request.head.method {
            Method::Update if rings => self.on_early_update(id, request, key),
            // Who has not answered cannot hang up (§15), nor invite.
            Method::Bye | Method::Invite if rings => self.refuse(request, key, 481),
            Method::Bye => self.on_bye(id, request, key),
            Method::Invite | Method::Update => self.on_new_offer(id, request, key),
            Method::Info => self.on_info(id, request, key),
            Method::Prack => self.on_prack(id, request, key),
            Method::Refer => self.on_refer(id, request, key),
            Method::Notify => self.on_notify(id, request, key),
            Method::Options => {
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
                // A network that breaks down says so (RFC 3326); whatever else is said, somebody hung up.
                let cause = match request.reason.q850.and_then(q850::of_q850) {
                    Some(HangupCause::Congestion) => HangupCause::Congestion,
                    _ => HangupCause::RemoteHangup,
                };
                self.tell(Event::Ended { dialog: id, cause });
            }
            // Both hung up at once: our BYE has its own transaction and needs no call.
            Some(State::Leaving) => self.forget_call(id),
            Some(State::Inviting(_)) | None => {}
        }
    }
}

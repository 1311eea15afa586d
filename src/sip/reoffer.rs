//! Offers within a call that is up (RFC 3261 §14, RFC 3311): we hold the far end, take it back or move our audio; it does the
//! same; both at once (glare) wait and try again.

use std::net::SocketAddr;
use std::time::Duration;

use super::call::{Call, State};
use super::message::{Method, Request, Response};
use super::order::{DialogId, Event};
use super::sdp::{Description, Direction, Media};
use super::server::ServerTransaction;
use super::session::Local;
use super::user_agent::UserAgent;
use super::within::{Asked, Purpose};
use crate::time::Mono;

/// An INVITE within a call changes a description and rings nobody: an answer that takes longer does not come.
const ANSWER_WAIT: Duration = Duration::from_secs(60);

impl Call {
    /// An offer of ours waits for its answer.
    pub fn is_offering(&self) -> bool {
        let offers =
            |asked: &Asked| matches!(asked.method, Method::Invite) || matches!(asked.purpose, Purpose::Offer(_));
        self.asked.iter().any(offers)
    }

    pub fn limits(&self) -> Option<Mono> {
        self.asked.iter().filter_map(|asked| asked.limit).min()
    }
}

impl UserAgent {
    /// Our side is to become this; the far end is asked as soon as that is possible.
    pub(super) fn want(&mut self, id: DialogId, direction: Option<Direction>, addr: Option<SocketAddr>) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        if !matches!(call.state, State::Up | State::Answering { .. }) {
            return;
        }
        let (was_direction, was_addr) = call.wanted.unwrap_or((call.local.direction, call.local.addr));
        call.wanted = Some((direction.unwrap_or(was_direction), addr.unwrap_or(was_addr)));
        self.offer_again(id);
    }

    /// Makes the offer that is wanted, if one is and nothing stands in its way.
    pub(super) fn offer_again(&mut self, id: DialogId) {
        let now = self.now;
        let Some(call) = self.calls.get_mut(&id) else { return };
        let free = matches!(call.state, State::Up) && call.unacked.is_none() && !call.is_offering();
        if !free || call.offer_at.is_some_and(|at| at > now) {
            return self.refresh(id);
        }
        call.offer_at = None;
        let Some((direction, addr)) = call.wanted.take() else { return };
        if (direction, addr) == (call.local.direction, call.local.addr) {
            return;
        }
        let before = call.local.clone();
        (call.local.direction, call.local.addr) = (direction, addr);
        let sdp = call.local.offer();
        let mut asked = Asked::new(Method::Invite, Purpose::Offer(Box::new(before)));
        asked.limit = Some(now + ANSWER_WAIT);
        let lines = self.session_lines(id);
        self.ask(id, asked.lines(lines).body("application/sdp", sdp));
    }

    /// The answer to our offer. `None`: nobody answered.
    pub(super) fn on_offer_answered(&mut self, id: DialogId, before: Local, response: Option<&Response>) {
        // §12.2.1.2: the far end does not know the call any more, or is not there.
        let Some(response) = response.filter(|r| !matches!(r.status, 408 | 481)) else { return self.lost(id) };
        let again = match response.status {
            491 => Some(self.now + self.glare_wait(id)),
            422 if self.take_interval(id, response) => Some(self.now),
            _ => None,
        };
        let Some(call) = self.calls.get_mut(&id) else { return };
        match (response.status, again) {
            (200..300, _) => {
                self.take_target(id, response);
                self.session_agreed(id, response);
                let described = response.head.sdp.as_deref().and_then(|sdp| Description::parse(sdp).ok());
                if let Some(described) = described {
                    self.accept_answer(id, &described);
                }
            }
            (_, Some(at)) => {
                let tried = (call.local.direction, call.local.addr);
                call.local = before;
                // What has been wanted meanwhile counts for more.
                call.wanted = call.wanted.or(Some(tried));
                call.offer_at = Some(at);
            }
            (status, None) => {
                // What was agreed before stays (§14.1).
                call.local = before;
                self.tell(Event::OfferRefused { dialog: id, status });
            }
        }
        self.offer_again(id);
    }

    pub(super) fn accept_answer(&mut self, id: DialogId, answer: &Description) {
        if let Some(media) = self.calls.get_mut(&id).and_then(|call| call.local.accept(answer)) {
            self.moved(id, media);
        }
    }

    /// Both offered at once. Who made the call waits for longer, so that the next time one is first (§14.1).
    fn glare_wait(&mut self, id: DialogId) -> Duration {
        let ours = self.calls.get(&id).is_some_and(|call| call.ours);
        let (from, to) = if ours { (210, 400) } else { (0, 200) };
        let tens = from + self.random() % (to - from + 1);
        Duration::from_millis(tens * 10)
    }

    /// A request or response that may say where the far end is from now on (§12.2).
    pub(super) fn take_target(&mut self, id: DialogId, response: &Response) {
        if let (Some(call), Some(contact)) = (self.calls.get_mut(&id), &response.head.contact) {
            call.dialog.target.clone_from(contact);
        }
    }

    /// re-INVITE (§14.2) or UPDATE (RFC 3311): hold, a moved address, a session refresh. We answer with what we have;
    /// a re-INVITE without an offer gets one.
    pub(super) fn on_new_offer(&mut self, id: DialogId, request: &Request, key: Box<str>) {
        let invite = request.head.method == Method::Invite;
        let offers = invite || request.head.sdp.is_some();
        let Some(call) = self.calls.get_mut(&id) else { return };
        let we_offer = call.is_offering() || (!invite && call.unacked.as_ref().is_some_and(|u| u.offered));
        let busy = match call.state {
            // The answer to its first offer is not out, or not known to have come (§14.2, RFC 3311 §5.2).
            State::Inviting(_) | State::Leaving => true,
            State::Offered(_) => offers && !call.answered_firmly(),
            State::Answering { .. } => offers,
            State::Up => invite && call.unacked.is_some(),
        };
        if offers && we_offer {
            return self.refuse(request, key, 491);
        }
        if busy {
            let wait_s = self.random() % 11;
            let mut w = self.response(500, request, Some(id));
            w.line("Retry-After", wait_s);
            return self.respond(request, key, w.finish(None));
        }
        let terms = match self.session_terms(request) {
            Ok(terms) => terms,
            Err(min_s) => return self.refuse_interval(request, key, min_s),
        };
        let Some(call) = self.calls.get_mut(&id) else { return };
        let (sdp, media) = match request.head.sdp.as_deref().map(Description::parse) {
            // Without an offer we make one, of everything we can (§14.2).
            None if invite => {
                call.local.widen();
                (Some(call.local.offer()), None)
            }
            None => (None, None),
            Some(offer) => match offer.ok().and_then(|offer| call.local.answer(&offer)) {
                Some((sdp, media)) => (Some(sdp), Some(media)),
                // What was agreed before stays (§14.2).
                None => return self.refuse(request, key, 488),
            },
        };
        if let Some(contact) = &request.head.contact {
            call.dialog.target.clone_from(contact);
        }
        let tag = call.dialog.local_tag.clone();
        let mut w = self.within_dialog(200, &request.echo, &tag, id);
        if let Some(terms) = terms {
            terms.write(&mut w);
        }
        self.keep_terms(id, terms);
        let bytes = w.finish(sdp.as_deref());
        let to = request.echo.reply_to;
        if invite {
            let tx = ServerTransaction::invite(self.now, key, Some(id), request.echo.clone());
            let server = self.start_server(tx);
            self.respond_invite(server, 200, to, bytes.clone());
            self.await_ack(id, request.head.cseq, to, bytes, media.is_none());
        } else {
            self.respond(request, key, bytes);
        }
        if let Some(media) = media {
            self.moved(id, media);
        }
        self.refresh(id);
    }

    /// UPDATE from a telephone that rings: an announcement moves, or the carrier changes the codec before the answer.
    pub(super) fn on_early_update(&mut self, id: DialogId, request: &Request, key: Box<str>) {
        let Some(Call { state: State::Inviting(inviting), .. }) = self.calls.get_mut(&id) else { return };
        let tag = request.head.from.tag.as_deref();
        let Some(fork) = inviting.forks.iter_mut().find(|fork| fork.is(tag)) else { return };
        let mut heard = None;
        let mut sdp = None;
        if let Some(described) = request.head.sdp.as_deref().map(Description::parse) {
            // Our own offer has no answer yet that could not be taken back: both would be offering (RFC 3311 §5.2).
            let Some(local) = fork.local.as_mut().filter(|_| fork.rseq.is_some()) else {
                return self.refuse(request, key, 491);
            };
            let Some((answer, media)) = described.ok().and_then(|offer| local.answer(&offer)) else {
                return self.refuse(request, key, 488);
            };
            fork.media = Some(media);
            (sdp, heard) = (Some(answer), Some(media));
        }
        if let Some(contact) = &request.head.contact {
            fork.dialog.target.clone_from(contact);
        }
        let tag = fork.dialog.local_tag.clone();
        let bytes = self.within_dialog(200, &request.echo, &tag, id).finish(sdp.as_deref());
        self.respond(request, key, bytes);
        if let Some(media) = heard {
            self.hear_early(id, media);
        }
    }

    pub(super) fn moved(&mut self, id: DialogId, mut media: Media) {
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

//! Provisional answers of ours that the caller acknowledges with PRACK (RFC 3262), when it can or demands it: one at a time,
//! repeated until acknowledged.

use std::collections::VecDeque;
use std::net::SocketAddr;

use super::call::{Call, State};
use super::hop::Hop;
use super::message::{Request, Writer};
use super::order::DialogId;
use super::sdp::Description;
use super::timing::Resend;
use super::user_agent::UserAgent;
use crate::audio::Codec;
use crate::time::Mono;

/// Orders that wait for a PRACK; more than ringing, an announcement and the answer there are not.
const WAITING_MAX: usize = 4;

/// What the caller can do with provisional answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reliability {
    Unable,
    Able,
    /// All but 100 must be reliable.
    Demanded,
}

/// What of our description the caller has been told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    Nothing,
    /// In an answer that may have been lost; the 200 says it again.
    Loosely,
    /// In one that is repeated until acknowledged; the 200 says nothing more.
    Firmly,
}

/// An order that comes after the PRACK.
#[derive(Debug, Clone, Copy)]
pub(super) enum Next {
    Ring,
    Progress(SocketAddr, Codec),
    Answer(SocketAddr, Codec),
}

/// A reliable provisional answer that waits for its PRACK.
pub(super) struct Unpracked {
    rseq: u32,
    described: bool,
    to: Hop,
    bytes: Vec<u8>,
    resend: Resend,
    until: Mono,
}

/// The provisional answers to one INVITE.
pub(super) struct Provisionals {
    pub able: Reliability,
    pub said: Said,
    /// Of the INVITE.
    pub seq: u32,
    /// Of the next.
    rseq: u32,
    unpracked: Option<Unpracked>,
    waiting: VecDeque<Next>,
}

impl Provisionals {
    /// `first`: the RSeq of the first, 1 to 2^31 - 1 (RFC 3262 §3).
    pub fn new(able: Reliability, seq: u32, first: u32) -> Provisionals {
        Provisionals { able, said: Said::Nothing, seq, rseq: first, unpracked: None, waiting: VecDeque::new() }
    }

    pub fn due(&self) -> Option<Mono> {
        self.unpracked.as_ref().map(|u| u.resend.at.min(u.until))
    }

    /// Nothing more may be said until the last is acknowledged; a final answer only if the last described our side
    /// (RFC 3262 §5).
    pub fn must_wait(&self, last_word: bool) -> bool {
        self.unpracked.as_ref().is_some_and(|u| u.described || !last_word)
    }

    pub fn wait(&mut self, next: Next) {
        // The newest order is the one that counts: an answer is never lost to a fourth 180.
        if self.waiting.len() == WAITING_MAX {
            self.waiting.pop_front();
        }
        self.waiting.push_back(next);
    }
}

impl UserAgent {
    /// Sends a provisional answer, reliably if it must be or if it matters and can be.
    pub(super) fn say_provisional(&mut self, id: DialogId, status: u16, sdp: Option<&str>) {
        let Some((server, echo, tag)) = self.open_offer(id) else { return };
        let mut w = self.within_dialog(status, &echo, &tag, id);
        let (now, timing) = (self.now, self.config.timing);
        let Some(Call { state: State::Offered(offered), .. }) = self.calls.get_mut(&id) else { return };
        let provisionals = &mut offered.provisionals;
        let reliably = match provisionals.able {
            Reliability::Unable => false,
            Reliability::Able => sdp.is_some(),
            Reliability::Demanded => true,
        };
        let rseq = provisionals.rseq;
        if reliably {
            w.line("Require", "100rel").line("RSeq", rseq);
        }
        let bytes = w.finish(sdp);
        if reliably {
            provisionals.rseq += 1;
            // §3: doubles from T1, with no upper bound but the end.
            let resend = Resend::starting(now, timing.t1, None);
            let (to, until) = (echo.reply_to, now + timing.patience());
            let described = sdp.is_some();
            provisionals.unpracked = Some(Unpracked { rseq, described, to, bytes: bytes.clone(), resend, until });
        }
        if sdp.is_some() {
            provisionals.said = if reliably { Said::Firmly } else { Said::Loosely };
        }
        self.respond_invite(server, status, echo.reply_to, bytes);
        self.refresh(id);
    }

    /// PRACK. One that fits nothing is refused (§3).
    pub(super) fn on_prack(&mut self, id: DialogId, request: &Request, key: Box<str>) {
        let rack = request.head.more.rack.as_ref().filter(|rack| rack.method == "INVITE");
        let Some(call) = self.calls.get_mut(&id) else { return };
        let State::Offered(offered) = &mut call.state else { return self.refuse(request, key, 481) };
        let fits = |u: &mut Unpracked| rack.is_some_and(|r| (r.rseq, r.cseq) == (u.rseq, offered.provisionals.seq));
        let Some(acknowledged) = offered.provisionals.unpracked.take_if(fits) else {
            return self.refuse(request, key, 481);
        };
        let described = request.head.sdp.as_deref().map(Description::parse);
        let mut answer = None;
        let mut heard = None;
        match described {
            None => {}
            // Ours was the offer: this is the answer.
            Some(Ok(described)) if acknowledged.described && offered.offer.is_none() => {
                heard = call.local.accept(&described);
            }
            // A new offer, for the old one has been answered (§5).
            Some(Ok(described)) if offered.provisionals.said == Said::Firmly => {
                let Some((sdp, media)) = call.local.answer(&described) else {
                    return self.refuse(request, key, 488);
                };
                (answer, heard) = (Some(sdp), Some(media));
            }
            Some(_) => return self.refuse(request, key, 488),
        }
        let w = self.response(200, request, Some(id));
        self.respond(request, key, w.finish(answer.as_deref()));
        if let Some(media) = heard {
            self.moved(id, media);
        }
        self.go_on(id);
    }

    /// What waited for the PRACK.
    fn go_on(&mut self, id: DialogId) {
        for _ in 0..WAITING_MAX {
            let Some(Call { state: State::Offered(offered), .. }) = self.calls.get_mut(&id) else { return };
            if offered.provisionals.unpracked.is_some() {
                break;
            }
            match offered.provisionals.waiting.pop_front() {
                Some(Next::Ring) => self.ring(id),
                Some(Next::Progress(media, codec)) => self.progress(id, media, codec),
                Some(Next::Answer(media, codec)) => self.answer(id, media, codec),
                None => break,
            }
        }
        self.refresh(id);
    }

    /// The next repetition; or the end of patience, after which the call is refused (§3).
    pub(super) fn on_provisional_time(&mut self, id: DialogId) {
        let now = self.now;
        let Some(Call { state: State::Offered(offered), .. }) = self.calls.get_mut(&id) else { return };
        let Some(unpracked) = &mut offered.provisionals.unpracked else { return };
        if unpracked.until <= now {
            self.give_up_offer(id, 504);
        } else if unpracked.resend.at <= now {
            unpracked.resend = unpracked.resend.next(now);
            let (to, bytes) = (unpracked.to, unpracked.bytes.clone());
            self.send(to, bytes);
        }
    }
}

/// The line that says what we can do, in answers and requests.
pub(super) fn supported(w: &mut Writer, reliable: bool) {
    use super::extension::Tags;
    w.line("Supported", if reliable { Tags::OURS } else { Tags::OURS_UNRELIABLE });
}

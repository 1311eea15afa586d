//! A server transaction: one request in and our answers out (RFC 3261 §17.2, with the Accepted state of RFC 6026).

use std::time::Duration;

use super::hop::Hop;
use super::message::{Echo, Method, Request};
use super::order::DialogId;
use super::timing::{Resend, Timing};
use crate::time::Mono;

/// How long we may think before the caller hears 100 (§17.2.1).
const TRYING_AFTER: Duration = Duration::from_millis(200);

/// What requests of one transaction have in common (§17.2.3). ACK and CANCEL are looked up by their INVITE's.
pub fn key(request: &Request, method: &Method) -> Box<str> {
    let head = &request.head;
    if head.branch.len() > 7 && head.branch.starts_with("z9hG4bK") {
        return format!("{}|{}|{method}", head.branch, head.sent_by).into();
    }
    // RFC 2543 peers: no unique branch.
    let tag = head.from.tag.as_deref().unwrap_or("");
    format!("{}|{}|{tag}|{}|{method}", head.call_id, head.cseq, head.sent_by).into()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Proceeding,
    /// A final answer is out; INVITE: repeated until the ACK.
    Completed,
    /// The ACK came.
    Confirmed,
    /// A 2xx to INVITE is out; the dialog repeats it, not the transaction.
    Accepted,
    /// Nothing is ever answered.
    Mute,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    Nothing,
    Send { to: Hop, bytes: Vec<u8> },
    Trying,
    Gone,
}

pub struct ServerTransaction {
    pub key: Box<str>,
    /// The call that an INVITE opened.
    pub dialog: Option<DialogId>,
    /// Kept while further responses must be written.
    pub echo: Option<Box<Echo>>,
    invite: bool,
    stage: Stage,
    to: Hop,
    /// The last response, repeated when the request is.
    last: Vec<u8>,
    trying: Option<Mono>,
    resend: Option<Resend>,
    until: Option<Mono>,
}

impl ServerTransaction {
    /// An INVITE that will be answered later.
    pub fn invite(now: Mono, key: Box<str>, dialog: Option<DialogId>, echo: Echo) -> ServerTransaction {
        ServerTransaction {
            key,
            dialog,
            invite: true,
            stage: Stage::Proceeding,
            to: echo.reply_to,
            echo: Some(Box::new(echo)),
            last: Vec::new(),
            trying: Some(now + TRYING_AFTER),
            resend: None,
            until: None,
        }
    }

    /// Anything else, answered at once. Timer J.
    pub fn answered(now: Mono, timing: &Timing, key: Box<str>, to: Hop, response: Vec<u8>) -> ServerTransaction {
        ServerTransaction {
            key,
            dialog: None,
            echo: None,
            invite: false,
            stage: Stage::Completed,
            to,
            last: response,
            trying: None,
            resend: None,
            until: Some(now + timing.patience()),
        }
    }

    pub fn due(&self) -> Option<Mono> {
        [self.trying, self.resend.map(|r| r.at), self.until].into_iter().flatten().min()
    }

    /// No final answer has been given.
    pub fn is_open(&self) -> bool {
        self.stage == Stage::Proceeding
    }

    /// Its INVITE is being ignored, and so is everything about it.
    pub fn is_mute(&self) -> bool {
        self.stage == Stage::Mute
    }

    pub fn on_time(&mut self, now: Mono) -> Step {
        if self.until.is_some_and(|until| until <= now) {
            return Step::Gone;
        }
        if self.trying.is_some_and(|at| at <= now) {
            self.trying = None;
            return Step::Trying;
        }
        match self.resend {
            Some(resend) if resend.at <= now => {
                self.resend = Some(resend.next(now));
                Step::Send { to: self.to, bytes: self.last.clone() }
            }
            _ => Step::Nothing,
        }
    }

    /// The same request once more.
    pub fn on_repeat(&mut self) -> Step {
        if self.last.is_empty() || matches!(self.stage, Stage::Accepted | Stage::Confirmed | Stage::Mute) {
            return Step::Nothing;
        }
        Step::Send { to: self.to, bytes: self.last.clone() }
    }

    /// Notes a response to INVITE that is being sent.
    pub fn respond(&mut self, now: Mono, timing: &Timing, status: u16, bytes: &[u8]) {
        self.trying = None;
        match status {
            100..200 => self.last = bytes.to_vec(),
            200..300 => {
                self.stage = Stage::Accepted;
                (self.last, self.echo) = (Vec::new(), None);
                self.until = Some(now + timing.patience());
            }
            _ => {
                self.stage = Stage::Completed;
                (self.last, self.echo) = (bytes.to_vec(), None);
                // Timers G, which a reliable transport does without, and H.
                let again = Resend::starting(now, timing.t1, Some(timing.t2));
                self.resend = (!self.to.transport.is_reliable()).then_some(again);
                self.until = Some(now + timing.patience());
            }
        }
    }

    /// ACK of a failure: timer I; nothing is repeated over a reliable transport.
    pub fn on_ack(&mut self, now: Mono, timing: &Timing) {
        if self.invite && self.stage == Stage::Completed {
            self.stage = Stage::Confirmed;
            self.resend = None;
            self.last = Vec::new();
            self.until = Some(if self.to.transport.is_reliable() { now } else { now + timing.t4 });
        }
    }

    /// Never answers, and swallows the repetitions.
    pub fn mute(&mut self, now: Mono, timing: &Timing) {
        self.stage = Stage::Mute;
        (self.trying, self.resend, self.echo) = (None, None, None);
        self.until = Some(now + timing.patience() + timing.t4);
    }
}

#[cfg(test)]
mod tests {
    use super::super::hop::Transport;
    use super::*;

    fn udp() -> Hop {
        Hop::udp("127.0.0.1:9".parse().unwrap())
    }

    fn invite() -> ServerTransaction {
        invite_from(udp())
    }

    fn invite_from(peer: Hop) -> ServerTransaction {
        let bytes = b"INVITE sip:1@h SIP/2.0\r\nVia: SIP/2.0/UDP h;rport;branch=z9hG4bKa\r\nFrom: <sip:a@h>;tag=1\r\n\
            To: <sip:1@h>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n\r\n";
        let Ok(super::super::message::Message::Request(request)) = super::super::message::parse(bytes, peer) else {
            panic!("a request was written")
        };
        let key = key(&request, &Method::Invite);
        assert_eq!(&*key, "z9hG4bKa|h|INVITE");
        ServerTransaction::invite(Mono::ZERO, key, None, request.echo)
    }

    /// Milliseconds at which something is sent, until the end.
    fn run(tx: &mut ServerTransaction, ack_at: Option<u64>) -> (Vec<u64>, u64) {
        let mut sent = Vec::new();
        let mut ack_at = ack_at.map(|ms| Mono(ms * 1000));
        while let Some(due) = tx.due() {
            if let Some(at) = ack_at.filter(|at| *at < due) {
                tx.on_ack(at, &Timing::default());
                ack_at = None;
                continue;
            }
            match tx.on_time(due) {
                Step::Gone => return (sent, due.0 / 1000),
                Step::Nothing => {}
                Step::Send { .. } | Step::Trying => sent.push(due.0 / 1000),
            }
        }
        (sent, 0)
    }

    #[test]
    fn the_timer_table() {
        let timing = Timing::default();
        // 100 after 200 ms, then nothing: how long it rings is not the transaction's business.
        assert_eq!(run(&mut invite(), None), (vec![200], 0));
        // A failure is repeated (G) until H.
        let mut failed = invite();
        failed.respond(Mono::ZERO, &timing, 486, b"486");
        let g = vec![500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500];
        assert_eq!(run(&mut failed, None), (g, 32000));
        // The ACK stops it; timer I.
        let mut failed = invite();
        failed.respond(Mono::ZERO, &timing, 486, b"486");
        assert_eq!(run(&mut failed, Some(600)), (vec![500], 5600));
        // L and J.
        let mut accepted = invite();
        accepted.respond(Mono::ZERO, &timing, 200, b"200");
        assert_eq!(run(&mut accepted, None), (vec![], 32000));
        let to = udp();
        let mut other = ServerTransaction::answered(Mono::ZERO, &timing, "k".into(), to, b"200".to_vec());
        assert_eq!(other.on_repeat(), Step::Send { to, bytes: b"200".to_vec() });
        assert_eq!(run(&mut other, None), (vec![], 32000));
        // Over a stream nothing is repeated: G is off and I is 0; H and L stay, and the 100 still comes.
        let stream = Hop { transport: Transport::Tcp, ..udp() };
        let mut failed = invite_from(stream);
        failed.respond(Mono::ZERO, &timing, 486, b"486");
        assert_eq!(run(&mut failed, None), (vec![], 32000));
        let mut failed = invite_from(stream);
        failed.respond(Mono::ZERO, &timing, 486, b"486");
        assert_eq!(run(&mut failed, Some(600)), (vec![], 600));
        let mut accepted = invite_from(stream);
        accepted.respond(Mono::ZERO, &timing, 200, b"200");
        assert_eq!((run(&mut invite_from(stream), None), run(&mut accepted, None)), ((vec![200], 0), (vec![], 32000)));
        let mut mute = invite();
        mute.mute(Mono::ZERO, &timing);
        assert_eq!((mute.on_repeat(), run(&mut mute, None)), (Step::Nothing, (vec![], 37000)));
    }
}

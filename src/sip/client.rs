//! A client transaction: one request out and its answers in (RFC 3261 §17.1, with the Accepted state of RFC 6026).

use std::time::Duration;

use super::hop::Hop;
use super::order::DialogId;
use super::timing::{Resend, Timing};
use crate::time::Mono;

/// Forks of one INVITE whose 200s are remembered, to be acknowledged again.
const FORKS_MAX: usize = 4;

/// The branch of a request of ours. CANCEL has its INVITE's (§9.1), so the method is part of the key (§17.1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientKey {
    pub branch: Branch,
    pub cancel: bool,
}

/// `z9hG4bK` and 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Branch(pub u128);

impl Branch {
    pub fn parse(text: &str) -> Option<Branch> {
        let digits = text.strip_prefix("z9hG4bK").filter(|d| d.len() == 32)?;
        let lower = digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        lower.then(|| u128::from_str_radix(digits, 16).ok().map(Branch)).flatten()
    }
}

impl std::fmt::Display for Branch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "z9hG4bK{:032x}", self.0)
    }
}

/// Who wants to know the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    Invite(DialogId),
    /// A request within a call.
    Within(DialogId),
    /// OPTIONS to the peer.
    Keepalive,
    /// REGISTER.
    /// The registration of this number.
    Register(usize),
    /// Nobody: CANCEL, and BYE to a fork that was not wanted.
    Nobody,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Calling,
    Proceeding,
    /// A final answer came; its repetitions are answered (INVITE) or absorbed.
    Completed,
    /// A 2xx to INVITE came.
    Accepted,
}

/// What a response, or the time, means for the transaction.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    Nothing,
    Send {
        to: Hop,
        bytes: Vec<u8>,
    },
    /// New to the owner.
    Tell,
    /// A 2xx to INVITE from a fork that has not answered before.
    TellFork,
    /// No final answer in time (timers B and F).
    TimedOut,
    /// Done with; forget it.
    Gone,
}

#[derive(Debug)]
pub struct ClientTransaction {
    pub owner: Owner,
    invite: bool,
    stage: Stage,
    to: Hop,
    /// The request; after a final answer to INVITE, the ACK.
    bytes: Vec<u8>,
    resend: Option<Resend>,
    until: Option<Mono>,
    /// The ACK of a refusal, where it is known beforehand.
    refusal_ack: Option<Vec<u8>>,
    /// To-tags of 2xx and the ACKs sent for them.
    accepted: Vec<(String, Hop, Vec<u8>)>,
}

impl ClientTransaction {
    pub fn start(now: Mono, timing: &Timing, owner: Owner, invite: bool, to: Hop, bytes: Vec<u8>) -> Self {
        // Timer A doubles without limit, timer E up to T2.
        let cap = (!invite).then_some(timing.t2);
        ClientTransaction {
            owner,
            invite,
            stage: Stage::Calling,
            to,
            bytes,
            resend: (!to.transport.is_reliable()).then(|| Resend::starting(now, timing.t1, cap)),
            until: Some(now + timing.patience()),
            refusal_ack: None,
            accepted: Vec::new(),
        }
    }

    pub fn is_invite(&self) -> bool {
        self.invite
    }

    pub fn peer(&self) -> Hop {
        self.to
    }

    /// Whether it still waits for an answer from there.
    pub fn waits_for(&self, hop: Hop) -> bool {
        let there = self.to.leads_to(hop) || (hop.connection.is_some() && self.to.connection == hop.connection);
        there && matches!(self.stage, Stage::Calling | Stage::Proceeding)
    }

    /// No answer will come.
    pub fn give_up(&mut self, now: Mono) {
        self.until = Some(now);
    }

    /// Without any answer until then, it is given up.
    pub fn give_up_at(&mut self, at: Mono) {
        self.until = self.until.map(|until| until.min(at));
    }

    pub fn due(&self) -> Option<Mono> {
        [self.resend.map(|r| r.at), self.until].into_iter().flatten().min()
    }

    pub fn on_time(&mut self, now: Mono) -> Step {
        if self.until.is_some_and(|until| until <= now) {
            return match self.stage {
                Stage::Calling | Stage::Proceeding => Step::TimedOut,
                Stage::Completed | Stage::Accepted => Step::Gone,
            };
        }
        match self.resend {
            Some(resend) if resend.at <= now => {
                self.resend = Some(resend.next(now));
                Step::Send { to: self.to, bytes: self.bytes.clone() }
            }
            _ => Step::Nothing,
        }
    }

    /// `tag`: of the response's To.
    pub fn on_response(&mut self, now: Mono, timing: &Timing, status: u16, tag: Option<&str>) -> Step {
        match (self.stage, status) {
            (Stage::Calling | Stage::Proceeding, 100..200) => {
                let first = self.stage == Stage::Calling;
                self.stage = Stage::Proceeding;
                if self.invite {
                    // Timers A and B stop; how long it may ring is the owner's business (§17.1.1.2).
                    (self.resend, self.until) = (None, None);
                } else if first {
                    self.resend = self.resend.map(|_| Resend::starting(now, timing.t2, Some(timing.t2)));
                }
                Step::Tell
            }
            (Stage::Calling | Stage::Proceeding, _) => {
                let two = status < 300;
                self.stage = if self.invite && two { Stage::Accepted } else { Stage::Completed };
                self.resend = None;
                self.bytes = self.refusal_ack.take().filter(|_| !two).unwrap_or_default();
                self.until = Some(now + self.lingers(timing));
                Step::Tell
            }
            (Stage::Completed, 300..) if self.invite && !self.bytes.is_empty() => {
                Step::Send { to: self.to, bytes: self.bytes.clone() }
            }
            (Stage::Accepted, 200..300) => match self.accepted.iter().find(|(t, ..)| Some(t.as_str()) == tag) {
                Some((_, to, ack)) => Step::Send { to: *to, bytes: ack.clone() },
                None if self.accepted.len() < FORKS_MAX => Step::TellFork,
                None => Step::Nothing,
            },
            (Stage::Completed | Stage::Accepted, _) => Step::Nothing,
        }
    }

    /// How long repetitions of the final answer may come. None do over a reliable transport (timers D and K), except of a
    /// 2xx, which the far end repeats by itself (timer M, RFC 6026 §8.4).
    fn lingers(&self, timing: &Timing) -> Duration {
        match (self.stage, self.to.transport.is_reliable()) {
            (Stage::Accepted, _) => timing.patience(),
            (_, true) => Duration::ZERO,
            (_, false) if self.invite => timing.patience(),
            (_, false) => timing.t4,
        }
    }

    /// The ACK of a final failure, to be repeated with it (timer D).
    pub fn keep_ack(&mut self, ack: Vec<u8>) {
        self.bytes = ack;
    }

    /// The ACK of a refusal that may come, written beforehand: within a dialog everything about it is known.
    pub fn acknowledge_refusal(&mut self, ack: Vec<u8>) {
        self.refusal_ack = Some(ack);
    }

    /// The ACK of the refusal that has come, if it was written beforehand.
    pub fn refusal_ack(&self) -> Option<(Hop, Vec<u8>)> {
        let refused = self.invite && self.stage == Stage::Completed && !self.bytes.is_empty();
        refused.then(|| (self.to, self.bytes.clone()))
    }

    /// The ACK of a 2xx, to be repeated with it (§13.2.2.4).
    pub fn keep_accepted(&mut self, tag: &str, to: Hop, ack: Vec<u8>) {
        self.accepted.push((tag.to_owned(), to, ack));
    }

    /// The owner waits no longer for the final answer to its INVITE. One that comes late and says yes is still let go of
    /// in good order, instead of ringing on in somebody's ear (RFC 3261 §13.2.2.4).
    pub fn abandon(&mut self, now: Mono, timing: &Timing) {
        self.stage = Stage::Accepted;
        (self.resend, self.bytes) = (None, Vec::new());
        self.until = Some(now + timing.patience());
    }

    /// Bytes held, for the measure of what a finished call costs.
    pub fn held(&self) -> usize {
        let accepted: usize = self.accepted.iter().map(|(tag, _, ack)| tag.capacity() + ack.capacity()).sum();
        let ack = self.refusal_ack.as_ref().map_or(0, Vec::capacity);
        size_of::<Self>() + self.bytes.capacity() + ack + accepted
    }
}

#[cfg(test)]
mod tests {
    use super::super::hop::Transport;
    use super::*;

    fn peer() -> Hop {
        over(Transport::Udp)
    }

    fn over(transport: Transport) -> Hop {
        Hop::new(transport, "127.0.0.1:5060".parse().unwrap())
    }

    /// Runs a transaction until it ends by itself: milliseconds of each retransmission, and the end.
    fn run(invite: bool, responses: &[(u64, u16)]) -> (Vec<u64>, u64, Step) {
        run_over(peer(), invite, responses)
    }

    fn run_over(to: Hop, invite: bool, responses: &[(u64, u16)]) -> (Vec<u64>, u64, Step) {
        let timing = Timing::default();
        let mut tx = ClientTransaction::start(Mono::ZERO, &timing, Owner::Nobody, invite, to, b"request".to_vec());
        let mut responses = responses.iter().map(|(ms, status)| (Mono(ms * 1000), *status)).peekable();
        let mut sent = Vec::new();
        loop {
            let due = tx.due();
            match responses.peek().copied() {
                Some((at, status)) if due.is_none_or(|d| at < d) => {
                    responses.next();
                    tx.on_response(at, &timing, status, Some("t"));
                    continue;
                }
                _ => {}
            }
            let Some(now) = due else { return (sent, 0, Step::Nothing) };
            match tx.on_time(now) {
                Step::Send { .. } => sent.push(now.0 / 1000),
                Step::Nothing => {}
                end => return (sent, now.0 / 1000, end),
            }
        }
    }

    #[test]
    fn the_timer_table() {
        let a = vec![500, 1500, 3500, 7500, 15500, 31500];
        let e = vec![500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500];
        // INVITE unanswered: A and B.
        assert_eq!(run(true, &[]), (a, 32000, Step::TimedOut));
        // Anything else: E and F.
        assert_eq!(run(false, &[]), (e, 32000, Step::TimedOut));
        // A provisional answer stops A and B for ever; E goes on at T2, F stays.
        assert_eq!(run(true, &[(600, 180)]), (vec![500], 0, Step::Nothing));
        let slow = vec![500, 4600, 8600, 12600, 16600, 20600, 24600, 28600];
        assert_eq!(run(false, &[(600, 100)]), (slow, 32000, Step::TimedOut));
        // A final answer: D 32 s, M 32 s, K 5 s.
        assert_eq!(run(true, &[(600, 486)]), (vec![500], 32600, Step::Gone));
        assert_eq!(run(true, &[(600, 180), (900, 200)]), (vec![500], 32900, Step::Gone));
        assert_eq!(run(false, &[(600, 200)]), (vec![500], 5600, Step::Gone));
    }

    /// A, D, E and K are off; B, F and M stay.
    #[test]
    fn the_timer_table_over_a_stream() {
        for transport in [Transport::Tcp, Transport::Tls] {
            let run = |invite, responses: &[(u64, u16)]| run_over(over(transport), invite, responses);
            assert_eq!(run(true, &[]), (vec![], 32000, Step::TimedOut));
            assert_eq!(run(false, &[]), (vec![], 32000, Step::TimedOut));
            assert_eq!(run(false, &[(600, 100)]), (vec![], 32000, Step::TimedOut));
            assert_eq!(run(true, &[(600, 180), (900, 200)]), (vec![], 32900, Step::Gone));
            assert_eq!(run(true, &[(600, 486)]), (vec![], 600, Step::Gone));
            assert_eq!(run(false, &[(600, 200)]), (vec![], 600, Step::Gone));
        }
    }

    #[test]
    fn repeated_finals_are_acknowledged_again() {
        let timing = Timing::default();
        let start = || ClientTransaction::start(Mono::ZERO, &timing, Owner::Nobody, true, peer(), b"INVITE".to_vec());
        let mut failed = start();
        assert_eq!(failed.on_response(Mono(1), &timing, 486, Some("a")), Step::Tell);
        failed.keep_ack(b"ACK".to_vec());
        let again = failed.on_response(Mono(2), &timing, 486, Some("a"));
        assert_eq!(again, Step::Send { to: peer(), bytes: b"ACK".to_vec() });
        assert_eq!(failed.on_response(Mono(3), &timing, 180, Some("a")), Step::Nothing);

        let mut accepted = start();
        assert_eq!(accepted.on_response(Mono(1), &timing, 200, Some("a")), Step::Tell);
        accepted.keep_accepted("a", peer(), b"ACK a".to_vec());
        let again = accepted.on_response(Mono(2), &timing, 200, Some("a"));
        assert_eq!(again, Step::Send { to: peer(), bytes: b"ACK a".to_vec() });
        assert_eq!(accepted.on_response(Mono(3), &timing, 200, Some("b")), Step::TellFork);
    }

    #[test]
    fn branches_are_ours_or_nobodys() {
        let branch = Branch(0xabc);
        assert_eq!(Branch::parse(&branch.to_string()), Some(branch));
        for foreign in ["", "z9hG4bK", "z9hG4bKabc", "z9hG4bK+0000000000000000000000000000abc", "x"] {
            assert_eq!(Branch::parse(foreign), None, "{foreign}");
        }
    }
}

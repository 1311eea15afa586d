//! A call in the table of a user agent: what it is at, and what it waits for.

use std::net::SocketAddr;

use super::auth::Challenge;
use super::callee::Offered;
use super::caller::Inviting;
use super::dialog::Dialog;
use super::hop::Hop;
use super::sdp::{Direction, Media};
use super::session::Local;
use super::session_timer::SessionTimer;
use super::timing::Resend;
use super::within::Asked;
use crate::time::Mono;

/// A 200 of ours that is repeated until its ACK (§13.3.1.4).
pub(super) struct Unacked {
    pub seq: u32,
    pub to: Hop,
    pub bytes: Vec<u8>,
    pub resend: Resend,
    pub until: Mono,
    /// It carries an offer, so that the ACK carries the answer.
    pub offered: bool,
}

pub(super) enum State {
    /// Our INVITE is out.
    Inviting(Inviting),
    /// An INVITE came in.
    Offered(Offered),
    /// We said 200; the ACK is awaited. `hang_up`: BYE as soon as it comes (§15).
    Answering { hang_up: bool },
    /// Both know.
    Up,
    /// Our BYE is out; nobody is told anything any more.
    Leaving,
}

pub(super) struct Call {
    pub state: State,
    pub dialog: Dialog,
    pub local: Local,
    pub media: Option<Media>,
    pub unacked: Option<Unacked>,
    /// What we have been challenged with, at most one of a proxy and one of the far end.
    pub challenges: Vec<Challenge>,
    pub challenged: u8,
    /// Requests of ours that wait for their answers.
    pub asked: Vec<Asked>,
    /// We made the call, and its Call-ID.
    pub ours: bool,
    /// The far end takes UPDATE.
    pub allows_update: bool,
    /// What our side is to become, when the far end can be asked; not before `offer_at`.
    pub wanted: Option<(Direction, SocketAddr)>,
    pub offer_at: Option<Mono>,
    pub timer: Option<SessionTimer>,
    /// The interval that is asked for, in seconds; and what was demanded as the least.
    pub expires_s: u32,
    pub min_se: Option<u32>,
    /// The far end was sent to somebody; until when its report is waited for.
    pub referral: Option<Mono>,
    /// The far end sent us to somebody; whether it wants reports.
    pub reports: Option<bool>,
}

impl Call {
    pub fn new(state: State, dialog: Dialog, local: Local) -> Call {
        Call {
            state,
            dialog,
            local,
            media: None,
            unacked: None,
            challenges: Vec::new(),
            challenged: 0,
            asked: Vec::new(),
            ours: false,
            allows_update: false,
            wanted: None,
            offer_at: None,
            timer: None,
            expires_s: 0,
            min_se: None,
            referral: None,
            reports: None,
        }
    }

    /// When something is to be done about it.
    pub fn due(&self) -> Option<Mono> {
        let unacked = self.unacked.as_ref().map(|u| u.resend.at.min(u.until));
        match &self.state {
            State::Inviting(inviting) => inviting.limit,
            State::Offered(offered) => offered.provisionals.due().into_iter().chain([offered.limit]).min(),
            State::Answering { .. } | State::Up => {
                let offer_at = self.offer_at.filter(|_| self.wanted.is_some());
                let timer = self.timer.as_ref().map(SessionTimer::due);
                [unacked, offer_at, timer, self.referral, self.limits()].into_iter().flatten().min()
            }
            State::Leaving => unacked,
        }
    }
}

//! A call we make, while it rings: the telephones that an INVITE was forked to, each in an early dialog of its own
//! (RFC 3261 §12.1.2), what can be heard from them before anybody answers, and the reliable ones among their provisional
//! answers (RFC 3262).

use super::call::{Call, State};
use super::dialog::Dialog;
use super::message::{Method, Response};
use super::order::{DialogId, Event};
use super::sdp::{Description, Media};
use super::session::Local;
use super::user_agent::UserAgent;
use super::within::{Asked, Purpose};

/// Telephones of one call that are told apart while they ring. From more, nothing is heard before the answer.
const FORKS_MAX: usize = 8;

/// Status of a telephone that will not answer any more, while others ring on (RFC 6228).
const EARLY_DIALOG_TERMINATED: u16 = 199;

/// An early dialog.
pub(super) struct Fork {
    pub dialog: Dialog,
    /// Our side as this telephone's answer left it, once it has given one.
    pub local: Option<Local>,
    pub media: Option<Media>,
    /// Of its last reliable provisional answer.
    pub rseq: Option<u32>,
}

impl Fork {
    pub fn is(&self, tag: Option<&str>) -> bool {
        self.dialog.remote_tag.as_deref() == tag
    }
}

impl UserAgent {
    /// A provisional answer, from one of the telephones. `false`: it is to be taken as not having come, being a repetition
    /// of a reliable one or having overtaken one (RFC 3262 §4).
    pub(super) fn hear_fork(&mut self, id: DialogId, response: &Response) -> bool {
        let Some(call) = self.calls.get_mut(&id) else { return false };
        let State::Inviting(inviting) = &mut call.state else { return false };
        let tag = response.head.to.tag.as_deref();
        if response.status == 100 || tag.is_none() {
            return true;
        }
        if response.status == EARLY_DIALOG_TERMINATED {
            inviting.forks.retain(|fork| !fork.is(tag));
            return true;
        }
        let at = match inviting.forks.iter().position(|fork| fork.is(tag)) {
            Some(at) => at,
            None if inviting.forks.len() == FORKS_MAX => return true,
            None => {
                // Our own half is as we made it, whatever the response says.
                let theirs = Dialog::of_response(&response.head, inviting.to);
                let dialog = call.dialog.joined(theirs);
                inviting.forks.push(Fork { dialog, local: None, media: None, rseq: None });
                inviting.forks.len() - 1
            }
        };
        let fork = &mut inviting.forks[at];
        let reliable = response.head.more.rseq.filter(|_| response.head.more.required.reliable);
        if let Some(rseq) = reliable {
            if fork.rseq.is_some_and(|last| rseq != last.wrapping_add(1)) {
                return false;
            }
            fork.rseq = Some(rseq);
        }
        let described = response.head.sdp.as_deref().and_then(|sdp| Description::parse(sdp).ok());
        if let Some(described) = described {
            let mut local = call.local.clone();
            if let Some(media) = local.accept(&described) {
                (fork.local, fork.media) = (Some(local), Some(media));
                self.hear_early(id, media);
            }
        }
        if let Some(rseq) = reliable {
            let rack = format!("{rseq} {} INVITE", response.head.cseq);
            let asked = Asked::new(Method::Prack, Purpose::Prack).line("RAck", rack).for_fork(tag);
            self.ask(id, asked);
        }
        true
    }

    /// What is to be heard before the answer; told when it changes. With several telephones it is that which spoke last.
    pub(super) fn hear_early(&mut self, id: DialogId, media: Media) {
        let Some(Call { state: State::Inviting(inviting), .. }) = self.calls.get_mut(&id) else { return };
        if inviting.early.replace(media) != Some(media) && self.config.carrier.early_media {
            self.tell(Event::EarlyMedia { dialog: id, media });
        }
    }
}

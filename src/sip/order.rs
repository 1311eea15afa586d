//! What a user agent is told, what it tells, and the words both are made of.

use std::fmt;
use std::net::SocketAddr;

use super::hop::Hop;
use super::register::Trouble;
use super::sdp::Media;
use super::targets::Target;
use crate::audio::Codec;
use crate::outcome::HangupCause;

/// Names a call at this user agent. Never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DialogId(pub u64);

/// The user part of a URI: usually a telephone number, so that its `Debug` hides all but the end.
#[derive(Clone, PartialEq, Eq)]
pub struct User(String);

impl User {
    pub fn new(user: impl Into<String>) -> User {
        User(user.into())
    }

    /// The whole of it. Rare and easy to search for.
    pub fn full(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let chars: Vec<char> = self.0.chars().collect();
        let shown = if chars.len() >= 8 { 4 } else { 0 };
        write!(f, "•••{}", chars[chars.len() - shown..].iter().collect::<String>())
    }
}

#[derive(Clone, PartialEq, Eq)]
pub enum Command {
    /// Calls `to` (a number, or a `sip:` URI) through the peer. `dialog` comes from [`UserAgent::reserve`].
    Dial { dialog: DialogId, to: String, from: String, media: SocketAddr, ring_ms_max: u64 },
    /// CANCEL, BYE or a refusal, as fits.
    Hangup { dialog: DialogId },
    /// 180.
    Ring { dialog: DialogId },
    /// 183 with our side of the session, so that the caller hears us before the answer.
    Progress { dialog: DialogId, media: SocketAddr, codec: Codec },
    /// 200 with our side of the session; as said in `Progress`, where there was one.
    Answer { dialog: DialogId, media: SocketAddr, codec: Codec },
    /// Puts the far end on hold: it is told that we do not want to hear it.
    Hold { dialog: DialogId },
    /// Takes it back.
    Resume { dialog: DialogId },
    /// Our audio is heard elsewhere from now on.
    Move { dialog: DialogId, media: SocketAddr },
    /// Sends the far end to `to` (a number, or a `sip:` URI), or, with `replaces`, to take over that call of ours, whose far
    /// end it then talks to. `Referred` says how it went; the call itself stays until somebody ends it.
    Refer { dialog: DialogId, to: String, replaces: Option<DialogId> },
    /// After `ReferAsked`: how it went, as a SIP status; below 200, how it goes.
    Report { dialog: DialogId, status: u16 },
    /// Presses a key (`0`–`9 * # A`–`D`) by INFO, within a call that is up.
    Press { dialog: DialogId, digit: char, duration_ms: u32 },
    /// Any final failure, 300 to 699.
    Reject { dialog: DialogId, status: u16 },
    /// Says nothing at all, not even 100, however often the INVITE is repeated.
    Ignore { dialog: DialogId },
    /// Ends every call and takes no more.
    Close,
}

pub enum Input<'a> {
    /// A datagram, or one message of a stream.
    Message {
        from: Hop,
        bytes: &'a [u8],
    },
    /// The head of a message of a stream that does not say where it ends: 400, or 413 (RFC 3261 §18.3). The edge closes the
    /// connection after it.
    Unframed {
        from: Hop,
        status: u16,
        head: &'a [u8],
    },
    /// Nothing can be sent there, or the connection there is gone. `connection`: the one that was lost.
    Unreachable {
        hop: Hop,
    },
    /// Where the peer is reached, as a name server said. Empty: nowhere.
    Located {
        targets: Vec<Target>,
    },
    Command(Command),
    /// The time that `deadline` named has come.
    Ticked,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    Send { to: Hop, bytes: Vec<u8> },
    Event(Event),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// 180 or 183 to our INVITE, once a call.
    Ringing { dialog: DialogId },
    /// Something can be heard before anybody has answered: an announcement, ringback of the far network, music. Told again
    /// when it changes; nothing may be sent there yet.
    EarlyMedia { dialog: DialogId, media: Media },
    /// 200 to our INVITE; the ACK is among the same outputs.
    Answered { dialog: DialogId, media: Media },
    /// Our call never came up, or not any more for us. `status`: the final one, when there was one.
    Failed { dialog: DialogId, cause: HangupCause, status: Option<u16> },
    /// A call for us. `media`: what the caller offers; `None`: it waits for our offer, and what is agreed is told with
    /// `MediaChanged` before `Acked`. `replaces`: the call whose place it takes, which ends when this is answered.
    Incoming { dialog: DialogId, to_user: User, from_user: User, media: Option<Media>, replaces: Option<DialogId> },
    /// The caller knows that we have answered.
    Acked { dialog: DialogId },
    /// The caller took the call back before we answered, or was not answered for three minutes.
    Cancelled { dialog: DialogId },
    /// The far end moved its audio, put us on hold or took us back; or agreed to an offer of ours.
    MediaChanged { dialog: DialogId, media: Media },
    /// An offer of ours (hold, resume, move) was refused; what was agreed before stays.
    OfferRefused { dialog: DialogId, status: u16 },
    /// What became of the far end that we sent to somebody.
    Referred { dialog: DialogId, outcome: Referral },
    /// The far end sends us to somebody: a URI. It has been told 202 and waits for `Report`.
    ReferAsked { dialog: DialogId, to: User },
    /// The far end pressed a key and said so by INFO. `duration_ms`: how long, if it said that too.
    Digit { dialog: DialogId, digit: char, duration_ms: Option<u32> },
    /// A call that was up has ended.
    Ended { dialog: DialogId, cause: HangupCause },
    /// The peer answers.
    PeerUp,
    /// The peer does not answer, or says 503.
    PeerDown,
    /// Our registration at the peer, whenever it changes or fails.
    Registered { which: usize, is: bool, trouble: Option<Trouble> },
}

/// How sending somebody away ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Referral {
    /// They talk to each other: the status that the far end was answered with.
    Connected(u16),
    /// Neither would. The status, of the far end's refusal or of whom it called; 0: it was not asked, for there is no such
    /// call or no such address.
    Refused(u16),
    /// The far end went, and has not said how it fared.
    Unreported,
}

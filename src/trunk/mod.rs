//! A trunk: the SIP socket to one carrier. An edge around the sans-IO `sip`: packets to events, orders to packets.

use std::net::SocketAddr;

use crate::id::LegId;
use crate::outcome::HangupCause;
use crate::time::Mono;

/// Where to send a leg's audio, and how: the answer's SDP as agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemoteMedia {
    pub addr: SocketAddr,
    pub codec: crate::audio::Codec,
    /// RTP payload type of telephone-event (RFC 4733), when agreed.
    pub dtmf_payload: Option<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrunkEvent {
    pub leg: LegId,
    /// When the packet was read.
    pub at: Mono,
    pub kind: TrunkEventKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrunkEventKind {
    /// 180 or 183.
    Ringing,
    /// 200 to our INVITE; the ACK is on its way.
    Answered(RemoteMedia),
    /// The leg never came up. `status`: the SIP status, when there was one.
    Failed { cause: HangupCause, status: Option<u16> },
    /// The leg was up and has ended.
    Ended(HangupCause),
}

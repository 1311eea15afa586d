//! What the trunk agreed on with the far end, as the media threads take it.

use crate::media::{Remote, SrtpKeys};
use crate::rtp::digits::Tones;
use crate::rtp::srtp;
use crate::sip;
use crate::trunk::RemoteMedia;

impl From<RemoteMedia> for Remote {
    fn from(agreed: RemoteMedia) -> Remote {
        Remote {
            addr: agreed.addr,
            rtcp_addr: agreed.rtcp_addr,
            codec: agreed.codec,
            payload: agreed.payload,
            payload_in: agreed.payload_in,
            dtmf_payload: agreed.dtmf_payload,
            dtmf_payload_in: agreed.dtmf_payload_in,
            dtmf_clock_hz: agreed.dtmf_clock_hz,
            ptime_ms: agreed.ptime_ms,
            sends: agreed.may_send(),
            hears: agreed.direction.receives(),
            tones: if agreed.dtmf_payload_in.is_some() { Tones::Never } else { Tones::UntilEvents },
            srtp: agreed.srtp.map(|srtp| SrtpKeys {
                suite: match srtp.suite {
                    sip::Suite::AesCm128HmacSha1_80 => srtp::Suite::AesCm128HmacSha1_80,
                    sip::Suite::AesCm128HmacSha1_32 => srtp::Suite::AesCm128HmacSha1_32,
                },
                ours: *srtp.ours.reveal(),
                theirs: *srtp.theirs.reveal(),
            }),
        }
    }
}

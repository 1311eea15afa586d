//! What the trunk agreed on with the far end, as the media threads take it.

use crate::media::Remote;
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
        }
    }
}

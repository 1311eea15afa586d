//! One leg's encryption (RFC 3711), when the signalling brought keys for it: then nothing goes out in the clear, and nothing that
//! comes so is heard.

use std::fmt;

use crate::rtp::srtp::{KEY_BYTES, Opener, Sealer, Suite};

/// Keys from the SDP (RFC 4568): master key and salt of each direction. `Debug` hides them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SrtpKeys {
    pub suite: Suite,
    pub ours: [u8; KEY_BYTES],
    pub theirs: [u8; KEY_BYTES],
}

impl fmt::Debug for SrtpKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}, •••", self.suite)
    }
}

#[derive(Debug)]
pub struct Secure {
    keys: SrtpKeys,
    pub sealer: Sealer,
    pub opener: Opener,
}

impl Secure {
    pub fn new(keys: SrtpKeys) -> Secure {
        Secure { keys, sealer: Sealer::new(keys.suite, &keys.ours), opener: Opener::new(keys.suite, &keys.theirs) }
    }

    /// A re-INVITE: what keeps its key goes on, with what it knows of packets that came before.
    pub fn rekey(&mut self, keys: SrtpKeys) {
        let before = std::mem::replace(&mut self.keys, keys);
        if (before.suite, before.ours) != (keys.suite, keys.ours) {
            self.sealer = Sealer::new(keys.suite, &keys.ours);
        }
        if (before.suite, before.theirs) != (keys.suite, keys.theirs) {
            self.opener = Opener::new(keys.suite, &keys.theirs);
        }
    }
}

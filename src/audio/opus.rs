//! Opus (RFC 6716) as telephones use it: one channel, 8 kHz in and out, which the codec itself can; no resampling of ours.
//!
//! The codec is libopus 1.3.1 turned into Rust by machine (`unsafe-libopus`): the reference implementation, without a C compiler
//! and CMake in the way. It allocates small buffers while it works; G.711 and G.722 do not.

use std::ptr::NonNull;

use super::RATE;

/// Enough that a telephone voice has nothing to gain above it.
const BITS_PER_SECOND: i32 = 20_000;
/// 0 to 10. Five is nearly as good as ten at narrow band, for half the work.
const COMPLEXITY: i32 = 5;
/// Loss that in-band repair is made for: what a later packet carries of the one before it.
const LOSS_PERCENT: i32 = 5;
/// A packet of ours never needs more; also the most that RFC 6716 §3.4 lets one frame have.
const BYTES_MAX: usize = 1275;

pub struct Encoder(NonNull<unsafe_libopus::OpusEncoder>);

pub struct Decoder(NonNull<unsafe_libopus::OpusDecoder>);

// SAFETY: the state is plain memory owned by the value; libopus keeps nothing by thread.
unsafe impl Send for Encoder {}
// SAFETY: as above.
unsafe impl Send for Decoder {}

impl Encoder {
    pub fn new() -> Encoder {
        let mut error = 0;
        // SAFETY: rate, channels and application are among those allowed; `error` outlives the call.
        let state = unsafe {
            unsafe_libopus::opus_encoder_create(RATE as i32, 1, unsafe_libopus::OPUS_APPLICATION_VOIP, &mut error)
        };
        let state = NonNull::new(state).expect("libopus refuses only wrong rates and an empty memory");
        // SAFETY: the state has just been made; each request takes one i32.
        unsafe {
            unsafe_libopus::opus_encoder_ctl!(
                state.as_ptr(),
                unsafe_libopus::OPUS_SET_BITRATE_REQUEST,
                BITS_PER_SECOND
            );
            unsafe_libopus::opus_encoder_ctl!(state.as_ptr(), unsafe_libopus::OPUS_SET_COMPLEXITY_REQUEST, COMPLEXITY);
            unsafe_libopus::opus_encoder_ctl!(state.as_ptr(), unsafe_libopus::OPUS_SET_INBAND_FEC_REQUEST, 1);
            unsafe_libopus::opus_encoder_ctl!(
                state.as_ptr(),
                unsafe_libopus::OPUS_SET_PACKET_LOSS_PERC_REQUEST,
                LOSS_PERCENT
            );
        }
        Encoder(state)
    }

    /// 10, 20, 40 or 60 ms into one packet; gives its bytes, 0 when the length is another or the room too small.
    pub fn encode(&mut self, pcm: &[i16], payload: &mut [u8]) -> usize {
        if ![80, 160, 320, 480].contains(&pcm.len()) || payload.is_empty() {
            return 0;
        }
        let room = payload.len().min(BYTES_MAX) as i32;
        // SAFETY: the pointers are of slices of the lengths given.
        let length = unsafe {
            unsafe_libopus::opus_encode(self.0.as_ptr(), pcm.as_ptr(), pcm.len() as i32, payload.as_mut_ptr(), room)
        };
        usize::try_from(length).unwrap_or(0)
    }
}

impl Decoder {
    pub fn new() -> Decoder {
        let mut error = 0;
        // SAFETY: rate and channels are among those allowed; `error` outlives the call.
        let state = unsafe { unsafe_libopus::opus_decoder_create(RATE as i32, 1, &mut error) };
        Decoder(NonNull::new(state).expect("libopus refuses only wrong rates and an empty memory"))
    }

    /// Gives the samples; 0 for what is no packet of Opus or does not fit `pcm`.
    pub fn decode(&mut self, payload: &[u8], pcm: &mut [i16]) -> usize {
        if payload.is_empty() || pcm.is_empty() {
            return 0;
        }
        self.run(payload.as_ptr(), payload.len(), pcm, false)
    }

    /// The packet before this one is missing: what this one carries of it (RFC 6716 §2.1.7), or else a guess. `pcm` is as long as
    /// the missing packet. This one is to be decoded as usual afterwards.
    pub fn repair(&mut self, payload: &[u8], pcm: &mut [i16]) -> bool {
        !payload.is_empty() && self.run(payload.as_ptr(), payload.len(), pcm, true) == pcm.len()
    }

    /// Nothing came. `pcm` is whole multiples of 2.5 ms, at most 120 ms.
    pub fn conceal(&mut self, pcm: &mut [i16]) -> bool {
        self.run(std::ptr::null(), 0, pcm, false) == pcm.len()
    }

    fn run(&mut self, payload: *const u8, length: usize, pcm: &mut [i16], repair: bool) -> usize {
        let (Ok(length), Ok(room)) = (i32::try_from(length), i32::try_from(pcm.len())) else { return 0 };
        // SAFETY: `payload` is null with a length of 0 or a slice's start with its length; `pcm` is as long as said.
        let samples = unsafe {
            unsafe_libopus::opus_decode(self.0.as_ptr(), payload, length, pcm.as_mut_ptr(), room, i32::from(repair))
        };
        usize::try_from(samples).unwrap_or(0)
    }
}

impl Default for Encoder {
    fn default() -> Encoder {
        Encoder::new()
    }
}

impl Default for Decoder {
    fn default() -> Decoder {
        Decoder::new()
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        // SAFETY: made by `opus_encoder_create`, and not used after this.
        unsafe { unsafe_libopus::opus_encoder_destroy(self.0.as_ptr()) }
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        // SAFETY: made by `opus_decoder_create`, and not used after this.
        unsafe { unsafe_libopus::opus_decoder_destroy(self.0.as_ptr()) }
    }
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("opus::Encoder")
    }
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("opus::Decoder")
    }
}

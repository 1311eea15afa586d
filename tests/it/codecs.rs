//! Our codecs against others' of the same bits: `libspandsp` for G.722 and `libopus` for Opus, as Debian has them
//! (setup/sounds.sh), loaded while the test runs.

use std::ffi::{c_int, c_void};
use std::ptr::null_mut;

use libloading::Library;
use ringback::audio::{Codec, Decoder, Encoder, FRAME, tone};

fn library(names: &[&str]) -> Option<Library> {
    // SAFETY: libraries of codecs; loading them runs nothing of theirs.
    let found = names.iter().find_map(|name| unsafe { Library::new(*name) }.ok());
    if found.is_none() {
        println!("skipped: none of {names:?} is there; setup/sounds.sh installs them");
    }
    found
}

/// Signal to noise in dB at the delay that fits best, the first 50 ms left out.
fn snr_db(signal: &[i16], heard: &[i16], delay_max: usize) -> f64 {
    let at = |delay: usize| {
        let (mut power, mut noise) = (1.0, 1.0);
        for (&s, &h) in signal.iter().zip(&heard[delay..]).skip(400) {
            power += f64::from(s).powi(2);
            noise += (f64::from(s) - f64::from(h)).powi(2);
        }
        10.0 * f64::log10(power / noise)
    };
    (0..=delay_max).map(at).fold(f64::MIN, f64::max)
}

/// Of harmonics below 3.4 kHz, at `rate`.
fn vowel(rate: u32, seconds: f64) -> Vec<i16> {
    let wave = |t: f64| {
        (1..20).map(move |h| {
            900.0 / f64::from(h).sqrt() * (f64::from(h) * t * 165.0 * std::f64::consts::TAU + f64::from(h * h)).sin()
        })
    };
    (0..(f64::from(rate) * seconds) as u32).map(|n| wave(f64::from(n) / f64::from(rate)).sum::<f64>() as i16).collect()
}

#[test]
fn g722_is_spandsps_bit_for_bit() {
    type Init = unsafe extern "C" fn(*mut c_void, c_int, c_int) -> *mut c_void;
    type Encode = unsafe extern "C" fn(*mut c_void, *mut u8, *const i16, c_int) -> c_int;
    type Decode = unsafe extern "C" fn(*mut c_void, *mut i16, *const u8, c_int) -> c_int;
    type Free = unsafe extern "C" fn(*mut c_void) -> c_int;
    /// 8 kHz on our side: the low band alone.
    const AT_8000: c_int = 1;
    let Some(library) = library(&["libspandsp.so.2", "libspandsp.so.3"]) else { return };
    // SAFETY: the signatures are those of spandsp's g722.h.
    let (encoder, encode, free_encoder, decoder, decode, free_decoder) = unsafe {
        (
            library.get::<Init>(b"g722_encode_init").unwrap(),
            library.get::<Encode>(b"g722_encode").unwrap(),
            library.get::<Free>(b"g722_encode_free").unwrap(),
            library.get::<Init>(b"g722_decode_init").unwrap(),
            library.get::<Decode>(b"g722_decode").unwrap(),
            library.get::<Free>(b"g722_decode_free").unwrap(),
        )
    };
    let ours_encoded = |pcm: &[i16]| -> Vec<u8> {
        let (mut encoder, mut bytes) = (Encoder::new(Codec::G722), vec![0; pcm.len()]);
        assert_eq!(encoder.encode(pcm, &mut bytes), pcm.len());
        bytes
    };
    let ours_decoded = |bytes: &[u8]| -> Vec<i16> {
        let (mut decoder, mut pcm) = (Decoder::new(Codec::G722), vec![0; bytes.len()]);
        assert_eq!(decoder.decode(bytes, &mut pcm), pcm.len());
        pcm
    };
    let theirs_encoded = |pcm: &[i16], options: c_int| -> Vec<u8> {
        let mut bytes = vec![0; pcm.len()];
        // SAFETY: states come from their init, buffers are long enough: at most a byte a sample.
        let length = unsafe {
            let state = encoder(null_mut(), 64_000, options);
            let length = encode(state, bytes.as_mut_ptr(), pcm.as_ptr(), pcm.len() as c_int);
            free_encoder(state);
            length
        };
        bytes.truncate(length as usize);
        bytes
    };
    let theirs_decoded = |bytes: &[u8], options: c_int| -> Vec<i16> {
        let mut pcm = vec![0; bytes.len() * 2];
        // SAFETY: as above: at most two samples a byte.
        let length = unsafe {
            let state = decoder(null_mut(), 64_000, options);
            let length = decode(state, pcm.as_mut_ptr(), bytes.as_ptr(), bytes.len() as c_int);
            free_decoder(state);
            length
        };
        pcm.truncate(length as usize);
        pcm
    };
    let loud = |seed| tone::noise(seed, 2000, 15_000);
    for (what, pcm) in [
        ("babble", tone::babble(1, 5000)),
        ("noise", loud(2)),
        ("vowel", vowel(8000, 2.0)),
        ("silence", vec![0; 8000]),
        ("extremes", [i16::MIN, i16::MAX, 0, 1, -1].repeat(2000)),
    ] {
        let bytes = ours_encoded(&pcm);
        assert_eq!(bytes, theirs_encoded(&pcm, AT_8000), "{what}: encoded");
        assert_eq!(ours_decoded(&bytes), theirs_decoded(&bytes, AT_8000), "{what}: decoded");
    }
    // Whatever bytes come.
    let bytes: Vec<u8> = loud(3).iter().map(|s| (s >> 3) as u8).collect();
    assert_eq!(ours_decoded(&bytes), theirs_decoded(&bytes, AT_8000), "any bytes");
    // With those who have both bands: what they send is heard by us, and what we send by them. Their filters delay by halves of
    // our samples, which costs most of the figure.
    let (narrow, wide) = (vowel(8000, 2.0), vowel(16_000, 2.0));
    let heard = snr_db(&narrow, &ours_decoded(&theirs_encoded(&wide, 0)), 40);
    let told = snr_db(&wide, &theirs_decoded(&ours_encoded(&narrow), 0), 60);
    println!("wideband to us {heard:.1} dB, ours at wideband {told:.1} dB");
    assert!(heard > 10.0 && told > 10.0, "{heard:.1} dB, {told:.1} dB");
}

#[test]
fn opus_is_what_libopus_decodes() {
    type Create = unsafe extern "C" fn(i32, c_int, *mut c_int) -> *mut c_void;
    type CreateEncoder = unsafe extern "C" fn(i32, c_int, c_int, *mut c_int) -> *mut c_void;
    type Decode = unsafe extern "C" fn(*mut c_void, *const u8, i32, *mut i16, c_int, c_int) -> c_int;
    type Encode = unsafe extern "C" fn(*mut c_void, *const i16, c_int, *mut u8, i32) -> i32;
    type Destroy = unsafe extern "C" fn(*mut c_void);
    /// OPUS_APPLICATION_VOIP.
    const VOIP: c_int = 2048;
    let Some(library) = library(&["libopus.so.0"]) else { return };
    // SAFETY: the signatures are those of opus.h.
    let (create, create_encoder, decode, encode, destroy, destroy_encoder) = unsafe {
        (
            library.get::<Create>(b"opus_decoder_create").unwrap(),
            library.get::<CreateEncoder>(b"opus_encoder_create").unwrap(),
            library.get::<Decode>(b"opus_decode").unwrap(),
            library.get::<Encode>(b"opus_encode").unwrap(),
            library.get::<Destroy>(b"opus_decoder_destroy").unwrap(),
            library.get::<Destroy>(b"opus_encoder_destroy").unwrap(),
        )
    };
    let voice = tone::babble(7, 4000);
    let mut encoder = Encoder::new(Codec::Opus);
    // SAFETY: rate, channels and application are allowed ones.
    let their_encoder = unsafe { create_encoder(8000, 1, VOIP, null_mut()) };
    for by_us in [true, false] {
        let mut ours = Decoder::new(Codec::Opus);
        // SAFETY: rate and channels are allowed ones.
        let theirs = unsafe { create(8000, 1, null_mut()) };
        let (mut one, mut other) = (Vec::new(), Vec::new());
        for frame in voice.as_chunks::<FRAME>().0 {
            let (mut payload, mut pcm) = ([0; 400], [0; FRAME]);
            let length = if by_us {
                encoder.encode(frame, &mut payload)
            } else {
                // SAFETY: the state is theirs, the buffers as long as said.
                unsafe { encode(their_encoder, frame.as_ptr(), FRAME as c_int, payload.as_mut_ptr(), 400) as usize }
            };
            assert_eq!(ours.decode(&payload[..length], &mut pcm), FRAME);
            one.extend(pcm);
            // SAFETY: as above.
            let samples =
                unsafe { decode(theirs, payload.as_ptr(), length as i32, pcm.as_mut_ptr(), FRAME as c_int, 0) };
            assert_eq!(samples, FRAME as c_int);
            other.extend(pcm);
        }
        // SAFETY: not used after this.
        unsafe { destroy(theirs) };
        let db = snr_db(&other, &one, 0);
        println!("encoded by {}: the decoders differ by {db:.0} dB", if by_us { "us" } else { "libopus" });
        assert!(db > 60.0, "encoded by us: {by_us}, {db:.1} dB");
    }
    // SAFETY: not used after this.
    unsafe { destroy_encoder(their_encoder) };
}

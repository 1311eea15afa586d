//! What is done to every voice's sound before a telephone hears it.

use super::{Sound, VoiceError};
use crate::audio::{RATE, level, resample};
use crate::speech::Said;

/// Kept of an engine's own silence before the first sound, so that its onset stays soft: 10 ms.
const KEEP: usize = RATE as usize / 100;

/// Engines differ in rate, loudness and the silence around their words; what comes out does not.
pub(super) fn finish(voice: &str, sound: Sound, said: &Said) -> Result<Vec<i16>, VoiceError> {
    let pcm = resample::to_telephone(&sound.pcm, sound.rate);
    let mut pcm = level::trim(&pcm, KEEP).to_vec();
    if pcm.is_empty() && said.text.contains(char::is_alphabetic) {
        return Err(VoiceError::failed(voice, &said.text, "it made no sound"));
    }
    level::level(&mut pcm, level::TARGET_RMS);
    pcm.extend(silence(pause_ms(&said.text) + said.break_ms));
    Ok(pcm)
}

/// What is heard between words.
pub(super) fn silence(ms: u16) -> Vec<i16> {
    vec![0; usize::from(ms) * RATE as usize / 1000]
}

/// Silence after an utterance. Engines differ in this, and pieces of a sentence are played without a gap, so their own
/// silence is cut and ours put in its place.
fn pause_ms(text: &str) -> u16 {
    match text.chars().next_back() {
        Some('.' | '!' | '?') => 350,
        Some(',' | ':' | ';') => 180,
        _ => 70,
    }
}

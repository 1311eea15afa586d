//! What is done to every voice's sound before a telephone hears it.

use super::{Sound, VoiceError};
use crate::audio::{RATE, comfort, level, resample, stretch};
use crate::speech::{Manner, Said};

/// Kept of an engine's own silence before the first sound, so that its onset stays soft: 10 ms.
const KEEP: usize = RATE as usize / 100;

/// Engines differ in rate, loudness and the silence around their words; what comes out does not.
pub(super) fn finish(voice: &str, sound: Sound, said: &Said) -> Result<Vec<i16>, VoiceError> {
    let mut pcm = audible(voice, sound, &said.text)?;
    spoken_so(&mut pcm, said.manner);
    pcm.extend(pause(said));
    Ok(pcm)
}

/// [`even`], and an error where there are words and no sound.
pub(super) fn audible(voice: &str, sound: Sound, text: &str) -> Result<Vec<i16>, VoiceError> {
    let pcm = even(sound);
    if pcm.is_empty() && text.contains(char::is_alphabetic) {
        return Err(VoiceError::failed(voice, text, "it made no sound"));
    }
    Ok(pcm)
}

/// 8 kHz, without silence at its ends, at the common loudness.
pub(super) fn even(sound: Sound) -> Vec<i16> {
    let pcm = resample::to_telephone(&sound.pcm, sound.rate);
    let mut pcm = level::trim(&pcm, KEEP).to_vec();
    level::level(&mut pcm, level::TARGET_LUFS);
    level::fade(&mut pcm);
    pcm
}

/// Pace, pitch and volume are changed after the engine, so that every voice obeys in the same way.
pub(super) fn spoken_so(pcm: &mut Vec<i16>, manner: Manner) {
    let Manner { rate_percent, pitch_percent, volume_db } = manner;
    *pcm = stretch::pitch(&stretch::pace(pcm, rate_percent), pitch_percent);
    if volume_db != 0 {
        level::gain(pcm, level::decibels(f64::from(volume_db)));
    }
}

/// What is heard between a stretch and the next. Engines differ in this, and pieces of a sentence are played without a gap, so
/// their own silence is cut and ours put in its place.
pub(super) fn pause(said: &Said) -> Vec<i16> {
    let ms = said.text.chars().next_back().map_or(0, pause_ms) + said.break_ms;
    comfort::pcm(usize::from(ms) * RATE as usize / 1000)
}

/// The pause that the last character of a text asks for.
pub(super) fn pause_ms(last: char) -> u16 {
    match last {
        '.' | '!' | '?' => 350,
        ',' | ':' | ';' => 180,
        _ => 70,
    }
}

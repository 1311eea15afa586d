//! ru_tts: the Russian voice. A small C library that `setup/voices.sh` builds; loaded at run time.
//!
//! Takes KOI8-R, gives signed 8-bit samples at 10 kHz. A `+` after a vowel marks the stress; a word without a mark is
//! pronounced with every vowel stressed, so [`stress`](super::stress) marks what it knows.

use std::ffi::{c_char, c_int, c_void};
use std::path::{Path, PathBuf};

use libloading::Library;

use super::{Sound, Voice, VoiceError, spelling, stress};
use crate::language::Language;

const ID: &str = "ru_tts-1.0.7-r92-g70";
const RATE: u32 = 10_000;
/// Percent of the usual. Slower than its default: a telephone hides consonants, and sums must be caught at first hearing.
const SPEECH_RATE: c_int = 92;
/// Percent of the usual pauses between clauses, which are long for short messages.
const GAPS: c_int = 70;
/// A minute and a half; a runaway engine is stopped there.
const SAMPLES_MAX: usize = 100 * RATE as usize;

/// `ru_tts_conf_t` of ru_tts.h.
#[repr(C)]
#[derive(Default)]
struct Config {
    speech_rate: c_int,
    voice_pitch: c_int,
    intonation: c_int,
    general_gap_factor: c_int,
    comma_gap_factor: c_int,
    dot_gap_factor: c_int,
    semicolon_gap_factor: c_int,
    colon_gap_factor: c_int,
    question_gap_factor: c_int,
    exclamation_gap_factor: c_int,
    intonational_gap_factor: c_int,
    flags: c_int,
}

type Consumer = extern "C" fn(*mut c_void, usize, *mut c_void) -> c_int;
type ConfigInit = unsafe extern "C" fn(*mut Config);
type Transfer = unsafe extern "C" fn(*const Config, *const c_char, *mut c_void, usize, Consumer, *mut c_void);

pub(super) struct RuTts {
    config_init: ConfigInit,
    transfer: Transfer,
    /// Keeps the two functions in memory.
    _library: Library,
}

/// The samples so far. Returning anything but zero stops the engine.
extern "C" fn consume(buffer: *mut c_void, size: usize, samples: *mut c_void) -> c_int {
    // SAFETY: `samples` is the vector of `render`, which waits; `buffer` holds `size` bytes, as ru_tts.h promises.
    let (samples, chunk) =
        unsafe { (&mut *samples.cast::<Vec<i16>>(), std::slice::from_raw_parts(buffer.cast::<i8>(), size)) };
    samples.extend(chunk.iter().map(|&s| i16::from(s) << 7));
    c_int::from(samples.len() > SAMPLES_MAX)
}

impl RuTts {
    pub fn load(path: &Path) -> Result<RuTts, VoiceError> {
        let failed = |e: libloading::Error| VoiceError::Load {
            voice: ID.to_owned(),
            path: path.to_owned(),
            why: format!("{e}. Build it again: make setup"),
        };
        // SAFETY: the library has no initialisers; the signatures are those of ru_tts.h.
        unsafe {
            let library = Library::new(path).map_err(failed)?;
            let config_init = *library.get::<ConfigInit>(b"ru_tts_config_init\0").map_err(failed)?;
            let transfer = *library.get::<Transfer>(b"ru_tts_transfer\0").map_err(failed)?;
            Ok(RuTts { config_init, transfer, _library: library })
        }
    }

    /// Where the library may lie, the likeliest first.
    pub fn places(configured: Option<&Path>) -> Vec<PathBuf> {
        const FILE: &str = "libru_tts.so";
        if let Some(path) = configured {
            return vec![path.to_owned()];
        }
        if let Some(path) = std::env::var_os("RINGBACK_RU_TTS") {
            return vec![path.into()];
        }
        let mut places = vec![Path::new(".voices").join(FILE)];
        if let Some(folder) = std::env::current_exe().ok().as_deref().and_then(Path::parent) {
            places.push(folder.join(FILE));
            places.push(folder.join(".voices").join(FILE));
        }
        places
    }
}

impl Voice for RuTts {
    fn id(&self) -> &str {
        ID
    }

    fn speaks(&self, language: Language) -> bool {
        language == Language::RU
    }

    fn render(&self, _: Language, text: &str) -> Result<Sound, VoiceError> {
        if spelling::lost(text, spelling::for_ru_tts).is_some() {
            return Err(VoiceError::failed(ID, text, spelling::LOST));
        }
        let mut bytes = koi8r(&stress::mark(&spelling::for_ru_tts(text)));
        bytes.push(0);
        let mut config = Config::default();
        let mut buffer = [0u8; 4096];
        let mut pcm: Vec<i16> = Vec::new();
        // SAFETY: `bytes` ends in zero; `buffer` and `pcm` outlive the call, which is over when it returns. The library has
        // no writable statics, so threads do not meet in it.
        unsafe {
            (self.config_init)(&mut config);
            config.speech_rate = SPEECH_RATE;
            config.general_gap_factor = GAPS;
            (self.transfer)(
                &config,
                bytes.as_ptr().cast(),
                buffer.as_mut_ptr().cast(),
                buffer.len(),
                consume,
                (&raw mut pcm).cast(),
            );
        }
        if pcm.len() > SAMPLES_MAX {
            return Err(VoiceError::failed(ID, text, "it went on for more than 100 seconds"));
        }
        Ok(Sound { pcm, rate: RATE })
    }
}

/// Lower-case Russian and ASCII → KOI8-R; what it has no place for is left out.
fn koi8r(text: &str) -> Vec<u8> {
    /// In the order of the codes from 0xC0.
    const LETTERS: &str = "юабцдефгхийклмнопярстужвьызшэщчъ";
    text.chars()
        .filter_map(|c| match c {
            'ё' => Some(0xA3),
            c if c.is_ascii() && c != '\0' => Some(c as u8),
            c => LETTERS.chars().position(|l| l == c).map(|i| 0xC0 + i as u8),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn koi8r_of_letters() {
        assert_eq!(koi8r("юаъё я+."), [0xC0, 0xC1, 0xDF, 0xA3, b' ', 0xD1, b'+', b'.']);
        assert!(koi8r("é\0ї").is_empty());
    }

    #[test]
    fn a_configured_place_is_the_only_one() {
        assert_eq!(RuTts::places(Some(Path::new("/x/y.so"))), [PathBuf::from("/x/y.so")]);
        assert_eq!(RuTts::places(None)[0], Path::new(".voices/libru_tts.so"));
    }
}

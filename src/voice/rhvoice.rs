//! RHVoice: a library that is loaded where it is installed (Debian: `librhvoice5` and voices such as `rhvoice-russian`, by `setup/more_voices.sh`). The
//! best Russian that runs without a network. Some of its voices may not be used commercially: see `NOT_COMMERCIAL`.
//!
//! One engine is shared by all voices of a library and its data. Its header promises nothing about threads, and 1.8.0 does not
//! hold: six threads in one engine got 4 of 360 texts in another sound than one thread alone. So it speaks one text at a time.

use std::ffi::{CStr, CString, c_char, c_double, c_int, c_short, c_uint, c_void};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use libloading::Library;

use super::{Sound, Voice, VoiceError};
use crate::config::voices;
use crate::language::Language;
use crate::time::{Clock, Mono};

/// The library that this is written for; another number is another interface.
const LIBRARY: &str = "libRHVoice.so.5";
/// Where the packages lay their voices, and what the library takes by itself.
const DATA: &str = "/usr/share/RHVoice";
/// A minute and a half at 24 kHz; a runaway engine is stopped there.
const SECONDS_MAX: usize = 100;

/// Voices whose licence forbids commercial use (CC BY-NC-ND, CC BY-NC-SA, or terms of their own), as Debian's copyright file of
/// 1.8.0 lists them. A reminder of a bill is commercial: these need the consent of their owner.
const NOT_COMMERCIAL: [&str; 17] = [
    "artemiy",
    "arina",
    "evgeniy-eng",
    "evgeniy-rus",
    "hana",
    "kiko",
    "lyubov",
    "magda",
    "mikhail",
    "natan",
    "pavel",
    "suze",
    "talgat",
    "tatiana",
    "victoria",
    "vitaliy",
    "yuriy",
];

type OnRate = extern "C" fn(c_int, *mut c_void) -> c_int;
type OnSpeech = extern "C" fn(*const c_short, c_uint, *mut c_void) -> c_int;
type Unused = *const c_void;

/// `RHVoice_callbacks` of RHVoice.h.
#[repr(C)]
struct Callbacks {
    set_sample_rate: OnRate,
    play_speech: OnSpeech,
    process_mark: Unused,
    word_starts: Unused,
    word_ends: Unused,
    sentence_starts: Unused,
    sentence_ends: Unused,
    play_audio: Unused,
    done: Unused,
}

/// `RHVoice_init_params`.
#[repr(C)]
struct InitParams {
    data_path: *const c_char,
    config_path: *const c_char,
    resource_paths: *const *const c_char,
    callbacks: Callbacks,
    options: c_uint,
}

/// `RHVoice_voice_info`.
#[repr(C)]
struct VoiceInfo {
    language: *const c_char,
    name: *const c_char,
    gender: c_int,
    country: *const c_char,
}

/// `RHVoice_synth_params`.
#[repr(C)]
struct SynthParams {
    voice_profile: *const c_char,
    absolute_rate: c_double,
    absolute_pitch: c_double,
    absolute_volume: c_double,
    relative_rate: c_double,
    relative_pitch: c_double,
    relative_volume: c_double,
    punctuation_mode: c_int,
    punctuation_list: *const c_char,
    capitals_mode: c_int,
    flags: c_int,
}

type GetVersion = unsafe extern "C" fn() -> *const c_char;
type NewEngine = unsafe extern "C" fn(*const InitParams) -> *mut c_void;
type DeleteEngine = unsafe extern "C" fn(*mut c_void);
type CountVoices = unsafe extern "C" fn(*mut c_void) -> c_uint;
type GetVoices = unsafe extern "C" fn(*mut c_void) -> *const VoiceInfo;
type NewMessage =
    unsafe extern "C" fn(*mut c_void, *const c_char, c_uint, c_int, *const SynthParams, *mut c_void) -> *mut c_void;
type DeleteMessage = unsafe extern "C" fn(*mut c_void);
type Speak = unsafe extern "C" fn(*mut c_void) -> c_int;

/// What the callbacks fill.
struct Spoken {
    pcm: Vec<i16>,
    rate: u32,
    /// Began with the text.
    clock: Clock,
    timeout: Duration,
    /// It changed its rate in the middle, or went on for too long.
    wrong: Option<String>,
}

/// Returning zero is an error, which ends the text.
extern "C" fn set_sample_rate(rate: c_int, spoken: *mut c_void) -> c_int {
    // SAFETY: it is the value of `Engine::speak`, which waits.
    let spoken = unsafe { &mut *spoken.cast::<Spoken>() };
    match u32::try_from(rate) {
        Ok(rate @ 4000..=192_000) if spoken.pcm.is_empty() || spoken.rate == rate => spoken.rate = rate,
        _ => spoken.wrong = Some(format!("it went from {} to {rate} samples a second", spoken.rate)),
    }
    c_int::from(spoken.wrong.is_none())
}

extern "C" fn play_speech(samples: *const c_short, count: c_uint, spoken: *mut c_void) -> c_int {
    // SAFETY: as above; `samples` holds `count` numbers, as RHVoice.h promises, and may be null when there are none.
    let spoken = unsafe { &mut *spoken.cast::<Spoken>() };
    if count > 0 && !samples.is_null() {
        // SAFETY: as above.
        spoken.pcm.extend_from_slice(unsafe { std::slice::from_raw_parts(samples, count as usize) });
    }
    if spoken.pcm.len() > SECONDS_MAX * spoken.rate as usize {
        spoken.wrong = Some(format!("it went on for more than {SECONDS_MAX} seconds"));
    }
    if spoken.clock.now().mono.since(Mono::ZERO) > spoken.timeout {
        spoken.wrong = Some("no answer in time".to_owned());
    }
    c_int::from(spoken.wrong.is_none())
}

struct Engine {
    library: PathBuf,
    data: PathBuf,
    version: String,
    voices: Vec<Installed>,
    /// One text at a time.
    raw: Mutex<Raw>,
}

struct Installed {
    /// As the library spells it: `Elena`.
    name: String,
    /// ISO 639-1.
    language: String,
}

struct Raw {
    engine: *mut c_void,
    delete_engine: DeleteEngine,
    new_message: NewMessage,
    delete_message: DeleteMessage,
    speak: Speak,
    /// Keeps the functions in memory.
    _library: Library,
}

// SAFETY: the engine hangs on no thread; it is used by one at a time, behind the lock.
unsafe impl Send for Raw {}

impl Drop for Raw {
    fn drop(&mut self) {
        // SAFETY: the engine is that of this value; every message is gone, since each lives within a call of `speak`.
        unsafe { (self.delete_engine)(self.engine) };
    }
}

/// Engines in use. An engine and its data take tens of megabytes; the voices of one installation share it.
static ENGINES: Mutex<Vec<Weak<Engine>>> = Mutex::new(Vec::new());

impl Engine {
    fn shared(library: &Path, data: &Path) -> Result<Arc<Engine>, String> {
        let mut engines = ENGINES.lock().unwrap_or_else(PoisonError::into_inner);
        engines.retain(|engine| engine.strong_count() > 0);
        let here = |engine: &Arc<Engine>| engine.library == library && engine.data == data;
        if let Some(engine) = engines.iter().filter_map(Weak::upgrade).find(here) {
            return Ok(engine);
        }
        let engine = Arc::new(Engine::load(library, data)?);
        engines.push(Arc::downgrade(&engine));
        Ok(engine)
    }

    fn load(path: &Path, data: &Path) -> Result<Engine, String> {
        if !data.is_dir() {
            return Err(format!("there is no folder {} with its voices", data.display()));
        }
        let failed = |e: libloading::Error| match std::error::Error::source(&e) {
            Some(source) => format!("{e}: {source}"),
            None => e.to_string(),
        };
        let folder = CString::new(data.as_os_str().as_encoded_bytes()).map_err(|e| e.to_string())?;
        let params = InitParams {
            data_path: folder.as_ptr(),
            // Not /etc/RHVoice: what shapes the sound must be told by the id.
            config_path: folder.as_ptr(),
            resource_paths: std::ptr::null(),
            callbacks: Callbacks {
                set_sample_rate,
                play_speech,
                process_mark: std::ptr::null(),
                word_starts: std::ptr::null(),
                word_ends: std::ptr::null(),
                sentence_starts: std::ptr::null(),
                sentence_ends: std::ptr::null(),
                play_audio: std::ptr::null(),
                done: std::ptr::null(),
            },
            options: 0,
        };
        // SAFETY: the signatures are those of RHVoice.h; paths end with a zero and outlive the call; texts and the list of
        // voices are the engine's, and are copied while it lives.
        unsafe {
            let library = Library::new(path).map_err(failed)?;
            let get_version = *library.get::<GetVersion>(b"RHVoice_get_version\0").map_err(failed)?;
            let new_engine = *library.get::<NewEngine>(b"RHVoice_new_tts_engine\0").map_err(failed)?;
            let count_voices = *library.get::<CountVoices>(b"RHVoice_get_number_of_voices\0").map_err(failed)?;
            let get_voices = *library.get::<GetVoices>(b"RHVoice_get_voices\0").map_err(failed)?;
            let delete_engine = *library.get::<DeleteEngine>(b"RHVoice_delete_tts_engine\0").map_err(failed)?;
            let new_message = *library.get::<NewMessage>(b"RHVoice_new_message\0").map_err(failed)?;
            let delete_message = *library.get::<DeleteMessage>(b"RHVoice_delete_message\0").map_err(failed)?;
            let speak = *library.get::<Speak>(b"RHVoice_speak\0").map_err(failed)?;
            let engine = new_engine(&params);
            if engine.is_null() {
                return Err(format!("it cannot start with the data in {}", data.display()));
            }
            let raw = Raw { engine, delete_engine, new_message, delete_message, speak, _library: library };
            let count = count_voices(engine) as usize;
            let list = get_voices(engine);
            let list = if list.is_null() { &[] } else { std::slice::from_raw_parts(list, count) };
            let voices = list.iter().map(|v| Installed { name: text(v.name), language: text(v.language) }).collect();
            Ok(Engine {
                library: path.to_owned(),
                data: data.to_owned(),
                version: text(get_version()),
                voices,
                raw: Mutex::new(raw),
            })
        }
    }

    fn speak(&self, voice: &CStr, text: &str, timeout: Duration) -> Result<Sound, String> {
        const PLAIN_TEXT: c_int = 0;
        let length = c_uint::try_from(text.len()).map_err(|e| e.to_string())?;
        let params = SynthParams {
            voice_profile: voice.as_ptr(),
            absolute_rate: 0.0,
            absolute_pitch: 0.0,
            absolute_volume: 0.0,
            relative_rate: 1.0,
            relative_pitch: 1.0,
            relative_volume: 1.0,
            punctuation_mode: 0,
            punctuation_list: std::ptr::null(),
            capitals_mode: 0,
            flags: 0,
        };
        let raw = self.raw.lock().unwrap_or_else(PoisonError::into_inner);
        // The wait for other texts is not the voice's.
        let mut spoken = Spoken { pcm: Vec::new(), rate: 0, clock: Clock::system(), timeout, wrong: None };
        // SAFETY: text, parameters and `spoken` outlive the message, which is gone at the end; `speak` is over when it returns.
        let done = unsafe {
            let user_data = (&raw mut spoken).cast();
            let message = (raw.new_message)(raw.engine, text.as_ptr().cast(), length, PLAIN_TEXT, &params, user_data);
            if message.is_null() {
                return Err("it takes no such text".to_owned());
            }
            let done = (raw.speak)(message);
            (raw.delete_message)(message);
            done != 0
        };
        drop(raw);
        match spoken.wrong {
            Some(why) => Err(why),
            None if !done => Err("it gave up".to_owned()),
            None => Ok(Sound { pcm: spoken.pcm, rate: spoken.rate.max(1) }),
        }
    }
}

/// # Safety
/// Null, or a text that ends with a zero.
unsafe fn text(from: *const c_char) -> String {
    if from.is_null() {
        return String::new();
    }
    // SAFETY: as the caller says.
    unsafe { CStr::from_ptr(from) }.to_string_lossy().into_owned()
}

pub(super) struct Rhvoice {
    engine: Arc<Engine>,
    /// As the library spells it.
    name: CString,
    language: Language,
    timeout: Duration,
    id: String,
}

impl Rhvoice {
    /// `name` is that of an installed voice, in any case.
    pub fn from_settings(
        voice: &voices::Voice,
        name: &str,
        library: Option<&Path>,
        data: Option<&Path>,
    ) -> Result<Rhvoice, VoiceError> {
        let library = library.unwrap_or(Path::new(LIBRARY));
        let failed = |why: String| VoiceError::Load { voice: format!("rhvoice {name}"), path: library.to_owned(), why };
        let data = data.unwrap_or(Path::new(DATA));
        let engine = Engine::shared(library, data).map_err(|why| {
            failed(format!(
                "{why}. Install RHVoice 1.8 with its voices: make more-voices (Debian: librhvoice5 and rhvoice-russian, in non-free)"
            ))
        })?;
        let Some(found) = engine.voices.iter().find(|v| v.name.to_lowercase() == name.to_lowercase()) else {
            let names: Vec<&str> = engine.voices.iter().map(|v| v.name.as_str()).collect();
            return Err(failed(format!("no such voice is installed; these are: {}", names.join(", "))));
        };
        let language = found.language.parse().map_err(|_| failed(format!("its language is `{}`", found.language)))?;
        if voice.languages != [language] {
            return Err(failed(format!("it speaks `{language}` and nothing else")));
        }
        if NOT_COMMERCIAL.contains(&found.name.to_lowercase().as_str()) {
            tracing::warn!(voice = found.name, "the licence of this voice forbids commercial use");
        }
        let id = format!("rhvoice-{}-{}{}", engine.version, found.name.to_lowercase(), revision(data, &found.name));
        let name = CString::new(found.name.as_str()).expect("it came from a text that ends with a zero");
        Ok(Rhvoice { engine, name, language, timeout: voice.timeout, id })
    }
}

/// `.2` of a voice whose `voice.info` says `revision=2`: voices are packaged apart from the library.
fn revision(data: &Path, name: &str) -> String {
    let info = std::fs::read_to_string(data.join("voices").join(name.to_lowercase()).join("voice.info"));
    let revision = info.ok().and_then(|info| {
        info.lines().find_map(|line| line.strip_prefix("revision=")).map(|revision| revision.trim().to_owned())
    });
    revision.map_or_else(String::new, |revision| format!(".{revision}"))
}

/// U+0301 after the vowel, which is how flows say stress, becomes the `+` before it, which is how RHVoice reads it. A `+` of the
/// text would be read as such a mark.
fn spelt(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{301}' => {
                let Some((at, vowel)) = out.char_indices().next_back() else { continue };
                if vowel.is_alphabetic() && !out[..at].ends_with('+') {
                    out.truncate(at);
                    out.extend(['+', vowel]);
                }
            }
            '+' => out.push(' '),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

impl Voice for Rhvoice {
    fn id(&self) -> &str {
        &self.id
    }

    fn speaks(&self, language: Language) -> bool {
        language == self.language
    }

    fn render(&self, _: Language, text: &str) -> Result<Sound, VoiceError> {
        self.engine.speak(&self.name, &spelt(text), self.timeout).map_err(|why| VoiceError::failed(&self.id, text, why))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stress_goes_before_the_vowel() {
        for (text, expected) in [
            ("за\u{301}мок и замо\u{301}к", "з+амок и зам+ок"),
            ("\u{301}а", "а"),
            ("а \u{301}", "а "),
            ("а\u{301}\u{301}", "+а"),
            ("два+два\tтри", "два два три"),
        ] {
            assert_eq!(spelt(text), expected);
        }
    }

    #[test]
    fn missing_libraries_and_data_say_what_to_install() {
        let settings = |language: &str| voices::Voice {
            kind: voices::VoiceKind::Rhvoice { voice: "elena".to_owned(), library: None, data: None },
            languages: vec![language.parse().unwrap()],
            timeout: Duration::from_secs(10),
            retries: 0,
        };
        let folder = tempfile::tempdir().unwrap();
        let load = |library: &str, data: &Path| {
            let loaded = Rhvoice::from_settings(&settings("ru"), "elena", Some(Path::new(library)), Some(data));
            loaded.err().expect("nothing is there").to_string()
        };
        let error = load("libRHVoice.so.none", folder.path());
        assert!(error.contains("libRHVoice.so.none") && error.contains("make more-voices"), "{error}");
        let error = load(LIBRARY, &folder.path().join("none"));
        assert!(error.contains("there is no folder"), "{error}");
    }
}

//! SVOX Pico: the embedded voice of English, German, Spanish, French and Italian. Engine and language data are inside the
//! binary; the engine wants its data as files, so they are written out once.
//!
//! The engine reads memory that it never wrote: what it says of a text, and for how long, hangs on what lay in the memory
//! it was given and on what it said before. So each text has an engine of its own, in zeroed memory. It costs about 4 ms, and one
//! text is one sound, on each machine and thread.

use std::ffi::{CStr, CString, c_char, c_void};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use ttspico_sys as c;

use super::{Sound, Voice, VoiceError, disk, spelling};
use crate::language::Language;

/// `zeroed`: what earlier caches hold was said by engines in any memory. One id for all languages: clips are cached under
/// voice and language.
const ID: &str = "pico-0.1.5-zeroed-wan";
const RATE: u32 = 16_000;
/// Words of 16 bytes, the alignment that the engine asks for: 4 MB. The two data files need 1.4 MB of it.
const MEMORY_WORDS: usize = (4 << 20) / 16;
/// A minute and a half at the slowest; a runaway engine is stopped there.
const SAMPLES_MAX: usize = 100 * RATE as usize;

/// A language of Pico, and its files: text analysis, then signal generation.
struct Tongue {
    language: &'static str,
    data: [(&'static str, &'static [u8]); 2],
}

macro_rules! tongue {
    ($language:literal: $analysis:literal, $signal:literal) => {
        Tongue { language: $language, data: [tongue!($analysis), tongue!($signal)] }
    };
    ($file:literal) => {
        ($file, include_bytes!(concat!(env!("PICO_LANGUAGE_DATA"), "/", $file)).as_slice())
    };
}

/// 5.5 MB. British English is in the package too (1 MB); a second voice of a language would need a name of its own.
static TONGUES: [Tongue; 5] = [
    tongue!("en": "en-US_ta.bin", "en-US_lh0_sg.bin"),
    tongue!("de": "de-DE_ta.bin", "de-DE_gl0_sg.bin"),
    tongue!("es": "es-ES_ta.bin", "es-ES_zl0_sg.bin"),
    tongue!("fr": "fr-FR_ta.bin", "fr-FR_nk0_sg.bin"),
    tongue!("it": "it-IT_ta.bin", "it-IT_cm0_sg.bin"),
];

pub(super) struct Pico {
    /// In the order of `TONGUES`.
    files: [[CString; 2]; TONGUES.len()],
}

/// One engine in its own memory, for one text.
struct Engine {
    system: c::pico_System,
    engine: c::pico_Engine,
    /// The C library lives in it until `pico_terminate`; dropped after that, with the fields.
    _memory: Vec<u128>,
}

impl Engine {
    fn new(files: &[CString; 2]) -> Result<Engine, String> {
        const VOICE: *const u8 = c"ringback".as_ptr().cast();
        let mut memory = vec![0u128; MEMORY_WORDS];
        let mut system = std::ptr::null_mut();
        // SAFETY: the memory is as long and as aligned as said, and outlives the system.
        let code = unsafe { c::pico_initialize(memory.as_mut_ptr().cast(), (MEMORY_WORDS * 16) as u32, &mut system) };
        let mut made = Engine { system, engine: std::ptr::null_mut(), _memory: memory };
        made.done(code)?;
        // SAFETY: the system was made above; names and paths end with a zero; the library writes a resource's name with its
        // zero into at most `PICO_MAX_RESOURCE_NAME_SIZE` bytes.
        unsafe {
            made.done(c::pico_createVoiceDefinition(system, VOICE))?;
            for file in files {
                let mut resource = std::ptr::null_mut();
                made.done(c::pico_loadResource(system, file.as_ptr().cast(), &mut resource))?;
                let mut name = [0u8; c::PICO_MAX_RESOURCE_NAME_SIZE];
                made.done(c::pico_getResourceName(system, resource, name.as_mut_ptr().cast::<c_char>()))?;
                made.done(c::pico_addResourceToVoiceDefinition(system, VOICE, name.as_ptr()))?;
            }
            let code = c::pico_newEngine(system, VOICE, &mut made.engine);
            made.done(code)?;
        }
        Ok(made)
    }

    fn done(&self, code: c::pico_Status) -> Result<(), String> {
        if code == c::PICO_OK {
            return Ok(());
        }
        let mut said = [0u8; c::PICO_RETSTRINGSIZE];
        // SAFETY: the library writes a text with its zero into at most `PICO_RETSTRINGSIZE` bytes.
        unsafe { c::pico_getSystemStatusMessage(self.system, code, said.as_mut_ptr().cast::<c_char>()) };
        let said = CStr::from_bytes_until_nul(&said).unwrap_or_default().to_string_lossy();
        Err(format!("{said} (pico error {code})"))
    }

    fn speak(&self, text: &str) -> Result<Vec<i16>, String> {
        // The zero makes it speak what it has.
        let bytes = [text.as_bytes(), b"\0"].concat();
        let mut rest = bytes.as_slice();
        let mut pcm = Vec::new();
        loop {
            let given = rest.len().min(i16::MAX as usize);
            let mut taken = 0i16;
            if given > 0 {
                // SAFETY: `given` bytes are there to be read.
                self.done(unsafe { c::pico_putTextUtf8(self.engine, rest.as_ptr(), given as i16, &mut taken) })?;
            }
            rest = &rest[taken as usize..];
            let made = self.take(&mut pcm)?;
            if rest.is_empty() {
                return Ok(pcm);
            }
            if taken == 0 && made == 0 {
                return Err("it takes no more text".to_owned());
            }
        }
    }

    /// All that it has to say of the text it was given. Returns the number of samples.
    fn take(&self, pcm: &mut Vec<i16>) -> Result<usize, String> {
        let before = pcm.len();
        let mut buffer = [0i16; 2048];
        loop {
            let (mut bytes, mut kind) = (0i16, 0i16);
            let room = size_of_val(&buffer) as i16;
            // SAFETY: the buffer has as much room as said.
            let status = unsafe {
                c::pico_getData(self.engine, buffer.as_mut_ptr().cast::<c_void>(), room, &mut bytes, &mut kind)
            };
            pcm.extend_from_slice(&buffer[..bytes as usize / 2]);
            match status {
                c::PICO_STEP_IDLE => return Ok(pcm.len() - before),
                c::PICO_STEP_BUSY if pcm.len() <= SAMPLES_MAX => {}
                c::PICO_STEP_BUSY => {
                    return Err(format!("it went on for more than {} seconds", SAMPLES_MAX / RATE as usize));
                }
                code => return self.done(code).map(|()| 0),
            }
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if !self.system.is_null() {
            // SAFETY: engine and system are those of this value, and nobody else has them.
            unsafe {
                if !self.engine.is_null() {
                    c::pico_disposeEngine(self.system, &mut self.engine);
                }
                c::pico_terminate(&mut self.system);
            }
        }
    }
}

impl Pico {
    /// Writes the data under `folder` unless they are there.
    pub fn load(folder: &Path) -> Result<Pico, VoiceError> {
        let mut files = Vec::with_capacity(TONGUES.len());
        for tongue in &TONGUES {
            let [analysis, signal] = &tongue.data;
            let written = [write(folder, analysis)?, write(folder, signal)?];
            engine(&written)?;
            files.push(written);
        }
        Ok(Pico { files: files.try_into().expect("as many as tongues") })
    }

    fn files(&self, language: Language) -> Option<&[CString; 2]> {
        TONGUES.iter().zip(&self.files).find(|(tongue, _)| tongue.language == language.code()).map(|(_, files)| files)
    }
}

/// Where the file lies now.
fn write(folder: &Path, (name, bytes): &(&str, &[u8])) -> Result<CString, VoiceError> {
    // Named by content: another version of the program does not take this one's data.
    let sum = Sha256::digest(bytes);
    let file = folder.join(format!("{:02x}{:02x}{:02x}{:02x}-{name}", sum[0], sum[1], sum[2], sum[3]));
    let there = std::fs::metadata(&file).is_ok_and(|m| m.len() == bytes.len() as u64);
    if !there {
        disk::write_atomically(&file, bytes).map_err(|e| VoiceError::Load {
            voice: ID.to_owned(),
            path: file.clone(),
            why: format!("its data cannot be written: {e}"),
        })?;
    }
    Ok(CString::new(file.into_os_string().into_encoded_bytes()).expect("a path that was written to has no zero in it"))
}

fn engine(files: &[CString; 2]) -> Result<Engine, VoiceError> {
    Engine::new(files).map_err(|why| VoiceError::Load {
        voice: ID.to_owned(),
        path: PathBuf::from(files[0].to_string_lossy().into_owned()),
        why,
    })
}

impl Voice for Pico {
    fn id(&self) -> &str {
        ID
    }

    fn speaks(&self, language: Language) -> bool {
        self.files(language).is_some()
    }

    fn render(&self, language: Language, text: &str) -> Result<Sound, VoiceError> {
        let failed = |why: String| VoiceError::failed(ID, text, why);
        let files = self.files(language).ok_or_else(|| failed(format!("it does not speak `{language}`")))?;
        if spelling::lost(text, |word| spelling::for_pico(language, word)).is_some() {
            return Err(failed(spelling::LOST.to_owned()));
        }
        let pcm = engine(files)?.speak(&spelling::for_pico(language, text)).map_err(failed)?;
        Ok(Sound { pcm, rate: RATE })
    }
}

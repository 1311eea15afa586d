//! SVOX Pico: the embedded English voice. Engine and language data are inside the binary; the engine wants its data as
//! files, so they are written out once.

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Mutex;

use sha2::{Digest, Sha256};
use ttspico::{Engine, EngineResetMode, EngineStatus, System};

use super::{Sound, Voice, VoiceError, disk, spelling};
use crate::language::Language;

const ID: &str = "pico-0.1.5-en-US";
const RATE: u32 = 16_000;
/// The two data files need 1.4 MB of it.
const ENGINE_MEMORY: usize = 4 << 20;
/// A minute and a half at the slowest; a runaway engine is stopped there.
const SAMPLES_MAX: usize = 100 * RATE as usize;

macro_rules! data {
    ($($file:literal),*) => {
        [$(($file, include_bytes!(concat!(env!("PICO_LANGUAGE_DATA"), "/", $file)).as_slice())),*]
    };
}

/// Text analysis, then signal generation.
static DATA: [(&str, &[u8]); 2] = data!["en-US_ta.bin", "en-US_lh0_sg.bin"];

pub(super) struct Pico {
    files: [PathBuf; 2],
    /// Engines not in use. An engine is of one thread at a time; each costs [`ENGINE_MEMORY`].
    idle: Mutex<Vec<OwnEngine>>,
}

/// An engine with all that it holds on to. The crate counts references without locks, so nothing of it may stay behind in
/// another thread: the system, resources and voice are reachable through this engine alone.
struct OwnEngine(Engine);

// SAFETY: everything the engine shares by `Rc` was made in `OwnEngine::new` and is owned by it alone; the C library keeps
// its state in the memory of its system.
unsafe impl Send for OwnEngine {}

impl OwnEngine {
    fn new(files: &[PathBuf; 2]) -> Result<OwnEngine, String> {
        let said = |e: ttspico::PicoError| e.to_string();
        let system = System::new(ENGINE_MEMORY).map_err(said)?;
        let voice = System::create_voice(Rc::clone(&system), "ringback").map_err(said)?;
        for file in files {
            let path = file.to_str().ok_or("its data lie under a path that is not UTF-8")?;
            let resource = System::load_resource(Rc::clone(&system), path).map_err(said)?;
            voice.borrow_mut().add_resource(resource).map_err(said)?;
        }
        // SAFETY: both resources have been added.
        unsafe { ttspico::Voice::create_engine(voice) }.map(OwnEngine).map_err(said)
    }

    fn speak(&mut self, text: &str) -> Result<Vec<i16>, String> {
        let said = |e: ttspico::PicoError| e.to_string();
        let engine = &mut self.0;
        engine.reset(EngineResetMode::Soft).map_err(said)?;
        // The zero makes it speak what it has.
        let bytes = [text.as_bytes(), b"\0"].concat();
        let mut rest = bytes.as_slice();
        let mut pcm = Vec::new();
        let mut buffer = [0i16; 2048];
        loop {
            let taken = if rest.is_empty() { 0 } else { engine.put_text(rest).map_err(said)? };
            rest = &rest[taken..];
            let mut made = 0;
            loop {
                let (n, status) = engine.get_data(&mut buffer[..]).map_err(said)?;
                pcm.extend_from_slice(&buffer[..n]);
                made += n;
                if pcm.len() > SAMPLES_MAX {
                    return Err(format!("it went on for more than {} seconds", SAMPLES_MAX / RATE as usize));
                }
                if status == EngineStatus::Idle {
                    break;
                }
            }
            if rest.is_empty() {
                return Ok(pcm);
            }
            if taken == 0 && made == 0 {
                return Err("it takes no more text".to_owned());
            }
        }
    }
}

impl Pico {
    /// Writes the data under `folder` unless they are there.
    pub fn load(folder: &Path) -> Result<Pico, VoiceError> {
        let mut files = [PathBuf::new(), PathBuf::new()];
        for ((name, bytes), file) in DATA.iter().zip(&mut files) {
            // Named by content: another version of the program does not take this one's data.
            let sum = Sha256::digest(bytes);
            *file = folder.join(format!("{:02x}{:02x}{:02x}{:02x}-{name}", sum[0], sum[1], sum[2], sum[3]));
            let there = std::fs::metadata(&*file).is_ok_and(|m| m.len() == bytes.len() as u64);
            if !there {
                disk::write_atomically(file, bytes).map_err(|e| VoiceError::Load {
                    voice: ID.to_owned(),
                    path: file.clone(),
                    why: format!("its data cannot be written: {e}"),
                })?;
            }
        }
        let pico = Pico { files, idle: Mutex::new(Vec::new()) };
        let engine = pico.engine()?;
        pico.give_back(engine);
        Ok(pico)
    }

    fn engine(&self) -> Result<OwnEngine, VoiceError> {
        let idle = self.idle.lock().expect("nobody panics with this lock").pop();
        match idle {
            Some(engine) => Ok(engine),
            None => OwnEngine::new(&self.files).map_err(|why| VoiceError::Load {
                voice: ID.to_owned(),
                path: self.files[0].clone(),
                why,
            }),
        }
    }

    fn give_back(&self, engine: OwnEngine) {
        self.idle.lock().expect("nobody panics with this lock").push(engine);
    }
}

impl Voice for Pico {
    fn id(&self) -> &str {
        ID
    }

    fn speaks(&self, language: Language) -> bool {
        language == Language::EN
    }

    fn render(&self, _: Language, text: &str) -> Result<Sound, VoiceError> {
        let mut engine = self.engine()?;
        // An engine that failed is dropped, not given back.
        let pcm = engine.speak(&spelling::for_pico(text)).map_err(|why| VoiceError::failed(ID, text, why))?;
        self.give_back(engine);
        Ok(Sound { pcm, rate: RATE })
    }
}

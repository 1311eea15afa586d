//! A program that speaks: espeak-ng, for languages that nothing else here speaks. Its own process, so its licence (GPL)
//! stays with it. 20 to 60 ms a call.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use super::{Sound, Voice, VoiceError, wav_reply};
use crate::language::Language;

/// A program that has not answered by then is ended.
const PATIENCE: Duration = Duration::from_secs(20);
/// Ten minutes at 48 kHz: more is no message.
const BYTES_MAX: u64 = 60 << 20;

pub(super) struct Espeak {
    program: PathBuf,
    id: String,
}

impl Espeak {
    /// `None`: not on PATH, or does not run.
    pub fn find() -> Option<Espeak> {
        let path = std::env::var_os("PATH")?;
        let program = std::env::split_paths(&path).map(|folder| folder.join("espeak-ng")).find(|p| p.is_file())?;
        let output = Command::new(&program)
            .arg("--version")
            .stdin(Stdio::null())
            .output()
            .ok()
            .filter(|o| o.status.success())?;
        // "eSpeak NG text-to-speech: 1.51  Data at: /usr/lib/…"
        let version = String::from_utf8_lossy(&output.stdout);
        let version = version.split_whitespace().find(|w| w.starts_with(|c: char| c.is_ascii_digit())).unwrap_or("0");
        Some(Espeak { program, id: format!("espeak-ng-{version}") })
    }
}

impl Voice for Espeak {
    fn id(&self) -> &str {
        &self.id
    }

    fn speaks(&self, _: Language) -> bool {
        true
    }

    fn render(&self, language: Language, text: &str) -> Result<Sound, VoiceError> {
        let failed = |why: String| VoiceError::failed(&self.id, text, why);
        let mut child = Command::new(&self.program)
            .args(["-v", language.code(), "--stdin", "--stdout"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| failed(format!("{} does not start: {e}", self.program.display())))?;
        let mut stdin = child.stdin.take().expect("piped");
        let stdout = child.stdout.take().expect("piped");
        let (done, finished) = mpsc::channel();
        let reader = std::thread::spawn(move || {
            let mut wav = Vec::new();
            let result = stdout.take(BYTES_MAX).read_to_end(&mut wav).map(|_| wav);
            // Nobody may be waiting any more.
            let _ = done.send(result);
        });
        // The stress mark is not in its alphabet. A program that quits without reading is found out below.
        let _ = stdin.write_all(text.replace('\u{301}', "").as_bytes());
        drop(stdin);
        let wav = finished.recv_timeout(PATIENCE);
        // Harmless when it has ended by itself; ends the pipe, and so the reader, when it has not.
        let _ = child.kill();
        let status = child.wait().map_err(|e| failed(e.to_string()))?;
        let _ = reader.join();
        let wav = wav
            .map_err(|_| failed(format!("no answer within {} seconds", PATIENCE.as_secs())))?
            .map_err(|e| failed(e.to_string()))?;
        wav_reply::sound(&wav).map_err(|why| failed(format!("{why} (it ended with {status})")))
    }
}

//! A program that speaks: espeak-ng, for languages that nothing else here speaks. Its own process, so its licence (GPL)
//! stays with it. 20 to 60 ms a call.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use super::{Sound, Voice, VoiceError};
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
        sound(&wav).ok_or_else(|| failed(format!("its output is no WAV (it ended with {status})")))
    }
}

/// The canonical WAV that is written to a pipe: 16 bits, one channel, and lengths that are not to be trusted.
fn sound(wav: &[u8]) -> Option<Sound> {
    let header = wav.get(..44)?;
    if !header.starts_with(b"RIFF") || &header[8..16] != b"WAVEfmt " || &header[36..40] != b"data" {
        return None;
    }
    let half = |at: usize| u16::from_le_bytes([header[at], header[at + 1]]);
    let (channels, bits) = (half(22), half(34));
    let rate = u32::from_le_bytes([header[24], header[25], header[26], header[27]]);
    if (channels, bits) != (1, 16) || !(4000..=192_000).contains(&rate) {
        return None;
    }
    let pcm = wav[44..].chunks_exact(2).map(|b| i16::from_le_bytes([b[0], b[1]])).collect();
    Some(Sound { pcm, rate })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wav_of_a_pipe() {
        let mut wav = b"RIFF\xff\xff\xff\x7fWAVEfmt \x10\0\0\0\x01\0\x01\0\x22\x56\0\0\x44\xac\0\0\x02\0\x10\0data\xff\xff\xff\x7f".to_vec();
        wav.extend([1, 0, 2, 0, 3]);
        assert_eq!(sound(&wav), Some(Sound { pcm: vec![1, 2], rate: 22_050 }));
        assert_eq!(sound(&wav[..40]), None);
        wav[22] = 2;
        assert_eq!(sound(&wav), None);
    }
}

//! Recorded prompts: `<folder>/<language>/<file>.wav`, preferred to synthesis.

use std::collections::HashMap;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use crate::audio::{level, wav};
use crate::language::Language;
use crate::speech::Utterance;

/// What recordings there are, as found when the program started.
#[derive(Debug, Clone, Default)]
pub struct Recorded {
    files: HashMap<(Language, String), PathBuf>,
}

/// A recording's name is plain, so that a flow can name no file outside its folder.
pub(super) fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 128
        && !name.starts_with('.')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

impl Recorded {
    /// Lists `folder`; one that does not exist holds nothing. Files that are not named plainly (`A-Z a-z 0-9 . _ -`) or do
    /// not end in `.wav` are passed over.
    pub fn scan(folder: &Path) -> Recorded {
        let mut files = HashMap::new();
        let entries = |folder: &Path| std::fs::read_dir(folder).into_iter().flatten().flatten();
        for of_language in entries(folder) {
            let Some(language) = of_language.file_name().to_str().and_then(|n| n.parse::<Language>().ok()) else {
                continue;
            };
            for file in entries(&of_language.path()) {
                if let Some(name) = file.file_name().to_str().filter(|n| is_plain(n) && n.ends_with(".wav")) {
                    files.insert((language, name.to_owned()), file.path());
                }
            }
        }
        Recorded { files }
    }

    /// Language and file name of each recording.
    pub fn names(&self) -> impl Iterator<Item = (Language, String)> {
        self.files.keys().cloned()
    }

    /// The recording of an utterance. A name without an ending means `.wav`.
    pub fn find(&self, utterance: &Utterance) -> Option<&Path> {
        let name = utterance.audio.as_ref()?;
        let find = |name: String| self.files.get(&(utterance.language, name)).map(PathBuf::as_path);
        find(name.clone()).or_else(|| find(format!("{name}.wav")))
    }

    /// Telephone audio at the common loudness. Silence at either end stays: who recorded it meant it.
    pub(super) fn read(path: &Path) -> Result<Vec<i16>, String> {
        let file = File::open(path).map_err(|e| format!("{}: {e}", path.display()))?;
        let mut pcm = wav::read(BufReader::new(file)).map_err(|e| format!("{}: {e}", path.display()))?;
        if pcm.is_empty() {
            return Err(format!("{}: it holds no sound", path.display()));
        }
        level::level(&mut pcm, level::TARGET_LUFS);
        level::fade(&mut pcm);
        Ok(pcm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (name, plain) in [
            ("greet_en.wav", true),
            ("a-1.wav", true),
            ("../../etc/passwd", false),
            ("a/b.wav", false),
            ("..", false),
            (".hidden.wav", false),
            ("", false),
            ("привет.wav", false),
            ("a\0.wav", false),
        ] {
            assert_eq!(is_plain(name), plain, "{name:?}");
        }
    }

    #[test]
    fn found_by_language_and_name() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("en")).unwrap();
        std::fs::write(folder.path().join("en/greet.wav"), b"x").unwrap();
        std::fs::write(folder.path().join("secret.wav"), b"x").unwrap();
        let recorded = Recorded::scan(folder.path());
        for (language, audio, found) in [
            (Language::EN, Some("greet.wav"), true),
            (Language::EN, Some("greet"), true),
            (Language::RU, Some("greet.wav"), false),
            (Language::EN, Some("../secret.wav"), false),
            (Language::EN, Some("../en/greet.wav"), false),
            (Language::EN, None, false),
        ] {
            let utterance = Utterance { audio: audio.map(str::to_owned), ..Utterance::new(language, "hello") };
            assert_eq!(recorded.find(&utterance).is_some(), found, "{audio:?}");
        }
        assert!(Recorded::scan(Path::new("/nonexistent/folder")).files.is_empty());
    }
}

//! What people say, rendered once and shared by all calls: words, where a voice is at hand. Nobody at the other end
//! understands words, so that a murmur in the shape of speech is as good: long or short, with a beep or without, is what the
//! caller listens for.

use std::collections::HashMap;
use std::sync::Arc;

use super::person::Sound;
use crate::audio::{Clip, tone};
use crate::language::Language;
use crate::speech::Utterance;
use crate::voice::VoiceSet;

/// (Language, sound, words.) A greeting is long, a hello short: that is what tells them apart.
const WORDS: [(Language, Sound, &str); 6] = [
    (Language::RU, Sound::Hello, "Алло?"),
    (
        Language::RU,
        Sound::MachineGreeting,
        "Здравствуйте! Сейчас я не могу ответить на ваш звонок. Пожалуйста, оставьте сообщение после сигнала.",
    ),
    (Language::RU, Sound::AgentHello, "Здравствуйте! Меня зовут Ольга, чем я могу вам помочь?"),
    (Language::EN, Sound::Hello, "Hello?"),
    (
        Language::EN,
        Sound::MachineGreeting,
        "Hello! I cannot take your call at the moment. Please leave a message after the tone.",
    ),
    (Language::EN, Sound::AgentHello, "Hello! My name is Helen, how can I help you?"),
];

/// Clips by language and sound.
#[derive(Debug, Clone, Default)]
pub struct Sounds {
    clips: HashMap<(String, Sound), Arc<Clip>>,
}

impl Sounds {
    /// Murmurs: need no voice, and are the same everywhere.
    pub fn murmured() -> Sounds {
        let mut sounds = Sounds::default();
        for (seed, language) in [(1, "ru"), (2, "en")] {
            let mut add = |sound, pcm: &[i16]| sounds.insert(language, sound, Arc::new(Clip::from_pcm(pcm)));
            // "Hello?", once: half a second after it is picked up, and short, as people do.
            add(Sound::Hello, &[tone::silence(300), tone::babble(seed, 550)].concat());
            let greeting = [tone::silence(400), tone::babble(seed + 10, 2300), tone::silence(200)];
            let greeting = [greeting.concat(), tone::babble(seed + 20, 2600), tone::silence(500)].concat();
            add(Sound::MachineGreeting, &greeting);
            add(Sound::Beep, &[tone::beep(), tone::silence(200)].concat());
            let talk = [tone::silence(200), tone::babble(seed + 30, 1200), tone::silence(400)];
            add(Sound::AgentHello, &[talk.concat(), tone::babble(seed + 40, 1500)].concat());
        }
        sounds
    }

    /// Words, and murmurs where no voice speaks the language.
    pub fn spoken(voices: &VoiceSet) -> Sounds {
        let mut sounds = Sounds::murmured();
        for (language, sound, words) in WORDS {
            match voices.render(&Utterance::new(language, words)) {
                Ok(rendered) => {
                    let pcm = [tone::silence(300), rendered.pcm, tone::silence(300)].concat();
                    sounds.insert(language.code(), sound, Arc::new(Clip::from_pcm(&pcm)));
                }
                Err(e) => tracing::debug!("people who speak {language} murmur: {e}"),
            }
        }
        sounds
    }

    pub fn insert(&mut self, language: &str, sound: Sound, clip: Arc<Clip>) {
        self.clips.insert((language.to_string(), sound), clip);
    }

    /// Sounds that were never rendered are silence.
    pub(super) fn clips(&self, language: &str, sounds: &[Sound]) -> Vec<Arc<Clip>> {
        sounds.iter().filter_map(|sound| self.clips.get(&(language.to_string(), *sound)).cloned()).collect()
    }
}

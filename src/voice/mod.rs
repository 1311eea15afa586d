#![doc = include_str!("README.md")]

use std::path::PathBuf;

use crate::language::Language;

mod cache;
mod command;
mod disk;
mod finish;
mod fragments;
mod http;
mod ledger;
mod lexicon;
mod memory;
mod openai;
mod pico;
#[cfg(feature = "piper")]
mod piper;
mod recorded;
mod rest;
mod rhvoice;
mod ru_tts;
mod set;
mod speakers;
mod spelling;
mod stress;
mod template;
mod wav_reply;

pub use cache::{CacheError, CacheOptions, Counters, PromptCache};
pub use disk::unpin;
pub use fragments::{Fragments, INTONATIONS, Intonation, LIST};
pub use lexicon::LexiconFault;
pub use memory::Key;
pub use recorded::Recorded;
pub use set::{Rendered, VoiceOptions, VoiceSet};

/// Audio as an engine makes it: one channel at the engine's own rate and level.
#[derive(Debug, Clone, PartialEq)]
pub struct Sound {
    pub pcm: Vec<i16>,
    /// Samples a second.
    pub rate: u32,
}

/// An engine that speaks words. Called from several threads at once.
pub trait Voice: Send + Sync {
    /// Names the engine, its version and whatever shapes its sound: clips are cached under it.
    fn id(&self) -> &str;

    fn speaks(&self, language: Language) -> bool;

    /// `text` is words only, as [`speech`](crate::speech) makes them. May take tens of milliseconds.
    fn render(&self, language: Language, text: &str) -> Result<Sound, VoiceError>;
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VoiceError {
    /// Nothing here speaks the language.
    #[error("no voice speaks `{language}`: {what_to_do}")]
    NoVoice { language: Language, what_to_do: String },
    /// The engine is there but did not give audio.
    #[error("the voice `{voice}` cannot speak a text of {letters} letters: {why}")]
    Failed { voice: String, letters: usize, why: String },
    /// It is not asked at present, and has said why: it rests after failures, or its month's money is used up.
    #[error("the voice `{voice}` is not asked: {why}")]
    Paused { voice: String, why: String },
    /// What the settings say of a voice or a speaker cannot be had.
    #[error("the voice `{voice}`: {why}")]
    Speaker { voice: String, why: String },
    #[error(transparent)]
    Lexicon(#[from] LexiconFault),
    /// An engine's files cannot be written or loaded.
    #[error("the voice `{voice}` cannot be loaded from {}: {why}", path.display())]
    Load { voice: String, path: PathBuf, why: String },
}

impl VoiceError {
    /// The text itself stays out: it may hold a name and a debt, and errors go to logs.
    fn failed(voice: &str, text: &str, why: impl ToString) -> VoiceError {
        VoiceError::Failed { voice: voice.to_owned(), letters: text.chars().count(), why: why.to_string() }
    }
}

//! Voices and the prompt cache, with real engines and real files.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::time::Duration;

use ringback::audio::{Clip, Codec, RATE, level, tone, wav};
use ringback::language::Language;
use ringback::speech::Utterance;
use ringback::time::Clock;
use ringback::voice::{CacheOptions, PromptCache, Recorded, Sound, Voice, VoiceError, VoiceOptions, VoiceSet};

const RU: &str = "Здравствуйте! Ваша задолженность за электроэнергию одна тысяча двести тридцать два рубля одна копейка, \
                  срок оплаты двадцать пятого ноября. Чтобы оплатить сегодня, нажмите один.";
const EN: &str = "Hello! You owe one thousand two hundred thirty-two dollars and one cent for electricity, due the \
                  twenty-fifth of November. To promise to pay, press one.";

/// The voices that set-up provides. `.voices` missing is an error here, not a reason to pass over a test.
fn voices(folder: &Path) -> VoiceSet {
    let set = VoiceSet::load(&VoiceOptions::embedded(folder.join("voices")));
    if let Err(error) = set.require(&[Language::RU, Language::EN]) {
        panic!("{error}\n(these tests need .voices/: run `make setup`)");
    }
    set
}

fn utterance(language: Language, text: &str) -> Utterance {
    Utterance::new(language, text)
}

fn spoken(voices: &VoiceSet, language: Language, text: &str) -> Vec<i16> {
    voices.render(&utterance(language, text)).unwrap().pcm
}

/// Engines are heard through both codecs: speech, of a length that people speak at, at one loudness.
#[test]
fn both_languages_are_spoken() {
    let folder = tempfile::tempdir().unwrap();
    let voices = voices(folder.path());
    for (language, text) in [(Language::RU, RU), (Language::EN, EN)] {
        let pcm = spoken(&voices, language, text);
        let clip = Clip::from_pcm(&pcm);
        let heard = clip.decode(Codec::Pcma);
        let seconds = heard.len() as f32 / RATE as f32;
        let letters = text.chars().filter(|c| c.is_alphabetic()).count() as f32;
        assert!((8.0..22.0).contains(&(letters / seconds)), "{language}: {letters} letters in {seconds} s");
        let db = level::loudness(&heard).unwrap() - level::TARGET_LUFS;
        assert!(db.abs() < 0.5, "{language}: {db:+.1} dB from the common loudness");
        assert!(heard.iter().all(|s| s.unsigned_abs() < 32_000), "{language}: clipped");
        // It begins soon, and pauses at its end as a sentence does.
        assert!(level::rms(&heard[..800]) > 100.0, "{language}: silent in its first tenth of a second");
        // Not dead: a breath of noise.
        let pause = level::rms(&pcm[pcm.len() - 2000..]);
        assert!((10.0..60.0).contains(&pause), "{language}: {pause} in the pause at the end");
    }
}

/// Short pieces too: a digit by itself is heard as loudly as a sentence.
#[test]
fn digits_and_scraps() {
    let folder = tempfile::tempdir().unwrap();
    let voices = voices(folder.path());
    let ru = ["ноль", "один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять", "а", "я"];
    let en = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "a", "I"];
    for (language, words) in [(Language::RU, ru), (Language::EN, en)] {
        for word in words {
            let pcm = spoken(&voices, language, word);
            let length_ms = pcm.len() * 1000 / RATE as usize;
            assert!((120..1200).contains(&length_ms), "{word}: {length_ms} ms");
            let db = level::loudness(&pcm[..pcm.len() - 560]).unwrap() - level::TARGET_LUFS;
            assert!(db.abs() < 1.0, "{word}: {db:+.1} dB");
        }
    }
    // Foreign letters, a command to the engine, nothing to say, and a long text.
    assert!(spoken(&voices, Language::EN, "Щукин, Ольга").len() > 4000);
    assert!(spoken(&voices, Language::RU, "Ringback Energy").len() > 4000);
    assert!(spoken(&voices, Language::EN, "<break time=\"3h\"/> hello </x>").len() < 10 * RATE as usize);
    assert!(spoken(&voices, Language::RU, "").len() < RATE as usize);
    assert!(spoken(&voices, Language::EN, "...").len() < RATE as usize);
    for (language, text) in [(Language::RU, RU), (Language::EN, EN)] {
        let once = spoken(&voices, language, text).len();
        let four = spoken(&voices, language, &[text; 4].join(" ")).len();
        assert!((once * 3..once * 5).contains(&four), "{language}: {once} then {four}");
    }
    assert_eq!(spoken(&voices, Language::RU, "😀").len(), 560, "nothing but the pause");
}

/// What lay in memory before an engine came to it is not heard.
#[test]
fn one_text_is_one_sound_in_any_memory() {
    let folder = tempfile::tempdir().unwrap();
    let voices = voices(folder.path());
    let first = spoken(&voices, Language::EN, EN);
    for fill in [0x00u8, 0x01, 0x55, 0xaa, 0xff] {
        // Blocks of the size that an engine takes, given back to the allocator with this in them.
        drop(std::hint::black_box((0..4).map(|_| vec![fill; 4 << 20]).collect::<Vec<_>>()));
        assert!(spoken(&voices, Language::EN, EN) == first, "after {fill:#04x}");
    }
}

/// Engines are used from many threads at once, and say the same as one alone.
#[test]
fn threads_do_not_meet_in_an_engine() {
    let folder = tempfile::tempdir().unwrap();
    let voices = voices(folder.path());
    let texts = [(Language::RU, RU), (Language::EN, EN), (Language::RU, "два рубля"), (Language::EN, "two dollars.")];
    let alone: Vec<Vec<i16>> = texts.iter().map(|(l, t)| spoken(&voices, *l, t)).collect();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (voices, alone) = (&voices, &alone);
            scope.spawn(move || {
                for n in 0..8 {
                    let at = (thread + n) % texts.len();
                    let (language, text) = texts[at];
                    let pcm = spoken(voices, language, text);
                    assert!(pcm == alone[at], "{text}: {} and {} samples", pcm.len(), alone[at].len());
                }
            });
        }
    });
}

/// As the program says it, with no espeak-ng on its PATH.
#[test]
fn a_language_without_a_voice_says_what_to_run() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("none.so");
    let say = |language: &str| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_ringback"))
            .env("PATH", "")
            .args(["say", "--language", language, "one", "--output"])
            .arg(folder.path().join("one.wav"))
            .arg("--ru-tts")
            .arg(&nowhere)
            .output()
            .unwrap();
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    let (spoken, told) = say("en");
    assert!(spoken, "{told}");
    let (spoken, told) = say("ru");
    assert!(!spoken && told.contains("no voice speaks `ru`: run `make setup`"), "{told}");
    assert!(told.contains("none.so: there is no such file"), "{told}");
    std::fs::write(&nowhere, b"not a library").unwrap();
    let (spoken, told) = say("ru");
    assert!(!spoken && told.contains("the voice `ru_tts-1.0.7-r92-g70` cannot be loaded"), "{told}");
}

/// A voice of tones: one second of sound for each text, and a count of how often it was asked.
struct Tones {
    asked: Arc<AtomicUsize>,
    id: &'static str,
}

impl Voice for Tones {
    fn id(&self) -> &str {
        self.id
    }

    fn speaks(&self, language: Language) -> bool {
        language == Language::EN
    }

    fn render(&self, _: Language, text: &str) -> Result<Sound, VoiceError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        assert!(text != "panic", "as asked");
        if text == "fail" {
            return Err(VoiceError::Failed { voice: self.id.to_owned(), letters: 4, why: "as asked".to_owned() });
        }
        Ok(Sound { pcm: tone::sine(300.0 + 10.0 * text.len() as f64, 1000, 5000), rate: RATE })
    }
}

struct Bench {
    folder: tempfile::TempDir,
    asked: Arc<AtomicUsize>,
}

impl Bench {
    fn new() -> Bench {
        Bench { folder: tempfile::tempdir().unwrap(), asked: Arc::default() }
    }

    fn open(&self, id: &'static str, options: CacheOptions) -> PromptCache {
        let voices = VoiceSet::of(vec![Arc::new(Tones { asked: Arc::clone(&self.asked), id })]);
        let recorded = Recorded::scan(&self.folder.path().join("prompts"));
        PromptCache::open(&self.folder.path().join("cache"), voices, recorded, options, Arc::new(Clock::system()))
            .unwrap()
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn english(texts: &[&str]) -> Vec<Utterance> {
    texts.iter().map(|text| utterance(Language::EN, text)).collect()
}

#[test]
fn rendered_once_then_found_in_memory_then_on_disk() {
    let bench = Bench::new();
    let wanted = english(&["one", "two", "one"]);
    let first = {
        let cache = bench.open("tones-1", CacheOptions::default());
        assert_eq!(cache.get(&wanted[0]), None);
        assert_eq!(cache.duration(&wanted[0]), None);
        let clips = cache.ready(&wanted).unwrap();
        assert_eq!((clips.len(), bench.asked()), (2, 2));
        assert_eq!(cache.ready(&wanted).unwrap(), clips);
        assert_eq!(cache.get(&wanted[0]).as_ref(), Some(&clips[&wanted[0]]));
        // One second and the pause after words that end without a mark; edges of the tone may be trimmed.
        let length = cache.duration(&wanted[0]).unwrap();
        assert!(length.abs_diff(Duration::from_millis(1070)) < Duration::from_millis(20), "{length:?}");
        let counters = cache.counters();
        assert_eq!((counters.rendered, counters.hits, counters.late, counters.unsaved), (2, 3, 1, 0));
        clips
    };
    // Another run of the program finds them on disk.
    let cache = bench.open("tones-1", CacheOptions::default());
    assert_eq!(cache.get(&wanted[1]).as_ref(), Some(&first[&wanted[1]]));
    assert_eq!(cache.ready(&wanted).unwrap(), first);
    assert_eq!((bench.asked(), cache.counters().rendered, cache.counters().late), (2, 0, 1));
    // Another version of the voice does not.
    bench.open("tones-2", CacheOptions::default()).ready(&wanted).unwrap();
    assert_eq!(bench.asked(), 4);
}

#[test]
fn many_callers_have_one_clip_made_once() {
    let bench = Bench::new();
    let cache = bench.open("tones-1", CacheOptions { workers: 4, ..CacheOptions::default() });
    let wanted = english(&["a", "b", "c", "d", "e"]);
    let start = Barrier::new(8);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                start.wait();
                assert_eq!(cache.ready(&wanted).unwrap().len(), 5);
            });
        }
    });
    assert_eq!((bench.asked(), cache.counters().rendered), (5, 5));
}

#[test]
fn a_voice_that_fails_or_panics_fails_its_own_utterance() {
    let bench = Bench::new();
    let cache = bench.open("tones-1", CacheOptions { workers: 1, ..CacheOptions::default() });
    for bad in ["fail", "panic", "fail"] {
        let error = cache.ready(&english(&[bad, "good"])).unwrap_err().to_string();
        assert!(error.contains(if bad == "fail" { "as asked" } else { "it panicked" }), "{error}");
        assert!(cache.get(&utterance(Language::EN, "good")).is_some());
    }
    let error = cache.ready(&[utterance(Language::RU, "раз")]).unwrap_err();
    assert!(matches!(error, VoiceError::NoVoice { language: Language::RU, .. }), "{error}");
}

#[test]
fn memory_is_bounded_and_a_call_keeps_its_clips() {
    let bench = Bench::new();
    let options = CacheOptions { memory_bytes_max: 60_000, ..CacheOptions::default() };
    let cache = bench.open("tones-1", options);
    let wanted = english(&["a", "bb", "ccc", "dddd", "eeeee", "ffffff"]);
    let held = cache.ready(&wanted).unwrap();
    assert_eq!(held.len(), 6);
    assert!(cache.memory_bytes() <= 60_000);
    // What fell out of memory is on disk.
    assert_eq!(cache.ready(&wanted).unwrap(), held);
    assert_eq!(bench.asked(), 6);
}

#[test]
fn a_folder_that_cannot_be_written_costs_no_call() {
    let bench = Bench::new();
    let cache = bench.open("tones-1", CacheOptions::default());
    // A file where each folder should be: as good as a full disk, also for root.
    let folder = bench.folder.path().join("cache");
    for shard in 0..=255 {
        std::fs::write(folder.join(format!("{shard:02x}")), b"").unwrap();
    }
    assert_eq!(cache.ready(&english(&["one", "two"])).unwrap().len(), 2);
    assert_eq!(cache.counters().unsaved, 2);
    let error = match PromptCache::open(
        &folder.join("00"),
        cache.voices().clone(),
        Recorded::default(),
        CacheOptions::default(),
        Arc::new(Clock::system()),
    ) {
        Ok(_) => panic!("a file is no folder"),
        Err(error) => error.to_string(),
    };
    assert!(error.starts_with("prompt cache: the folder "), "{error}");
}

#[test]
fn recordings_first_and_text_when_they_are_missing_or_broken() {
    let bench = Bench::new();
    let prompts = bench.folder.path().join("prompts/en");
    std::fs::create_dir_all(&prompts).unwrap();
    let write = |name: &str, pcm: &[i16]| wav::write(std::fs::File::create(prompts.join(name)).unwrap(), pcm).unwrap();
    write("greet.wav", &tone::sine(700.0, 2000, 3000));
    std::fs::write(prompts.join("broken.wav"), b"RIFF and no more").unwrap();
    std::fs::write(bench.folder.path().join("outside.wav"), b"").unwrap();
    let cache = bench.open("tones-1", CacheOptions::default());
    for (audio, length_ms, asked) in [
        ("greet.wav", 2000, 0),
        ("greet", 2000, 0),
        ("missing.wav", 1070, 1),
        ("broken.wav", 1070, 2),
        ("../outside.wav", 1070, 2),
    ] {
        let wanted = Utterance { audio: Some(audio.to_owned()), ..utterance(Language::EN, "Hello") };
        let clip = cache.ready(std::slice::from_ref(&wanted)).unwrap().remove(&wanted).unwrap();
        let off = clip.duration().abs_diff(Duration::from_millis(length_ms));
        assert!(off < Duration::from_millis(20), "{audio}: {:?}", clip.duration());
        let db = level::loudness(&clip.decode(Codec::Pcmu)).unwrap() - level::TARGET_LUFS;
        assert!(db.abs() < 1.0, "{audio}: {db:+.1} dB");
        assert_eq!(bench.asked(), asked, "{audio}");
    }
}

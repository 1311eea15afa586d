//! A program that speaks: words to its standard input, a WAV from its standard output. Its own process, so its licence stays
//! with it. espeak-ng is the one that is found by itself, for languages that nothing else here speaks.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::{Sound, Voice, VoiceError, wav_reply};
use crate::config::voices;
use crate::language::Language;
use crate::time::{Clock, Mono};

/// For espeak-ng, which answers within 60 ms.
const ESPEAK_PATIENCE: Duration = Duration::from_secs(20);
/// A program that has not told its version by then has none.
const VERSION_PATIENCE: Duration = Duration::from_secs(2);
/// Ten minutes at 48 kHz: more is no message.
const BYTES_MAX: usize = 60 << 20;
/// Of a version line; what is longer is something else.
const VERSION_LETTERS_MAX: usize = 100;

pub(super) struct Program {
    path: PathBuf,
    /// `{language}` stands for the language's code.
    arguments: Vec<String>,
    /// `None`: whatever it is asked.
    languages: Option<Vec<Language>>,
    timeout: Duration,
    /// After a timeout.
    retries: u32,
    id: String,
}

impl Program {
    pub fn from_settings(voice: &voices::Voice, program: &Path, arguments: &[String]) -> Result<Program, VoiceError> {
        let Some(path) = find(program) else {
            return Err(VoiceError::Load {
                voice: "command".to_owned(),
                path: program.to_owned(),
                why: "there is no such program that may be run (a name without `/` is looked for on PATH)".to_owned(),
            });
        };
        let id = id(&path, arguments, version(&path).as_deref());
        Ok(Program {
            path,
            arguments: arguments.to_vec(),
            languages: Some(voice.languages.clone()),
            timeout: voice.timeout,
            retries: voice.retries,
            id,
        })
    }

    /// espeak-ng, with no word from the operator. `None`: not on PATH, or does not run.
    pub fn espeak() -> Option<Program> {
        let path = find(Path::new("espeak-ng"))?;
        // "eSpeak NG text-to-speech: 1.51  Data at: /usr/lib/…"
        let version = version(&path)?;
        let number = version.split_whitespace().find(|w| w.starts_with(|c: char| c.is_ascii_digit())).unwrap_or("0");
        Some(Program {
            id: format!("espeak-ng-{number}"),
            path,
            arguments: ["-v", "{language}", "--stdin", "--stdout"].map(str::to_owned).to_vec(),
            languages: None,
            timeout: ESPEAK_PATIENCE,
            retries: 0,
        })
    }

    fn speak(&self, language: Language, text: &str) -> Result<Sound, Failure> {
        let arguments = self.arguments.iter().map(|a| a.replace("{language}", language.code()));
        // The stress mark is not in the alphabet of such programs.
        let words = format!("{}\n", text.replace('\u{301}', ""));
        let (output, status) = run(&self.path, arguments, words, self.timeout)?;
        if !status.success() {
            return Err(Failure::Other(format!("{} ended with {status}", self.path.display())));
        }
        wav_reply::sound(&output).map_err(|why| Failure::Other(format!("its output of {} bytes: {why}", output.len())))
    }
}

impl Voice for Program {
    fn id(&self) -> &str {
        &self.id
    }

    fn speaks(&self, language: Language) -> bool {
        self.languages.as_ref().is_none_or(|spoken| spoken.contains(&language))
    }

    fn render(&self, language: Language, text: &str) -> Result<Sound, VoiceError> {
        let mut retries = self.retries;
        loop {
            match self.speak(language, text) {
                Ok(sound) => return Ok(sound),
                Err(Failure::Timeout) if retries > 0 => retries -= 1,
                Err(failure) => return Err(VoiceError::failed(&self.id, text, failure)),
            }
        }
    }
}

/// A program by its path, or by its name on PATH.
pub(super) fn find(program: &Path) -> Option<PathBuf> {
    let runs = |path: &PathBuf| {
        use std::os::unix::fs::PermissionsExt;
        std::fs::metadata(path).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
    };
    if program.components().count() > 1 {
        return Some(program.to_owned()).filter(runs);
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(runs)
}

/// The first line that the program says of its version, if it says one soon.
pub(super) fn version(program: &Path) -> Option<String> {
    let (output, status) = run(program, ["--version"], String::new(), VERSION_PATIENCE).ok()?;
    let line = std::str::from_utf8(&output).ok()?.lines().next()?.trim();
    let told = status.success() && (1..=VERSION_LETTERS_MAX).contains(&line.chars().count());
    told.then(|| line.to_owned())
}

/// Its name, then what tells its arguments and version from others.
fn id(path: &Path, arguments: &[String], version: Option<&str>) -> String {
    let name = path.file_name().unwrap_or(OsStr::new("command")).to_string_lossy();
    let mut sum = Sha256::new();
    // A script is edited without a version of its own.
    if let Ok(file) = std::fs::metadata(path) {
        sum.update(path.as_os_str().as_encoded_bytes());
        sum.update(file.len().to_le_bytes());
        let changed = file.modified().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
        sum.update(changed.unwrap_or_default().as_nanos().to_le_bytes());
    }
    for part in arguments.iter().map(String::as_str).chain([version.unwrap_or("")]) {
        sum.update(part.as_bytes());
        sum.update([0]);
    }
    let sum = sum.finalize();
    format!("{name}-{:02x}{:02x}{:02x}{:02x}", sum[0], sum[1], sum[2], sum[3])
}

#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("no answer in time; it was ended")]
    Timeout,
    #[error("{0}")]
    Other(String),
}

/// Waits until the process has ended, and leaves it as it is: its number, and so that of its group, is nobody else's until
/// `Child::wait`.
fn wait_without_reaping(process: u32) {
    loop {
        // SAFETY: `siginfo_t` is plain numbers, for which zeros are a value; it is there to be written to.
        let code = unsafe {
            let mut told: libc::siginfo_t = std::mem::zeroed();
            libc::waitid(libc::P_PID, process, &mut told, libc::WEXITED | libc::WNOWAIT)
        };
        if code == 0 || std::io::Error::last_os_error().kind() != std::io::ErrorKind::Interrupted {
            return;
        }
    }
}

/// Ends what the program has started too: they are one process group. A process that has left the group is not followed.
fn end_group(mut child: Child) -> ExitStatus {
    // SAFETY: touches no memory. The group is that of a process that has not been waited for, so its number is its own.
    unsafe { libc::kill(-(child.id() as libc::pid_t), libc::SIGKILL) };
    child.wait().unwrap_or_else(|_| ExitStatus::from_raw(libc::SIGKILL))
}

/// Runs a program on an input; its output and how it ended. No shell; at most `BYTES_MAX` of output; when it returns, neither
/// the program nor a child of its group is left.
pub(super) fn run<A: AsRef<OsStr>>(
    program: &Path,
    arguments: impl IntoIterator<Item = A>,
    input: String,
    timeout: Duration,
) -> Result<(Vec<u8>, ExitStatus), Failure> {
    let clock = Clock::system();
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .map_err(|e| Failure::Other(format!("{} does not start: {e}", program.display())))?;
    let mut stdin = child.stdin.take().expect("piped");
    let stdout = child.stdout.take().expect("piped");
    let process = child.id();
    let (said, output) = mpsc::channel();
    let (gone, ended) = mpsc::channel();
    // None of these threads is joined: a process that left the group could hold a pipe open for ever. Otherwise they end with it.
    // Nobody may be waiting any more when they send.
    std::thread::spawn(move || {
        let mut output = Vec::new();
        let result = stdout.take(BYTES_MAX as u64 + 1).read_to_end(&mut output).map(|_| output);
        let _ = said.send(result);
    });
    std::thread::spawn(move || {
        wait_without_reaping(process);
        let _ = gone.send(());
    });
    // A program that does not read would hold a long text up; one that quits without reading is found out by its status.
    std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = output.recv_timeout(timeout);
    let whole = matches!(&output, Ok(Ok(bytes)) if bytes.len() <= BYTES_MAX);
    // What has said all may take a moment to end, and how it ends is of interest.
    let rest = timeout.saturating_sub(clock.now().mono.since(Mono::ZERO));
    let ended = whole && ended.recv_timeout(rest).is_ok();
    let status = end_group(child);
    let output = output.map_err(|_| Failure::Timeout)?.map_err(|e| Failure::Other(e.to_string()))?;
    if output.len() > BYTES_MAX {
        return Err(Failure::Other(format!("its output is longer than {BYTES_MAX} bytes")));
    }
    if ended { Ok((output, status)) } else { Err(Failure::Timeout) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_changes_with_arguments_and_version() {
        let of = |arguments: &[&str], version| {
            id(Path::new("/opt/say"), &arguments.iter().map(|a| (*a).to_owned()).collect::<Vec<_>>(), version)
        };
        assert!(of(&[], None).starts_with("say-"));
        let ids =
            [of(&[], None), of(&["-a"], None), of(&["-a"], Some("1")), of(&["-a", "1"], None), of(&["-a1"], None)];
        for (at, id) in ids.iter().enumerate() {
            assert!(!ids[..at].contains(id), "{id} twice");
        }
    }
    fn settings(timeout: Duration, retries: u32) -> voices::Voice {
        let kind = voices::VoiceKind::Command { program: PathBuf::new(), arguments: Vec::new() };
        voices::Voice { kind, languages: vec![Language::EN], timeout, retries }
    }

    /// A voice that is a script of the shell, for tests.
    fn script(folder: &Path, lines: &str, arguments: &[&str], settings: &voices::Voice) -> Program {
        use std::os::unix::fs::PermissionsExt;
        let path = folder.join("voice");
        // Written aside: a script that is open for writing by anybody cannot be run.
        std::fs::write(folder.join("new"), format!("#!/bin/sh\n{lines}\n")).unwrap();
        std::fs::set_permissions(folder.join("new"), std::fs::Permissions::from_mode(0o755)).unwrap();
        let copied = Command::new("cp").arg(folder.join("new")).arg(&path).status().unwrap();
        assert!(copied.success());
        let arguments: Vec<String> = arguments.iter().map(|a| (*a).to_owned()).collect();
        Program::from_settings(settings, &path, &arguments).unwrap()
    }

    const PATIENT: Duration = Duration::from_secs(60);
    /// A WAV of one sample, as a shell says it.
    const WAV: &str =
        r"printf 'RIFF\0\0\0\0WAVEfmt \020\0\0\0\001\0\001\0\100\037\0\0\200\076\0\0\002\0\020\0data\0\0\0\0\001\0'";

    #[test]
    fn words_go_in_and_a_wav_comes_out() {
        let folder = tempfile::tempdir().unwrap();
        let heard = folder.path().join("heard");
        let lines =
            format!("[ \"$1\" = --version ] && echo 7 && exit\necho \"$@\" >{0}\ncat >>{0}\n{WAV}", heard.display());
        let arguments = ["-l", "{language}; rm -rf $HOME", "x{language}x"];
        let program = script(folder.path(), &lines, &arguments, &settings(PATIENT, 0));
        assert!(program.speaks(Language::EN) && !program.speaks(Language::RU));
        let sound = program.render(Language::EN, "one two\u{301} \"$HOME\"").unwrap();
        assert_eq!(sound, Sound { pcm: vec![1], rate: 8000 });
        assert_eq!(std::fs::read_to_string(heard).unwrap(), "-l en; rm -rf $HOME xenx\none two \"$HOME\"\n");
        assert_eq!(program.id(), id(&folder.path().join("voice"), &arguments.map(str::to_owned), Some("7")));
    }

    #[test]
    fn a_program_that_misbehaves_is_an_error() {
        let long = "word ".repeat(100_000);
        for (lines, text, error) in [
            ("echo rubbish", "hello", "its output of 8 bytes: it is no WAV"),
            ("cat", "hello", "its output of 6 bytes: it is no WAV"),
            ("true", "hello", "its output of 0 bytes: it is no WAV"),
            (&format!("{WAV}; exit 3"), "hello", "ended with exit status: 3"),
            ("kill -9 $$", "hello", "ended with signal: 9"),
            ("cat /dev/zero", "hello", "its output is longer than 62914560 bytes"),
            ("echo rubbish", &long, "its output of 8 bytes: it is no WAV"),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let program =
                script(folder.path(), &format!("[ \"$1\" = --version ] && exit\n{lines}"), &[], &settings(PATIENT, 0));
            let told = program.render(Language::EN, text).unwrap_err().to_string();
            assert!(told.contains(error), "{lines}: {told}");
            assert!(!told.contains("hello"), "the text is private: {told}");
        }
    }

    /// It is ended, and its children with it, also those that hold its output open.
    #[test]
    fn a_program_that_hangs_is_ended_with_its_children() {
        let folder = tempfile::tempdir().unwrap();
        let asked = folder.path().join("asked");
        for hang in ["sleep 1000", "sleep 1000 & sleep 1000 & wait", "exec >&-; sleep 1000", "sleep 1000 & exit 0"] {
            let lines = format!("[ \"$1\" = --version ] && exit\necho $$ >>{}\n{WAV}\n{hang}", asked.display());
            let program = script(folder.path(), &lines, &[], &settings(Duration::from_millis(700), 1));
            let clock = Clock::system();
            let told = program.render(Language::EN, "hello").unwrap_err().to_string();
            assert!(told.contains("no answer in time"), "{hang}: {told}");
            let took = clock.now().mono.since(Mono::ZERO);
            assert!(took < Duration::from_secs(20), "{hang}: {took:?}");
            let groups = std::fs::read_to_string(&asked).unwrap();
            assert_eq!(groups.lines().count(), 2, "{hang}: once, and once more");
            for group in groups.lines() {
                let group: libc::pid_t = group.parse().unwrap();
                // Children are gone when their new parent has taken note of them.
                let gone = || {
                    // SAFETY: touches no memory; signal 0 is a question.
                    unsafe { libc::kill(-group, 0) != 0 }
                };
                let patience = clock.now().mono + Duration::from_secs(20);
                while !gone() && clock.now().mono < patience && !only_zombies(group) {
                    std::thread::park_timeout(Duration::from_millis(5));
                }
                assert!(gone() || only_zombies(group), "{hang}: a process is left of the group {group}");
            }
            std::fs::remove_file(&asked).unwrap();
        }
    }

    /// Where nobody takes note of orphans (a container without init), what has ended stays listed.
    fn only_zombies(group: libc::pid_t) -> bool {
        let stats = std::fs::read_dir("/proc")
            .unwrap()
            .filter_map(|entry| std::fs::read_to_string(entry.ok()?.path().join("stat")).ok());
        // "12 (name) S parent group …"
        let members = stats.filter_map(|stat| {
            let (_, rest) = stat.rsplit_once(") ")?;
            let mut fields = rest.split(' ');
            let state = fields.next()?.to_owned();
            (fields.nth(1)? == group.to_string()).then_some(state)
        });
        members.into_iter().all(|state| state == "Z")
    }

    #[test]
    fn a_program_that_is_not_there() {
        for program in ["/no/such/voice", "no-such-voice-at-all", "/etc/passwd", "/tmp"] {
            let error =
                Program::from_settings(&settings(PATIENT, 0), Path::new(program), &[]).err().unwrap().to_string();
            assert!(error.contains(program) && error.contains("no such program"), "{error}");
        }
    }
}

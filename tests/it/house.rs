//! An installation of its own for a test: a folder, a config, and the real program run in it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use ringback::network::Addresses;
use ringback::time::{Clock, Mono};

pub struct House {
    pub dir: tempfile::TempDir,
}

impl House {
    /// `trunk`: further lines of the trunk's settings; `peer` is the SIP address dialled.
    pub fn new(peer: &str, trunk: &str) -> House {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let prompts = Path::new(env!("CARGO_MANIFEST_DIR")).join("prompts");
        let config = format!(
            r#"database: ringback.db
voices_dir: voices
prompts_dir: "{}"
cache_dir: "{}"
caller_id: "+74950000000"
allow_prefixes: ["+7", "+44", "+1"]
trunks:
  - name: test
    peer: "{peer}"
    bind: "127.0.0.1:0"
{trunk}
queues:
  collections: {{ agents: [] }}
media: {{ threads: 1, bind_ip: 127.0.0.1, silent_s_max: 0 }}
drain_s: 20
"#,
            prompts.display(),
            shared_cache().display(),
        );
        std::fs::write(dir.path().join("ringback.yaml"), config).expect("writable");
        House { dir }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        if let Some(folder) = self.path(name).parent() {
            std::fs::create_dir_all(folder).expect("writable");
        }
        std::fs::write(self.path(name), text).expect("writable");
    }

    /// The program in this installation; the project's folder stays current, so that its voices are found.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ringback"));
        command
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env("RINGBACK_TEST_PASSWORD", "right")
            .env("RINGBACK_WRONG_PASSWORD", "wrong")
            .arg("--config")
            .arg(self.path("ringback.yaml"))
            .args(args);
        command
    }

    pub fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("the program starts")
    }

    /// Runs and expects success; returns what was printed.
    pub fn ok(&self, args: &[&str]) -> String {
        let output = self.run(args);
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "ringback {args:?} failed:\n{printed}{errors}");
        printed
    }
}

/// The telephone network, a process of its own that outlives the program; its people lie in a house's `people.jsonl`.
pub struct Network {
    child: Child,
    pub addresses: Addresses,
}

impl Network {
    pub fn start(house: &House) -> Network {
        let mut child = Command::new(env!("CARGO_BIN_EXE_ringback"))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .arg("network")
            .arg("--people")
            .arg(house.path("people.jsonl"))
            .arg("--out")
            .arg(house.dir.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the network starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("it says where it is");
        Network { child, addresses: serde_json::from_str(&line).expect("addresses") }
    }

    pub fn close(mut self) {
        drop(self.child.stdin.take());
        let status = self.child.wait().expect("it ends");
        assert!(status.success(), "the network ended with {status}");
    }
}

/// Rendered prompts are the same for every test; making them once saves minutes.
fn shared_cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("prompt-cache")
}

/// A zone in which it is the middle of the day now, so that a test may call at any hour of the real clock.
pub fn zone_at_noon() -> String {
    let hour = i32::try_from(Clock::system().now().wall.0.div_euclid(3_600_000_000).rem_euclid(24)).expect("an hour");
    // Etc/GMT zones have the sign of POSIX: Etc/GMT-3 is three hours ahead of UTC.
    let ahead = 13 - hour;
    match ahead {
        0 => "Etc/GMT".to_string(),
        1.. => format!("Etc/GMT-{ahead}"),
        _ => format!("Etc/GMT+{}", -ahead),
    }
}

/// Waits for a condition, with a limit; the only kind of waiting in these tests.
pub fn wait_for<T>(what: &str, limit: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let clock = Clock::system();
    let until: Mono = clock.now().mono + limit;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(clock.now().mono < until, "waited {limit:?} for {what}");
        // Lets others run; the condition is looked at again at once.
        std::thread::park_timeout(Duration::from_millis(10));
    }
}

/// As [`wait_for`], on a runtime, whose other tasks go on meanwhile; looking may itself wait.
pub async fn wait_until<T>(what: &str, limit: Duration, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let waiting = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(limit, waiting).await.unwrap_or_else(|_| panic!("waited {limit:?} for {what}"))
}

/// Asks it to stop in good order, as a service manager would.
pub fn terminate(child: &Child) {
    let pid = i32::try_from(child.id()).expect("a pid");
    // SAFETY: a signal to a process that this test started and has not waited for yet.
    let sent = unsafe { libc::kill(pid, libc::SIGTERM) };
    assert_eq!(sent, 0, "the process is there");
}

//! `sipp` as a child process, and what no transcript can say: many calls on a bad network, keys, checked passwords.

use std::net::{SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use ringback::audio::Codec;
use ringback::id::{CallId, LegId};
use ringback::outcome::HangupCause;
use ringback::time::Clock;
use ringback::trunk::{Secret, Timing, Trunk, TrunkConfig, TrunkEvent, TrunkEventKind};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Longer than anything here takes, also on a busy machine.
const LIMIT: Duration = Duration::from_secs(20);

/// Among the options of sipp: where it lives, behind an @. Else it lives on 127.0.0.1.
pub const IPV6: &str = "@[::1]";
pub const STRANGER: &str = "@127.0.0.2";

/// A `sipp` that runs a scenario as the called side, on loopback. Ends when dropped.
pub struct Sipp {
    child: Child,
    pub addr: SocketAddr,
    scenario: String,
    /// Always there, except when sipp did not come up.
    folder: Option<tempfile::TempDir>,
}

/// Starts `tests/sipp/<scenario>.xml`. `options`: more for its command line, for example `["-m", "1"]` to end after one
/// call. Panics when sipp is missing or does not come up.
pub fn start_sipp(scenario: &str, options: &[&str]) -> Sipp {
    start_sipp_with(scenario, &[], options)
}

/// As [`start_sipp`], with `{{name}}` in the scenario replaced: sipp wants a status written out.
pub fn start_sipp_with(scenario: &str, words: &[(&str, &str)], options: &[&str]) -> Sipp {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/sipp/{scenario}.xml"));
    let mut text = std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    for (name, value) in words {
        text = text.replace(&format!("{{{{{name}}}}}"), value);
    }
    start_sipp_xml(scenario, text.as_bytes(), options)
}

/// As [`start_sipp`], with the scenario's text; sipp reads bytes, whatever their encoding.
pub fn start_sipp_xml(name: &str, xml: &[u8], options: &[&str]) -> Sipp {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("scenario.xml"), xml).expect("a file of ours");
    spawn(name, folder, &[&["-sf", "scenario.xml"], options].concat())
}

/// Starts sipp as a caller by a scenario's text: it calls `+79161234567` at `peer`.
pub fn call_with_sipp_xml(peer: SocketAddr, name: &str, xml: &[u8], options: &[&str]) -> Sipp {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("scenario.xml"), xml).expect("a file of ours");
    let peer = peer.to_string();
    spawn(name, folder, &[&["-sf", "scenario.xml", "-s", "+79161234567", &peer], options].concat())
}

/// Starts sipp as a caller by its built-in scenario, which calls `user` at `peer` and hangs up what is answered.
pub fn call_with_sipp(peer: SocketAddr, user: &str, options: &[&str]) -> Sipp {
    let folder = tempfile::tempdir().expect("a temporary folder");
    spawn("uac", folder, &[&["-sn", "uac", "-s", user, &peer.to_string()], options].concat())
}

fn spawn(scenario: &str, folder: tempfile::TempDir, options: &[&str]) -> Sipp {
    let mut folder = folder;
    // Somebody else may take the port before sipp does.
    for _ in 0..5 {
        match spawn_once(scenario, folder, options) {
            Ok(sipp) => return sipp,
            Err(again) => folder = again,
        }
    }
    let errors = std::fs::read_to_string(folder.path().join("errors.log")).unwrap_or_default();
    panic!("sipp {scenario} ends at once, five times over\n{errors}");
}

/// Hands the folder back when sipp ended before it listened.
fn spawn_once(scenario: &str, folder: tempfile::TempDir, options: &[&str]) -> Result<Sipp, tempfile::TempDir> {
    let home = options.iter().find_map(|option| option.strip_prefix('@')).unwrap_or("127.0.0.1");
    let (addr, media) = (free_port(home), free_port(home));
    let child = Command::new("sipp")
        .args(["-i", home, "-mi", home, "-nostdin", "-trace_err", "-error_file", "errors.log"])
        .args(["-p", &addr.port().to_string(), "-mp", &media.port().to_string()])
        .args(options.iter().filter(|option| !option.starts_with('@')))
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let child = match child {
        Ok(child) => child,
        Err(error) => panic!("sipp cannot be started ({error}); `make setup` installs it (Debian: sip-tester)"),
    };
    let mut sipp = Sipp { child, addr, scenario: scenario.to_owned(), folder: Some(folder) };
    let listens = sipp.wait("listen", |sipp| match sipp.child.try_wait().expect("a child of ours") {
        Some(_) => Some(false),
        None => sipp.listens().then_some(true),
    });
    if listens { Ok(sipp) } else { Err(sipp.folder.take().expect("put there above")) }
}

/// A port that was free a moment ago; sipp must be told one, as it does not tell which it took. Even, as RTP ports are.
fn free_port(home: &str) -> SocketAddr {
    for _ in 0..100 {
        let addr = UdpSocket::bind(format!("{home}:0")).and_then(|s| s.local_addr()).expect("a port on loopback");
        if addr.port().is_multiple_of(2) {
            return addr;
        }
    }
    panic!("a hundred odd ports in a row")
}

impl Sipp {
    /// Waits until sipp, started with `-m`, has ended by itself; panics unless its calls went as its scenario says.
    /// Blocks the thread: on a runtime of one thread, nothing else may be left to say.
    pub fn finish(mut self) {
        let status = self.wait("finish", |sipp| sipp.child.try_wait().expect("a child of ours"));
        assert!(status.success(), "sipp {}: {status}\n{}", self.scenario, self.errors());
    }

    /// As [`finish`](Sipp::finish), for calls that must not go as the scenario says: gives what sipp did not expect.
    pub fn fail(mut self) -> String {
        let status = self.wait("finish", |sipp| sipp.child.try_wait().expect("a child of ours"));
        assert!(!status.success(), "sipp {} found nothing wrong", self.scenario);
        self.errors()
    }

    /// What sipp found wrong with us.
    pub fn errors(&self) -> String {
        let log = self.folder.as_ref().map(|folder| folder.path().join("errors.log"));
        log.and_then(|log| std::fs::read_to_string(log).ok()).unwrap_or_default()
    }

    /// Whether the socket at our address is this process's: the kernel's table names its inode, and so do the open files.
    fn listens(&self) -> bool {
        let at = format!(":{:04X}", self.addr.port());
        let tables = ["udp", "udp6", "tcp", "tcp6"].map(|table| std::fs::read_to_string(format!("/proc/net/{table}")));
        let rows = tables.iter().flatten().flat_map(|table| table.lines());
        let mut inodes = rows.filter_map(|row| {
            let mut cells = row.split_whitespace();
            cells.nth(1).filter(|local| local.ends_with(&at))?;
            cells.nth(7)
        });
        let Some(inode) = inodes.next() else { return false };
        let open = std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).into_iter().flatten();
        let mut targets = open.filter_map(|file| std::fs::read_link(file.ok()?.path()).ok());
        targets.any(|target| target.to_string_lossy() == format!("socket:[{inode}]"))
    }

    fn wait<T>(&mut self, what: &str, mut come: impl FnMut(&mut Sipp) -> Option<T>) -> T {
        let clock = Clock::system();
        loop {
            if let Some(value) = come(self) {
                return value;
            }
            let waited = clock.now().mono.0;
            assert!(waited < LIMIT.as_micros() as u64, "sipp {} does not {what}\n{}", self.scenario, self.errors());
            std::thread::park_timeout(Duration::from_millis(5));
        }
    }
}

impl Drop for Sipp {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub struct Line {
    pub trunk: Trunk,
    pub events: UnboundedReceiver<TrunkEvent>,
}

pub const LEG: LegId = LegId { call: CallId(7), party: ringback::id::Party::Client };

pub fn line(peer: SocketAddr, change: impl FnOnce(&mut TrunkConfig), timing: Timing) -> Line {
    let mut config = TrunkConfig {
        name: "sipp".into(),
        peer: peer.into(),
        bind: "127.0.0.1:0".parse().unwrap(),
        username: None,
        password: None,
        caller_id: "+74950000000".into(),
        ring_ms_max: 10_000,
        options_interval: Duration::ZERO,
        inbound_after: None,
        settings: Default::default(),
    };
    change(&mut config);
    let (out, events) = unbounded_channel();
    let trunk = Trunk::start_timed(config, timing, Arc::new(Clock::system()), out).expect("a socket on loopback");
    Line { trunk, events }
}

impl Line {
    pub fn dial(&self, local_media: SocketAddr) {
        self.trunk.dial(LEG, "+79161234567", local_media);
    }

    pub async fn next(&mut self) -> TrunkEventKind {
        let event = tokio::time::timeout(LIMIT, self.events.recv()).await.expect("an event in time").expect("a trunk");
        assert_eq!(event.leg, LEG);
        event.kind
    }
}

pub fn nowhere() -> SocketAddr {
    "127.0.0.1:9".parse().unwrap()
}

#[tokio::test]
async fn a_call_is_answered_and_hung_up_by_us() {
    for scenario in ["answer_plain", "routed"] {
        let sipp = start_sipp(scenario, &["-m", "1"]);
        let mut line = line(sipp.addr, |_| {}, Timing::default());
        line.dial(nowhere());
        let TrunkEventKind::Answered(media) = line.next().await else { panic!("{scenario} answers at once") };
        assert_eq!((media.codec, media.dtmf_payload), (Codec::Pcma, Some(101)));
        line.trunk.hangup(LEG);
        assert_eq!(line.next().await, TrunkEventKind::Ended(HangupCause::LocalHangup));
        line.trunk.stop().await;
        sipp.finish();
    }
}

/// sipp loses a fifth of what it sends and receives; the retransmissions of both sides make up for it.
#[tokio::test]
async fn a_lossy_network() {
    let sipp = start_sipp("answer_plain", &["-lost", "20"]);
    let mut line = line(sipp.addr, |_| {}, Timing::default());
    let calls = 20;
    for call in 0..calls {
        line.trunk.dial(LegId::client(CallId(call)), "+79161234567", nowhere());
    }
    let mut ended = 0;
    while ended < calls {
        let event = tokio::time::timeout(LIMIT, line.events.recv()).await.expect("an event in time").expect("a trunk");
        match event.kind {
            TrunkEventKind::Answered(_) => line.trunk.hangup(event.leg),
            TrunkEventKind::Ended(HangupCause::LocalHangup) => ended += 1,
            other => panic!("{other:?}"),
        }
    }
}

/// sipp makes packets for keys by itself, with raw sockets; only the super-user may open those.
#[tokio::test]
async fn ringing_then_answered_then_keys() {
    // SAFETY: reads a number of this process; cannot fail.
    if unsafe { libc::geteuid() } != 0 {
        eprintln!("skipped: sipp sends keys from raw sockets, which only the super-user may open");
        return;
    }
    let ear = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let sipp = start_sipp("answer", &["-m", "1"]);
    let mut line = line(sipp.addr, |_| {}, Timing::default());
    line.dial(ear.local_addr().unwrap());
    assert_eq!(line.next().await, TrunkEventKind::Ringing);
    let TrunkEventKind::Answered(media) = line.next().await else { panic!("answered") };
    assert_eq!((media.codec, media.dtmf_payload), (Codec::Pcmu, Some(96)));
    let mut keys = Vec::new();
    let mut packet = [0; 2048];
    while keys.last() != Some(&11) {
        let length = tokio::time::timeout(LIMIT, ear.recv(&mut packet)).await.expect("keys in time").unwrap();
        // RTP: payload type in the second byte, the event (RFC 4733 §2.3) behind 12 bytes of header.
        if length >= 16 && packet[1] & 0x7f == 96 && keys.last() != Some(&packet[12]) {
            keys.push(packet[12]);
        }
    }
    assert_eq!(keys, [1, 4, 11]);
    line.trunk.hangup(LEG);
    assert_eq!(line.next().await, TrunkEventKind::Ended(HangupCause::LocalHangup));
    line.trunk.stop().await;
    sipp.finish();
}

#[tokio::test]
async fn the_network_demands_a_password() {
    for (scenario, password, right) in
        [("auth", "right", true), ("auth_proxy", "right", true), ("auth", "wrong", false)]
    {
        let sipp = start_sipp(scenario, &["-m", "1"]);
        let known = |config: &mut TrunkConfig| {
            (config.username, config.password) = (Some("trunk".into()), Some(Secret::new(password)));
        };
        let mut line = line(sipp.addr, known, Timing::default());
        line.dial(nowhere());
        if !right {
            let refused = TrunkEventKind::Failed { cause: HangupCause::Rejected, status: Some(403) };
            assert_eq!(line.next().await, refused);
            sipp.finish();
            continue;
        }
        assert!(matches!(line.next().await, TrunkEventKind::Answered(_)), "{scenario} {password}");
        line.trunk.hangup(LEG);
        assert_eq!(line.next().await, TrunkEventKind::Ended(HangupCause::LocalHangup));
        line.trunk.stop().await;
        sipp.finish();
    }
}

#[tokio::test]
async fn stopping_hangs_up() {
    let sipp = start_sipp("answer_plain", &["-m", "1"]);
    let mut line = line(sipp.addr, |_| {}, Timing::default());
    line.dial(nowhere());
    assert!(matches!(line.next().await, TrunkEventKind::Answered(_)));
    line.trunk.stop().await;
    assert_eq!(line.next().await, TrunkEventKind::Ended(HangupCause::LocalHangup));
    sipp.finish();
}

//! A whole foreign telephone: baresip (in `tests/softphone`), called by us and calling us, with audio that is checked by
//! tone.

use std::io::{BufRead, BufReader, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use ringback::audio::{Clip, Codec, tone, wav};
use ringback::id::PlayId;
use ringback::media::{Media, MediaEvent, MediaEventKind, Remote};
use ringback::outcome::HangupCause;
use ringback::time::Clock;
use ringback::trunk::answerer::{Answerer, AnswererEvent, AnswererEventKind as Heard};
use ringback::trunk::{RemoteMedia, Timing, TrunkEventKind as Told};
use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::house::wait_until;
use crate::sipp::{LEG, Line, line};

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const LIMIT: Duration = Duration::from_secs(20);
/// Ours and theirs; neither is a multiple of the other, and no key's tone is near.
const OUR_HZ: f64 = 440.0;
const THEIR_HZ: f64 = 1000.0;
/// Of the energy heard, how much a tone must hold to be the tone that was sent.
const SHARE_MIN: f64 = 0.9;

const CODECS: [&str; 4] = ["pcma", "pcmu", "g722", "opus"];

/// A codec in baresip's words.
fn named(codec: &str) -> &str {
    match codec {
        "g722" => "g722/16000/1",
        "opus" => "opus/48000/2",
        other => other,
    }
}

/// The process; ends when dropped.
struct Softphone {
    child: Child,
    orders: ChildStdin,
    facts: UnboundedReceiver<Value>,
    addr: SocketAddr,
    /// Where it keeps what it makes; goes with it.
    _folder: tempfile::TempDir,
}

impl Softphone {
    /// `codecs`: in its own words, `pcma` or `g722/16000/1`. `None` when it is not installed: the test is skipped, and
    /// says so.
    async fn start(codecs: &str, dtmf: &str, extra: &[&str]) -> Option<Softphone> {
        let home = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = home.join("target/peers/softphone");
        let there =
            Command::new("python3").args(["-c", "import baresip; baresip.Runtime"]).env("PYTHONPATH", &python).output();
        if !there.is_ok_and(|output| output.status.success()) {
            eprintln!("skipped: no baresip here (`make setup-test` installs it for CPython 3.11 to 3.13)");
            return None;
        }
        // It must be told a port, and somebody else may take it first.
        for _ in 0..5 {
            let addr = UdpSocket::bind((LOOPBACK, 0)).and_then(|s| s.local_addr()).expect("a port on loopback");
            let folder = tempfile::tempdir().expect("a temporary folder");
            let mut child = Command::new("python3")
                .arg(home.join("tests/softphone/softphone.py"))
                .args([codecs, dtmf, &addr.to_string()])
                .args(extra)
                .env("PYTHONPATH", &python)
                .env("TMPDIR", folder.path())
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .expect("python starts");
            let orders = child.stdin.take().expect("piped");
            let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
            let (out, facts) = unbounded_channel();
            std::thread::spawn(move || {
                for line in lines.map_while(Result::ok) {
                    let Ok(fact) = serde_json::from_str(&line) else { continue };
                    if out.send(fact).is_err() {
                        return;
                    }
                }
            });
            let mut phone = Softphone { child, orders, facts, addr, _folder: folder };
            if let Ok(Some(fact)) = tokio::time::timeout(LIMIT, phone.facts.recv()).await {
                assert_eq!(fact["what"], "ready");
                return Some(phone);
            }
        }
        panic!("the softphone does not start");
    }

    /// Gives an order; what comes of it is a fact.
    fn order(&mut self, order: &str) {
        writeln!(self.orders, "{order}").expect("it listens");
    }

    /// Gives an order and waits until it is carried out; gives it again while an earlier one is still under way.
    async fn carry_out(&mut self, order: &str) {
        wait_until(&format!("`{order}` to be carried out"), LIMIT, async || {
            self.order(order);
            loop {
                let fact = self.facts.recv().await.expect("it is there");
                if fact["order"] != order {
                    continue;
                }
                let done = fact["what"] == "done";
                let busy = fact["why"].as_str().is_some_and(|why| why.contains("in flight"));
                assert!(done || busy, "{fact}");
                return done.then_some(());
            }
        })
        .await
    }

    /// The next fact of this kind; those before it are passed over.
    async fn until(&mut self, what: &str) -> Value {
        let waiting = async {
            loop {
                let fact = self.facts.recv().await.expect("it is there");
                assert!(fact["what"] != "failed" || what == "failed", "{fact}");
                if fact["what"] == what {
                    return fact;
                }
            }
        };
        tokio::time::timeout(LIMIT, waiting).await.unwrap_or_else(|_| panic!("no `{what}` from the softphone"))
    }

    async fn keys(&mut self, count: usize) -> String {
        let mut keys = String::new();
        for _ in 0..count {
            keys.push_str(self.until("key").await["key"].as_str().expect("a key"));
        }
        keys
    }

    /// Waits until it has heard half a second of this tone and of nothing else.
    async fn hears(&mut self, hz: f64) {
        wait_until(&format!("{hz} Hz to be heard, and alone"), LIMIT, async || {
            self.order(&format!("heard {hz}"));
            let level = self.until("heard").await["levels"][0].as_f64().expect("a level");
            (level > SHARE_MIN).then_some(())
        })
        .await
    }
}

impl Drop for Softphone {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Our audio.
struct Desk {
    media: Media,
    events: UnboundedReceiver<MediaEvent>,
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Desk {
        let (out, events) = unbounded_channel();
        let media = Media::start(1, Arc::new(Clock::system()), out).expect("media");
        Desk { media, events, folder: tempfile::tempdir().expect("a temporary folder") }
    }

    fn heard(&self) -> PathBuf {
        self.folder.path().join("heard.wav")
    }

    /// Says our tone, and keeps what comes.
    fn connect(&self, remote: RemoteMedia) {
        let remote = Remote::from(remote);
        self.media.record(LEG, self.heard());
        self.media.connect(LEG, remote);
        let clip = Arc::new(Clip::from_pcm(&tone::sine(OUR_HZ, 20_000, 9000)));
        self.media.play(LEG, PlayId(1), vec![clip]);
    }

    /// For as long as a second and a half of our tone take, then goes on with it.
    async fn listen(&mut self) {
        let ours = |ms| vec![Arc::new(Clip::from_pcm(&tone::sine(OUR_HZ, ms, 9000)))];
        self.media.play(LEG, PlayId(3), ours(1500));
        let ended =
            async { while self.events.recv().await.expect("media").kind != MediaEventKind::PlayEnded(PlayId(3)) {} };
        tokio::time::timeout(LIMIT, ended).await.expect("a second and a half");
        self.media.play(LEG, PlayId(4), ours(20_000));
    }

    async fn keys(&mut self, count: usize) -> String {
        let mut keys = String::new();
        let waiting = async {
            while keys.len() < count {
                let event = self.events.recv().await.expect("media");
                if let MediaEventKind::Digit(key) = event.kind {
                    keys.push(key);
                }
            }
        };
        tokio::time::timeout(LIMIT, waiting).await.expect("keys in time");
        keys
    }

    /// Closes, and gives the longest time in milliseconds that their tone sounded without a break.
    async fn heard_ms(&mut self, hz: f64) -> usize {
        self.media.close(LEG);
        let closed =
            async { while !matches!(self.events.recv().await.expect("media").kind, MediaEventKind::Closed { .. }) {} };
        tokio::time::timeout(LIMIT, closed).await.expect("closed");
        let pcm = wav::read(std::fs::File::open(self.heard()).expect("a recording")).expect("it is one");
        longest_tone_ms(&pcm, hz)
    }
}

/// In blocks of 20 ms at 8 kHz, by Goertzel.
fn longest_tone_ms(pcm: &[i16], hz: f64) -> usize {
    let (mut longest, mut run) = (0, 0);
    for block in pcm.chunks_exact(160) {
        let energy: f64 = block.iter().map(|s| f64::from(*s).powi(2)).sum();
        let w = 2.0 * (2.0 * std::f64::consts::PI * hz / 8000.0).cos();
        let (a, b) = block.iter().fold((0.0, 0.0), |(a, b), s| (f64::from(*s) + w * a - b, a));
        let share = 2.0 * (a * a + b * b - w * a * b) / (block.len() as f64 * energy.max(1.0));
        run = if share > SHARE_MIN && energy > 160.0 * 10_000.0 { run + 20 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

/// The next step of the call; what is told of its media on the way is passed over.
async fn told(line: &mut Line) -> Told {
    loop {
        let step = line.next().await;
        if matches!(step, Told::Ringing | Told::Answered(_) | Told::Failed { .. } | Told::Ended(_)) {
            return step;
        }
    }
}

/// We call it: ringing, audio and keys both ways, hold and resume, and we hang up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn we_call_a_softphone() {
    for codec in CODECS {
        let Some(mut phone) = Softphone::start(named(codec), "rtpevent", &[]).await else { return };
        let mut desk = Desk::new();
        let codecs = vec![Codec::Opus, Codec::G722, Codec::Pcma, Codec::Pcmu];
        let mut line = line(phone.addr, |config| config.settings.abilities.codecs = codecs, Timing::default());
        let local = desk.media.open(LEG, LOOPBACK).expect("a port");
        line.trunk.dial(LEG, &format!("sip:phone@{}", phone.addr), local);
        assert!(phone.until("incoming").await["peer"].as_str().expect("a caller").contains("+74950000000"));
        assert_eq!(told(&mut line).await, Told::Ringing);
        phone.order("tone 1000");
        phone.order("answer");
        let Told::Answered(remote) = told(&mut line).await else { panic!("{codec}: answered") };
        assert_eq!(format!("{:?}", remote.codec).to_lowercase(), codec);
        desk.connect(remote);
        phone.until("established").await;
        phone.hears(OUR_HZ).await;
        desk.media.press(LEG, "159#");
        assert_eq!(phone.keys(4).await, "159#", "{codec}");
        desk.listen().await;
        phone.order("keys 2580*");
        assert_eq!(desk.keys(5).await, "2580*", "{codec}");
        phone.carry_out("hold").await;
        phone.carry_out("resume").await;
        // Only then has it our answer, and may ask for more.
        phone.hears(OUR_HZ).await;
        // It would send us to somebody else; we are not to be sent anywhere, and go on talking.
        phone.order("transfer sip:premium@127.0.0.1:9");
        let why = phone.until("failed").await["why"].to_string();
        assert!(why.contains("TransferFailed"), "{codec}: {why}");
        desk.media.press(LEG, "0");
        assert_eq!(phone.keys(1).await, "0", "{codec}");
        phone.hears(OUR_HZ).await;
        line.trunk.hangup(LEG);
        assert_eq!(told(&mut line).await, Told::Ended(HangupCause::LocalHangup));
        phone.until("closed").await;
        let heard_ms = desk.heard_ms(THEIR_HZ).await;
        assert!(heard_ms > 1000, "{codec}: their tone was heard for {heard_ms} ms");
        line.trunk.stop().await;
    }
}

/// It declines, and it does not answer and we take the call back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_softphone_declines() {
    let Some(mut phone) = Softphone::start("pcma", "rtpevent", &[]).await else { return };
    let mut line = line(phone.addr, |_| {}, Timing::default());
    for taken_back in [false, true] {
        line.trunk.dial(LEG, &format!("sip:phone@{}", phone.addr), crate::sipp::nowhere());
        phone.until("incoming").await;
        assert_eq!(told(&mut line).await, Told::Ringing);
        let (cause, status) = if taken_back {
            line.trunk.hangup(LEG);
            (HangupCause::Cancelled, Some(487))
        } else {
            phone.order("reject");
            (HangupCause::Busy, Some(486))
        };
        assert_eq!(told(&mut line).await, Told::Failed { cause, status });
        phone.until("closed").await;
    }
}

/// It calls us: audio and keys both ways, and it hangs up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_softphone_calls_us() {
    for codec in ["pcma", "pcmu"] {
        let Some(mut phone) = Softphone::start(named(codec), "rtpevent", &[]).await else { return };
        let (out, mut events) = unbounded_channel::<AnswererEvent>();
        let answerer = Answerer::start((LOOPBACK, 0).into(), None, Arc::new(Clock::system()), out).expect("a socket");
        let mut desk = Desk::new();
        phone.order("tone 1000");
        phone.until("done").await;
        phone.order(&format!("dial sip:bill@{}", answerer.local_addr()));
        let incoming = events.recv().await.expect("a call");
        let Heard::Incoming { to_user, media, .. } = &incoming.kind else { panic!("{incoming:?}") };
        assert_eq!(to_user.full(), "bill");
        // Before that, the softphone has nobody who hears its call's events.
        phone.until("done").await;
        answerer.ring(incoming.dialog);
        phone.until("ringing").await;
        let local = desk.media.open(LEG, LOOPBACK).expect("a port");
        answerer.answer(incoming.dialog, local, media.codec);
        desk.connect(*media);
        assert_eq!(events.recv().await.expect("an event").kind, Heard::Acked);
        phone.until("established").await;
        phone.hears(OUR_HZ).await;
        desk.listen().await;
        phone.order("keys 7*1");
        assert_eq!(desk.keys(3).await, "7*1", "{codec}");
        desk.media.press(LEG, "42");
        assert_eq!(phone.keys(2).await, "42", "{codec}");
        phone.order("hangup");
        assert_eq!(events.recv().await.expect("an event").kind, Heard::Ended);
        let heard_ms = desk.heard_ms(THEIR_HZ).await;
        assert!(heard_ms > 1000, "{codec}: their tone was heard for {heard_ms} ms");
        answerer.stop().await;
    }
}

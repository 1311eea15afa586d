//! Through a foreign registrar and proxy: Kamailio, with digest, over UDP, TCP and TLS. Its settings are in
//! `tests/kamailio`.

use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use ringback::audio::Codec;
use ringback::id::{CallId, LegId};
use ringback::outcome::HangupCause;
use ringback::sip::{Encryption, Registration};
use ringback::time::Clock;
use ringback::trunk::answerer::{Answerer, AnswererEvent, AnswererEventKind as Heard};
use ringback::trunk::{PeerAddress, Secret, Timing, Tls, Transport, TrunkConfig, TrunkEventKind as Told};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::house::{House, terminate, wait_for, wait_until};
use crate::lines::calls;
use crate::sipp::{LEG, Line, line, nowhere};

const LIMIT: Duration = Duration::from_secs(20);

/// Where Debian and others put its modules.
const MODULES: [&str; 3] = [
    "/usr/lib/x86_64-linux-gnu/kamailio/modules",
    "/usr/lib/aarch64-linux-gnu/kamailio/modules",
    "/usr/lib/kamailio/modules",
];

/// Ends, children and all, when dropped.
pub struct Kamailio {
    child: Child,
    /// UDP and TCP.
    pub addr: SocketAddr,
    pub tls_addr: SocketAddr,
    folder: tempfile::TempDir,
}

impl Kamailio {
    /// `None` when it is not installed: the test is skipped, and says so. `behind`: where it sends calls for numbers in
    /// +7916 that are not registered.
    pub fn start(behind: SocketAddr, expires_s: u32) -> Option<Kamailio> {
        let modules = MODULES.iter().find(|folder| Path::new(folder).join("tls.so").exists());
        let (Some(modules), Ok(_)) = (modules, Command::new("openssl").arg("version").output()) else {
            eprintln!("skipped: no Kamailio here (Debian: kamailio kamailio-tls-modules openssl; `make setup-test`)");
            return None;
        };
        // Somebody else may take a port before it does.
        (0..5).find_map(|_| Kamailio::start_once(modules, behind, expires_s))
    }

    fn start_once(modules: &str, behind: SocketAddr, expires_s: u32) -> Option<Kamailio> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let home = folder.path();
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
            .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"])
            .args(["-addext", "basicConstraints=critical,CA:FALSE"])
            .args(["-keyout", "key.pem", "-out", "cert.pem"])
            .current_dir(home)
            .output()
            .expect("openssl starts");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let (addr, tls_addr) = (free_port(), free_port());
        let mut text =
            std::fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/kamailio/kamailio.cfg"))
                .expect("its settings");
        for (name, value) in [
            ("port", addr.port().to_string()),
            ("tls_port", tls_addr.port().to_string()),
            ("modules", modules.to_owned()),
            ("folder", home.display().to_string()),
            ("nonce_s", "60".to_owned()),
            ("expires_s", expires_s.to_string()),
            ("behind", behind.to_string()),
        ] {
            text = text.replace(&format!("{{{{{name}}}}}"), &value);
        }
        std::fs::write(home.join("kamailio.cfg"), text).expect("writable");
        let log = std::fs::File::create(home.join("log")).expect("writable");
        let child = Command::new("kamailio")
            .args(["-f", "kamailio.cfg", "-DD", "-E", "-m", "32", "-M", "4"])
            .arg("-Y")
            .arg(home)
            .arg("-w")
            .arg(home)
            .current_dir(home)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("kamailio starts");
        let mut kamailio = Kamailio { child, addr, tls_addr, folder };
        let up = wait_for("Kamailio to answer", LIMIT, || {
            let ended = kamailio.child.try_wait().expect("a child of ours").is_some();
            if ended { Some(false) } else { kamailio.answers().then_some(true) }
        });
        if !up {
            eprintln!("{}", kamailio.log());
        }
        up.then_some(kamailio)
    }

    /// OPTIONS by hand: it takes calls once it answers; the TLS port is opened after the others.
    fn answers(&self) -> bool {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port on loopback");
        socket.set_read_timeout(Some(Duration::from_millis(100))).expect("a timeout");
        let from = socket.local_addr().expect("its address");
        let to = self.addr;
        let ask = format!(
            "OPTIONS sip:{to} SIP/2.0\r\nVia: SIP/2.0/UDP {from};branch=z9hG4bKup\r\nFrom: <sip:{from}>;tag=1\r\n\
             To: <sip:{to}>\r\nCall-ID: up@{from}\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
        );
        let asked = socket.send_to(ask.as_bytes(), to).is_ok();
        asked && socket.recv(&mut [0; 2000]).is_ok() && std::net::TcpStream::connect(self.tls_addr).is_ok()
    }

    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("cert.pem")
    }

    /// How often it has said this.
    fn said(&self, words: &str) -> usize {
        self.log().matches(words).count()
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Kamailio {
    fn drop(&mut self) {
        crate::house::terminate(&self.child);
        let _ = self.child.wait();
    }
}

/// A port that is free for UDP and TCP both.
fn free_port() -> SocketAddr {
    for _ in 0..100 {
        let addr = TcpListener::bind("127.0.0.1:0").and_then(|s| s.local_addr()).expect("a port on loopback");
        if UdpSocket::bind(addr).is_ok() {
            return addr;
        }
    }
    panic!("a hundred ports taken")
}

/// A telephone behind the proxy.
struct Telephone {
    answerer: Answerer,
    events: UnboundedReceiver<AnswererEvent>,
}

impl Telephone {
    fn new() -> Telephone {
        let (out, events) = unbounded_channel();
        let bind = "127.0.0.1:0".parse().expect("an address");
        let answerer = Answerer::start(bind, None, Arc::new(Clock::system()), out).expect("a socket on loopback");
        Telephone { answerer, events }
    }

    async fn next(&mut self) -> AnswererEvent {
        tokio::time::timeout(LIMIT, self.events.recv()).await.expect("an event in time").expect("an answerer")
    }
}

fn knows(password: &str) -> impl FnOnce(&mut TrunkConfig) {
    move |config| (config.username, config.password) = (Some("trunk".into()), Some(Secret::new(password)))
}

/// The proxy over another transport than UDP.
fn over(proxy: &Kamailio, transport: Transport) -> PeerAddress {
    let (addr, tls) = match transport {
        Transport::Tls => (proxy.tls_addr, Some(Tls { ca: Some(proxy.certificate()), ..Tls::default() })),
        _ => (proxy.addr, None),
    };
    PeerAddress { transport: Some(transport), tls, ..PeerAddress::at(addr) }
}

/// Challenged, ringing, answered; hung up from either end, through the route that the proxy recorded.
#[tokio::test]
async fn a_call_through_the_proxy() {
    let mut phone = Telephone::new();
    let Some(proxy) = Kamailio::start(phone.answerer.local_addr(), 3600) else { return };
    for transport in Transport::ALL {
        calls_over(&proxy, transport, &mut phone).await;
    }
}

async fn calls_over(proxy: &Kamailio, transport: Transport, phone: &mut Telephone) {
    let configure = |config: &mut TrunkConfig| {
        config.peer = over(proxy, transport);
        knows("right")(config);
    };
    let mut line = line(proxy.addr, configure, Timing::default());
    for (call, by_us) in [(1, true), (2, false)] {
        println!("over {transport:?}, hung up by us: {by_us}");
        let leg = LegId::client(CallId(call));
        line.trunk.dial(leg, "+79161234567", nowhere());
        let incoming = phone.next().await;
        let Heard::Incoming { to_user, from_user, .. } = &incoming.kind else {
            panic!("{incoming:?}\n{}", proxy.log())
        };
        assert_eq!((to_user.full(), from_user.full()), ("+79161234567", "+74950000000"));
        phone.answerer.ring(incoming.dialog);
        assert_eq!(next(&mut line, leg).await, Told::Ringing);
        phone.answerer.answer(incoming.dialog, nowhere(), Codec::Pcma);
        assert!(matches!(next(&mut line, leg).await, Told::Answered(_)));
        assert_eq!(phone.next().await.kind, Heard::Acked);
        let cause = if by_us {
            line.trunk.hangup(leg);
            HangupCause::LocalHangup
        } else {
            phone.answerer.hangup(incoming.dialog);
            HangupCause::RemoteHangup
        };
        assert_eq!(next(&mut line, leg).await, Told::Ended(cause));
        assert_eq!(phone.next().await.kind, Heard::Ended);
    }
    line.trunk.stop().await;
}

async fn next(line: &mut Line, leg: LegId) -> Told {
    let event = tokio::time::timeout(LIMIT, line.events.recv()).await.expect("an event in time").expect("a trunk");
    assert_eq!(event.leg, leg);
    event.kind
}

/// What the proxy refuses, and what it passes on from behind.
#[tokio::test]
async fn refusals_through_the_proxy() {
    let mut phone = Telephone::new();
    let Some(proxy) = Kamailio::start(phone.answerer.local_addr(), 3600) else { return };
    for (number, password, status, cause) in [
        ("+79161234567", "wrong", 407, HangupCause::TrunkRefused),
        ("+70000000000", "right", 404, HangupCause::InvalidNumber),
        ("+79161234567", "right", 486, HangupCause::Busy),
    ] {
        let mut line = line(proxy.addr, knows(password), Timing::default());
        line.trunk.dial(LEG, number, nowhere());
        if status == 486 {
            let incoming = phone.next().await;
            phone.answerer.reject(incoming.dialog, 486);
        }
        assert_eq!(line.next().await, Told::Failed { cause, status: Some(status) }, "{number} {password}");
        line.trunk.stop().await;
    }
}

/// Our CANCEL reaches the telephone behind, and its 487 us.
#[tokio::test]
async fn taken_back_through_the_proxy() {
    let mut phone = Telephone::new();
    let Some(proxy) = Kamailio::start(phone.answerer.local_addr(), 3600) else { return };
    let mut line = line(proxy.addr, knows("right"), Timing::default());
    line.trunk.dial(LEG, "+79161234567", nowhere());
    let incoming = phone.next().await;
    phone.answerer.ring(incoming.dialog);
    assert_eq!(line.next().await, Told::Ringing);
    line.trunk.hangup(LEG);
    assert_eq!(phone.next().await.kind, Heard::Cancelled);
    assert_eq!(line.next().await, Told::Failed { cause: HangupCause::Cancelled, status: Some(487) });
    line.trunk.stop().await;
}

/// Registered by digest over each transport, renewed before it runs out, and taken back at the end.
#[tokio::test]
async fn registered_renewed_and_gone() {
    // Granted for 6 s, renewed after 5.
    let Some(proxy) = Kamailio::start(nowhere(), 6) else { return };
    let mut lines = Vec::new();
    for transport in Transport::ALL {
        let user = transport.as_str().to_ascii_lowercase();
        let registration = Registration {
            account: None,
            expires: Duration::from_secs(600),
            contact_user: Some("+74950000000".into()),
        };
        let configure = |config: &mut TrunkConfig| {
            config.peer = over(&proxy, transport);
            (config.username, config.password) = (Some(user.clone()), Some(Secret::new("right")));
            config.settings.registrations = vec![registration];
        };
        lines.push((line(proxy.addr, configure, Timing::default()), format!("registered {user} by {user} expires")));
    }
    for (line, said) in &lines {
        let mut health = line.trunk.watch_health();
        let up = tokio::time::timeout(LIMIT, health.wait_for(|h| h.up)).await;
        up.unwrap_or_else(|_| panic!("{said}: not registered\n{}", proxy.log())).expect("a trunk");
        wait_until("a renewal", LIMIT, async || (proxy.said(&format!("{said} 600")) >= 2).then_some(())).await;
        assert!(line.trunk.health().up, "it was so all the time");
    }
    for (line, said) in lines {
        line.trunk.stop().await;
        wait_until("the end", LIMIT, async || (proxy.said(&format!("{said} 0")) == 1).then_some(())).await;
    }
}

/// The real program with three accounts, over TCP: both that hold ring through to the line of their number; the third, with a
/// wrong password, is complained of clearly and not tried again and again. What was said can be looked at afterwards.
#[test]
fn two_registrations_ring_through_and_a_third_is_complained_of() {
    let Some(proxy) = Kamailio::start(nowhere(), 3600) else { return };
    let trunk = r#"    transport: tcp
    srtp: allowed
    channels_max: 2
    cps_max: 1
    options_interval_s: 0
    username: trunk
    password: "${env:RINGBACK_TEST_PASSWORD}"
    registrations:
      - { contact_user: "+74950000000" }
      - { username: second, password: "${env:RINGBACK_TEST_PASSWORD}", contact_user: "+74950000001" }
      - { username: third, password: "${env:RINGBACK_WRONG_PASSWORD}" }"#;
    let house = House::new(&proxy.addr.to_string(), trunk);
    let flow = Path::new(env!("CARGO_MANIFEST_DIR")).join("flows/lines/front_desk.yaml");
    let mut config = std::fs::read_to_string(house.path("ringback.yaml")).expect("its config") + "lines:\n";
    for did in ["+74950000000", "+74950000001"] {
        config += &format!(
            "  - {{ did: \"{did}\", flow: \"{}\", company: City Water, language: en, zone: Europe/London, calls_max: 1 }}\n",
            flow.display()
        );
    }
    house.write("ringback.yaml", &config);
    let log = || std::fs::read_to_string(house.path("log")).unwrap_or_default();
    let file = std::fs::File::create(house.path("log")).expect("writable");
    let mut serve = house.command(&["serve"]).stderr(Stdio::from(file)).spawn().expect("serve starts");
    let limit = 3 * LIMIT;
    wait_for("a complaint", limit, || log().contains("the carrier refuses the password").then_some(()));
    let clock = Clock::system();
    let complained = clock.now().mono;
    let said = log();
    let complaint = said.lines().find(|l| l.contains("refuses the password")).expect("looked for");
    for word in ["WARN", "registration=3", "Refused(401)", "`username`, `password` and `realm`", "more and more slowly"]
    {
        assert!(complaint.contains(word), "{word} is missing: {complaint}");
    }
    for account in ["trunk", "second"] {
        wait_for(account, limit, || {
            (proxy.said(&format!("registered {account} by tcp expires 3600")) == 1).then_some(())
        });
    }

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let configure = |config: &mut TrunkConfig| {
            knows("right")(config);
            config.settings.abilities.encryption = Encryption::Required;
        };
        let mut caller = line(proxy.addr, configure, Timing::default());
        for account in ["trunk", "second"] {
            caller.trunk.dial(LEG, &format!("sip:{account}@{}", proxy.addr), nowhere());
            let answered = async {
                loop {
                    match caller.next().await {
                        Told::Answered(media) => return media,
                        Told::Failed { .. } | Told::Ended(_) => panic!("{account}\n{}\n{}", proxy.log(), log()),
                        _ => {}
                    }
                }
            };
            let media = tokio::time::timeout(limit, answered).await.expect("answered in time");
            assert!(media.srtp.is_some(), "{account}: encrypted");
            caller.trunk.hangup(LEG);
            while caller.next().await != Told::Ended(HangupCause::LocalHangup) {}
        }
        caller.trunk.stop().await;
    });
    let ended = wait_for("both calls to be written down", limit, || {
        let calls = calls(&house);
        (calls.iter().filter(|call| call.ended.is_some()).count() == 2).then_some(calls)
    });
    let mut dids: Vec<&str> = ended.iter().map(|call| call.did.as_str()).collect();
    dids.sort_unstable();
    assert_eq!(dids, ["+74950000000", "+74950000001"]);

    // Twice at once, without an answer and with it; the next time not before half of 15 s.
    wait_for("another try", limit, || (proxy.said("asked for third") >= 3).then_some(()));
    let waited = clock.now().mono.since(complained);
    assert!(waited > Duration::from_secs(7), "hammered at after {waited:?}");
    terminate(&serve);
    assert!(serve.wait().expect("it stops").success());
    for account in ["trunk", "second"] {
        assert_eq!(proxy.said(&format!("registered {account} by tcp expires 0")), 1, "{}", proxy.log());
    }
    assert_eq!(proxy.said("registered third"), 0);
    what_was_kept(&house, ended[0].id);
}

/// The messages of a call: as text, and as packets for other programs.
fn what_was_kept(house: &House, call: CallId) {
    let number = call.0.to_string();
    let shown = house.ok(&["ladder", "--", &number]);
    for words in ["INVITE", "200 OK (SDP)", "ACK", "BYE", " TCP"] {
        assert!(shown.contains(words), "{words} is missing:\n{shown}");
    }
    let file = house.path("call.pcap");
    let said = house.ok(&["ladder", "--pcap", &file.to_string_lossy(), "--", &number]);
    assert!(said.contains("with whole numbers") && said.contains("call.pcap"), "{said}");
    let pcap = std::fs::read(&file).expect("it was written");
    let word = |at: usize| u32::from_le_bytes(pcap[at..at + 4].try_into().expect("four bytes"));
    assert_eq!((word(0), word(20)), (0xa1b2_c3d4, 101), "a pcap of raw IP");
    let (mut at, mut frames) = (24, 0);
    while at < pcap.len() {
        let length = word(at + 8) as usize;
        let frame = &pcap[at + 16..at + 16 + length];
        assert_eq!((frame[0], frame[9]), (0x45, 6), "TCP in IPv4");
        assert_eq!(usize::from(u16::from_be_bytes([frame[2], frame[3]])), length);
        (at, frames) = (at + 16 + length, frames + 1);
    }
    assert_eq!(at, pcap.len());
    let text = String::from_utf8_lossy(&pcap);
    assert!(frames >= 5 && said.starts_with(&format!("{frames} messages")), "{frames}: {said}");
    let keys: Vec<&str> =
        text.split("inline:").skip(1).map(|rest| rest.split(['|', '\r', ' ']).next().unwrap_or("")).collect();
    assert!(keys.len() >= 2, "an offer and an answer: {text}");
    assert!(keys.iter().all(|key| key.len() >= 40 && key.bytes().all(|b| b == b'x')), "keys are not blotted: {keys:?}");
}

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
use ringback::time::Clock;
use ringback::trunk::answerer::{Answerer, AnswererEvent, AnswererEventKind as Heard};
use ringback::trunk::{PeerAddress, Secret, Timing, Tls, Transport, TrunkConfig, TrunkEventKind as Told};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::house::wait_for;
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
    pub fn start(behind: SocketAddr, nonce_s: u32) -> Option<Kamailio> {
        let modules = MODULES.iter().find(|folder| Path::new(folder).join("tls.so").exists());
        let (Some(modules), Ok(_)) = (modules, Command::new("openssl").arg("version").output()) else {
            eprintln!("skipped: no Kamailio here (Debian: kamailio kamailio-tls-modules openssl; `make setup-test`)");
            return None;
        };
        // Somebody else may take a port before it does.
        (0..5).find_map(|_| Kamailio::start_once(modules, behind, nonce_s))
    }

    fn start_once(modules: &str, behind: SocketAddr, nonce_s: u32) -> Option<Kamailio> {
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
            ("nonce_s", nonce_s.to_string()),
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
    let Some(proxy) = Kamailio::start(phone.answerer.local_addr(), 60) else { return };
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
    let Some(proxy) = Kamailio::start(phone.answerer.local_addr(), 60) else { return };
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
    let Some(proxy) = Kamailio::start(phone.answerer.local_addr(), 60) else { return };
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

//! What goes wrong on the way to a carrier. Each case ends in a disposition, with the blame where it belongs.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::mpsc::unbounded_channel;

use crate::house::wait_until;
use crate::trunk_transports::{Caller, LIMIT, audio, config, leg};
use ringback::outcome::{Blame, Disposition, HangupCause};
use ringback::sip::stream::{Frame, Framer};
use ringback::time::{Clock, Mono};
use ringback::trunk::{Keep, PeerAddress, Transport, Trunk, TrunkConfig, TrunkEventKind as Told};

const HERE: &str = "127.0.0.1";

/// The disposition of a call that did not come up, and whose doing that was.
fn ended(told: &Told) -> (Disposition, Blame) {
    let Told::Failed { cause, .. } = told else { panic!("{told:?}") };
    (cause.disposition(), cause.disposition().blame())
}

const DOWN: (Disposition, Blame) = (Disposition::TrunkDown, Blame::Carrier);

fn dial(caller: &Caller, n: i64) {
    caller.trunk.dial(leg(n), "+79161234567", audio(HERE));
}

/// An answer to `request`, with audio at port 4000 if it is a 200 to INVITE.
fn answer(request: &str, status: u16, more: &str) -> Vec<u8> {
    let line = |name: &str| request.lines().find(|l| l.starts_with(name)).unwrap_or_else(|| panic!("{name}{request}"));
    let body = match status {
        200 if request.starts_with("INVITE") => {
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n"
        }
        _ => "",
    };
    let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    format!(
        "SIP/2.0 {status} x\r\n{}\r\n{}\r\n{};tag=t\r\n{}\r\n{}\r\n{more}{kind}Content-Length: {}\r\n\r\n{body}",
        line("Via: "),
        line("From: "),
        line("To: ").split(";tag").next().unwrap(),
        line("Call-ID: "),
        line("CSeq: "),
        body.len()
    )
    .into_bytes()
}

/// A carrier's datagram socket, played by the test.
struct Datagrams(UdpSocket);

impl Datagrams {
    async fn start() -> (Datagrams, PeerAddress) {
        let socket = UdpSocket::bind((HERE, 0)).await.unwrap();
        let peer = PeerAddress::at(socket.local_addr().unwrap());
        (Datagrams(socket), peer)
    }

    /// The next request that begins with `method`; those before it are nobody's.
    async fn next(&self, method: &str) -> (String, SocketAddr) {
        let mut buffer = [0; 4_000];
        let reading = async {
            loop {
                let (length, from) = self.0.recv_from(&mut buffer).await.unwrap();
                let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
                if text.starts_with(method) {
                    return (text, from);
                }
            }
        };
        tokio::time::timeout(LIMIT, reading).await.expect(method)
    }

    async fn answer(&self, method: &str, status: u16, more: &str) {
        let (request, from) = self.next(method).await;
        self.0.send_to(&answer(&request, status, more), from).await.unwrap();
    }
}

/// One connection of a carrier that listens to TCP, played by the test.
struct Line {
    stream: TcpStream,
    framer: Framer,
    pings: usize,
}

impl Line {
    async fn accept(listener: &TcpListener) -> Line {
        let (stream, _) = tokio::time::timeout(LIMIT, listener.accept()).await.expect("a connection").unwrap();
        Line { stream, framer: Framer::default(), pings: 0 }
    }

    /// The next request that begins with `method`; pings are answered meanwhile.
    async fn next(&mut self, method: &str) -> String {
        let reading = async {
            let mut buffer = [0; 4_000];
            loop {
                match self.framer.next_frame().unwrap() {
                    Some(Frame::Message(bytes)) if bytes.starts_with(method.as_bytes()) => {
                        return String::from_utf8_lossy(bytes).into_owned();
                    }
                    Some(Frame::Ping) => {
                        self.pings += 1;
                        self.stream.write_all(b"\r\n").await.unwrap();
                        if method == "PING" {
                            return String::new();
                        }
                    }
                    Some(_) => {}
                    None => {
                        let length = self.stream.read(&mut buffer).await.unwrap();
                        assert!(length > 0, "closed while {method} was waited for");
                        self.framer.push(Mono(1), &buffer[..length]);
                    }
                }
            }
        };
        tokio::time::timeout(LIMIT, reading).await.unwrap_or_else(|_| panic!("{method} did not come"))
    }

    async fn say(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    async fn answer(&mut self, method: &str, status: u16) {
        let request = self.next(method).await;
        self.say(&answer(&request, status, "Contact: <sip:x@nowhere.test>\r\n")).await;
    }

    /// The far end has closed, or broken, the connection.
    async fn ended(mut self) {
        let reading = async {
            let mut buffer = [0; 4_000];
            while self.stream.read(&mut buffer).await.is_ok_and(|length| length > 0) {}
        };
        tokio::time::timeout(LIMIT, reading).await.expect("an end of the connection");
    }
}

fn over_tcp(addr: SocketAddr) -> PeerAddress {
    PeerAddress { transport: Some(Transport::Tcp), ..PeerAddress::at(addr) }
}

#[tokio::test]
async fn a_trunk_that_is_down_at_the_start() {
    // Datagrams into the void are noticed when the timers have run out, a refused connection at once.
    let gone = {
        let socket = UdpSocket::bind((HERE, 0)).await.unwrap();
        socket.local_addr().unwrap()
    };
    for peer in [PeerAddress::at(gone), over_tcp(gone)] {
        let mut caller = Caller::start(config(peer, "127.0.0.1:0"));
        dial(&caller, 1);
        assert_eq!(ended(&caller.told().await.kind), DOWN);
    }
}

#[tokio::test]
async fn a_trunk_that_goes_down_and_comes_back() {
    let (carrier, peer) = Datagrams::start().await;
    let options_interval = Duration::from_millis(100);
    let mut caller = Caller::start(TrunkConfig { options_interval, ..config(peer, "127.0.0.1:0") });
    let mut health = caller.trunk.watch_health();
    carrier.answer("OPTIONS", 200, "").await;
    tokio::time::timeout(LIMIT, health.wait_for(|h| h.up)).await.expect("up").unwrap();
    // It falls silent: the call fails, and nobody is dialled any more.
    dial(&caller, 1);
    assert_eq!(ended(&caller.told().await.kind), DOWN);
    tokio::time::timeout(LIMIT, health.wait_for(|h| !h.up)).await.expect("down").unwrap();
    // What lies in the socket is answered, and it is up again.
    while !caller.trunk.health().up {
        carrier.answer("OPTIONS", 200, "").await;
    }
    dial(&caller, 2);
    // Repetitions of the first INVITE lie before this one; they get their answer, too.
    let busy = tokio::select! {
        told = caller.told() => told,
        () = async { loop { carrier.answer("INVITE", 486, "").await } } => unreachable!("it goes on answering"),
    };
    assert_eq!((busy.leg, ended(&busy.kind)), (leg(2), (Disposition::Busy, Blame::Callee)));
}

#[tokio::test]
async fn a_storm_of_503_is_waited_out() {
    let (carrier, peer) = Datagrams::start().await;
    let mut caller = Caller::start(config(peer, "127.0.0.1:0"));
    let mut health = caller.trunk.watch_health();
    dial(&caller, 1);
    carrier.answer("INVITE", 503, "Retry-After: 1\r\n").await;
    let refused = caller.told().await.kind;
    assert_eq!(refused, Told::Failed { cause: HangupCause::Congestion, status: Some(503) });
    assert_eq!(ended(&refused), (Disposition::Congestion, Blame::Carrier));
    carrier.next("ACK").await;
    // Down for a second: the campaign stops, and what is dialled all the same fails without a packet.
    tokio::time::timeout(LIMIT, health.wait_for(|h| !h.up)).await.expect("down").unwrap();
    for n in 2..100 {
        dial(&caller, n);
        assert_eq!(ended(&caller.told().await.kind), (Disposition::Congestion, Blame::Carrier));
    }
    let mut buffer = [0; 2_000];
    assert!(carrier.0.try_recv_from(&mut buffer).is_err(), "a carrier that asked for rest was called");
    tokio::time::timeout(LIMIT, health.wait_for(|h| h.up)).await.expect("up").unwrap();
    dial(&caller, 100);
    carrier.answer("INVITE", 200, "").await;
    assert!(matches!(caller.told().await.kind, Told::Answered(_)));
}

#[tokio::test]
async fn all_of_a_call_and_of_the_next_goes_over_one_connection() {
    let listener = TcpListener::bind((HERE, 0)).await.unwrap();
    let mut caller = Caller::start(config(over_tcp(listener.local_addr().unwrap()), "127.0.0.1:0"));
    dial(&caller, 1);
    let mut line = Line::accept(&listener).await;
    for n in 1..4 {
        if n > 1 {
            dial(&caller, n);
        }
        let invite = line.next("INVITE").await;
        assert!(invite.contains("Via: SIP/2.0/TCP 127.0.0.1:"), "{invite}");
        assert!(invite.contains(";transport=tcp>"), "{invite}");
        line.say(&answer(&invite, 200, "Contact: <sip:x@nowhere.test>\r\n")).await;
        assert!(matches!(caller.told().await.kind, Told::Answered(_)));
        line.next("ACK").await;
        caller.trunk.hangup(leg(n));
        assert_eq!(caller.told().await.kind, Told::Ended(HangupCause::LocalHangup));
        line.answer("BYE", 200).await;
    }
    let another = tokio::time::timeout(Duration::from_millis(50), listener.accept()).await;
    assert!(another.is_err(), "a second connection to the same place");
}

#[tokio::test]
async fn a_connection_that_is_half_open_costs_calls_in_setup_and_no_others() {
    let listener = TcpListener::bind((HERE, 0)).await.unwrap();
    let keep = Keep { ping: Duration::from_millis(50), pong: Duration::from_millis(200), ..Keep::default() };
    let peer = PeerAddress { keep, ..over_tcp(listener.local_addr().unwrap()) };
    let mut caller = Caller::start(config(peer, "127.0.0.1:0"));
    dial(&caller, 1);
    let mut line = Line::accept(&listener).await;
    line.answer("INVITE", 200).await;
    assert!(matches!(caller.told().await.kind, Told::Answered(_)));
    line.next("PING").await;
    dial(&caller, 2);
    line.answer("INVITE", 180).await;
    assert_eq!(caller.told().await.kind, Told::Ringing);
    // From here on the far end reads nothing and says nothing, and its system goes on acknowledging.
    let failed = caller.told().await;
    assert_eq!((failed.leg, ended(&failed.kind)), (leg(2), DOWN));
    // The telephone that rang is told to stop, over a new connection; the call that is up goes on there.
    let mut again = Line::accept(&listener).await;
    again.answer("CANCEL", 200).await;
    caller.trunk.hangup(leg(1));
    assert_eq!(caller.told().await.kind, Told::Ended(HangupCause::LocalHangup));
    again.answer("BYE", 200).await;
    line.ended().await;
}

/// Its system acknowledges, its program hangs, and it has never answered a ping.
#[tokio::test]
async fn a_connection_over_which_nothing_is_answered_is_left() {
    let listener = TcpListener::bind((HERE, 0)).await.unwrap();
    let mut caller = Caller::start(config(over_tcp(listener.local_addr().unwrap()), "127.0.0.1:0"));
    dial(&caller, 1);
    let mut hung = Line::accept(&listener).await;
    hung.next("INVITE").await;
    assert_eq!(ended(&caller.told().await.kind), DOWN);
    dial(&caller, 2);
    let mut line = Line::accept(&listener).await;
    line.answer("INVITE", 200).await;
    assert!(matches!(caller.told().await.kind, Told::Answered(_)));
    hung.ended().await;
}

#[tokio::test]
async fn a_peer_that_closes_is_connected_to_again() {
    let listener = TcpListener::bind((HERE, 0)).await.unwrap();
    let options_interval = Duration::from_secs(30);
    let peer = over_tcp(listener.local_addr().unwrap());
    let caller = Caller::start(TrunkConfig { options_interval, ..config(peer, "127.0.0.1:0") });
    let mut health = caller.trunk.watch_health();
    let mut line = Line::accept(&listener).await;
    line.answer("OPTIONS", 200).await;
    tokio::time::timeout(LIMIT, health.wait_for(|h| h.up)).await.expect("up").unwrap();
    drop(line);
    // Much sooner than at the next OPTIONS.
    let mut again = Line::accept(&listener).await;
    again.answer("OPTIONS", 200).await;
    assert!(caller.trunk.health().up);
}

#[tokio::test]
async fn what_is_no_message_ends_a_connection_and_nothing_else() {
    let (carrier, peer) = Datagrams::start().await;
    let mut caller = Caller::start(config(peer, "127.0.0.1:0"));
    let here = caller.trunk.local_addr();
    let head = "OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bKa\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:x>\r\n\
        Call-ID: c\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\n";
    for (bytes, status) in [
        (format!("{head}\r\n").into_bytes(), Some("SIP/2.0 400 ")),
        (format!("{head}Content-Length: 100000\r\n\r\n").into_bytes(), Some("SIP/2.0 413 ")),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01".to_vec(), None),
        (vec![b'A'; 100_000], None),
    ] {
        let mut stream = TcpStream::connect(here).await.unwrap();
        // It may be closed before all of it is written.
        let _ = stream.write_all(&bytes).await;
        let mut said = Vec::new();
        let read = tokio::time::timeout(LIMIT, stream.read_to_end(&mut said)).await.expect("the connection is closed");
        let said = String::from_utf8_lossy(&said).into_owned();
        match status {
            Some(status) => assert!(read.is_ok() && said.starts_with(status), "{said}"),
            None => assert_eq!(said, ""),
        }
    }
    // A ping is answered.
    let mut stream = TcpStream::connect(here).await.unwrap();
    stream.write_all(b"\r\n\r\n").await.unwrap();
    let mut pong = [0; 2];
    tokio::time::timeout(LIMIT, stream.read_exact(&mut pong)).await.expect("a pong").unwrap();
    assert_eq!(&pong, b"\r\n");
    dial(&caller, 1);
    carrier.answer("INVITE", 486, "").await;
    assert!(matches!(caller.told().await.kind, Told::Failed { cause: HangupCause::Busy, .. }));
}

#[tokio::test]
async fn datagrams_of_64_kilobytes_are_survived() {
    let (carrier, peer) = Datagrams::start().await;
    let mut caller = Caller::start(config(peer, "127.0.0.1:0"));
    let here = caller.trunk.local_addr();
    let mut large = b"INVITE sip:1@h SIP/2.0\r\nX: ".to_vec();
    large.resize(65_507, b'a');
    for bytes in [large, vec![0; 65_507], b"\r\n".repeat(32_753)] {
        for _ in 0..20 {
            carrier.0.send_to(&bytes, here).await.unwrap();
        }
    }
    dial(&caller, 1);
    carrier.answer("INVITE", 200, "").await;
    assert!(matches!(caller.told().await.kind, Told::Answered(_)));
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let held = UdpSocket::bind((HERE, 0)).await.unwrap();
    let bind = held.local_addr().unwrap().to_string();
    let listener = TcpListener::bind((HERE, 0)).await.unwrap();
    let bind_tcp = listener.local_addr().unwrap().to_string();
    for (bind, words) in [
        (bind.as_str(), ["UDP", bind.as_str(), "another program listens there"]),
        (bind_tcp.as_str(), ["TCP", bind_tcp.as_str(), "another program listens there"]),
        ("192.0.2.1:0", ["UDP", "192.0.2.1", "no such address"]),
    ] {
        let (out, _) = unbounded_channel();
        let peer = PeerAddress::at("127.0.0.1:9".parse().unwrap());
        let error =
            Trunk::start(config(peer, bind), Arc::new(Clock::system()), out).err().expect("not bound").to_string();
        assert!(words.iter().all(|word| error.contains(word)), "{error}");
    }
}

/// Timers count on a clock that never goes back; that of the wall may jump a day either way in the middle of a call.
#[tokio::test]
async fn the_clock_on_the_wall_does_not_matter() {
    let (carrier, peer) = Datagrams::start().await;
    let clock = Arc::new(Clock::system());
    let (out, mut events) = unbounded_channel();
    let trunk = Trunk::start(config(peer, "127.0.0.1:0"), clock.clone(), out).unwrap();
    let mut told = async || tokio::time::timeout(LIMIT, events.recv()).await.expect("in time").unwrap().kind;
    let day = Duration::from_secs(24 * 3_600);
    for n in [1, 2] {
        trunk.dial(leg(n), "+79161234567", audio(HERE));
        let (invite, from) = carrier.next("INVITE").await;
        let wall = clock.now().wall;
        clock.jump_to(if n == 1 { wall + day } else { wall - day });
        carrier.0.send_to(&answer(&invite, 180, ""), from).await.unwrap();
        assert_eq!(told().await, Told::Ringing);
        carrier.0.send_to(&answer(&invite, 200, ""), from).await.unwrap();
        assert!(matches!(told().await, Told::Answered(_)));
        trunk.hangup(leg(n));
        assert_eq!(told().await, Told::Ended(HangupCause::LocalHangup));
        carrier.answer("BYE", 200, "").await;
    }
    wait_until("the trunk to be up", LIMIT, async || trunk.health().up.then_some(())).await;
}

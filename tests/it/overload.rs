//! More callers than can be taken: new calls are put off, those that are there go on.

use std::collections::HashSet;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;

use ringback::outcome::HangupCause;
use ringback::time::Clock;
use ringback::trunk::{PeerAddress, Trunk, TrunkConfig, TrunkEvent, TrunkEventKind as Told};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::trunk_transports::{LIMIT, audio, config};

/// New calls that wait at once, in `trunk`.
const WAITING_MAX: usize = 512;

/// A carrier that is a bare socket: what it sends in one go lies before the trunk at once, since both share a thread.
struct Carrier {
    send: UdpSocket,
    hear: tokio::net::UdpSocket,
    trunk: Trunk,
    events: UnboundedReceiver<TrunkEvent>,
}

impl Carrier {
    fn new() -> Carrier {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::DGRAM, None).expect("a socket");
        // All answers to a flood find room.
        socket.set_recv_buffer_size(4 << 20).expect("a buffer");
        socket.set_nonblocking(true).expect("a socket of ours");
        socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).expect("a port");
        let send = UdpSocket::from(socket);
        let hear =
            tokio::net::UdpSocket::from_std(send.try_clone().expect("the same socket")).expect("on this runtime");
        let peer = PeerAddress::at(send.local_addr().expect("bound"));
        let (out, events) = unbounded_channel();
        let config = TrunkConfig {
            inbound_after: Some(ringback::trunk::InboundNumbers::after(0)),
            ..config(peer, "127.0.0.1:0")
        };
        let trunk = Trunk::start(config, Arc::new(Clock::system()), out).expect("a socket on loopback");
        Carrier { send, hear, trunk, events }
    }

    /// `name`: Call-ID, tag and branch. `to_tag`: of a call that is there.
    fn say(&self, method: &str, name: &str, to_tag: &str) {
        let (here, there) = (self.send.local_addr().expect("bound"), self.trunk.local_addr());
        let (cseq, body) = match method {
            "BYE" => (2, String::new()),
            "ACK" => (1, String::new()),
            _ => (
                1,
                format!(
                    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {} RTP/AVP 8\r\n",
                    9
                ),
            ),
        };
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        let text = format!(
            "{method} sip:+74950000000@{there} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bK{name}{method}\r\n\
             From: <sip:+79161234567@{here}>;tag={name}\r\nTo: <sip:+74950000000@{there}>{to_tag}\r\nCall-ID: {name}\r\n\
             CSeq: {cseq} {method}\r\nContact: <sip:{here}>\r\nMax-Forwards: 70\r\n{kind}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.send.send_to(text.as_bytes(), there).expect("loopback takes it");
    }

    /// The next answer that is not 100, while every caller is rung and other events are kept for `Carrier::told`.
    async fn answer(&mut self, told: &mut Vec<Told>) -> Answer {
        let mut packet = [0; 4096];
        let next = async {
            loop {
                tokio::select! {
                    heard = self.hear.recv(&mut packet) => {
                        let answer = Answer::read(&packet[..heard.expect("it is there")]);
                        if answer.status != 100 {
                            return answer;
                        }
                    }
                    Some(event) = self.events.recv() => match event.kind {
                        Told::Offered { .. } => self.trunk.ring(event.leg),
                        other => told.push(other),
                    },
                }
            }
        };
        tokio::time::timeout(LIMIT, next).await.expect("an answer in time")
    }
}

#[derive(Debug)]
struct Answer {
    status: u16,
    name: String,
    method: String,
    to_tag: String,
    retry_after: bool,
}

impl Answer {
    fn read(bytes: &[u8]) -> Answer {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let status = text.strip_prefix("SIP/2.0 ").and_then(|rest| rest[..3].parse().ok());
        let header = |name: &str| text.lines().find_map(|l| l.strip_prefix(name)).unwrap_or("").trim().to_owned();
        Answer {
            status: status.unwrap_or_else(|| panic!("no answer: {text}")),
            name: header("Call-ID:"),
            method: header("CSeq:").split(' ').nth(1).unwrap_or("").to_owned(),
            to_tag: header("To:").split_once(";tag=").map_or(String::new(), |(_, tag)| format!(";tag={tag}")),
            retry_after: !header("Retry-After:").is_empty(),
        }
    }
}

#[tokio::test]
async fn calls_that_are_up_come_before_new_ones() {
    let mut carrier = Carrier::new();
    let mut told = Vec::new();
    carrier.say("INVITE", "talk", "");
    let offered = tokio::time::timeout(LIMIT, carrier.events.recv()).await.expect("in time").expect("a trunk");
    let talk = offered.leg;
    carrier.trunk.answer(talk, audio("127.0.0.1"));
    let answered = carrier.answer(&mut told).await;
    assert_eq!((answered.status, answered.name.as_str()), (200, "talk"));
    carrier.say("ACK", "talk", &answered.to_tag);

    // More than may wait: who comes too late is told so before the others have had their turn.
    const FLOOD: usize = WAITING_MAX + 188;
    (0..FLOOD).for_each(|n| carrier.say("INVITE", &format!("flood{n}"), ""));
    let (mut seen, mut ringing) = (HashSet::new(), 0);
    while seen.len() < FLOOD {
        let answer = carrier.answer(&mut told).await;
        match answer.status {
            180 => ringing += 1,
            503 => assert!(answer.retry_after, "when to come again: {answer:?}"),
            _ => panic!("{answer:?}"),
        }
        assert!(seen.len() >= FLOOD - WAITING_MAX || answer.status == 503, "{}: {answer:?}", seen.len());
        seen.insert(answer.name);
    }
    assert!((1..=WAITING_MAX).contains(&ringing), "{ringing} of {FLOOD}");
    assert!(matches!(told[..], [Told::Answered(_)]), "the call that is up has heard nothing of it: {told:?}");

    // Its end is behind a hundred new calls in the queue, and is answered before all of them.
    const MORE: usize = 120;
    (0..MORE).for_each(|n| carrier.say("INVITE", &format!("more{n}"), ""));
    carrier.say("BYE", "talk", &answered.to_tag);
    let bye = carrier.answer(&mut told).await;
    assert_eq!((bye.status, bye.name.as_str(), bye.method.as_str()), (200, "talk", "BYE"));
    for n in 0..MORE {
        let answer = carrier.answer(&mut told).await;
        assert!(matches!(answer.status, 180 | 503), "{n}: {answer:?}");
    }
    assert!(matches!(told[..], [Told::Answered(_), Told::Ended(HangupCause::RemoteHangup)]), "{told:?}");
}

/// Who takes a new call back does not overtake it.
#[tokio::test]
async fn a_call_that_waits_is_taken_back() {
    let mut carrier = Carrier::new();
    let mut told = Vec::new();
    (0..100).for_each(|n| carrier.say("INVITE", &format!("flood{n}"), ""));
    let cancel = |n: usize| format!("flood{n}");
    // CANCEL has the branch of its INVITE.
    let (here, there) = (carrier.send.local_addr().expect("bound"), carrier.trunk.local_addr());
    let name = cancel(99);
    let text = format!(
        "CANCEL sip:+74950000000@{there} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bK{name}INVITE\r\n\
         From: <sip:+79161234567@{here}>;tag={name}\r\nTo: <sip:+74950000000@{there}>\r\nCall-ID: {name}\r\n\
         CSeq: 1 CANCEL\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    );
    carrier.send.send_to(text.as_bytes(), there).expect("loopback takes it");
    let mut ends = Vec::new();
    while ends.len() < 2 {
        let answer = carrier.answer(&mut told).await;
        if answer.name == name && answer.status >= 200 {
            ends.push((answer.method, answer.status));
        }
    }
    ends.sort_unstable();
    assert_eq!(ends, [("CANCEL".to_owned(), 200), ("INVITE".to_owned(), 487)]);
}

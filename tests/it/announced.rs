//! What the network says before anybody answers, and what settings say of who answers: the real program calls a carrier of
//! the test's own, which speaks SIP and RTP by hand.

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use ringback::audio::g711::Law;
use ringback::audio::listen::country::SHIPPED;
use ringback::audio::{FRAME, tone, wav};
use ringback::outcome::Disposition;

use crate::blast::Campaign;
use crate::house::{House, wait_for};

const LIMIT: Duration = Duration::from_secs(60);
/// Of one call, in frames of 20 ms.
const FRAMES_MAX: usize = 3000;
const TRUNK: &str = "    channels_max: 1\n    cps_max: 1\n    ring_s_max: 20\n    options_interval_s: 0\n";

/// How the carrier meets the one call it takes.
#[derive(Clone, Copy, PartialEq)]
enum Meets {
    /// 183, with audio.
    Early,
    /// 200.
    Answers,
}

/// A header of a message, with its name.
fn header<'t>(message: &'t str, name: &str) -> &'t str {
    message.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("no {name} in:\n{message}"))
}

/// An answer to a request from `sip`, with our tag and, if it has one, a description of the audio.
fn answer(sip: SocketAddr, request: &str, status: &str, audio: Option<SocketAddr>) -> String {
    let copied = ["Via:", "From:", "Call-ID:", "CSeq:"].map(|name| header(request, name)).join("\r\n");
    let to = header(request, "To:");
    let tag = if to.contains(";tag=") { "" } else { ";tag=carrier" };
    let body = audio.map_or(String::new(), |at| {
        format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {} RTP/AVP 8\r\n\
             a=rtpmap:8 PCMA/8000\r\n",
            at.port()
        )
    });
    format!(
        "SIP/2.0 {status}\r\n{copied}\r\n{to}{tag}\r\nContact: <sip:carrier@{sip}>\r\n\
         Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Takes one call and sends it `pcm`, until it is taken back or hung up.
fn carry(sip: &UdpSocket, meets: Meets, pcm: &[i16]) {
    let rtp = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let here = rtp.local_addr().expect("its address");
    let listens = sip.local_addr().expect("its address");
    let mut packet = [0; 8192];
    let mut receive = |limit: Duration| {
        sip.set_read_timeout(Some(limit)).expect("a limit");
        let (length, from) = sip.recv_from(&mut packet).ok()?;
        Some((String::from_utf8_lossy(&packet[..length]).into_owned(), from))
    };
    let (invite, caller) = receive(LIMIT).expect("an INVITE in time");
    assert!(invite.starts_with("INVITE"), "{invite}");
    let port = header(&invite, "m=audio").split(' ').nth(1).expect("a port").parse().expect("a number");
    let there = SocketAddr::new(caller.ip(), port);
    let status = if meets == Meets::Early { "183 Session Progress" } else { "200 OK" };
    let send = |text: String| sip.send_to(text.as_bytes(), caller).expect("sent");
    send(answer(listens, &invite, status, Some(here)));
    let mut frames = pcm.as_chunks::<FRAME>().0.iter();
    for n in 0..FRAMES_MAX {
        // Silence behind the end of it, so that the line does not fall dead.
        let quiet = [0; FRAME];
        let frame = frames.next().unwrap_or(&quiet);
        let mut rtp_packet = vec![0x80, 8];
        rtp_packet.extend((n as u16).to_be_bytes());
        rtp_packet.extend((n as u32 * FRAME as u32).to_be_bytes());
        rtp_packet.extend(7u32.to_be_bytes());
        rtp_packet.extend(frame.iter().map(|&s| Law::A.encode(s)));
        rtp.send_to(&rtp_packet, there).expect("sent");
        // The pace of the packets is the wait for what the caller says.
        let Some((request, _)) = receive(Duration::from_millis(20)) else { continue };
        if request.starts_with("CANCEL") || request.starts_with("BYE") {
            send(answer(listens, &request, "200 OK", None));
            if request.starts_with("CANCEL") {
                send(answer(listens, &invite, "487 Request Terminated", None));
            }
            return;
        }
    }
    panic!("the call goes on for a minute");
}

/// One call by an installation that `change` has changed: its disposition, and the installation.
fn called(meets: Meets, pcm: &[i16], change: impl Fn(&House)) -> (Disposition, Campaign) {
    let sip = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let peer = sip.local_addr().expect("its address").to_string();
    let house = House::new(&peer, TRUNK);
    change(&house);
    let campaign = Campaign::start_in(house, 1, &[]);
    carry(&sip, meets, pcm);
    let attempts = campaign.finished(1, LIMIT);
    (attempts[0].outcome.as_ref().expect("finished").disposition, campaign)
}

/// More settings of media.
fn media(house: &House, more: &str) {
    let file = house.path("ringback.yaml");
    let config = std::fs::read_to_string(&file).expect("a config");
    std::fs::write(file, config.replace("media: {", &format!("media: {{ {more},"))).expect("writable");
}

/// `425:400 0:400`: tones of these frequencies and milliseconds.
fn tones(text: &str) -> Vec<i16> {
    let tone = |word: &str| {
        let (hz, ms) = word.split_once(':').expect("a colon");
        let (hz, ms): (f64, u32) = (hz.parse().expect("hertz"), ms.parse().expect("milliseconds"));
        if hz == 0.0 { tone::silence(ms) } else { tone::sine(hz, ms, 5000) }
    };
    text.split_whitespace().flat_map(tone).collect()
}

#[test]
fn what_the_network_says_before_the_answer_is_the_outcome() {
    let cadence = |text: &str| tones(&[text; 6].join(" "));
    let words = tone::babble(3, 2500);
    let rows = [
        (
            "ITU, out of service",
            [tones("0:300 950:330 1400:330 1800:330 0:200"), words.clone()].concat(),
            Disposition::OutOfService,
        ),
        (
            "vacant code",
            [tones("0:300 985.2:380 1370.6:276 1776.7:380 0:200"), words].concat(),
            Disposition::InvalidNumber,
        ),
        ("busy", cadence("425:400 0:400"), Disposition::Busy),
        ("congestion", cadence("425:200 0:200"), Disposition::Congestion),
    ];
    std::thread::scope(|scope| {
        for (what, pcm, expected) in &rows {
            scope.spawn(move || {
                let (disposition, campaign) = called(Meets::Early, pcm, |_| {});
                assert_eq!(disposition, *expected, "{what}\n{}", campaign.stop());
            });
        }
    });
}

/// A tone that no network has, until the installation's own file names it.
#[test]
fn settings_say_how_the_network_sounds() {
    let pcm = tones(&["600:300 0:300"; 6].join(" "));
    let (disposition, campaign) = called(Meets::Early, &pcm, |house| {
        house.write(
            "sounds.yaml",
            &SHIPPED.replace("busy: [\"425 400 400\"", "busy: [\"600 300 300\", \"425 400 400\""),
        );
        media(house, "who_answered: sounds.yaml");
    });
    assert_eq!(disposition, Disposition::Busy, "{}", campaign.stop());
}

#[test]
fn the_first_seconds_are_kept_when_asked_for() {
    for kept_s in [0, 2] {
        let pcm = [tone::silence(300), tone::babble(5, 6000), tone::silence(3000), tone::beep()].concat();
        let (_, campaign) = called(Meets::Answers, &pcm, |house| {
            if kept_s > 0 {
                media(house, &format!("keep_first_s: {kept_s}"));
            }
        });
        let kept = || {
            let files = std::fs::read_dir(campaign.house.path("recordings")).into_iter().flatten().flatten();
            let first = |name: &std::path::PathBuf| name.to_string_lossy().ends_with("-first.wav");
            files.map(|file| file.path()).filter(first).collect::<Vec<_>>()
        };
        if kept_s == 0 {
            assert!(kept().is_empty(), "{:?}", kept());
        } else {
            let file = wait_for("the first seconds", LIMIT, || kept().first().cloned());
            assert!(!file.to_string_lossy().contains("70001234567"), "a number in {}", file.display());
            let pcm = wait_for("a whole file", LIMIT, || {
                wav::read(std::fs::File::open(&file).ok()?).ok().filter(|pcm| !pcm.is_empty())
            });
            assert!(pcm.len() <= kept_s * 8000, "{} samples", pcm.len());
            assert!(pcm.len() >= kept_s * 8000 - 4000, "{} samples", pcm.len());
        }
        campaign.stop();
    }
}

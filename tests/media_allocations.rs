//! No packet costs an allocation: counted by an allocator of this binary's own, on the media thread alone.

use std::alloc::{GlobalAlloc, Layout, System};
use std::net::{Ipv4Addr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use ringback::audio::{Clip, Codec, tone};
use ringback::id::{CallId, LegId, PlayId};
use ringback::media::{Media, Remote, Settings, SrtpKeys};
use ringback::rtp::srtp::{Sealer, Suite};
use ringback::rtp::{Header, Packet};
use ringback::time::Clock;
use tokio::sync::mpsc::unbounded_channel;

/// The thread whose allocations count; 0: none.
static COUNTED: AtomicI64 = AtomicI64::new(0);
static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

struct Counting;

// SAFETY: everything is the system's; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let counted = COUNTED.load(Relaxed);
        // SAFETY: asks for the thread's number, no more.
        if counted != 0 && unsafe { libc::syscall(libc::SYS_gettid) } == counted {
            ALLOCATIONS.fetch_add(1, Relaxed);
        }
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn media_thread() -> i64 {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().map(|task| task.unwrap().path());
    let is_it = |path: &std::path::PathBuf| std::fs::read_to_string(path.join("comm")).unwrap().trim() == "media-0";
    let task = tasks.into_iter().find(is_it).expect("the thread runs");
    task.file_name().unwrap().to_str().unwrap().parse().unwrap()
}

/// A leg that plays, hears and listens for speech, its far end here; packets go both ways, and one is lost now and then.
#[test]
fn a_second_of_packets_allocates_nothing() {
    let (to, mut events) = unbounded_channel();
    let media = Media::start_with(Settings::default(), Arc::new(Clock::system()), to).unwrap();
    let keys = SrtpKeys { suite: Suite::AesCm128HmacSha1_80, ours: [1; 30], theirs: [2; 30] };
    let words = Arc::new(Clip::from_pcm(&tone::babble(1, 10_000)));
    let mut lines = Vec::new();
    for (n, srtp) in [None, Some(keys)].into_iter().enumerate() {
        let leg = LegId::client(CallId(n as i64));
        let far = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        far.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let here = media.open(leg, Ipv4Addr::LOCALHOST.into()).unwrap();
        let addr = far.local_addr().unwrap();
        media.connect(leg, Remote { srtp, ..Remote::plain(addr, Codec::Pcma, Some(101)) });
        media.play(leg, PlayId(1), vec![words.clone()]);
        media.listen_for_speech(leg, 800);
        lines.push((far, here, srtp.map(|keys| Sealer::new(keys.suite, &keys.theirs))));
    }
    let mut exchanged = 0;
    let mut exchange = |from: u16, to: u16| {
        for n in from..to {
            for (far, here, sealer) in &mut lines {
                let mut bytes = [0; 1500];
                let (length, _) = far.recv_from(&mut bytes).expect("audio comes");
                exchanged += u64::from(Packet::parse(&bytes[..length]).is_ok());
                let header =
                    Header { payload_type: 8, marker: false, sequence: n, timestamp: u32::from(n) * 160, ssrc: 7 };
                let mut out = [0xD5; 200];
                header.write(&[0xD5; 160], &mut out);
                let length = sealer.as_mut().map_or(172, |sealer| sealer.rtp(&mut out, 172).unwrap());
                if n % 10 != 3 {
                    far.send_to(&out[..length], *here).unwrap();
                }
            }
        }
    };
    // The first packets, a first loss: what is made once is made now.
    exchange(0, 40);
    COUNTED.store(media_thread(), Relaxed);
    exchange(40, 90);
    let allocations = ALLOCATIONS.load(Relaxed);
    COUNTED.store(0, Relaxed);
    assert_eq!(allocations, 0);
    assert!(exchanged >= 170, "{exchanged}");
    drop(media);
    let mut received = 0;
    while let Ok(event) = events.try_recv() {
        if let ringback::media::MediaEventKind::Closed { stats } = event.kind {
            received += stats.received;
        }
    }
    assert!(received >= 150, "{received}");
}

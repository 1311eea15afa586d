//! One TCP or TLS connection: what comes is cut into messages, what goes is written in order, and silence is noticed.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::mpsc;

use crate::sip::Hop;
use crate::sip::stream::{Broken, Frame, Framer};
use crate::time::{Clock, Mono};

/// Messages waiting to be written. A peer that lets so many pile up does not read.
pub(super) const QUEUE_MAX: usize = 1_024;

/// Messages written with one system call.
const BATCH_MAX: usize = 64;

/// How long a write may take: a peer that does not read for so long is as good as gone.
const WRITE_TIME_MAX: Duration = Duration::from_secs(5);

const READ_BYTES: usize = 16 * 1024;

/// How connections are kept and given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// From the first packet to the end of the TLS handshake.
    pub connect: Duration,
    /// How often we ask over a connection of ours whether the peer is there (RFC 5626 §4.4.1).
    pub ping: Duration,
    /// How long the answer may take; counted once the peer has answered a ping at all, as many never do.
    pub pong: Duration,
    /// A connection over which nothing has come for so long is closed.
    pub idle: Duration,
}

impl Default for Keep {
    fn default() -> Keep {
        Keep {
            connect: Duration::from_secs(4),
            ping: Duration::from_secs(30),
            pong: Duration::from_secs(10),
            idle: Duration::from_secs(15 * 60),
        }
    }
}

pub(super) enum Outgoing {
    Message(Vec<u8>),
    /// After what was queued before it.
    Close,
}

/// What came out of a connection.
pub(super) enum Incoming {
    Message {
        from: Hop,
        bytes: Vec<u8>,
    },
    Unframed {
        from: Hop,
        status: u16,
        head: Vec<u8>,
    },
    /// The last word of a connection. `why` is for the log.
    Gone {
        hop: Hop,
        why: String,
    },
}

/// What a connection needs to run.
pub(super) struct Setting {
    /// The far end, with this connection's name.
    pub hop: Hop,
    pub keep: Keep,
    /// We opened it, so that it is ours to keep open.
    pub ours: bool,
    pub clock: Arc<Clock>,
    pub incoming: mpsc::Sender<Incoming>,
}

/// Runs until the connection ends; says why.
pub(super) async fn run<S>(
    stream: S,
    setting: &Setting,
    outbox: mpsc::Receiver<Outgoing>,
    to_self: mpsc::WeakSender<Outgoing>,
) -> String
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (reader, writer) = tokio::io::split(stream);
    tokio::select! {
        why = read(reader, setting, to_self) => why,
        why = write(writer, outbox) => why,
    }
}

async fn write<S: AsyncWrite>(mut writer: WriteHalf<S>, mut outbox: mpsc::Receiver<Outgoing>) -> String {
    let (mut batch, mut bytes) = (Vec::with_capacity(BATCH_MAX), Vec::new());
    while outbox.recv_many(&mut batch, BATCH_MAX).await > 0 {
        let mut close = false;
        bytes.clear();
        for outgoing in batch.drain(..) {
            match outgoing {
                Outgoing::Message(message) => bytes.extend_from_slice(&message),
                Outgoing::Close => close = true,
            }
        }
        let written = async {
            writer.write_all(&bytes).await?;
            writer.flush().await
        };
        match tokio::time::timeout(WRITE_TIME_MAX, written).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return error.to_string(),
            Err(_) => return "the peer does not read".into(),
        }
        if close {
            break;
        }
    }
    // The far end may have gone first; there is nobody to tell.
    let _ = tokio::time::timeout(WRITE_TIME_MAX, writer.shutdown()).await;
    "closed by us".into()
}

/// When the reader has to do something although nothing has come.
struct Waits {
    heard: Mono,
    ping_at: Option<Mono>,
    pong_by: Option<Mono>,
}

async fn read<S: AsyncRead>(mut reader: ReadHalf<S>, s: &Setting, to_self: mpsc::WeakSender<Outgoing>) -> String {
    let mut framer = Framer::default();
    let mut buffer = vec![0; READ_BYTES];
    let now = || s.clock.mono();
    let mut waits = Waits { heard: now(), ping_at: s.ours.then(|| now() + s.keep.ping), pong_by: None };
    let mut answers_pings = false;
    loop {
        let idle_at = waits.heard + s.keep.idle;
        let next = [Some(idle_at), waits.ping_at, waits.pong_by, framer.deadline()].into_iter().flatten().min();
        let wait = next.unwrap_or(idle_at).since(now()).max(Duration::from_millis(1));
        let length = match tokio::time::timeout(wait, reader.read(&mut buffer)).await {
            Ok(Ok(0)) => return "closed by the peer".into(),
            Ok(Ok(length)) => length,
            Ok(Err(error)) => return error.to_string(),
            Err(_) => {
                let at = now();
                if waits.pong_by.is_some_and(|by| by <= at) {
                    return "half open: the peer does not answer pings any more".into();
                }
                if framer.deadline().is_some_and(|by| by <= at) {
                    return "a message took too long to come".into();
                }
                if idle_at <= at {
                    return "nothing has come for too long".into();
                }
                if waits.ping_at.is_some_and(|due| due <= at) {
                    waits.ping_at = Some(at + s.keep.ping);
                    // Counted from the first ping that was not answered.
                    waits.pong_by = waits.pong_by.or_else(|| answers_pings.then(|| at + s.keep.pong));
                    framer.awaits_pong = true;
                    if !queue(&to_self, b"\r\n\r\n") {
                        return "the peer does not read".into();
                    }
                }
                continue;
            }
        };
        waits.heard = now();
        // Whatever it says, it is there.
        waits.pong_by = None;
        framer.push(waits.heard, &buffer[..length]);
        loop {
            let incoming = match framer.next_frame() {
                Ok(None) => break,
                Ok(Some(Frame::Message(bytes))) => Incoming::Message { from: s.hop, bytes: bytes.to_vec() },
                Ok(Some(Frame::Ping)) => {
                    if !queue(&to_self, b"\r\n") {
                        return "the peer does not read".into();
                    }
                    continue;
                }
                Ok(Some(Frame::Pong)) => {
                    answers_pings = true;
                    continue;
                }
                Err(Broken::Unframed { status, head }) => {
                    // The answer is queued by whoever takes this, and the connection closed behind it.
                    let _ = s.incoming.send(Incoming::Unframed { from: s.hop, status, head }).await;
                    tokio::time::sleep(WRITE_TIME_MAX).await;
                    return "a message without a length".into();
                }
                Err(broken @ (Broken::TooLong | Broken::NotSip)) => return broken.to_string(),
            };
            // When the port is busy this waits, the system's buffer fills and the peer slows down.
            if s.incoming.send(incoming).await.is_err() {
                return "the trunk has stopped".into();
            }
        }
    }
}

fn queue(to_self: &mpsc::WeakSender<Outgoing>, bytes: &[u8]) -> bool {
    to_self.upgrade().is_some_and(|out| out.try_send(Outgoing::Message(bytes.to_vec())).is_ok())
}

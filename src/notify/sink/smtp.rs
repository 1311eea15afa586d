//! A small SMTP server (RFC 5321): EHLO HELO MAIL RCPT DATA RSET NOOP VRFY QUIT. No relaying, no TLS, no AUTH.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::{CONNECTIONS_MAX, IDLE_S_MAX};

/// RFC 5321 §4.5.3.1 asks for 512 and 1000; a line beyond this ends the connection.
const LINE_BYTES_MAX: u64 = 4096;
const MESSAGE_BYTES_MAX: usize = 1024 * 1024;
const RECIPIENTS_MAX: usize = 100;

pub(super) async fn serve(listener: TcpListener, dir: PathBuf) {
    let (room, count, dir) = (Arc::new(Semaphore::new(CONNECTIONS_MAX)), Arc::new(AtomicU64::new(0)), Arc::new(dir));
    // Held here so that aborting this task ends the connections with it.
    let mut connections = JoinSet::new();
    loop {
        let permit = Arc::clone(&room).acquire_owned().await.expect("the semaphore is never closed");
        let Ok((mut stream, _)) = listener.accept().await else { continue };
        while connections.try_join_next().is_some() {}
        let (count, dir) = (Arc::clone(&count), Arc::clone(&dir));
        connections.spawn(async move {
            let (read, write) = stream.split();
            let mut session = Session { read: BufReader::new(read), write, dir: &dir, count: &count };
            if let Err(e) = session.run().await {
                tracing::debug!("an SMTP connection ended: {e}");
            }
            drop(permit);
        });
    }
}

struct Session<'a, R, W> {
    read: R,
    write: W,
    dir: &'a Path,
    count: &'a AtomicU64,
}

#[derive(Default)]
struct Envelope {
    from: Option<String>,
    to: Vec<String>,
}

impl<R: AsyncBufRead + Unpin, W: AsyncWrite + Unpin> Session<'_, R, W> {
    async fn run(&mut self) -> io::Result<()> {
        let mut envelope = Envelope::default();
        self.reply("220 ringback sink").await?;
        while let Some(line) = self.line().await? {
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end();
            let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
            match verb.to_ascii_uppercase().as_str() {
                "EHLO" => {
                    envelope = Envelope::default();
                    self.reply(&format!("250-ringback sink\r\n250-8BITMIME\r\n250 SIZE {MESSAGE_BYTES_MAX}")).await?;
                }
                "HELO" => {
                    envelope = Envelope::default();
                    self.reply("250 ringback sink").await?;
                }
                "MAIL" => match address(rest, "FROM:") {
                    Some(from) => {
                        envelope = Envelope { from: Some(from), to: Vec::new() };
                        self.reply("250 ok").await?;
                    }
                    None => self.reply("501 expected MAIL FROM:<address>").await?,
                },
                "RCPT" => match address(rest, "TO:") {
                    _ if envelope.from.is_none() => self.reply("503 MAIL comes first").await?,
                    _ if envelope.to.len() >= RECIPIENTS_MAX => self.reply("452 too many recipients").await?,
                    Some(to) if !to.is_empty() => {
                        envelope.to.push(to);
                        self.reply("250 ok").await?;
                    }
                    Some(_) | None => self.reply("501 expected RCPT TO:<address>").await?,
                },
                "DATA" if envelope.to.is_empty() => self.reply("503 RCPT comes first").await?,
                "DATA" => {
                    self.reply("354 end with a dot on a line of its own").await?;
                    self.data(std::mem::take(&mut envelope)).await?;
                }
                "RSET" => {
                    envelope = Envelope::default();
                    self.reply("250 ok").await?;
                }
                "NOOP" => self.reply("250 ok").await?,
                "VRFY" => self.reply("252 cannot say").await?,
                "QUIT" => return self.reply("221 bye").await,
                _ => self.reply("502 not known here").await?,
            }
        }
        Ok(())
    }

    async fn data(&mut self, envelope: Envelope) -> io::Result<()> {
        let mut message = Vec::new();
        let mut too_big = false;
        loop {
            let Some(line) = self.line().await? else { return Ok(()) };
            // Only CR LF . CR LF ends a message (§4.1.1.4); a bare LF is text, or one message could smuggle in another.
            if line == b".\r\n" {
                break;
            }
            let line = line.strip_prefix(b".").unwrap_or(&line);
            too_big = too_big || message.len() + line.len() > MESSAGE_BYTES_MAX;
            if !too_big {
                message.extend_from_slice(line);
            }
        }
        if too_big {
            return self.reply("552 the message is too big").await;
        }
        match self.keep(&envelope, &message).await {
            Ok(()) => self.reply("250 kept").await,
            Err(e) => self.reply(&format!("451 cannot be kept: {}", e.kind())).await,
        }
    }

    /// The envelope goes on top of the message as a delivering server writes it (§4.4, RFC 5322 §3.6.7).
    async fn keep(&self, envelope: &Envelope, message: &[u8]) -> io::Result<()> {
        let number = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        let mut file = format!("Return-Path: <{}>\r\n", envelope.from.as_deref().unwrap_or("")).into_bytes();
        for to in &envelope.to {
            file.extend_from_slice(format!("Delivered-To: {to}\r\n").as_bytes());
        }
        file.extend_from_slice(message);
        // Under another name first: whoever watches for *.eml never reads half a message.
        let part = self.dir.join(format!("{number:06}.part"));
        tokio::fs::write(&part, file).await?;
        tokio::fs::rename(part, self.dir.join(format!("{number:06}.eml"))).await
    }

    /// A line with its end; `None` when the client has closed.
    async fn line(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        let mut bounded = (&mut self.read).take(LINE_BYTES_MAX);
        let read = bounded.read_until(b'\n', &mut line);
        timeout(Duration::from_secs(IDLE_S_MAX), read).await.map_err(|_| io::ErrorKind::TimedOut)??;
        match line.last() {
            None => Ok(None),
            Some(b'\n') => Ok(Some(line)),
            Some(_) => Err(io::Error::new(io::ErrorKind::InvalidData, "a line without an end")),
        }
    }

    async fn reply(&mut self, text: &str) -> io::Result<()> {
        self.write.write_all(format!("{text}\r\n").as_bytes()).await
    }
}

/// The address of `FROM:<a@b> SIZE=…`.
fn address(rest: &str, keyword: &str) -> Option<String> {
    let (head, tail) = rest.split_at_checked(keyword.len())?;
    let tail = tail.trim_start().strip_prefix('<').filter(|_| head.eq_ignore_ascii_case(keyword))?;
    let (address, _) = tail.split_once('>')?;
    (!address.contains(|c: char| c.is_control() || c == '<')).then(|| address.to_string())
}

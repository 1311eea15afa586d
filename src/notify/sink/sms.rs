//! A small SMS gateway: `POST` of `{to, text, from, id}`, one request a connection (HTTP/1.1, RFC 9112).

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::{Mutex, Semaphore};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::{CONNECTIONS_MAX, IDLE_S_MAX};

const HEAD_BYTES_MAX: u64 = 8 * 1024;
const BODY_BYTES_MAX: usize = 64 * 1024;
/// Ids remembered for telling a repetition from a new message.
const IDS_MAX: usize = 100_000;

/// One line of `sms.jsonl`.
#[derive(Serialize, Deserialize)]
struct Sms {
    to: String,
    text: String,
    #[serde(default)]
    from: Option<String>,
    id: String,
}

pub(super) async fn serve(listener: TcpListener, file: PathBuf) {
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let kept = Arc::new(Kept { file, ids: Mutex::new(HashSet::new()) });
    let mut connections = JoinSet::new();
    loop {
        let permit = Arc::clone(&room).acquire_owned().await.expect("the semaphore is never closed");
        let Ok((mut stream, _)) = listener.accept().await else { continue };
        while connections.try_join_next().is_some() {}
        let kept = Arc::clone(&kept);
        connections.spawn(async move {
            let (read, mut write) = stream.split();
            let exchange = async {
                let (status, answer) = match request(BufReader::new(read)).await? {
                    Ok(body) => kept.keep(&body).await,
                    Err(refusal) => refusal,
                };
                let length = answer.len();
                let head = format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}");
                write.write_all(format!("{head}\r\nConnection: close\r\n\r\n{answer}").as_bytes()).await
            };
            let outcome = timeout(Duration::from_secs(IDLE_S_MAX), exchange).await;
            if !matches!(outcome, Ok(Ok(()))) {
                tracing::debug!("an SMS connection ended without an answer");
            }
            drop(permit);
        });
    }
}

/// Status line and JSON body.
type Answer = (&'static str, String);

/// The body of a POST, or the answer that refuses it.
async fn request(mut read: impl AsyncBufRead + Unpin) -> io::Result<Result<Vec<u8>, Answer>> {
    let refused = |status, why: &str| Ok(Err((status, format!("{{\"error\":\"{why}\"}}"))));
    let mut head = (&mut read).take(HEAD_BYTES_MAX);
    let (mut line, mut length, mut first) = (Vec::new(), None, true);
    loop {
        line.clear();
        head.read_until(b'\n', &mut line).await?;
        if line.last() != Some(&b'\n') {
            return refused("400 Bad Request", "the head has no end");
        }
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end();
        if first && !text.starts_with("POST ") {
            return refused("405 Method Not Allowed", "POST a message");
        }
        if text.is_empty() {
            break;
        }
        if let Some((name, value)) = text.split_once(':') {
            if name.eq_ignore_ascii_case("transfer-encoding") {
                return refused("411 Length Required", "send a Content-Length");
            }
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse::<usize>().ok();
            }
        }
        first = false;
    }
    match length {
        None => refused("411 Length Required", "send a Content-Length"),
        Some(n) if n > BODY_BYTES_MAX => refused("413 Content Too Large", "the message is too big"),
        Some(n) => {
            let mut body = vec![0; n];
            read.read_exact(&mut body).await?;
            Ok(Ok(body))
        }
    }
}

struct Kept {
    file: PathBuf,
    ids: Mutex<HashSet<String>>,
}

impl Kept {
    /// A message whose id was seen before is accepted and not kept again: the sender only did not hear our first answer.
    async fn keep(&self, body: &[u8]) -> Answer {
        let Ok(sms) = serde_json::from_slice::<Sms>(body) else {
            return ("400 Bad Request", "{\"error\":\"expected JSON with to, text and id\"}".to_string());
        };
        let mut ids = self.ids.lock().await;
        if !ids.contains(&sms.id) {
            if let Err(e) = append(&self.file, &sms).await {
                return ("503 Service Unavailable", format!("{{\"error\":\"cannot be kept: {}\"}}", e.kind()));
            }
            if ids.len() >= IDS_MAX {
                ids.clear();
            }
            ids.insert(sms.id.clone());
        }
        ("202 Accepted", serde_json::json!({ "id": sms.id }).to_string())
    }
}

async fn append(file: &Path, sms: &Sms) -> io::Result<()> {
    let mut line = serde_json::to_string(sms)?;
    line.push('\n');
    let mut file = tokio::fs::OpenOptions::new().create(true).append(true).open(file).await?;
    file.write_all(line.as_bytes()).await?;
    file.flush().await
}

//! Two small servers that receive what would otherwise reach people: SMTP into `mail/*.eml`, SMS into `sms.jsonl`.
//! For the demo and for tests. They speak the real protocols and deliver nothing.

mod sms;
mod smtp;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Connections served at once, for each server; more wait.
const CONNECTIONS_MAX: usize = 64;
/// A client that says nothing for this long is hung up on.
const IDLE_S_MAX: u64 = 60;

/// Both servers; dropping it stops them.
pub struct Sinks {
    pub smtp: SocketAddr,
    pub sms: SocketAddr,
    tasks: [JoinHandle<()>; 2],
}

impl Sinks {
    /// Listens on free ports of `ip` and writes below `dir`, which is created.
    pub async fn start(ip: IpAddr, dir: &Path) -> io::Result<Sinks> {
        let mail = dir.join("mail");
        tokio::fs::create_dir_all(&mail).await?;
        let smtp = TcpListener::bind((ip, 0)).await?;
        let sms = TcpListener::bind((ip, 0)).await?;
        Ok(Sinks {
            smtp: smtp.local_addr()?,
            sms: sms.local_addr()?,
            tasks: [
                tokio::spawn(self::smtp::serve(smtp, mail)),
                tokio::spawn(self::sms::serve(sms, dir.join("sms.jsonl"))),
            ],
        })
    }
}

impl Drop for Sinks {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

//! A name server on loopback, as small as one can be: it answers what its zone holds, in real packets (RFC 1035).

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use tokio::net::UdpSocket;

/// What a name has, and for how many seconds that may be believed.
#[derive(Clone)]
pub enum Entry {
    Address { name: &'static str, ip: IpAddr, ttl: u32 },
    Service { name: &'static str, priority: u16, weight: u16, port: u16, target: &'static str, ttl: u32 },
    Pointer { name: &'static str, order: u16, service: &'static str, replacement: &'static str, ttl: u32 },
}

type Zone = Arc<Mutex<Vec<Entry>>>;

pub struct NameServer {
    pub addr: SocketAddr,
    zone: Zone,
    asked: Arc<Mutex<HashMap<String, usize>>>,
    task: tokio::task::JoinHandle<()>,
}

impl NameServer {
    pub async fn start(bind: SocketAddr, zone: Vec<Entry>) -> NameServer {
        let socket = UdpSocket::bind(bind).await.unwrap();
        let addr = socket.local_addr().unwrap();
        let (zone, asked) = (Arc::new(Mutex::new(zone)), Arc::new(Mutex::new(HashMap::new())));
        let task = tokio::spawn(serve(socket, zone.clone(), asked.clone()));
        NameServer { addr, zone, asked, task }
    }

    pub fn change(&self, zone: Vec<Entry>) {
        *self.zone.lock().unwrap() = zone;
    }

    /// How often a name was asked for, whatever the type.
    pub fn asked(&self, name: &str) -> usize {
        self.asked.lock().unwrap().get(name).copied().unwrap_or(0)
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(socket: UdpSocket, zone: Zone, asked: Arc<Mutex<HashMap<String, usize>>>) {
    let mut buffer = [0; 1500];
    loop {
        let Ok((length, from)) = socket.recv_from(&mut buffer).await else { continue };
        let Some((name, kind, end)) = question(&buffer[..length]) else { continue };
        *asked.lock().unwrap().entry(name.clone()).or_default() += 1;
        let answers: Vec<(u16, u32, Vec<u8>)> =
            zone.lock().unwrap().iter().filter_map(|entry| record(entry, &name)).filter(|(k, ..)| *k == kind).collect();
        let known = zone.lock().unwrap().iter().any(|entry| record(entry, &name).is_some());
        let mut reply = buffer[..2].to_vec();
        // A response, authoritative, recursion as asked; NXDOMAIN for a name without anything.
        reply.extend([0x85, if known { 0x80 } else { 0x83 }, 0, 1, 0, answers.len() as u8, 0, 0, 0, 0]);
        reply.extend(&buffer[12..end]);
        for (kind, ttl, data) in answers {
            reply.extend([0xC0, 12]);
            reply.extend(kind.to_be_bytes());
            reply.extend([0, 1]);
            reply.extend(ttl.to_be_bytes());
            reply.extend((data.len() as u16).to_be_bytes());
            reply.extend(data);
        }
        let _ = socket.send_to(&reply, from).await;
    }
}

/// The name asked for, the type, and where the question ends.
fn question(packet: &[u8]) -> Option<(String, u16, usize)> {
    let (mut at, mut labels) = (12, Vec::new());
    loop {
        let length = usize::from(*packet.get(at)?);
        at += 1;
        if length == 0 {
            break;
        }
        labels.push(String::from_utf8_lossy(packet.get(at..at + length)?).to_lowercase());
        at += length;
    }
    let kind = u16::from_be_bytes([*packet.get(at)?, *packet.get(at + 1)?]);
    Some((labels.join("."), kind, at + 4))
}

fn record(entry: &Entry, asked: &str) -> Option<(u16, u32, Vec<u8>)> {
    match entry {
        Entry::Address { name, ip, ttl } if *name == asked => Some(match ip {
            IpAddr::V4(ip) => (1, *ttl, ip.octets().to_vec()),
            IpAddr::V6(ip) => (28, *ttl, ip.octets().to_vec()),
        }),
        Entry::Service { name, priority, weight, port, target, ttl } if *name == asked => {
            let mut data: Vec<u8> = [priority, weight, port].into_iter().flat_map(|n| n.to_be_bytes()).collect();
            data.extend(written(target));
            Some((33, *ttl, data))
        }
        Entry::Pointer { name, order, service, replacement, ttl } if *name == asked => {
            let mut data: Vec<u8> = [*order, 10].into_iter().flat_map(u16::to_be_bytes).collect();
            for text in ["s", service, ""] {
                data.push(text.len() as u8);
                data.extend(text.bytes());
            }
            data.extend(written(replacement));
            Some((35, *ttl, data))
        }
        _ => None,
    }
}

fn written(name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for label in name.split('.') {
        bytes.push(label.len() as u8);
        bytes.extend(label.bytes());
    }
    bytes.push(0);
    bytes
}

//! Asks name servers where a carrier is (RFC 3263 §4), again when an answer has grown old. The last good answer is kept
//! while they do not answer; which place is used when is decided by `sip::targets`.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{RData, Record, RecordType};
use tokio::sync::mpsc;

use super::tls::Tls;
use crate::sip::targets::{Naptr, TARGETS_MAX, Target, by_naptr, srv_name};
use crate::sip::{Hop, Transport};

/// An answer is used for its time to live, within these bounds.
const FRESH_MIN: Duration = Duration::from_secs(1);
const FRESH_MAX: Duration = Duration::from_secs(60 * 60);

/// After a failure the next attempt waits, each time twice as long.
const RETRY_MIN: Duration = Duration::from_secs(1);
const RETRY_MAX: Duration = Duration::from_secs(60);

/// One question to one name server, and how often it is asked.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(2);
const ATTEMPTS: usize = 2;

/// Whom a trunk leads to, and how it is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerAddress {
    /// An address, a host, or a domain with SRV records.
    pub host: String,
    /// `None`: that of the SRV records, else the transport's own.
    pub port: Option<u16>,
    /// `None`: what the NAPTR records of the domain prefer, else UDP.
    pub transport: Option<Transport>,
    /// Needed for [`Transport::Tls`].
    pub tls: Option<Tls>,
    /// Asked for the carrier's addresses; none: those of the system.
    pub name_servers: Vec<SocketAddr>,
    pub keep: super::connection::Keep,
}

impl PeerAddress {
    /// At an address, over UDP.
    pub fn at(addr: SocketAddr) -> PeerAddress {
        PeerAddress {
            host: addr.ip().to_string(),
            port: Some(addr.port()),
            transport: None,
            tls: None,
            name_servers: Vec::new(),
            keep: super::connection::Keep::default(),
        }
    }

    /// As written into URIs.
    pub(super) fn name(&self) -> String {
        let host = match self.host.parse::<IpAddr>() {
            Ok(IpAddr::V6(ip)) => format!("[{ip}]"),
            _ => self.host.clone(),
        };
        match self.port {
            Some(port) => format!("{host}:{port}"),
            None => host,
        }
    }

    /// Where it is, when no name server need be asked.
    pub(super) fn fixed(&self) -> Option<Hop> {
        let ip = self.host.trim_matches(['[', ']']).parse().ok()?;
        let transport = self.transport.unwrap_or(Transport::Udp);
        Some(Hop::new(transport, SocketAddr::new(ip, self.port.unwrap_or(transport.default_port()))))
    }

    fn spoken(&self) -> Vec<Transport> {
        let known = Transport::ALL.into_iter().filter(|t| *t != Transport::Tls || self.tls.is_some());
        known.filter(|t| self.transport.is_none_or(|only| only == *t)).collect()
    }
}

impl From<SocketAddr> for PeerAddress {
    fn from(addr: SocketAddr) -> PeerAddress {
        PeerAddress::at(addr)
    }
}

/// What name servers said; for a carrier that was never found, why not.
pub(super) type Located = Result<Vec<Target>, String>;

/// Tells where the carrier is, at first and whenever that may have changed; until nobody listens. `ipv4`: the family of
/// our own socket.
pub(super) async fn watch(carrier: PeerAddress, ipv4: bool, told: mpsc::Sender<Located>) {
    let resolver = resolver(&carrier.name_servers);
    let (mut found_before, mut retry) = (false, RETRY_MIN);
    loop {
        let found = match &resolver {
            Ok(resolver) => Asking { resolver, carrier: &carrier, ipv4, fresh: FRESH_MAX }.locate().await,
            Err(why) => Err(why.clone()),
        };
        let wait = match found {
            Ok((targets, fresh)) => {
                (found_before, retry) = (true, RETRY_MIN);
                if told.send(Ok(targets)).await.is_err() {
                    return;
                }
                fresh.clamp(FRESH_MIN, FRESH_MAX)
            }
            Err(why) if found_before => {
                tracing::warn!(
                    host = carrier.host,
                    why,
                    "the carrier is looked up in vain; its last known places are used"
                );
                let wait = retry;
                retry = (retry * 2).min(RETRY_MAX);
                wait
            }
            Err(why) => {
                tracing::warn!(host = carrier.host, why, "the carrier cannot be found");
                if told.send(Err(why)).await.is_err() {
                    return;
                }
                let wait = retry;
                retry = (retry * 2).min(RETRY_MAX);
                wait
            }
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = told.closed() => return,
        }
    }
}

fn resolver(name_servers: &[SocketAddr]) -> Result<TokioResolver, String> {
    let mut builder = if name_servers.is_empty() {
        TokioResolver::builder_tokio().map_err(|e| format!("the system names no name server: {e}"))?
    } else {
        let of = |addr: &SocketAddr| {
            let with_port = |mut connection: ConnectionConfig| {
                connection.port = addr.port();
                connection
            };
            let connections = vec![with_port(ConnectionConfig::udp()), with_port(ConnectionConfig::tcp())];
            NameServerConfig::new(addr.ip(), true, connections)
        };
        let servers = name_servers.iter().map(of).collect();
        TokioResolver::builder_with_config(ResolverConfig::from_name_servers(servers), TokioRuntimeProvider::default())
    };
    let options = builder.options_mut();
    (options.timeout, options.attempts) = (ANSWER_TIME_MAX, ATTEMPTS);
    // How long an answer is good is ours to say: we ask again when it has grown old, and want to hear what is true then.
    options.cache_size = 0;
    builder.build().map_err(|e| e.to_string())
}

struct Asking<'a> {
    resolver: &'a TokioResolver,
    carrier: &'a PeerAddress,
    ipv4: bool,
    /// The shortest time to live of what was heard.
    fresh: Duration,
}

impl Asking<'_> {
    async fn locate(mut self) -> Result<(Vec<Target>, Duration), String> {
        let carrier = self.carrier;
        let mut targets = Vec::new();
        if carrier.port.is_none() {
            for (rank, (transport, name)) in (0..).zip(self.services().await?) {
                targets.extend(self.srv(rank, transport, &name).await?);
            }
        }
        if targets.is_empty() {
            // §4.2: no SRV records, or none wanted.
            let transport = carrier.transport.unwrap_or(Transport::Udp);
            let port = carrier.port.unwrap_or(transport.default_port());
            for ip in self.addresses(&carrier.host).await? {
                targets.push(Target::only(Hop::new(transport, SocketAddr::new(ip, port))));
            }
        }
        targets.truncate(TARGETS_MAX);
        if targets.is_empty() {
            let family = if self.ipv4 { "IPv4" } else { "IPv6" };
            return Err(format!("{} has no {family} address, which the trunk's `bind` is of", carrier.host));
        }
        Ok((targets, self.fresh))
    }

    /// The names under which the carrier's places are listed, best transport first (§4.1).
    async fn services(&mut self) -> Result<Vec<(Transport, String)>, String> {
        let spoken = self.carrier.spoken();
        if self.carrier.transport.is_none() {
            let records = self.ask(&self.carrier.host, RecordType::NAPTR).await?;
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let records = records.iter().filter_map(|record| match &record.data {
                RData::NAPTR(n) if n.flags.eq_ignore_ascii_case(b"s") => Some(Naptr {
                    order: n.order,
                    preference: n.preference,
                    service: text(&n.services),
                    replacement: n.replacement.to_string(),
                }),
                _ => None,
            });
            let services = by_naptr(records.collect(), &spoken);
            if !services.is_empty() {
                return Ok(services);
            }
        }
        Ok(spoken.into_iter().map(|transport| (transport, srv_name(&self.carrier.host, transport))).collect())
    }

    async fn srv(&mut self, rank: u32, transport: Transport, name: &str) -> Result<Vec<Target>, String> {
        let mut targets = Vec::new();
        for record in self.ask(name, RecordType::SRV).await? {
            // RFC 2782: a single dot says that there is no such service here.
            let RData::SRV(srv) = &record.data else { continue };
            if srv.target.is_root() || targets.len() >= TARGETS_MAX {
                continue;
            }
            let addresses = match self.addresses(&srv.target.to_string()).await {
                Ok(addresses) => addresses,
                // The others may still be there.
                Err(why) => {
                    tracing::warn!(host = %srv.target, why, "a place of the carrier cannot be found");
                    continue;
                }
            };
            let weight = srv.weight.div_ceil(addresses.len().clamp(1, TARGETS_MAX) as u16);
            for ip in addresses {
                let hop = Hop::new(transport, SocketAddr::new(ip, srv.port));
                targets.push(Target { priority: rank << 16 | u32::from(srv.priority), weight, hop });
            }
        }
        Ok(targets)
    }

    async fn addresses(&mut self, host: &str) -> Result<Vec<IpAddr>, String> {
        if let Ok(ip) = host.trim_matches(['[', ']']).parse::<IpAddr>() {
            return Ok(vec![ip]);
        }
        let wanted = if self.ipv4 { RecordType::A } else { RecordType::AAAA };
        let records = self.ask(host, wanted).await?;
        let ips = records.iter().filter_map(|record| match &record.data {
            RData::A(a) => Some(IpAddr::V4(a.0)),
            RData::AAAA(a) => Some(IpAddr::V6(a.0)),
            _ => None,
        });
        Ok(ips.collect())
    }

    /// The records; none when there are none. Errors: nobody could say.
    async fn ask(&mut self, name: &str, wanted: RecordType) -> Result<Vec<Record>, String> {
        // With a dot at its end a name is whole, and not tried below the system's own domain.
        let whole = if name.ends_with('.') || !name.contains('.') { name.to_owned() } else { format!("{name}.") };
        match self.resolver.lookup(whole.as_str(), wanted).await {
            Ok(lookup) => {
                let of_type: Vec<Record> =
                    lookup.answers().iter().filter(|r| r.record_type() == wanted).cloned().collect();
                for record in lookup.answers() {
                    self.fresh = self.fresh.min(Duration::from_secs(record.ttl.into()));
                }
                Ok(of_type)
            }
            Err(error) if is_nothing(&error) => Ok(Vec::new()),
            Err(error) => Err(format!("no answer about {name} ({wanted}): {error}")),
        }
    }
}

fn is_nothing(error: &NetError) -> bool {
    error.is_nx_domain() || error.is_no_records_found()
}

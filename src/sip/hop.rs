//! Where a message goes to or came from: the transport, the address and, over a stream, the connection.

use std::fmt;
use std::net::SocketAddr;

use super::client::Branch;

/// RFC 3261 §18. TCP and TLS are reliable: nothing is sent twice over them (§17).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    Udp,
    Tcp,
    Tls,
}

impl Transport {
    pub const ALL: [Transport; 3] = [Transport::Udp, Transport::Tcp, Transport::Tls];

    /// As Via writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Transport::Udp => "UDP",
            Transport::Tcp => "TCP",
            Transport::Tls => "TLS",
        }
    }

    /// The value of a URI's `transport` parameter, in any case (§19.1.1). `None`: one that is not spoken here.
    pub fn parse(text: &str) -> Option<Transport> {
        Transport::ALL.into_iter().find(|t| t.as_str().eq_ignore_ascii_case(text))
    }

    pub fn is_reliable(self) -> bool {
        self != Transport::Udp
    }

    /// Where it is spoken unless something else is said (§19.1.2).
    pub fn default_port(self) -> u16 {
        match self {
            Transport::Udp | Transport::Tcp => 5060,
            Transport::Tls => 5061,
        }
    }
}

/// Names a connection of the edge that holds the sockets. Never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// One end of a way: the next element for what is sent, the last one for what came; or our own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hop {
    pub transport: Transport,
    pub addr: SocketAddr,
    /// The connection to use as long as it is there; else, and without one, any that leads to `addr`.
    pub connection: Option<ConnectionId>,
}

impl Hop {
    pub fn new(transport: Transport, addr: SocketAddr) -> Hop {
        Hop { transport, addr, connection: None }
    }

    pub fn udp(addr: SocketAddr) -> Hop {
        Hop::new(Transport::Udp, addr)
    }

    /// The same place, whatever the connection.
    pub fn leads_to(self, other: Hop) -> bool {
        (self.transport, self.addr) == (other.transport, other.addr)
    }

    /// The value of a Via of ours. `rport`: answer where this came from (RFC 3581); `alias`: this connection may be used
    /// for requests to us too (RFC 5923 §5).
    pub fn via(self, branch: Branch) -> impl fmt::Display {
        let alias = if self.transport.is_reliable() { ";alias" } else { "" };
        fmt::from_fn(move |f| {
            write!(f, "SIP/2.0/{} {};branch={branch};rport{alias}", self.transport.as_str(), HostPort(self.addr))
        })
    }

    /// Our own URI, for Contact, From and the like.
    pub fn uri(self) -> impl fmt::Display {
        fmt::from_fn(move |f| {
            write!(f, "sip:{}", HostPort(self.addr))?;
            match self.transport {
                Transport::Udp => Ok(()),
                Transport::Tcp => f.write_str(";transport=tcp"),
                // Deprecated in RFC 3261 §26.2.2, yet what everybody writes; `sips:` would promise TLS on every hop.
                Transport::Tls => f.write_str(";transport=tls"),
            }
        })
    }
}

/// `host:port`, with brackets round IPv6 and without the name of an interface, which nobody else knows.
pub struct HostPort(pub SocketAddr);

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            SocketAddr::V4(addr) => addr.fmt(f),
            SocketAddr::V6(addr) => write!(f, "[{}]:{}", addr.ip(), addr.port()),
        }
    }
}

/// Our own addresses as others reach them, one for each transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contacts {
    pub udp: SocketAddr,
    pub tcp: SocketAddr,
    pub tls: SocketAddr,
}

impl Contacts {
    pub fn all(addr: SocketAddr) -> Contacts {
        Contacts { udp: addr, tcp: addr, tls: addr }
    }

    /// What is written into messages that go over `transport`.
    pub fn over(&self, transport: Transport) -> Hop {
        let addr = match transport {
            Transport::Udp => self.udp,
            Transport::Tcp => self.tcp,
            Transport::Tls => self.tls,
        };
        Hop::new(transport, addr)
    }
}

/// Whom calls go through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Host, or host and port, as URIs name it: `sip.carrier.example`, `203.0.113.5:5060`.
    pub host: String,
    /// Where it is reached.
    pub hop: Hop,
}

impl Peer {
    /// A peer known by its address only.
    pub fn at(hop: Hop) -> Peer {
        Peer { host: HostPort(hop.addr).to_string(), hop }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_address_in_messages() {
        for (transport, addr, via, uri) in [
            (Transport::Udp, "10.0.0.1:5060", "SIP/2.0/UDP 10.0.0.1:5060;branch=B;rport", "sip:10.0.0.1:5060"),
            (
                Transport::Tcp,
                "[2001:db8::1]:5070",
                "SIP/2.0/TCP [2001:db8::1]:5070;branch=B;rport;alias",
                "sip:[2001:db8::1]:5070;transport=tcp",
            ),
            (
                Transport::Tls,
                "[fe80::1%3]:5061",
                "SIP/2.0/TLS [fe80::1]:5061;branch=B;rport;alias",
                "sip:[fe80::1]:5061;transport=tls",
            ),
        ] {
            let here = Hop::new(transport, addr.parse().unwrap());
            assert_eq!(here.via(Branch(1)).to_string(), via.replace('B', &Branch(1).to_string()));
            assert_eq!(here.uri().to_string(), uri);
        }
    }

    #[test]
    fn transports_by_name() {
        for (text, transport) in [
            ("tcp", Some(Transport::Tcp)),
            ("TLS", Some(Transport::Tls)),
            ("Udp", Some(Transport::Udp)),
            ("sctp", None),
        ] {
            assert_eq!(Transport::parse(text), transport, "{text}");
        }
    }
}

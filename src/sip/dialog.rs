//! What two ends of a call know of each other (RFC 3261 §12): enough to write the next request.

use std::net::IpAddr;

use super::address::{self, is_loose};
use super::client::Branch;
use super::hop::{Hop, Transport};
use super::message::{Head, Method, Writer};

/// Hops before a message is dropped as looping (§8.1.1.6).
const MAX_FORWARDS: u32 = 70;

pub struct Dialog {
    pub call_id: String,
    /// What stands before our URI in From: a name in quotes and a space, or nothing.
    pub local_display: String,
    pub local_uri: String,
    pub local_tag: String,
    pub remote_uri: String,
    pub remote_tag: Option<String>,
    /// Where the far end wants requests of this dialog: its Contact.
    pub target: String,
    /// The route set, nearest hop first.
    pub routes: Vec<String>,
    /// Of our last request.
    pub seq: u32,
    /// Of its last request.
    pub remote_seq: Option<u32>,
    /// Where messages go when neither route nor target is an address.
    pub peer: Hop,
}

impl Dialog {
    /// The caller's side, from the response that made it. The route set is turned round (§12.1.2).
    pub fn of_response(head: &Head, peer: Hop) -> Dialog {
        Dialog {
            call_id: head.call_id.clone(),
            local_display: String::new(),
            local_uri: head.from.uri.clone(),
            local_tag: head.from.tag.clone().unwrap_or_default(),
            remote_uri: head.to.uri.clone(),
            remote_tag: head.to.tag.clone(),
            target: head.contact.clone().unwrap_or_else(|| head.to.uri.clone()),
            routes: head.record_route.iter().rev().cloned().collect(),
            seq: head.cseq,
            remote_seq: None,
            peer,
        }
    }

    /// The answerer's side, from the INVITE. The route set stays in order (§12.1.1).
    pub fn of_invite(head: &Head, local_tag: String, peer: Hop) -> Dialog {
        let target = head.contact.clone().unwrap_or_else(|| head.from.uri.clone());
        // A caller that connected to us has a port of the moment at its end; its requests go down the same connection, and to
        // the port of its Contact when that is gone (RFC 5923 §1).
        let behind = address::hop(head.record_route.first().unwrap_or(&target), peer.transport)
            .filter(|hop| peer.connection.is_some() && hop.transport == peer.transport)
            .filter(|hop| hop.addr.ip() == peer.addr.ip());
        let peer = behind.map_or(peer, |hop| Hop { connection: peer.connection, ..hop });
        Dialog {
            call_id: head.call_id.clone(),
            local_display: String::new(),
            local_uri: head.to.uri.clone(),
            local_tag,
            remote_uri: head.from.uri.clone(),
            remote_tag: head.from.tag.clone(),
            target,
            routes: head.record_route.clone(),
            seq: 0,
            remote_seq: Some(head.cseq),
            peer,
        }
    }

    /// The far end's half of `theirs` with our own half of this: the same call as one telephone of it sees it.
    pub fn joined(&self, theirs: Dialog) -> Dialog {
        Dialog {
            call_id: self.call_id.clone(),
            local_uri: self.local_uri.clone(),
            local_tag: self.local_tag.clone(),
            remote_uri: self.remote_uri.clone(),
            seq: self.seq,
            peer: self.peer,
            ..theirs
        }
    }

    /// How the dialog is found when the far end speaks: Call-ID and our tag.
    pub fn key(&self) -> Box<str> {
        key(&self.call_id, &self.local_tag)
    }

    /// The Request-URI and the routes to write: a strict router wants to be the Request-URI itself (§12.2.1.1).
    fn line(&self) -> (&str, Vec<&str>) {
        match self.routes.split_first() {
            Some((first, rest)) if !is_loose(first) => {
                (first, rest.iter().map(String::as_str).chain([self.target.as_str()]).collect())
            }
            _ => (&self.target, self.routes.iter().map(String::as_str).collect()),
        }
    }

    pub fn request_uri(&self) -> &str {
        self.line().0
    }

    /// Where the next request goes. A private address named by a peer that is not private itself is one behind its NAT
    /// that it does not know of; then the peer's own address is the better guess.
    pub fn next_hop(&self) -> Hop {
        let uri = self.routes.first().unwrap_or(&self.target);
        let hop = address::hop(uri, self.peer.transport).filter(|hop| !hop.leads_to(self.peer));
        // What came under TLS does not go on in clear, whatever a Contact says; and to a peer without TLS we have none.
        let secure = |hop: Hop| hop.transport == Transport::Tls;
        let hop = hop.filter(|hop| secure(*hop) == secure(self.peer));
        hop.filter(|hop| !is_private(hop.addr.ip()) || is_private(self.peer.addr.ip())).unwrap_or(self.peer)
    }

    /// A request of this dialog, up to what is particular to its method. `here`: our end of the way it goes.
    pub fn request(&self, method: &Method, seq: u32, here: Hop, branch: Branch) -> Writer {
        let (uri, routes) = self.line();
        let mut w = Writer::request(method, uri);
        w.line("Via", here.via(branch));
        for route in routes {
            w.line("Route", format_args!("<{route}>"));
        }
        w.line("Max-Forwards", MAX_FORWARDS);
        w.line("From", format_args!("{}<{}>;tag={}", self.local_display, self.local_uri, self.local_tag));
        match &self.remote_tag {
            Some(tag) => w.line("To", format_args!("<{}>;tag={tag}", self.remote_uri)),
            None => w.line("To", format_args!("<{}>", self.remote_uri)),
        };
        w.line("Call-ID", &self.call_id);
        w.line("CSeq", format_args!("{seq} {method}"));
        w
    }
}

fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_unspecified(),
        IpAddr::V6(ip) => ip.is_unique_local() || ip.is_loopback() || ip.is_unicast_link_local() || ip.is_unspecified(),
    }
}

pub fn key(call_id: &str, local_tag: &str) -> Box<str> {
    format!("{call_id} {local_tag}").into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip::message::{Message, parse};

    fn udp(addr: &str) -> Hop {
        Hop::udp(addr.parse().unwrap())
    }

    fn answered(record_route: &str) -> Dialog {
        let bytes = format!(
            "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKa\r\nFrom: <sip:me@h>;tag=1\r\nTo: <sip:you@h>;tag=2\r\n\
             Call-ID: c\r\nCSeq: 5 INVITE\r\nContact: <sip:you@10.0.0.9:5099>\r\n{record_route}\r\n"
        );
        match parse(bytes.as_bytes(), udp("127.0.0.1:9")) {
            Ok(Message::Response(r)) => Dialog::of_response(&r.head, udp("127.0.0.1:5060")),
            _ => panic!("a response was written"),
        }
    }

    #[test]
    fn routes() {
        for (record_route, uri, routes, hop) in [
            ("", "sip:you@10.0.0.9:5099", vec![], "10.0.0.9:5099"),
            (
                "Record-Route: <sip:10.0.0.2;lr>, <sip:10.0.0.1;lr>\r\n",
                "sip:you@10.0.0.9:5099",
                vec!["Route: <sip:10.0.0.1;lr>", "Route: <sip:10.0.0.2;lr>"],
                "10.0.0.1:5060",
            ),
            (
                "Record-Route: <sip:10.0.0.2>\r\nRecord-Route: <sip:10.0.0.1>\r\n",
                "sip:10.0.0.1",
                vec!["Route: <sip:10.0.0.2>", "Route: <sip:you@10.0.0.9:5099>"],
                "10.0.0.1:5060",
            ),
            (
                "Record-Route: <sip:proxy.example;lr>\r\n",
                "sip:you@10.0.0.9:5099",
                vec!["Route: <sip:proxy.example;lr>"],
                "127.0.0.1:5060",
            ),
        ] {
            let dialog = answered(record_route);
            let text = dialog.request(&Method::Bye, 6, udp("127.0.0.1:1"), Branch(1)).finish(None);
            let text = String::from_utf8(text).unwrap();
            assert!(text.starts_with(&format!("BYE {uri} SIP/2.0\r\n")), "{text}");
            assert_eq!(text.lines().filter(|l| l.starts_with("Route")).collect::<Vec<_>>(), routes, "{record_route}");
            assert_eq!(dialog.next_hop(), udp(hop), "{record_route}");
            let public = Dialog { peer: udp("203.0.113.5:5060"), ..dialog };
            assert_eq!(public.next_hop(), public.peer, "a private hop of a public peer");
            assert!(text.contains("To: <sip:you@h>;tag=2\r\n") && text.contains("CSeq: 6 BYE\r\n"), "{text}");
        }
    }
}

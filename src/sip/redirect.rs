//! Redirections (3xx, RFC 3261 §8.1.3.4): followed only as far as a trunk allows. Where a call may go is decided here, so
//! that nobody can send us to an expensive number or a strange server.

use super::address::{Contact, bare_host, hop, host, port, user};
use super::call::State;
use super::carrier::Carrier;
use super::message::Response;
use super::order::DialogId;
use super::user_agent::UserAgent;

/// Where one call has been, in the order of the tries; the first is whom it was for.
#[derive(Debug, Default)]
pub(super) struct Redirects {
    tried: Vec<String>,
    /// Still to be tried, the best last.
    left: Vec<String>,
}

/// The contacts that may be followed, the best last. `dialled`: the URI that the call was for; `peer_host`: of the trunk.
pub fn allowed(carrier: &Carrier, peer_host: &str, dialled: &str, contacts: &[Contact]) -> Vec<String> {
    let mut fit: Vec<&Contact> = contacts.iter().filter(|c| may_follow(carrier, peer_host, dialled, &c.uri)).collect();
    // Stable: of equals the first is tried first.
    fit.reverse();
    fit.sort_by_key(|c| c.q);
    fit.into_iter().map(|c| c.uri.clone()).collect()
}

fn may_follow(carrier: &Carrier, peer_host: &str, dialled: &str, uri: &str) -> bool {
    // `tel:` names no host and `sips:` another transport; a URI with headers would write them into our request.
    let scheme = uri.get(..4).is_some_and(|s| s.eq_ignore_ascii_case("sip:"));
    let Some(there) = host(uri).map(bare_host) else { return false };
    let listed = carrier.redirect_hosts.iter().any(|h| bare_host(h) == there);
    let known_host = listed || bare_host(peer_host) == there;
    scheme && known_host && !uri.contains('?') && may_ring(carrier, &user(dialled), &user(uri))
}

/// Whether the number may be rung: the one that was dialled, or one that begins as the allow-list says.
fn may_ring(carrier: &Carrier, dialled: &str, number: &str) -> bool {
    let digits = number.strip_prefix('+').unwrap_or(number);
    let is_number = (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    let international = number.starts_with('+') && is_number;
    let allowed = carrier.redirect_prefixes.iter().any(|prefix| number.starts_with(prefix.as_str()));
    number == dialled || (international && allowed)
}

impl UserAgent {
    /// Takes a redirection of an INVITE of ours, or the refusal of one that was followed. `true`: the INVITE is to be sent
    /// again, to its new target.
    pub(super) fn take_redirect(&mut self, id: DialogId, response: &Response) -> bool {
        let carrier = &self.config.carrier;
        let redirected = matches!(response.status, 300..=302);
        if carrier.redirects_max == 0 || !(redirected || self.redirects.contains_key(&id)) || response.status >= 600 {
            return false;
        }
        let Some(peer) = self.config.peer.clone() else { return false };
        let Some(call) = self.calls.get_mut(&id) else { return false };
        let State::Inviting(inviting) = &mut call.state else { return false };
        let redirects = self.redirects.entry(id).or_default();
        if redirects.tried.is_empty() {
            redirects.tried.push(call.dialog.target.clone());
        }
        if redirected {
            let dialled = redirects.tried[0].clone();
            redirects.left.extend(allowed(carrier, &peer.host, &dialled, &response.contacts));
        }
        // The first is the call itself.
        while redirects.tried.len() <= usize::from(carrier.redirects_max) {
            let Some(uri) = redirects.left.pop() else { return false };
            // A loop: it leads to where we have been.
            if redirects.tried.contains(&uri) {
                continue;
            }
            redirects.tried.push(uri.clone());
            let to = match host(&uri).map(bare_host) == Some(bare_host(&peer.host)) {
                true => {
                    let mut to = peer.hop;
                    if let Some(port) = port(&uri).filter(|port| *port != to.addr.port()) {
                        to.addr.set_port(port);
                        to.connection = None;
                    }
                    to
                }
                // Names are not looked up here: the operator lists such a host by its address.
                false => match hop(&uri, peer.hop.transport) {
                    Some(to) => to,
                    None => continue,
                },
            };
            call.dialog.target = uri;
            call.dialog.peer = to;
            inviting.to = to;
            return true;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_call_may_go() {
        let carrier = Carrier {
            redirect_hosts: vec!["b.example".into()],
            redirect_prefixes: vec!["+7".into()],
            ..Carrier::default()
        };
        let dialled = "sip:+79161234567@sip.example";
        for (uri, expected) in [
            ("sip:+79161234567@sip.example", true),
            ("sip:+79161234567@SIP.example:5070;transport=udp", true),
            ("sip:+79260000000@sip.example", true),
            ("sip:+79161234567@b.example", true),
            // A strange server, an expensive number, one that cannot be judged, a service.
            ("sip:+79161234567@c.example", false),
            ("sip:+79161234567@sip.example.c.example", false),
            ("sip:+8821234567@sip.example", false),
            ("sip:89161234567@sip.example", false),
            ("sip:+7@sip.example", false),
            ("sip:voicemail@sip.example", false),
            ("sip:sip.example", false),
            // Other ways, and ways to write into our request.
            ("tel:+79161234567", false),
            ("sips:+79161234567@sip.example", false),
            ("sip:+79161234567@sip.example?Route=x", false),
            ("", false),
        ] {
            let contact = Contact { uri: uri.into(), expires_s: None, q: 1000 };
            assert_eq!(!allowed(&carrier, "sip.example", dialled, &[contact]).is_empty(), expected, "{uri}");
        }
    }

    #[test]
    fn the_best_is_tried_first() {
        let carrier = Carrier { redirect_prefixes: vec!["+7".into()], ..Carrier::default() };
        let list = Contact::parse_list(
            b"<sip:+79160000001@h>;q=0.5, <sip:+79160000002@h>;q=0.9, <sip:+79160000003@h>;q=0.5, <sip:+79160000004@x>",
        );
        let mut order = allowed(&carrier, "h", "sip:+79161234567@h", &list);
        order.reverse();
        assert_eq!(order, ["sip:+79160000002@h", "sip:+79160000001@h", "sip:+79160000003@h"]);
    }
}

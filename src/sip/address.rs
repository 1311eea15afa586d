//! Addresses as From, To, Contact and Record-Route carry them: `"name" <uri>;tag=x`. Bytes in, because a display name
//! may be in any encoding (Russian exchanges send CP1251); only the URI and the tag must be readable.

use std::net::{IpAddr, SocketAddr};

use super::hop::{Hop, Transport};

/// The part of a name-addr that signalling needs.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    pub uri: String,
    pub tag: Option<String>,
}

impl Address {
    /// One address. `None` when the URI is missing, unclosed or not printable ASCII.
    pub fn parse(value: &[u8]) -> Option<Address> {
        let (uri, params) = match open_bracket(value)? {
            Some(open) => {
                let close = open + value[open..].iter().position(|b| *b == b'>')?;
                (&value[open + 1..close], &value[close + 1..])
            }
            None => {
                // RFC 3261 §20: with a question mark it belongs in brackets; whose the headers are is anybody's guess.
                let end = value.iter().position(|b| *b == b';').unwrap_or(value.len());
                if value[..end].contains(&b'?') {
                    return None;
                }
                (&value[..end], &value[end..])
            }
        };
        let uri = std::str::from_utf8(uri.trim_ascii()).ok()?;
        if uri.is_empty() || !uri.bytes().all(|b| (0x21..0x7f).contains(&b) && !b"<>\"".contains(&b)) {
            return None;
        }
        Some(Address { uri: uri.to_owned(), tag: param(params, "tag") })
    }

    /// Addresses separated by commas, each as [`Address::parse`]; stops at the first unreadable one.
    pub fn parse_list(value: &[u8]) -> Option<Vec<Address>> {
        split_list(value).into_iter().map(Address::parse).collect()
    }
}

/// A Contact of a response: where to go instead, or a binding that a registrar keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    pub uri: String,
    pub expires_s: Option<u32>,
    /// `q` in thousandths (RFC 3261 §20.10); 1000 when it is not given.
    pub q: u16,
}

impl Contact {
    /// The readable ones among addresses separated by commas.
    pub fn parse_list(value: &[u8]) -> Vec<Contact> {
        let parts = split_list(value);
        parts
            .into_iter()
            .filter_map(|part| {
                let address = Address::parse(part)?;
                let params = params_of(part)?;
                let expires_s = param(params, "expires").and_then(|e| e.parse().ok());
                let q = param(params, "q")
                    .and_then(|q| q.parse::<f32>().ok())
                    .map_or(1000, |q| (q.clamp(0.0, 1.0) * 1000.0) as u16);
                Some(Contact { uri: address.uri, expires_s, q })
            })
            .collect()
    }
}

/// What stands behind the URI.
fn params_of(value: &[u8]) -> Option<&[u8]> {
    match open_bracket(value)? {
        Some(open) => {
            let close = open + value[open..].iter().position(|b| *b == b'>')?;
            Some(&value[close + 1..])
        }
        None => Some(value.iter().position(|b| *b == b';').map_or(&[][..], |at| &value[at..])),
    }
}

/// Cut at commas that stand outside names and brackets.
fn split_list(value: &[u8]) -> Vec<&[u8]> {
    let (mut quoted, mut bracketed, mut escaped, mut start) = (false, false, false, 0);
    let mut parts = Vec::new();
    for (i, b) in value.iter().enumerate() {
        match b {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'<' if !quoted => bracketed = true,
            b'>' if !quoted => bracketed = false,
            b',' if !quoted && !bracketed => {
                parts.push(&value[start..i]);
                start = i + 1;
            }
            _ => {}
        }
    }
    parts.push(&value[start..]);
    parts
}

/// Where `<` stands outside a quoted name; `Some(None)` without one, `None` when a quote is never closed.
fn open_bracket(value: &[u8]) -> Option<Option<usize>> {
    let (mut quoted, mut escaped) = (false, false);
    for (i, b) in value.iter().enumerate() {
        match b {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'<' if !quoted => return Some(Some(i)),
            _ => {}
        }
    }
    (!quoted).then_some(None)
}

/// The value of `;name=value`, when it is a token.
fn param(params: &[u8], name: &str) -> Option<String> {
    for part in params.split(|b| *b == b';') {
        let Some(eq) = part.iter().position(|b| *b == b'=') else { continue };
        if part[..eq].trim_ascii().eq_ignore_ascii_case(name.as_bytes()) {
            let value = std::str::from_utf8(part[eq + 1..].trim_ascii()).ok()?;
            let token = !value.is_empty() && value.bytes().all(|b| (0x21..0x7f).contains(&b) && !b"\"<>,".contains(&b));
            return token.then(|| value.to_owned());
        }
    }
    None
}

/// The user part of a `sip:`, `sips:` or `tel:` URI, percent-decoded; empty when there is none.
pub fn user(uri: &str) -> String {
    let Some((scheme, rest)) = uri.split_once(':') else { return String::new() };
    let user = if scheme.eq_ignore_ascii_case("tel") {
        rest.split([';', '?']).next().unwrap_or("")
    } else {
        // Parameters may stand within the user part (RFC 3966 in a SIP URI): `+7916…;phone-context=…@host`.
        rest.rsplit_once('@').map_or("", |(user, _)| user).split([';', ':']).next().unwrap_or("")
    };
    percent_decoded(user)
}

fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut i) = (Vec::with_capacity(bytes.len()), 0);
    while i < bytes.len() {
        let hex = bytes.get(i + 1..i + 3).and_then(|h| std::str::from_utf8(h).ok());
        match (bytes[i], hex.and_then(|h| u8::from_str_radix(h, 16).ok())) {
            (b'%', Some(byte)) => {
                out.push(byte);
                i += 3;
            }
            (byte, _) => {
                out.push(byte);
                i += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Where a URI sends to, when its host is written as an address; names are not looked up here. `spoken`: the transport
/// of a `sip:` URI that names none. §18.1.1 would say UDP, but many peers that are reached by TCP or TLS leave it out.
/// `None` also for a transport that is not spoken here.
pub fn hop(uri: &str, spoken: Transport) -> Option<Hop> {
    let (scheme, rest) = uri.split_once(':')?;
    let secure = scheme.eq_ignore_ascii_case("sips");
    if !secure && !scheme.eq_ignore_ascii_case("sip") {
        return None;
    }
    let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let mut parts = rest.split('?').next()?.split(';');
    let host = parts.next()?;
    let named = parts.filter_map(|p| p.split_once('=')).find(|(name, _)| name.eq_ignore_ascii_case("transport"));
    let transport = match named {
        // §26.2.2: `sips:` is TLS, over TCP.
        Some((_, "tcp" | "TCP")) if secure => Transport::Tls,
        Some((_, value)) => Transport::parse(value)?,
        None if secure => Transport::Tls,
        None => spoken,
    };
    if let Ok(addr) = host.parse::<SocketAddr>() {
        return Some(Hop::new(transport, addr));
    }
    let ip: IpAddr = host.trim_start_matches('[').trim_end_matches(']').parse().ok()?;
    Some(Hop::new(transport, SocketAddr::new(ip, transport.default_port())))
}

/// Host and port of a `sip:` URI, as written.
pub fn host(uri: &str) -> Option<&str> {
    let (_, rest) = uri.split_once(':')?;
    let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    rest.split([';', '?']).next().filter(|host| !host.is_empty())
}

/// A host without its port, in lower case.
pub fn bare_host(host: &str) -> String {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => name.to_ascii_lowercase(),
        _ => host.to_ascii_lowercase(),
    }
}

/// The port that a `sip:` URI names.
pub fn port(uri: &str) -> Option<u16> {
    host(uri)?.rsplit_once(':')?.1.parse().ok()
}

/// RFC 3261 §19.1.1: the URI of a loose router carries `;lr`.
pub fn is_loose(uri: &str) -> bool {
    uri.split([';', '?']).skip(1).any(|p| p.split('=').next().is_some_and(|name| name.eq_ignore_ascii_case("lr")))
}

/// The Request-URI for `to`, at the host `peer`: a `sip:` URI stays as it is, a number becomes the user part.
/// `None` when it holds what could end a header line or change its meaning.
pub fn dialled(to: &str, peer: &str) -> Option<String> {
    let printable = !to.is_empty() && to.len() <= 256 && to.bytes().all(|b| (0x21..0x7f).contains(&b));
    if !printable || to.contains(['<', '>', '"', '\\', ',']) {
        return None;
    }
    if to.get(..4).is_some_and(|s| s.eq_ignore_ascii_case("sip:")) {
        return Some(to.to_owned());
    }
    is_user(to).then(|| format!("sip:{to}@{peer}"))
}

/// Characters that may stand in a user part as they are (RFC 3261 §25.1), fewer rather than more.
pub fn is_user(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 128
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-_.!~*#()".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        type Expected<'a> = Option<(&'a str, Option<&'a str>)>;
        let cases: [(&[u8], Expected); 14] = [
            (b"sip:a@b?Route=x;tag=1", None),
            (b"<sip:a@b?Route=x>", Some(("sip:a@b?Route=x", None))),
            (b"<sip:a@b>;tag=1", Some(("sip:a@b", Some("1")))),
            (b"\"A; <B>\" <sip:a@b;x=y>;tag=q ; z", Some(("sip:a@b;x=y", Some("q")))),
            (b"sip:a@b;TAG=1", Some(("sip:a@b", Some("1")))),
            (b"  Bob   <sip:a@b>", Some(("sip:a@b", None))),
            (b"\"\xc8\xe2\xe0\xed\" <sip:a@b>;tag=1", Some(("sip:a@b", Some("1")))),
            (b"\xc8\xe2\xe0\xed <sip:a@b>;tag=1", Some(("sip:a@b", Some("1")))),
            (b"\"never closed <sip:a@b>", None),
            (b"<sip:a@b", None),
            (b"<>", None),
            (b"", None),
            (b"<sip:a b@c>", None),
            (b"<sip:a@b>;tag=", Some(("sip:a@b", None))),
        ];
        for (value, expected) in cases {
            let parsed = Address::parse(value);
            let got = parsed.as_ref().map(|a| (a.uri.as_str(), a.tag.as_deref()));
            assert_eq!(got, expected, "{}", String::from_utf8_lossy(value));
        }
        assert_eq!(Address::parse_list(b"<sip:a,b@c>, \"x,y\" <sip:d>,sip:e").map(|l| l.len()), Some(3));
    }

    #[test]
    fn contacts() {
        let list =
            Contact::parse_list(b"<sip:a@b;expires=9>;expires=60;q=0.7, \"x, y\" <sip:c@d>, <sip:e, sip:f@g;expires=x");
        let got: Vec<_> = list.iter().map(|c| (c.uri.as_str(), c.expires_s, c.q)).collect();
        assert_eq!(got, [("sip:a@b;expires=9", Some(60), 700), ("sip:c@d", None, 1000)]);
        assert_eq!(Contact::parse_list(b"sip:f@g;expires=30")[0].expires_s, Some(30));
        assert!(Contact::parse_list(b"*, ,<>").is_empty() || Contact::parse_list(b"*")[0].uri == "*");
    }

    #[test]
    fn parts_of_a_uri() {
        for (uri, expected_user, addr, loose) in [
            ("sip:+7916@127.0.0.1:5070;lr", "+7916", Some("127.0.0.1:5070"), true),
            ("sip:127.0.0.1", "", Some("127.0.0.1:5060"), false),
            ("sip:a%20b:secret@[::1]:5080", "a b", Some("[::1]:5080"), false),
            ("sip:[::1];lr=on", "", Some("[::1]:5060"), true),
            ("tel:+7916;phone-context=x", "+7916", None, false),
            ("sip:bob@example.com", "bob", None, false),
            ("sip:%zz%4@h", "%zz%4", None, false),
            ("nonsense", "", None, false),
        ] {
            assert_eq!(user(uri), expected_user, "{uri}");
            assert_eq!(hop(uri, Transport::Udp), addr.map(|a| Hop::udp(a.parse().unwrap())), "{uri}");
            assert_eq!(is_loose(uri), loose, "{uri}");
        }
    }

    #[test]
    fn transports_of_a_uri() {
        use Transport::{Tcp, Tls, Udp};
        for (uri, spoken, expected) in [
            ("sip:10.0.0.1", Udp, Some((Udp, "10.0.0.1:5060"))),
            ("sip:10.0.0.1", Tls, Some((Tls, "10.0.0.1:5061"))),
            ("sip:10.0.0.1:5070;transport=TCP;lr", Udp, Some((Tcp, "10.0.0.1:5070"))),
            ("sip:a@10.0.0.1;transport=udp", Tcp, Some((Udp, "10.0.0.1:5060"))),
            ("sips:a@[::1]", Udp, Some((Tls, "[::1]:5061"))),
            ("sips:a@[::1];transport=tcp", Udp, Some((Tls, "[::1]:5061"))),
            ("sip:10.0.0.1;transport=sctp", Udp, None),
        ] {
            let expected = expected.map(|(transport, addr)| Hop::new(transport, addr.parse().unwrap()));
            assert_eq!(hop(uri, spoken), expected, "{uri}");
        }
    }

    #[test]
    fn only_what_is_safe_is_dialled() {
        let peer = "10.0.0.1:5060";
        assert_eq!(dialled("+79161234567", peer).as_deref(), Some("sip:+79161234567@10.0.0.1:5060"));
        assert_eq!(dialled("sip:bob@example.com;x=1", peer).as_deref(), Some("sip:bob@example.com;x=1"));
        for bad in ["", "a b", "1\r\nVia: x", "sip:a@b>", "a@b", "1;x"] {
            assert_eq!(dialled(bad, peer), None, "{bad:?}");
        }
    }
}

//! SIP messages as our own small types. `sipx-sip` cuts bytes into lines and headers; nothing else in the program
//! names it except here and in `auth`, so that it stays replaceable.
//!
//! A [`Request`] or [`Response`] that exists has everything a transaction needs; whatever lacks it ends here.

use std::fmt;
use std::net::SocketAddr;

use sipx_sip as wire;
use wire::HeaderName as H;

use super::address::{Address, Contact};
use super::body::{Body, accepts_sdp};
use super::extension::Extensions;
use super::hop::{Hop, Transport};
use super::identity::{Caller, Told};
use super::reason::Reason;
use super::salvage::salvage;

/// Bounds on what is read. A SIP message of a telephone call is 1 to 3 kB.
pub const MESSAGE_BYTES_MAX: usize = 16 * 1024;
pub const BODY_BYTES_MAX: usize = 8 * 1024;
const PHRASE_CHARS_MAX: usize = 128;
const CONTACTS_MAX: usize = 32;
const RETRY_AFTER_S_MAX: u32 = 86_400;
const HEADER_BYTES_MAX: usize = 4 * 1024;
pub(super) const HEADERS_MAX: usize = 128;
/// Of a User-Agent, to know scanners by.
const NAME_BYTES_MAX: usize = 128;
/// As many as Max-Forwards allows.
pub(super) const VIAS_MAX: usize = 70;
const ROUTES_MAX: usize = 16;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Method {
    Invite,
    Ack,
    Cancel,
    Bye,
    Options,
    Info,
    Update,
    Prack,
    Refer,
    Notify,
    /// Any other, as written. `known`: an RFC defines it, so the answer is 405 and not 501.
    Other {
        name: String,
        known: bool,
    },
}

impl Method {
    pub fn as_str(&self) -> &str {
        match self {
            Method::Invite => "INVITE",
            Method::Ack => "ACK",
            Method::Cancel => "CANCEL",
            Method::Bye => "BYE",
            Method::Options => "OPTIONS",
            Method::Info => "INFO",
            Method::Update => "UPDATE",
            Method::Prack => "PRACK",
            Method::Refer => "REFER",
            Method::Notify => "NOTIFY",
            Method::Other { name, .. } => name,
        }
    }

    fn parse(token: &[u8]) -> Method {
        match token {
            b"INVITE" => Method::Invite,
            b"ACK" => Method::Ack,
            b"CANCEL" => Method::Cancel,
            b"BYE" => Method::Bye,
            b"OPTIONS" => Method::Options,
            b"INFO" => Method::Info,
            b"UPDATE" => Method::Update,
            b"PRACK" => Method::Prack,
            b"REFER" => Method::Refer,
            b"NOTIFY" => Method::Notify,
            other => {
                let name = String::from_utf8_lossy(other).into_owned();
                let known = ["REGISTER", "SUBSCRIBE", "MESSAGE", "PUBLISH"];
                let known = known.contains(&name.as_str());
                Method::Other { name, known }
            }
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a response copies from its request, byte for byte (RFC 3261 §8.2.6.2).
#[derive(Clone)]
pub struct Echo {
    pub(super) vias: Vec<Vec<u8>>,
    pub(super) from: Vec<u8>,
    pub(super) to: Vec<u8>,
    to_has_tag: bool,
    pub(super) call_id: Vec<u8>,
    pub(super) cseq: Vec<u8>,
    /// Where the response goes: RFC 3261 §18.2.2 and RFC 3581. Over a stream: back down the connection, or to the address
    /// when that is gone.
    pub reply_to: Hop,
}

impl Echo {
    /// Of a request of which nothing has been read yet.
    pub(super) fn blank(reply_to: Hop) -> Echo {
        let (from, to, call_id, cseq) = Default::default();
        Echo { vias: Vec::new(), from, to, to_has_tag: false, call_id, cseq, reply_to }
    }

    pub fn is_ack(&self) -> bool {
        self.cseq.trim_ascii_end().ends_with(b"ACK")
    }
}

/// What all well-formed messages have.
pub struct Head {
    /// Of the topmost Via.
    pub branch: String,
    /// Host and port of the topmost Via, as written.
    pub sent_by: String,
    pub from: Address,
    pub to: Address,
    pub call_id: String,
    pub cseq: u32,
    pub method: Method,
    /// The first Contact's URI.
    pub contact: Option<String>,
    /// URIs of Record-Route, in the order they were written.
    pub record_route: Vec<String>,
    /// The body, when it is SDP.
    pub sdp: Option<String>,
    /// There is a body, of a type that we do not read.
    pub foreign_body: bool,
    /// What the extensions of SIP put in.
    pub more: Extensions,
}

pub struct Request {
    pub uri: String,
    pub head: Head,
    pub echo: Echo,
    /// Option tags of Require (RFC 3261 §8.2.2.3).
    pub require: Vec<String>,
    /// How its sender calls itself.
    pub user_agent: String,
    /// Length of the whole message.
    pub bytes: usize,
    /// Who calls, beside From.
    pub caller: Caller,
    /// Why it is sent: of BYE and CANCEL.
    pub reason: Reason,
    /// Its answer may carry SDP (§20.1).
    pub accepts_sdp: bool,
    /// Raw values of Authorization and Proxy-Authorization.
    pub authorizations: Vec<Vec<u8>>,
}

pub struct Response {
    pub status: u16,
    /// The words of its status line.
    pub phrase: String,
    pub reason: Reason,
    /// Not before so many seconds again (§20.33); what is larger than a day counts as one.
    pub retry_after_s: Option<u32>,
    /// The least that a registrar grants, of 423 (§20.23).
    pub min_expires_s: Option<u32>,
    /// What holds for contacts that say nothing themselves (§20.19).
    pub expires_s: Option<u32>,
    /// Where to go instead (3xx), or what is registered (200 to REGISTER).
    pub contacts: Vec<Contact>,
    pub head: Head,
    /// Raw values of WWW-Authenticate (`false`) and Proxy-Authenticate (`true`).
    pub challenges: Vec<(bool, Vec<u8>)>,
}

pub enum Message {
    Request(Box<Request>),
    Response(Box<Response>),
}

/// Why bytes are not a message that can be worked with.
pub enum Malformed {
    /// Not SIP, or so broken that nobody could be told.
    Noise,
    /// A request that is answered with this status.
    Answer { status: u16, echo: Box<Echo> },
}

/// Reads one message that came from `from`.
pub fn parse(bytes: &[u8], from: Hop) -> Result<Message, Malformed> {
    let limits = wire::Limits {
        max_message_bytes: MESSAGE_BYTES_MAX,
        max_body_bytes: BODY_BYTES_MAX,
        max_headers: HEADERS_MAX,
        max_header_bytes: HEADER_BYTES_MAX,
        max_folding_lines: 16,
    };
    let broken = |status| match salvage(bytes, from) {
        Some(echo) => Malformed::Answer { status, echo: Box::new(echo) },
        None => Malformed::Noise,
    };
    match wire::parse_datagram(repaired(bytes).into(), &limits)
        .map_err(|error| broken(status_of(&error, bytes.len())))?
    {
        wire::Message::Request(request) => match parse_request(&request, from, bytes.len()) {
            Ok(request) => Ok(Message::Request(Box::new(request))),
            Err(Malformed::Noise) => Err(broken(400)),
            Err(answer) => Err(answer),
        },
        // §8.1.3.3: a response that others are still to forward has gone astray.
        wire::Message::Response(response) if vias_of(&response.headers) != Some(1) => Err(Malformed::Noise),
        wire::Message::Response(response) => {
            let supported = response.version.is_supported();
            let head = parse_head(&response.headers, response.body()).filter(|_| supported).ok_or(Malformed::Noise)?;
            let challenge = |name: &H, proxy| values(&response.headers, name).into_iter().map(move |v| (proxy, v));
            let challenges = challenge(&H::WwwAuthenticate, false).chain(challenge(&H::ProxyAuthenticate, true));
            let challenges = challenges.take(8).collect();
            let told = |name: &str| values(&response.headers, &H::parse(&name.as_bytes().to_vec().into()));
            let seconds = |name: &str| told(name).first().and_then(|v| leading_number(v));
            let contacts = values(&response.headers, &H::Contact).into_iter().flat_map(|v| Contact::parse_list(&v));
            Ok(Message::Response(Box::new(Response {
                status: response.status.code(),
                phrase: String::from_utf8_lossy(&response.reason).chars().take(PHRASE_CHARS_MAX).collect(),
                reason: Reason::read(&told("Reason")),
                retry_after_s: seconds("Retry-After").map(|s| s.min(RETRY_AFTER_S_MAX)),
                min_expires_s: seconds("Min-Expires"),
                expires_s: seconds("Expires"),
                contacts: contacts.take(CONTACTS_MAX).collect(),
                head,
                challenges,
            })))
        }
    }
}

/// Two faults that are forgiven: the blank line is missing from a packet that ends with a whole line; and `:::` before
/// the IPv4 half of an IPv6 address in the Request-URI, which the grammar of RFC 3261 had (RFC 5118 §4.10).
fn repaired(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let line_end = bytes.windows(2).position(|w| w == b"\r\n").unwrap_or(0);
    let colons =
        bytes[..line_end].windows(5).position(|w| w.starts_with(b":::") && w[3..].iter().all(u8::is_ascii_digit));
    if let Some(at) = colons {
        bytes.remove(at);
    }
    if bytes.ends_with(b"\r\n") && !bytes.windows(4).any(|w| w == b"\r\n\r\n") {
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}

/// What the sender of unreadable bytes is told (§21.4.11, §21.5.7).
fn status_of(error: &wire::error::ParseError, length: usize) -> u16 {
    use wire::error::{LimitKind, ParseError};
    match error {
        // A body that is announced but not there is not too large.
        ParseError::Limit { limit: LimitKind::BodyBytes, value } if *value < length => 413,
        ParseError::Limit { limit: LimitKind::MessageBytes, .. } => 513,
        _ => 400,
    }
}

/// How many hops the Via lines list. `None`: unreadable.
fn vias_of(headers: &wire::Headers) -> Option<usize> {
    let lists = values(headers, &H::Via).into_iter().map(|v| wire::Via::parse_list(&v).ok().map(|l| l.len()));
    lists.sum()
}

fn parse_request(request: &wire::Request, from: Hop, bytes: usize) -> Result<Request, Malformed> {
    let echo = parse_echo(&request.headers, from).ok_or(Malformed::Noise)?;
    let answer = |status, echo: &Echo| Malformed::Answer { status, echo: Box::new(echo.clone()) };
    if !request.version.is_supported() {
        return Err(answer(505, &echo));
    }
    let single = [&H::From, &H::To, &H::CallId, &H::CSeq];
    if single.iter().any(|name| request.headers.count(name) != 1) {
        return Err(answer(400, &echo));
    }
    let head = parse_head(&request.headers, request.body()).ok_or_else(|| answer(400, &echo))?;
    let uri = String::from_utf8(request.uri.to_bytes().to_vec()).map_err(|_| answer(400, &echo))?;
    if head.method.as_str().as_bytes() != request.method.as_bytes() || head.from.uri.is_empty() {
        return Err(answer(400, &echo));
    }
    // §19.1.1: headers within a URI are for Contact and for pages, not for the Request-URI.
    if request.uri.has_headers() {
        return Err(answer(400, &echo));
    }
    let told = |name: &str| values(&request.headers, &H::parse(&name.as_bytes().to_vec().into()));
    let user_agent = values(&request.headers, &H::UserAgent).into_iter().next().unwrap_or_default();
    let user_agent = String::from_utf8_lossy(&user_agent[..user_agent.len().min(NAME_BYTES_MAX)]).into_owned();
    let reason = Reason::read(&told("Reason"));
    let caller = match head.method {
        Method::Invite => Caller::read(&Told {
            from: &head.from.uri,
            asserted: &told("P-Asserted-Identity"),
            remote_party: &told("Remote-Party-ID"),
            diversion: &told("Diversion"),
            privacy: &told("Privacy"),
        }),
        _ => Caller::default(),
    };
    let accepts_sdp = accepts_sdp(&values(&request.headers, &H::Accept));
    let require = values(&request.headers, &H::Require);
    let require = require.iter().flat_map(|v| v.split(|b| *b == b','));
    let require = require.map(|t| String::from_utf8_lossy(t.trim_ascii()).into_owned()).filter(|t| !t.is_empty());
    let require = require.take(16).collect();
    let mut authorizations = values(&request.headers, &H::Authorization);
    authorizations.extend(values(&request.headers, &H::ProxyAuthorization));
    authorizations.truncate(8);
    Ok(Request { uri, head, echo, require, user_agent, bytes, caller, reason, accepts_sdp, authorizations })
}

fn values(headers: &wire::Headers, name: &H) -> Vec<Vec<u8>> {
    headers.get_all(name).map(|h| h.value().into_owned()).collect()
}

fn parse_echo(headers: &wire::Headers, source: Hop) -> Option<Echo> {
    let one = |name: &H| headers.get(name).map(|h| h.value().into_owned()).filter(|v| !v.is_empty());
    let mut vias = values(headers, &H::Via);
    if vias.is_empty() || vias.len() > VIAS_MAX {
        return None;
    }
    let reply_to = mark_via(&mut vias[0], source)?;
    let to = one(&H::To)?;
    let to_has_tag = Address::parse(&to).is_some_and(|a| a.tag.is_some());
    Some(Echo { vias, from: one(&H::From)?, to, to_has_tag, call_id: one(&H::CallId)?, cseq: one(&H::CSeq)?, reply_to })
}

/// Writes into the topmost Via where the request really came from (`received`, RFC 3261 §18.2.1; `rport`, RFC 3581 §4)
/// and says where its response goes.
pub(super) fn mark_via(value: &mut Vec<u8>, source: Hop) -> Option<Hop> {
    let via = wire::Via::parse_list(value).ok()?.into_iter().next()?;
    let (ip, listening) = (source.addr.ip(), via.port.unwrap_or(source.transport.default_port()));
    let port = match (via.rport(), source.transport) {
        (Some(_), Transport::Udp) => source.addr.port(),
        // The port at the far end of a stream is one of the moment: when the connection is gone, nobody hears there.
        (None, _) | (Some(_), Transport::Tcp | Transport::Tls) => listening,
    };
    let end = first_hop_end(value);
    let mut marked = format!(";received={ip}").into_bytes();
    let rest = value.split_off(end);
    if let (Some(None), Some(at)) = (via.rport(), find_rport(value)) {
        let written = format!("={}", source.addr.port());
        value.splice(at..at, written.into_bytes());
    }
    value.append(&mut marked);
    value.extend(rest);
    Some(Hop { addr: SocketAddr::new(ip, port), ..source })
}

fn first_hop_end(value: &[u8]) -> usize {
    let (mut quoted, mut escaped) = (false, false);
    for (i, b) in value.iter().enumerate() {
        match b {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b',' if !quoted => return i,
            _ => {}
        }
    }
    value.len()
}

/// Just behind the word of a `;rport` without a value.
fn find_rport(hop: &[u8]) -> Option<usize> {
    let mut start = 0;
    for part in hop.split(|b| *b == b';') {
        if start > 0 && part.trim_ascii().eq_ignore_ascii_case(b"rport") {
            return Some(start + part.trim_ascii_end().len());
        }
        start += part.len() + 1;
    }
    None
}

fn parse_head(headers: &wire::Headers, body: &[u8]) -> Option<Head> {
    let one = |name: &H| headers.get(name).map(|h| h.value());
    let via = wire::Via::parse_list(&one(&H::Via)?).ok()?.into_iter().next()?;
    let text = |bytes: &[u8]| std::str::from_utf8(bytes).ok().map(str::to_owned);
    let branch = via.branch().map_or(Some(String::new()), text)?;
    let sent_by = match via.port {
        Some(port) => format!("{}:{port}", via.host),
        None => via.host.to_string(),
    };
    let call_id = text(&one(&H::CallId)?).filter(|c| is_word(c))?;
    let cseq = text(&one(&H::CSeq)?)?;
    let (number, method) = cseq.split_once([' ', '\t'])?;
    // RFC 3261 §8.1.1.5: less than 2^31.
    let cseq = Some(number).filter(|n| n.bytes().all(|b| b.is_ascii_digit()))?.parse().ok().filter(|n| *n < 1 << 31)?;
    let method = Method::parse(method.trim_ascii().as_bytes());
    let from = Address::parse(&one(&H::From)?)?;
    let to = Address::parse(&one(&H::To)?)?;
    let contact = match one(&H::Contact) {
        // For registrars (§10.2.2): nobody to call back.
        Some(value) if value.trim_ascii() == b"*" => None,
        Some(value) => Some(Address::parse_list(&value)?.into_iter().next()?),
        None => None,
    };
    let mut record_route = Vec::new();
    for value in values(headers, &H::RecordRoute) {
        record_route.extend(Address::parse_list(&value)?.into_iter().map(|a| a.uri));
    }
    if record_route.len() > ROUTES_MAX {
        return None;
    }
    let body_bytes = body;
    let body = Body::read(one(&H::ContentType).as_deref(), one(&H::ContentEncoding).as_deref(), body);
    let (sdp, foreign_body) = match body {
        Body::Empty => (None, false),
        Body::Sdp(sdp) => (Some(sdp), false),
        Body::Foreign => (None, true),
    };
    let more = Extensions::read(&Fields(headers), if sdp.is_some() { &[] } else { body_bytes });
    let contact = contact.map(|c| c.uri);
    Some(Head { branch, sent_by, from, to, call_id, cseq, method, contact, record_route, sdp, foreign_body, more })
}

/// Header fields by name, for those who need not know who cut them.
pub(super) struct Fields<'a>(&'a wire::Headers);

impl Fields<'_> {
    /// The first of this name, when it is text.
    pub fn one(&self, name: &'static str) -> Option<String> {
        let value = self.0.get(&H::parse(&name.as_bytes().into()))?.value();
        std::str::from_utf8(&value).ok().map(str::to_owned)
    }

    /// Each word between the commas of all headers of this name.
    pub fn each_token(&self, name: &'static str, mut tell: impl FnMut(&str)) {
        for header in self.0.get_all(&H::parse(&name.as_bytes().into())) {
            let value = header.value();
            for token in value.split(|b| *b == b',').filter_map(|t| std::str::from_utf8(t.trim_ascii()).ok()) {
                tell(token);
            }
        }
    }
}

/// The digits that a value begins with: `120 (busy)`, `60;duration=3600`. More than fits counts as the most there is.
fn leading_number(value: &[u8]) -> Option<u32> {
    let value = value.trim_ascii_start();
    let digits = value.iter().take_while(|b| b.is_ascii_digit()).count();
    let text = std::str::from_utf8(&value[..digits]).ok().filter(|t| !t.is_empty())?;
    Some(text.parse().unwrap_or(u32::MAX))
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.len() <= 256 && text.bytes().all(|b| (0x21..0x7f).contains(&b))
}

/// Puts a message together line by line.
pub struct Writer(Vec<u8>);

impl Writer {
    pub fn request(method: &Method, uri: &str) -> Writer {
        Writer(format!("{method} {uri} SIP/2.0\r\n").into_bytes())
    }

    /// A response to the request `echo` was taken from. `tag`: ours, written into To unless the request had one.
    pub fn response(status: u16, echo: &Echo, tag: &str) -> Writer {
        let mut w = Writer(format!("SIP/2.0 {status} {}\r\n", reason(status)).into_bytes());
        for via in &echo.vias {
            w.raw("Via", via);
        }
        let mut to = echo.to.clone();
        if !echo.to_has_tag && status != 100 && !to.is_empty() {
            to.extend_from_slice(format!(";tag={tag}").as_bytes());
        }
        for (name, value) in [("From", &echo.from), ("To", &to), ("Call-ID", &echo.call_id), ("CSeq", &echo.cseq)] {
            // What a broken request lacks, its answer lacks too.
            if !value.is_empty() {
                w.raw(name, value);
            }
        }
        w
    }

    pub fn line(&mut self, name: &str, value: impl fmt::Display) -> &mut Writer {
        self.raw(name, value.to_string().as_bytes())
    }

    fn raw(&mut self, name: &str, value: &[u8]) -> &mut Writer {
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b": ");
        // A line break within a value would be a header of somebody else's making.
        self.0.extend(value.iter().map(|b| if matches!(b, b'\r' | b'\n') { b' ' } else { *b }));
        self.0.extend_from_slice(b"\r\n");
        self
    }

    pub fn finish(self, sdp: Option<&str>) -> Vec<u8> {
        self.finish_with(sdp.map(|sdp| ("application/sdp", sdp)))
    }

    /// With a body of any type.
    pub fn finish_with(mut self, body: Option<(&str, &str)>) -> Vec<u8> {
        if let Some((kind, _)) = body {
            self.line("Content-Type", kind);
        }
        let text = body.map_or("", |(_, text)| text);
        self.line("Content-Length", text.len());
        self.0.extend_from_slice(b"\r\n");
        self.0.extend_from_slice(text.as_bytes());
        self.0
    }
}

/// RFC 3261 §21, for the statuses we send; the phrase is for people.
pub(super) fn reason(status: u16) -> &'static str {
    match status {
        100 => "Trying",
        180 => "Ringing",
        183 => "Session Progress",
        200 => "OK",
        202 => "Accepted",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        407 => "Proxy Authentication Required",
        406 => "Not Acceptable",
        408 => "Request Timeout",
        410 => "Gone",
        413 => "Request Entity Too Large",
        415 => "Unsupported Media Type",
        416 => "Unsupported URI Scheme",
        420 => "Bad Extension",
        422 => "Session Interval Too Small",
        489 => "Bad Event",
        469 => "Bad Info Package",
        480 => "Temporarily Unavailable",
        481 => "Call/Transaction Does Not Exist",
        484 => "Address Incomplete",
        486 => "Busy Here",
        487 => "Request Terminated",
        488 => "Not Acceptable Here",
        491 => "Request Pending",
        500 => "Server Internal Error",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        504 => "Server Time-out",
        505 => "Version Not Supported",
        513 => "Message Too Large",
        600 => "Busy Everywhere",
        603 => "Decline",
        604 => "Does Not Exist Anywhere",
        606 => "Not Acceptable",
        _ => "Unspecified",
    }
}

#[cfg(test)]
mod tests {
    use super::super::hop::ConnectionId;
    use super::*;

    fn source() -> Hop {
        Hop::udp("127.0.0.1:40000".parse().unwrap())
    }

    fn request(lines: &[u8]) -> Result<Request, Malformed> {
        match parse(lines, source())? {
            Message::Request(request) => Ok(*request),
            Message::Response(_) => panic!("a request was written"),
        }
    }

    const INVITE: &str = "INVITE sip:1@h SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9:5070;rport;branch=z9hG4bKa, SIP/2.0/UDP b\r\n\
        Max-Forwards: 70\r\nf: FROM;tag=1\r\nt: <sip:1@h>\r\ni: c@d\r\nCSeq: 007 INVITE\r\nm: <sip:x@127.0.0.1>\r\nl: 0\r\n\r\n";

    /// Russian exchanges send display names in CP1251, quoted or bare.
    #[test]
    fn a_display_name_in_cp1251_does_not_stop_the_reading() {
        for name in [&b"\"\xc8\xe2\xe0\xed\" <sip:2@h>"[..], b"\xc8\xe2\xe0\xed \xcf <sip:2@h>"] {
            let (before, after) = INVITE.split_once("FROM").unwrap();
            let bytes = [before.as_bytes(), name, after.as_bytes()].concat();
            let request = request(&bytes).unwrap_or_else(|_| panic!("readable"));
            assert_eq!((request.head.from.uri.as_str(), request.head.cseq), ("sip:2@h", 7));
            let answer = Writer::response(486, &request.echo, "t").finish(None);
            assert!(answer.windows(name.len()).any(|w| w == name), "the name goes back as it came");
        }
    }

    #[test]
    fn a_response_says_where_the_request_came_from() {
        let request = request(INVITE.replace("FROM", "<sip:2@h>").as_bytes()).unwrap_or_else(|_| panic!("readable"));
        assert_eq!(request.echo.reply_to, source());
        let answer = String::from_utf8(Writer::response(200, &request.echo, "mine").finish(None)).unwrap();
        let via = "Via: SIP/2.0/UDP 10.0.0.9:5070;rport=40000;branch=z9hG4bKa;received=127.0.0.1, SIP/2.0/UDP b\r\n";
        assert!(answer.contains(via), "{answer}");
        assert!(answer.contains("To: <sip:1@h>;tag=mine\r\n"), "{answer}");
    }

    #[test]
    fn without_rport_the_port_of_the_via_is_answered() {
        let bytes = INVITE.replace("FROM", "<sip:2@h>").replace(";rport", "");
        let request = request(bytes.as_bytes()).unwrap_or_else(|_| panic!("readable"));
        assert_eq!(request.echo.reply_to, Hop::udp("127.0.0.1:5070".parse().unwrap()));
        // Nor is the port of a connection any use once the connection is gone.
        let stream = Hop { connection: Some(ConnectionId(7)), ..Hop::new(Transport::Tcp, source().addr) };
        let Ok(Message::Request(request)) = parse(INVITE.replace("FROM", "<sip:2@h>").as_bytes(), stream) else {
            panic!("readable")
        };
        assert_eq!(request.echo.reply_to, Hop { addr: "127.0.0.1:5070".parse().unwrap(), ..stream });
    }

    #[test]
    fn unreadable_requests() {
        let good = INVITE.replace("FROM", "<sip:2@h>");
        for (from, to, expected) in [
            ("SIP/2.0\r\n", "SIP/7.0\r\n", Some(505)),
            ("007 INVITE", "7 BYE", Some(400)),
            ("007 INVITE", "99999999999 INVITE", Some(400)),
            ("007 INVITE", "-7 INVITE", Some(400)),
            ("t: <sip:1@h>", "t: <sip:1@h", Some(400)),
            ("t: <sip:1@h>", "t: <sip:1@h>\r\nTo: <sip:2@h>", Some(400)),
            ("i: c@d\r\n", "", Some(400)),
            ("INVITE sip:1@h ", "INVITE sip:1@h?Route=%3Csip:x%3E ", Some(400)),
            ("m: <sip:x@127.0.0.1>", "m: sip:x@h?Route=%3Csip:x%3E", Some(400)),
            ("l: 0", "l: 0\r\nl: 5", Some(400)),
            ("l: 0", "l: -1", Some(400)),
            ("l: 0", "l: 10000", Some(400)),
            ("Via: SIP/2.0/UDP 10.0.0.9:5070;rport;branch=z9hG4bKa, SIP/2.0/UDP b", "Via:", None),
            ("\r\n\r\n", "", Some(400)),
            ("l: 0", "l: 99", Some(400)),
        ] {
            assert!(good.contains(from), "{from}");
            let got = match request(good.replacen(from, to, 1).as_bytes()) {
                Ok(_) => panic!("{from} → {to} was accepted"),
                Err(Malformed::Noise) => None,
                Err(Malformed::Answer { status, .. }) => Some(status),
            };
            assert_eq!(got, expected, "{from} → {to}");
        }
    }

    #[test]
    fn what_is_too_large_is_refused_as_such() {
        let good = INVITE.replace("FROM", "<sip:2@h>");
        for (bytes, expected) in [
            (good.replace("l: 0\r\n\r\n", &format!("l: 9000\r\n\r\n{}", "x".repeat(9000))), 413),
            (format!("{good}{}", "x".repeat(MESSAGE_BYTES_MAX)), 513),
            (good.replace("Max-Forwards", &format!("X: {}\r\nMax-Forwards", "x".repeat(HEADER_BYTES_MAX))), 400),
            (good.replace("Max-Forwards", &("X: x\r\n".repeat(HEADERS_MAX) + "Max-Forwards")), 400),
        ] {
            let Err(Malformed::Answer { status, echo }) = request(bytes.as_bytes()) else { panic!("{expected}") };
            assert_eq!(status, expected);
            // Nobody is made to send more than they were sent.
            assert!(Writer::response(status, &echo, "t").finish(None).len() < bytes.len());
        }
    }

    #[test]
    fn a_value_cannot_start_a_new_line() {
        let mut w = Writer::request(&Method::Options, "sip:h");
        w.line("Subject", "a\r\nVia: x");
        assert_eq!(w.finish(None), b"OPTIONS sip:h SIP/2.0\r\nSubject: a  Via: x\r\nContent-Length: 0\r\n\r\n");
    }
}

//! What a message carries: one session description, perhaps among other parts (RFC 2046 §5.1: carriers that speak SIP-I
//! put ISUP beside it), or something that is not for us.

/// Parts of a multipart body that are looked at.
const PARTS_MAX: usize = 8;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    Empty,
    Sdp(String),
    /// Of a type we do not read (415).
    Foreign,
}

impl Body {
    /// `content_type`: as written; without one a body counts as SDP, since some peers forget it.
    pub fn read(content_type: Option<&[u8]>, content_encoding: Option<&[u8]>, body: &[u8]) -> Body {
        if body.is_empty() {
            return Body::Empty;
        }
        // §20.12: what is packed we do not unpack.
        if content_encoding.is_some_and(|e| !e.trim_ascii().eq_ignore_ascii_case(b"identity")) {
            return Body::Foreign;
        }
        let Some(written) = content_type else { return Body::Sdp(text(body)) };
        let mut fields = written.split(|b| *b == b';');
        let kind = media_type(fields.next().unwrap_or_default());
        if kind == "application/sdp" {
            return Body::Sdp(text(body));
        }
        let boundary = fields.find_map(|f| {
            let eq = f.iter().position(|b| *b == b'=')?;
            let named = f[..eq].trim_ascii().eq_ignore_ascii_case(b"boundary");
            named.then(|| f[eq + 1..].trim_ascii().trim_ascii().to_vec())
        });
        match boundary.filter(|_| kind.starts_with("multipart/")) {
            Some(boundary) => of_parts(body, unquoted(&boundary)),
            None => Body::Foreign,
        }
    }
}

fn unquoted(value: &[u8]) -> &[u8] {
    value.strip_prefix(b"\"").and_then(|v| v.strip_suffix(b"\"")).unwrap_or(value)
}

/// The first part that is SDP.
fn of_parts(body: &[u8], boundary: &[u8]) -> Body {
    if boundary.is_empty() || boundary.len() > 70 {
        return Body::Foreign;
    }
    let mark = [b"--", boundary].concat();
    let mut rest = body;
    for _ in 0..=PARTS_MAX {
        let Some(at) = rest.windows(mark.len()).position(|w| w == mark) else { break };
        let part = &rest[..at];
        if let Some(end) = part.windows(4).position(|w| w == b"\r\n\r\n") {
            let head = part[..end].to_ascii_lowercase();
            let kind = head.split(|b| *b == b'\n').filter_map(|l| l.trim_ascii().strip_prefix(b"content-type:"));
            let mut kind = kind.map(|v| media_type(v.split(|b| *b == b';').next().unwrap_or_default()));
            if kind.next().as_deref() == Some("application/sdp") {
                return Body::Sdp(text(part[end + 4..].strip_suffix(b"\r\n").unwrap_or(&part[end + 4..])));
            }
        }
        rest = &rest[at + mark.len()..];
    }
    Body::Foreign
}

fn media_type(written: &[u8]) -> String {
    let kept = written.iter().filter(|b| !b.is_ascii_whitespace());
    kept.map(|b| char::from(b.to_ascii_lowercase())).collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Whether the values of Accept allow an answer in SDP (§20.1): without the header they do; the most exact range decides.
pub fn accepts_sdp(accept: &[Vec<u8>]) -> bool {
    if accept.is_empty() {
        return true;
    }
    let (mut best, mut allowed) = (0, false);
    for range in accept.iter().flat_map(|v| v.split(|b| *b == b',')) {
        let mut fields = range.split(|b| *b == b';');
        let exactness = match media_type(fields.next().unwrap_or_default()).as_str() {
            "application/sdp" => 3,
            "application/*" => 2,
            "*/*" => 1,
            _ => continue,
        };
        let zero = |f: &[u8]| {
            let f = media_type(f);
            f.strip_prefix("q=").is_some_and(|q| q.parse::<f32>() == Ok(0.0))
        };
        let refused = fields.any(zero);
        if exactness >= best {
            (best, allowed) = (exactness, !refused);
        }
    }
    allowed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies() {
        let parts = "--b1\r\nContent-Type: application/ISUP;version=x\r\n\r\n\x01\r\n--b1\r\nContent-Type : x\r\n\
            content-type:application/sdp\r\n\r\nv=0\r\n\r\n--b1--\r\n";
        let sdp = |s: &str| Body::Sdp(s.into());
        for (kind, encoding, body, expected) in [
            (Some("application/sdp"), None, "v=0\r\n", sdp("v=0\r\n")),
            (Some("Application / SDP ;x=y"), None, "v=0\r\n", sdp("v=0\r\n")),
            (None, None, "v=0\r\n", sdp("v=0\r\n")),
            (Some("application/sdp"), None, "", Body::Empty),
            (Some("application/sdp"), Some("gzip"), "v=0\r\n", Body::Foreign),
            (Some("application/sdp"), Some("identity"), "v=0\r\n", sdp("v=0\r\n")),
            (Some("application/unknownformat"), None, "<audio>", Body::Foreign),
            (Some("multipart/mixed;boundary=b1"), None, parts, sdp("v=0\r\n")),
            (Some("multipart/mixed; boundary=\"b1\""), None, parts, sdp("v=0\r\n")),
            (Some("multipart/mixed;boundary=other"), None, parts, Body::Foreign),
            (Some("multipart/mixed;boundary="), None, parts, Body::Foreign),
            (Some("multipart/mixed"), None, parts, Body::Foreign),
        ] {
            let got = Body::read(kind.map(str::as_bytes), encoding.map(str::as_bytes), body.as_bytes());
            assert_eq!(got, expected, "{kind:?} {encoding:?}");
        }
    }

    #[test]
    fn answers_that_are_wanted() {
        for (accept, expected) in [
            (&[][..], true),
            (&["application/sdp"], true),
            (&["text/plain, application/sdp;level=1"], true),
            (&["application/*"], true),
            (&["*/*"], true),
            (&["text/plain", "Application/SDP;q=0.5"], true),
            (&["*/*", "application/sdp;q=0"], false),
            (&["text/nobodyKnowsThis"], false),
            (&[""], false),
            (&["application/sdpx"], false),
        ] {
            let values: Vec<Vec<u8>> = accept.iter().map(|v| v.as_bytes().to_vec()).collect();
            assert_eq!(accepts_sdp(&values), expected, "{accept:?}");
        }
    }
}

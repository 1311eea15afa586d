//! Which server an address names: scheme, host and port.

use std::fmt;

/// `https://billing.example.org`, `http://127.0.0.1:8080`. Two addresses are of one server when these are equal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    secure: bool,
    host: String,
    port: u16,
}

impl Origin {
    /// Of an address, read by the same rules as the client that will ask it. `None`: not an address of HTTP, or one with
    /// credentials in it.
    pub fn of(url: &str) -> Option<Origin> {
        let uri: ureq::http::Uri = url.parse().ok()?;
        let secure = match uri.scheme_str()? {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let authority = uri.authority()?;
        let host = authority.host().to_ascii_lowercase();
        if host.is_empty() || authority.as_str().contains('@') {
            return None;
        }
        let port = match authority.port() {
            Some(port) => port.as_u16(),
            None if authority.as_str().ends_with(':') || authority.as_str().len() > host.len() => return None,
            None => default_port(secure),
        };
        Some(Origin { secure, host, port })
    }

    /// As the config names it: `billing.example.org`, `billing.example.org:8443`, or with `http://` in front for a service on
    /// this machine. `None`: something else, or more than that.
    pub fn named(written: &str) -> Option<Origin> {
        let url = if written.contains("://") { written.to_string() } else { format!("https://{written}") };
        let (_, authority) = url.split_once("://")?;
        let bare = !authority.contains(['/', '?', '#', '*', '\\']) && authority.chars().all(|c| c.is_ascii_graphic());
        Origin::of(&url).filter(|_| bare)
    }

    /// Nobody between us and the server may read along: `https`, or a server on this machine.
    pub fn is_private(&self) -> bool {
        self.secure || ["127.0.0.1", "localhost", "[::1]"].contains(&self.host.as_str())
    }
}

fn default_port(secure: bool) -> u16 {
    if secure { 443 } else { 80 }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Origin { secure, host, port } = self;
        write!(f, "{}://{host}", if *secure { "https" } else { "http" })?;
        if *port != default_port(*secure) { write!(f, ":{port}") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_server() {
        for (url, expected) in [
            ("https://billing.example/balance?a=b#c", "https://billing.example"),
            ("https://BILLING.example:443/", "https://billing.example"),
            ("https://billing.example:8443", "https://billing.example:8443"),
            ("http://127.0.0.1:80/x", "http://127.0.0.1"),
            ("http://[::1]:8080/x", "http://[::1]:8080"),
            ("https://user:secret@billing.example/", "none"),
            ("https://billing.example\\@elsewhere.example/", "none"),
            ("https://billing.example:/", "none"),
            ("https://billing.example:99999/", "none"),
            ("ftp://billing.example/", "none"),
            ("billing.example", "none"),
            ("https://", "none"),
        ] {
            assert_eq!(Origin::of(url).map_or("none".to_string(), |o| o.to_string()), expected, "{url}");
        }
    }

    #[test]
    fn the_names_that_the_config_takes() {
        for (written, expected) in [
            ("billing.example", "https://billing.example"),
            ("billing.example:8443", "https://billing.example:8443"),
            ("https://billing.example", "https://billing.example"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("billing.example/balance", "none"),
            ("*.example", "none"),
            ("user@billing.example", "none"),
            ("", "none"),
        ] {
            assert_eq!(Origin::named(written).map_or("none".to_string(), |o| o.to_string()), expected, "{written}");
        }
        assert!(!Origin::named("http://billing.example").unwrap().is_private());
    }
}

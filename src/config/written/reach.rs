//! How a trunk's peer is reached, as written: `peer`, `transport` and `tls`.

use std::path::PathBuf;

use serde::Deserialize;

use super::super::{Reach, TrunkTls};
use super::{Checker, Text, WrittenTrunk, span};
use crate::diagnostic::Diagnostic;
use crate::sip::Transport;

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum WrittenTransport {
    Udp,
    Tcp,
    Tls,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenTls {
    ca: Option<Text>,
    certificate: Option<Text>,
    key: Option<Text>,
    server_name: Option<Text>,
}

impl Checker<'_> {
    pub(super) fn reach(&mut self, w: &WrittenTrunk) -> Option<Reach> {
        let place = self.place(&w.peer);
        let transport = w.transport.as_ref().map(|t| match t.value {
            WrittenTransport::Udp => Transport::Udp,
            WrittenTransport::Tcp => Transport::Tcp,
            WrittenTransport::Tls => Transport::Tls,
        });
        let tls = match &w.tls {
            Some(tls) if matches!(transport, Some(Transport::Udp | Transport::Tcp)) => {
                self.wrong(
                    tls,
                    "certificates are of no use over udp and tcp",
                    "write `transport: tls`, or leave `tls` out",
                );
                None
            }
            Some(tls) => self.tls(&tls.value).map(Some),
            None if transport == Some(Transport::Tls) => Some(Some(TrunkTls::default())),
            None => Some(None),
        };
        let (host, port) = place?;
        Some(Reach { host, port, transport, tls: tls? })
    }

    /// `host:port`, an address, or a domain with a dot in it: a single word is more likely a slip.
    fn place(&mut self, w: &Text) -> Option<(String, Option<u16>)> {
        let text = w.value.as_str();
        let bare = |host: &str| host.trim_start_matches('[').trim_end_matches(']').to_owned();
        if bare(text).parse::<std::net::IpAddr>().is_ok() {
            return Some((bare(text), None));
        }
        if let Some((host, port)) = text.rsplit_once(':')
            && let Ok(port @ 1..) = port.parse::<u16>()
            && (is_host(host) || bare(host).parse::<std::net::Ipv6Addr>().is_ok())
        {
            return Some((bare(host), Some(port)));
        }
        if text.contains('.') && is_host(text) {
            return Some((text.trim_end_matches('.').to_owned(), None));
        }
        let message = format!("expected a host and a port, or a domain, found `{text}`");
        self.wrong(
            w,
            message,
            "write it as \"sip.example.com:5060\", or as \"example.com\" if its SRV records say where",
        );
        None
    }

    fn tls(&mut self, w: &WrittenTls) -> Option<TrunkTls> {
        let ca = self.readable(w.ca.as_ref());
        let certificate = self.readable(w.certificate.as_ref());
        let key = self.readable(w.key.as_ref());
        if let (Some(alone), None) | (None, Some(alone)) = (&w.certificate, &w.key) {
            self.wrong(alone, "a certificate and its key go together", "name both files, or neither");
            return None;
        }
        let server_name = match &w.server_name {
            Some(name) if !is_host(&name.value) => {
                let message = format!("`{}` is not the name of a host", name.value);
                self.wrong(name, message, "write the name that the carrier's certificate carries");
                None
            }
            name => Some(name.as_ref().map(|n| n.value.clone())),
        };
        Some(TrunkTls { ca: ca?, certificate: certificate?, key: key?, server_name: server_name? })
    }

    /// A file beside the config, or an absolute path. What it holds is looked at when the trunk starts.
    fn readable(&mut self, w: Option<&Text>) -> Option<Option<PathBuf>> {
        let Some(w) = w else { return Some(None) };
        let path = self.folder.join(&w.value);
        match std::fs::File::open(&path) {
            Ok(_) => Some(Some(path)),
            Err(error) => {
                let message = format!("cannot read the file {}: {error}", w.value);
                let help = "PEM files are wanted, readable by the user that runs ringback";
                self.found.push(Diagnostic::error("C005", span(w), message).help(help));
                None
            }
        }
    }
}

fn is_host(text: &str) -> bool {
    !text.is_empty() && text.len() <= 253 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
}

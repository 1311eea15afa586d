//! Certificates and keys, read once when a trunk starts (RFC 5922 for what they must say).

use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// How a carrier is known to be the carrier, and we to be us.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tls {
    /// PEM file of the authorities that are believed; `None`: those that browsers believe.
    pub ca: Option<PathBuf>,
    /// PEM files of our own certificate (with those between it and its authority) and of its key. Without them, nobody can
    /// connect to us, and a peer that wants to know who we are turns us away.
    pub certificate: Option<PathBuf>,
    pub key: Option<PathBuf>,
    /// The name that the peer's certificate must carry, when it is not the host we call it by.
    pub server_name: Option<String>,
}

/// Both ends of TLS, ready to use.
#[derive(Clone)]
pub(super) struct Sides {
    pub connector: TlsConnector,
    pub acceptor: Option<TlsAcceptor>,
    /// RFC 5922 §4: the name of the domain that was configured, not what a name server made of it.
    pub server_name: ServerName<'static>,
}

impl Tls {
    /// Reads the files. `host`: what the peer is called. Errors name the file.
    pub(super) fn load(&self, host: &str) -> io::Result<Sides> {
        let provider = Arc::new(ring::default_provider());
        let mut roots = RootCertStore::empty();
        match &self.ca {
            Some(path) => {
                for certificate in certificates(path)? {
                    roots.add(certificate).map_err(|e| wrong(path, &e))?;
                }
            }
            None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        }
        let roots = Arc::new(roots);
        let ours = match (&self.certificate, &self.key) {
            (Some(certificate), Some(key)) => {
                let loaded = PrivateKeyDer::from_pem_file(key).map_err(|e| wrong(key, &e))?;
                Some((certificates(certificate)?, loaded, certificate))
            }
            _ => None,
        };
        let client = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_root_certificates(roots.clone());
        let client = match &ours {
            Some((chain, key, path)) => {
                client.with_client_auth_cert(chain.clone(), key.clone_key()).map_err(|e| wrong(path, &e))?
            }
            None => client.with_no_client_auth(),
        };
        let acceptor = match ours {
            Some((chain, key, path)) => {
                let server = ServerConfig::builder_with_provider(provider.clone())
                    .with_safe_default_protocol_versions()
                    .map_err(io::Error::other)?;
                // Who connects to us must be vouched for by the authority of this trunk, if it has one of its own. Browsers'
                // authorities vouch for half the world, which is no reason to take its calls.
                let server = match &self.ca {
                    Some(ca) => {
                        let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider).build();
                        server.with_client_cert_verifier(verifier.map_err(|e| wrong(ca, &e))?)
                    }
                    None => server.with_no_client_auth(),
                };
                let server = server.with_single_cert(chain, key).map_err(|e| wrong(path, &e))?;
                Some(TlsAcceptor::from(Arc::new(server)))
            }
            None => None,
        };
        let name = self.server_name.as_deref().unwrap_or(host);
        let server_name = match name.trim_matches(['[', ']']).parse::<IpAddr>() {
            Ok(ip) => ServerName::from(ip),
            Err(_) => ServerName::try_from(name.to_owned())
                .map_err(|_| io::Error::other(format!("`{name}` is not a name that a certificate can carry")))?,
        };
        Ok(Sides { connector: TlsConnector::from(Arc::new(client)), acceptor, server_name })
    }
}

fn certificates(path: &Path) -> io::Result<Vec<CertificateDer<'static>>> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).map_err(|e| wrong(path, &e))?.collect();
    let all = all.map_err(|e| wrong(path, &e))?;
    if all.is_empty() {
        return Err(io::Error::other(format!("{}: holds no certificate in PEM form", path.display())));
    }
    Ok(all)
}

fn wrong(path: &Path, error: &dyn std::error::Error) -> io::Error {
    io::Error::other(format!("{}: {error}", path.display()))
}

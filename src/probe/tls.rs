//! Whom to trust over TLS, and why not. Knows no connection and no protocol above.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rustls::client::WebPkiServerVerifier;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::{
    AlertDescription, CertificateError, ClientConfig, InvalidMessage, RootCertStore, crypto,
};

use super::certificate::{AnyCertificate, Checked, NotTrusted};

/// How a server is believed, and how this side shows who it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Tls {
    /// Certificates in PEM that are trusted instead of the system's. A server's own certificate
    /// may stand here, too.
    pub ca: Option<PathBuf>,
    /// Believe everybody.
    pub insecure: bool,
    /// The server's name, where its address is no name of it: it is asked for by SNI, must stand
    /// in the certificate, and is what the `Host` header says.
    pub server_name: Option<String>,
    pub client_cert: Option<PathBuf>,
    /// Left out when the file of the certificate holds the key, too.
    pub client_key: Option<PathBuf>,
}

/// Why there is no secure connection.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    #[error("`{}`: {reason}", path.display())]
    File { path: PathBuf, reason: String },
    #[error("this system has no root certificates")]
    NoRoots,
    #[error("`{0}` is not a name that a certificate can hold")]
    ServerName(String),
    #[error("certificate not trusted: {0}")]
    NotTrusted(String),
    #[error("the server does not speak TLS")]
    NotTls,
    /// Everything else on which both sides could not agree.
    #[error("TLS failed: {0}")]
    Failed(String),
}

impl Tls {
    /// Returns what another server gets: neither the name nor the certificate was meant for it.
    pub(super) fn elsewhere(&self) -> Self {
        Self {
            ca: self.ca.clone(),
            insecure: self.insecure,
            ..Self::default()
        }
    }

    /// Reads the files.
    pub(super) fn config(&self) -> Result<Arc<ClientConfig>, TlsError> {
        let provider = Arc::new(crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .expect("the provider has suites for both versions")
            .dangerous();
        let builder = if self.insecure {
            builder.with_custom_certificate_verifier(Arc::new(AnyCertificate::new(&provider)))
        } else {
            let (roots, pinned) = match &self.ca {
                Some(path) => own_roots(path)?,
                None => (system_roots(), Vec::new()),
            };
            let verifier = WebPkiServerVerifier::builder_with_provider(roots, provider)
                .build()
                .map_err(|_| TlsError::NoRoots)?;
            builder.with_custom_certificate_verifier(Arc::new(Checked::new(verifier, pinned)))
        };
        let mut config = match &self.client_cert {
            None => builder.with_no_client_auth(),
            Some(path) => {
                let key_path = self.client_key.as_ref().unwrap_or(path);
                let key = PrivateKeyDer::from_pem_file(key_path)
                    .map_err(|error| unreadable(key_path, "private key", &error))?;
                builder
                    .with_client_auth_cert(certificates(path)?, key)
                    .map_err(|error| TlsError::File {
                        path: key_path.clone(),
                        reason: error.to_string(),
                    })?
            }
        };
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

fn own_roots(path: &Path) -> Result<(Arc<RootCertStore>, Vec<CertificateDer<'static>>), TlsError> {
    let certificates = certificates(path)?;
    let mut roots = RootCertStore::empty();
    for certificate in &certificates {
        roots
            .add(certificate.clone())
            .map_err(|error| TlsError::File {
                path: path.to_owned(),
                reason: error.to_string(),
            })?;
    }
    Ok((Arc::new(roots), certificates))
}

/// Loading them takes milliseconds, so only the first who needs them does.
fn system_roots() -> Arc<RootCertStore> {
    static ROOTS: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    let load = || {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Arc::new(roots)
    };
    Arc::clone(ROOTS.get_or_init(load))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let failed = |error| unreadable(path, "certificate", &error);
    let certificates = CertificateDer::pem_file_iter(path)
        .map_err(failed)?
        .collect::<Result<Vec<_>, _>>()
        .map_err(failed)?;
    if certificates.is_empty() {
        return Err(unreadable(
            path,
            "certificate",
            &rustls::pki_types::pem::Error::NoItemsFound,
        ));
    }
    Ok(certificates)
}

fn unreadable(path: &Path, what: &str, error: &rustls::pki_types::pem::Error) -> TlsError {
    use rustls::pki_types::pem::Error;
    let reason = match error {
        Error::NoItemsFound => format!("holds no {what} in PEM"),
        Error::Io(error) => error.to_string(),
        other => format!("is no PEM: {other}"),
    };
    TlsError::File {
        path: path.to_owned(),
        reason,
    }
}

impl From<&rustls::Error> for TlsError {
    fn from(error: &rustls::Error) -> Self {
        match error {
            rustls::Error::InvalidCertificate(error) => Self::NotTrusted(distrust(error)),
            rustls::Error::NoCertificatesPresented => {
                Self::NotTrusted("the server shows none".to_owned())
            }
            rustls::Error::InvalidMessage(
                InvalidMessage::InvalidContentType
                | InvalidMessage::UnknownProtocolVersion
                | InvalidMessage::MessageTooLarge,
            ) => Self::NotTls,
            rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => {
                Self::Failed("the server wants a client certificate".to_owned())
            }
            rustls::Error::AlertReceived(alert) => {
                Self::Failed(format!("the server ended it with `{alert:?}`"))
            }
            other => Self::Failed(other.to_string()),
        }
    }
}

/// Returns the name in `DnsName("api.test")`, as the library writes it.
fn plain_name(name: &str) -> &str {
    let inner = name
        .split_once('(')
        .and_then(|(_, rest)| rest.strip_suffix(')'));
    inner.map_or(name, |inner| inner.trim_matches('"'))
}

fn distrust(error: &CertificateError) -> String {
    let date = |time: &UnixTime| {
        let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(time.as_secs());
        humantime::format_rfc3339_seconds(time).to_string()
    };
    match error {
        CertificateError::UnknownIssuer => "its issuer is unknown".to_owned(),
        CertificateError::ExpiredContext { not_after, .. } => {
            format!("expired at {}", date(not_after))
        }
        CertificateError::NotValidYetContext { not_before, .. } => {
            format!("not valid before {}", date(not_before))
        }
        CertificateError::NotValidForNameContext {
            expected,
            presented,
        } => {
            let expected = expected.to_str();
            match presented.as_slice() {
                [] => format!("it holds no name, `{expected}` is wanted"),
                names => {
                    let names: Vec<&str> = names.iter().map(|name| plain_name(name)).collect();
                    format!("it is for {}, not for `{expected}`", names.join(", "))
                }
            }
        }
        CertificateError::Expired => "expired".to_owned(),
        CertificateError::NotValidYet => "not valid yet".to_owned(),
        CertificateError::Other(other) if other.0.is::<NotTrusted>() => other.0.to_string(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_hold_no_certificate_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        let refused = |tls: Tls| tls.config().unwrap_err().to_string();
        let own = Tls {
            ca: Some(path.clone()),
            ..Tls::default()
        };
        let shown = path.display();
        let missing = format!("`{shown}`: No such file or directory (os error 2)");
        assert_eq!(refused(own.clone()), missing);
        fs_err::write(&path, "hello").unwrap();
        assert_eq!(
            refused(own),
            format!("`{shown}`: holds no certificate in PEM")
        );
        let client = Tls {
            client_cert: Some(path.clone()),
            insecure: true,
            ..Tls::default()
        };
        assert_eq!(
            refused(client),
            format!("`{shown}`: holds no private key in PEM")
        );
    }

    #[test]
    fn another_server_gets_neither_name_nor_certificate() {
        let tls = Tls {
            ca: Some("ca.pem".into()),
            insecure: true,
            server_name: Some("rates.example".to_owned()),
            client_cert: Some("me.pem".into()),
            client_key: Some("me.key".into()),
        };
        let expect = Tls {
            ca: Some("ca.pem".into()),
            insecure: true,
            ..Tls::default()
        };
        assert_eq!(tls.elsewhere(), expect);
    }
}

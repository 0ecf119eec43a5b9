//! Servers for the tests of this room: real sockets that say what a test wants said.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, crypto};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Calls `act` with every connection, and counts them; returns `127.0.0.1:PORT`.
pub(super) async fn listen<F>(
    act: impl Fn(TcpStream) -> F + Send + 'static,
) -> (String, Arc<AtomicUsize>)
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counter.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(act(stream));
        }
    });
    (address, count)
}

/// Calls `act` with every connection over TLS.
pub(super) async fn listen_tls<F>(
    config: Arc<ServerConfig>,
    act: impl Fn(TlsStream<TcpStream>) -> F + Clone + Send + 'static,
) -> (String, Arc<AtomicUsize>)
where
    F: Future<Output = ()> + Send + 'static,
{
    listen(move |stream| {
        let accepting = TlsAcceptor::from(Arc::clone(&config)).accept(stream);
        let act = act.clone();
        async move {
            if let Ok(stream) = accepting.await {
                act(stream).await;
            }
        }
    })
    .await
}

/// Returns a port that is taken but refuses connections for as long as the socket lives.
pub(super) fn refusing() -> (TcpSocket, String) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap().to_string();
    (socket, address)
}

/// Reads one request, with a body where a length says so; `None` when the client is gone.
pub(super) async fn request(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .map_or(0, |length| length.parse().unwrap());
            if body.len() >= length {
                return Some(text.into_owned());
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}

/// Returns an answer with a length.
pub(super) fn answer(head: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {head}\r\ncontent-length: {length}\r\n\r\n{body}")
}

/// An authority, with what it has signed in files.
pub(super) struct Authority {
    folder: tempfile::TempDir,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    pub(super) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // By default every certificate is made out to the same name.
        params
            .distinguished_name
            .push(DnType::CommonName, "authority");
        let key = KeyPair::generate().unwrap();
        let issuer = CertifiedIssuer::self_signed(params, key).unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs_err::write(folder.path().join("ca.pem"), issuer.pem()).unwrap();
        Self { folder, issuer }
    }

    pub(super) fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// Signs a certificate for `names`; returns its file and its key's.
    pub(super) fn sign(&self, names: &[&str]) -> (PathBuf, PathBuf) {
        self.sign_with(&params(names))
    }

    pub(super) fn sign_with(&self, params: &CertificateParams) -> (PathBuf, PathBuf) {
        let key = KeyPair::generate().unwrap();
        let signed = params.signed_by(&key, &self.issuer).unwrap();
        self.write(&signed.pem(), &key)
    }

    /// Makes a certificate that nobody else has signed.
    pub(super) fn self_signed(&self, params: &CertificateParams) -> (PathBuf, PathBuf) {
        let key = KeyPair::generate().unwrap();
        let signed = params.self_signed(&key).unwrap();
        self.write(&signed.pem(), &key)
    }

    fn write(&self, certificate: &str, key: &KeyPair) -> (PathBuf, PathBuf) {
        let (certificate_path, key_path) = (
            self.folder.path().join("cert.pem"),
            self.folder.path().join("key.pem"),
        );
        fs_err::write(&certificate_path, certificate).unwrap();
        fs_err::write(&key_path, key.serialize_pem()).unwrap();
        (certificate_path, key_path)
    }

    /// Returns what a server with that certificate needs; with `clients`, it wants one from each
    /// client, signed by this authority.
    pub(super) fn server(&self, files: &(PathBuf, PathBuf), clients: bool) -> Arc<ServerConfig> {
        let provider = Arc::new(crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = if clients {
            let mut roots = RootCertStore::empty();
            roots.add(self.issuer.der().clone()).unwrap();
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder.with_client_cert_verifier(verifier.unwrap())
        } else {
            builder.with_no_client_auth()
        };
        let certificate = CertificateDer::from_pem_file(&files.0).unwrap();
        let key = PrivateKeyDer::from_pem_file(&files.1).unwrap();
        Arc::new(builder.with_single_cert(vec![certificate], key).unwrap())
    }
}

pub(super) fn params(names: &[&str]) -> CertificateParams {
    CertificateParams::new(
        names
            .iter()
            .map(|name| (*name).to_owned())
            .collect::<Vec<_>>(),
    )
    .unwrap()
}

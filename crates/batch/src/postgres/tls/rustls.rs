//! TLS with rustls and the system's certificates.

use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::Socket;
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_rustls::client::TlsStream as Rustls;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_rustls::{Connect, TlsConnector};

use super::unreadable;

/// Makes TLS connections that verify the certificate of the server, and its name.
#[derive(Clone)]
pub(crate) struct Tls(Arc<ClientConfig>);

/// Returns what makes TLS connections that verify the certificate of the server, and its name: by the
/// certificates of a file, or by those of the system.
pub(crate) fn connector(root_certificates: Option<&Path>) -> io::Result<Tls> {
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let builder = builder.with_safe_default_protocol_versions();
    let builder = builder.map_err(io::Error::other)?;
    let builder = match root_certificates {
        Some(file) => builder.with_root_certificates(read(file)?),
        None => builder.with_platform_verifier().map_err(io::Error::other)?,
    };
    Ok(Tls(Arc::new(builder.with_no_client_auth())))
}

fn read(file: &Path) -> io::Result<RootCertStore> {
    let certificates = CertificateDer::pem_file_iter(file);
    let certificates = certificates.map_err(|error| unreadable(file, &error))?;
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        let certificate = certificate.map_err(|error| unreadable(file, &error))?;
        roots
            .add(certificate)
            .map_err(|error| unreadable(file, &error))?;
    }
    if roots.is_empty() {
        return Err(unreadable(file, &"it has none"));
    }
    Ok(roots)
}

impl MakeTlsConnect<Socket> for Tls {
    type Stream = Stream;
    type TlsConnect = Handshake;
    type Error = io::Error;

    fn make_tls_connect(&mut self, host: &str) -> Result<Handshake, io::Error> {
        let name = ServerName::try_from(host.to_owned());
        let name = name.map_err(io::Error::other)?;
        let connector = TlsConnector::from(Arc::clone(&self.0));
        Ok(Handshake { connector, name })
    }
}

/// A handshake with the server of this name.
pub(crate) struct Handshake {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl TlsConnect<Socket> for Handshake {
    type Stream = Stream;
    type Error = io::Error;
    type Future = Connecting;

    fn connect(self, socket: Socket) -> Connecting {
        Connecting(self.connector.connect(self.name, socket))
    }
}

/// A handshake in flight.
pub(crate) struct Connecting(Connect<Socket>);

impl Future for Connecting {
    type Output = Result<Stream, io::Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let connected = Pin::new(&mut self.0).poll(cx);
        connected.map(|connected| connected.map(Stream))
    }
}

/// A connection over TLS. The certificate is verified, so that binding the password to it adds nothing.
pub(crate) struct Stream(Rustls<Socket>);

impl TlsStream for Stream {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

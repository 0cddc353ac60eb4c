//! TLS with the platform's own library.

use std::fs;
use std::io;
use std::path::Path;

use native_tls::{Certificate, TlsConnector};
use postgres_native_tls::MakeTlsConnector;

use super::unreadable;

/// Returns what makes TLS connections that verify the certificate of the server, and its name: by the
/// certificates of a file, or by those of the system.
pub(crate) fn connector(root_certificates: Option<&Path>) -> io::Result<MakeTlsConnector> {
    let mut builder = TlsConnector::builder();
    if let Some(file) = root_certificates {
        builder.disable_built_in_roots(true);
        for certificate in read(file)? {
            builder.add_root_certificate(certificate);
        }
    }
    let connector = builder.build().map_err(io::Error::other)?;
    Ok(MakeTlsConnector::new(connector))
}

fn read(file: &Path) -> io::Result<Vec<Certificate>> {
    let pem = fs::read(file).map_err(|error| unreadable(file, &error))?;
    let certificates = Certificate::stack_from_pem(&pem);
    let certificates = certificates.map_err(|error| unreadable(file, &error))?;
    if certificates.is_empty() {
        return Err(unreadable(file, &"it has none"));
    }
    Ok(certificates)
}

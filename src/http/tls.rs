//! Certificates that are trusted in addition to the platform's.

use reqwest::Certificate;

use crate::error::Error;

/// Reads all certificates of a PEM text.
pub(crate) fn read(pem: &[u8]) -> Result<Vec<Certificate>, Error> {
    let expected = "expected PEM that begins with -----BEGIN CERTIFICATE-----";
    let found = Certificate::from_pem_bundle(pem).map_err(|error| {
        Error::configuration(format!("a root certificate cannot be read; {expected}"))
            .with_source(error)
    })?;
    if found.is_empty() {
        let message =
            format!("found no certificate in what should be a root certificate; {expected}");
        return Err(Error::configuration(message));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_without_a_certificate_is_refused() {
        for (pem, words) in [
            (&b""[..], "found no certificate"),
            (b"\x30\x82\x01\x0a", "found no certificate"),
            (
                b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
                "found no certificate",
            ),
            (
                b"-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n",
                "cannot be read",
            ),
            (b"-----BEGIN CERTIFICATE-----\nAAAA\n", "cannot be read"),
        ] {
            let error = read(pem).unwrap_err();
            assert_eq!(error.kind(), crate::error::ErrorKind::Configuration);
            assert!(error.to_string().contains(words), "{error}");
            assert!(error.to_string().contains("expected PEM"), "{error}");
        }
    }

    #[test]
    fn invalid_certificate_fails_the_build_of_a_client() {
        let pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let builder = crate::client::Client::builder()
            .token("t")
            .add_root_certificate(pem);
        let error = builder.build().unwrap_err();
        assert_eq!(
            error.kind(),
            crate::error::ErrorKind::Configuration,
            "{error:?}"
        );
    }
}

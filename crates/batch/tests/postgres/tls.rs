//! Connections over TLS verify the server.

use std::path::Path;
use std::process::Command;

use runcomfy_batch::{PostgresStore, Store, StoreErrorKind};
use runcomfy_testkit::postgres::PostgresServer;

/// Makes a certificate authority, and a certificate of 127.0.0.1; returns `false`, with a message, where there is
/// no OpenSSL.
fn certify(folder: &Path) -> bool {
    let commands = [
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=authority",
        "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout server.key -out server.csr -subj /CN=server",
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out server.crt -days 2 -extfile server.ext",
    ];
    let names = "subjectAltName = IP:127.0.0.1\n";
    std::fs::write(folder.join("server.ext"), names).unwrap();
    for arguments in commands {
        let mut command = Command::new("openssl");
        command.args(arguments.split(' ')).current_dir(folder);
        let Ok(output) = command.output() else {
            eprintln!("skipped: openssl is not installed");
            return false;
        };
        assert!(output.status.success(), "{output:?}");
    }
    true
}

#[tokio::test]
async fn server_is_verified_by_its_authority() {
    let Some(mut server) = PostgresServer::start() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    if !certify(folder.path()) {
        return;
    }
    let required = format!("{}?sslmode=verify-full", server.url());
    let error = PostgresStore::open(&required).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Io, "{error}");
    server.serve_tls(folder.path());
    for url in [required.clone(), server.url()] {
        let error = PostgresStore::open(&url).await.unwrap_err();
        assert!(error.to_string().contains("sslrootcert=FILE"), "{error}");
    }
    let authority = folder.path().join("ca.pem");
    let trusted = format!("{required}&sslrootcert={}", authority.display());
    let store = PostgresStore::open(&trusted).await.unwrap();
    assert_eq!(store.counts().await.unwrap().total(), 0);
    let sessions = "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE ssl AND application_name = 'runcomfy-batch'";
    assert_eq!(server.sql(sessions), "1");
    // The certificate is one of the address, not of the name.
    let named = trusted.replace("127.0.0.1", "localhost");
    let error = PostgresStore::open(&named).await.unwrap_err();
    assert!(error.to_string().contains("sslrootcert=FILE"), "{error}");
    let plain = format!("{}?sslmode=disable", server.url());
    PostgresStore::open(&plain).await.unwrap();
}

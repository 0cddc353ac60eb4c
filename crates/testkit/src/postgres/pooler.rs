//! A pooler in front of a Postgres server: pgbouncer in transaction mode.

use std::fs;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::{PostgresServer, free_port};

/// A pooler that lives as long as the value.
#[derive(Debug)]
pub struct Pooler {
    port: u16,
    process: Child,
}

impl Pooler {
    /// Starts a pooler with `connections` to the server, or returns `None`, with a message, where pgbouncer is
    /// not installed.
    ///
    /// # Panics
    /// If it does not start, and if there is none although the variable `CI` is `true`.
    #[must_use]
    pub fn start(server: &PostgresServer, connections: usize) -> Option<Self> {
        let Some(program) = program() else {
            let must_be = std::env::var("CI").is_ok_and(|ci| ci == "true");
            assert!(!must_be, "pgbouncer is not installed");
            eprintln!("skipped: pgbouncer is not installed");
            return None;
        };
        let port = free_port();
        let settings = format!(
            "[databases]\npostgres = host=127.0.0.1 port={} user=postgres\n\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\ndefault_pool_size = {connections}\nmax_client_conn = 100\n",
            server.port
        );
        let file = server.folder.path().join(format!("pooler-{port}.ini"));
        fs::write(&file, settings).expect("the folder can be written");
        let mut command = server.command_at(program);
        command.arg(file).stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().expect("pgbouncer runs");
        let pooler = Self { port, process };
        let end = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < end, "pgbouncer does not start");
            sleep(Duration::from_millis(20));
        }
        Some(pooler)
    }

    /// Returns the URL of the database behind the pooler.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into()]);
    let mut programs = folders.map(|folder| folder.join("pgbouncer"));
    programs.find(|program| program.exists())
}

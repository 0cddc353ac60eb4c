//! A Postgres server of one test: on loopback, with a fresh data folder, ended with it.

mod pooler;

use std::fs;
use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

pub use pooler::Pooler;
use tempfile::TempDir;

/// Variable with the folder of `initdb` and `postgres`, where they are not where Debian has them.
const BIN: &str = "RUNCOMFY_POSTGRES_BIN";

/// A server that lives as long as the value.
#[derive(Debug)]
pub struct PostgresServer {
    bin: PathBuf,
    folder: TempDir,
    port: u16,
    process: Option<Child>,
}

impl PostgresServer {
    /// Starts a server, or returns `None`, with a message, where no Postgres is installed.
    ///
    /// # Panics
    /// If the server does not start, and if there is none although the variable `CI` is `true`.
    #[must_use]
    pub fn start() -> Option<Self> {
        let Some(bin) = bin() else {
            let must_be = std::env::var("CI").is_ok_and(|ci| ci == "true");
            assert!(!must_be, "no Postgres is installed");
            eprintln!("skipped: no Postgres is installed, and {BIN} names none");
            return None;
        };
        let mut server = Self {
            bin,
            folder: folder(),
            port: free_port(),
            process: None,
        };
        server.initialise();
        server.restart();
        Some(server)
    }

    /// Returns the URL of the database.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Kills the server's first process, as the system does where memory is short. The others notice it and end.
    ///
    /// # Panics
    /// If the process cannot be killed.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().expect("the server can be killed");
            process.wait().expect("the server can be waited for");
        }
    }

    /// Starts the server again, also while processes of the killed one still live.
    ///
    /// # Panics
    /// If it does not start within a minute.
    pub fn restart(&mut self) {
        let end = Instant::now() + Duration::from_secs(60);
        while Instant::now() < end {
            let mut process = self.spawn().expect("the server can be started");
            while process.try_wait().is_ok_and(|status| status.is_none()) {
                if self.is_ready() {
                    self.process = Some(process);
                    return;
                }
                sleep(Duration::from_millis(20));
            }
            // "pre-existing shared memory block is still in use", or a port that another took.
            sleep(Duration::from_millis(100));
        }
        let log = fs::read_to_string(self.log()).unwrap_or_default();
        panic!("the server does not start: {log}");
    }

    /// Runs SQL with `psql`, and returns what it prints.
    ///
    /// # Panics
    /// If it fails.
    #[must_use]
    pub fn sql(&self, sql: &str) -> String {
        let mut command = self.command("psql");
        command.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql]);
        let output = command.arg(self.url()).output().expect("psql runs");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{sql}: {error}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Runs a program of Postgres in the data folder, and asserts that it succeeds.
    ///
    /// # Panics
    /// If it fails.
    pub fn run(&self, program: &str, arguments: &[&str]) {
        let mut command = self.command(program);
        let output = command.args(arguments).output().expect("the program runs");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program}: {error}");
    }

    /// Serves TLS with `server.crt` and `server.key` of a folder.
    ///
    /// # Panics
    /// If the files cannot be copied.
    pub fn serve_tls(&mut self, folder: &Path) {
        for name in ["server.crt", "server.key"] {
            let file = self.data().join(name);
            fs::copy(folder.join(name), &file).expect("the data folder can be written");
            #[cfg(unix)]
            {
                use std::os::unix::fs::{PermissionsExt, chown};
                let owner_alone = fs::Permissions::from_mode(0o600);
                fs::set_permissions(&file, owner_alone).expect("the file is ours");
                if let Some((user, group)) = other_user() {
                    chown(&file, Some(user), Some(group)).expect("root may give a file away");
                }
            }
        }
        let settings = self.data().join("postgresql.auto.conf");
        fs::write(settings, "ssl = on\n").expect("the data folder can be written");
        self.kill();
        self.restart();
    }

    /// Returns the data folder.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn initialise(&self) {
        let data = self.data();
        let data = data.to_str().expect("a path of a test is UTF-8");
        let trust = [
            "-U",
            "postgres",
            "-A",
            "trust",
            "--no-sync",
            "--no-instructions",
            "-D",
        ];
        self.run("initdb", &[&trust[..], &[data]].concat());
    }

    fn spawn(&self) -> io::Result<Child> {
        let log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.log())?;
        let mut command = self.command("postgres");
        command.arg("-D").arg(self.data());
        for setting in [
            format!("port={}", self.port),
            "listen_addresses=127.0.0.1".to_owned(),
            "unix_socket_directories=".to_owned(),
            "shared_buffers=32MB".to_owned(),
            "max_connections=60".to_owned(),
        ] {
            command.arg("-c").arg(setting);
        }
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        command.spawn()
    }

    fn is_ready(&self) -> bool {
        let mut command = self.command("pg_isready");
        command.arg("-q").arg("-d").arg(self.url());
        command.status().is_ok_and(|status| status.success())
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    fn command(&self, program: &str) -> Command {
        self.command_at(self.bin.join(program))
    }

    /// Returns a command that runs as the user `postgres` where this process is root, which Postgres refuses.
    fn command_at(&self, program: PathBuf) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.folder.path());
        #[cfg(unix)]
        if let Some((user, group)) = other_user() {
            use std::os::unix::process::CommandExt;
            command.uid(user).gid(group);
        }
        command
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        let Some(mut process) = self.process.take() else {
            return;
        };
        // In order, so that it leaves no shared memory behind.
        let stop = Command::new("kill")
            .args(["-INT", &process.id().to_string()])
            .status();
        if stop.is_ok_and(|status| status.success()) {
            let end = Instant::now() + Duration::from_secs(10);
            while Instant::now() < end && process.try_wait().is_ok_and(|status| status.is_none()) {
                sleep(Duration::from_millis(20));
            }
        }
        let _ = process.kill();
        let _ = process.wait();
    }
}

/// Returns the folder of the newest server.
fn bin() -> Option<PathBuf> {
    if let Some(bin) = std::env::var_os(BIN) {
        return Some(bin.into());
    }
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let bins = versions.filter_map(|version| Some(version.ok()?.path().join("bin")));
    bins.filter(|bin| bin.join("initdb").exists()).max()
}

/// Creates a folder in memory where the system has one: a sync costs nothing there, and no test cuts the
/// power.
fn folder() -> TempDir {
    let memory = tempfile::tempdir_in("/dev/shm");
    let folder = memory
        .or_else(|_| tempfile::tempdir())
        .expect("a folder can be created");
    #[cfg(unix)]
    if let Some((user, group)) = other_user() {
        let owned = std::os::unix::fs::chown(folder.path(), Some(user), Some(group));
        owned.expect("root may give a folder away");
    }
    folder
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("loopback has a free port");
    listener.local_addr().expect("it is bound").port()
}

/// Returns the ids of the user `postgres` where this process is root.
#[cfg(unix)]
fn other_user() -> Option<(u32, u32)> {
    use std::os::unix::fs::MetadataExt;
    let own = fs::metadata(Path::new("/proc/self")).ok()?;
    if own.uid() != 0 {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").ok()?;
    let line = users.lines().find(|line| line.starts_with("postgres:"));
    let mut fields = line?.split(':').skip(2);
    let mut id = || fields.next()?.parse().ok();
    Some((id()?, id()?))
}

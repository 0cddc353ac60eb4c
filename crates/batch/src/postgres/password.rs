//! Passwords that are not in the URL of a store, as programs of Postgres find them.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tokio_postgres::Config;
use tokio_postgres::config::Host;

use crate::store::error::{StoreError, StoreErrorKind};

/// Port of a server whose URL names none.
const DEFAULT_PORT: u16 = 5432;

/// Returns the password of `PGPASSWORD`, else that of the password file.
pub(super) fn find(config: &Config) -> Result<Option<String>, StoreError> {
    if let Ok(password) = env::var("PGPASSWORD") {
        return Ok(Some(password));
    }
    let named = env::var_os("PGPASSFILE").map(PathBuf::from);
    let Some(path) = named.or_else(default_file) else {
        return Ok(None);
    };
    let text = read(&path).map_err(|error| {
        let path = path.display();
        StoreError::new(
            StoreErrorKind::Io,
            format!("could not read the password file `{path}`: {error}; nothing was done"),
        )
    })?;
    Ok(in_file(&text, config))
}

#[cfg(not(windows))]
fn default_file() -> Option<PathBuf> {
    env::home_dir().map(|home| home.join(".pgpass"))
}

#[cfg(windows)]
fn default_file() -> Option<PathBuf> {
    let folder = PathBuf::from(env::var_os("APPDATA")?);
    Some(folder.join("postgresql").join("pgpass.conf"))
}

/// Reads a password file, which only its owner may read; there may be none.
fn read(path: &Path) -> io::Result<String> {
    let about = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(String::new()),
        about => about?,
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if about.is_file() && about.permissions().mode() & 0o077 != 0 {
            return Err(io::Error::other(
                "other users may read it; run `chmod 600` on it",
            ));
        }
    }
    #[cfg(not(unix))]
    let _ = about;
    fs::read_to_string(path)
}

/// Returns the password of the first line that fits: `host:port:database:user:password`, each of the first four
/// perhaps `*`.
fn in_file(text: &str, config: &Config) -> Option<String> {
    let user = config.get_user().unwrap_or_default();
    let database = config.get_dbname().unwrap_or(user);
    let hosts = config.get_hosts().iter().map(|host| match host {
        Host::Tcp(name) => name.as_str(),
        // As libpq has it.
        #[cfg(unix)]
        Host::Unix(_) => "localhost",
    });
    let ports = config.get_ports();
    let port = |index| ports.get(index).or(ports.first()).unwrap_or(&DEFAULT_PORT);
    let servers: Vec<(&str, String)> = hosts
        .enumerate()
        .map(|(index, host)| (host, port(index).to_string()))
        .collect();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let mut lines = lines.filter_map(fields);
    let fits = |field: &str, value: &str| field == "*" || field == value;
    let line = lines.find(|[host, port, name, role, _]| {
        let is_server = |it: &(&str, String)| fits(host, it.0) && fits(port, &it.1);
        servers.iter().any(is_server) && fits(name, database) && fits(role, user)
    });
    line.map(|[.., password]| password)
}

/// Splits a line at its colons, without those behind a backslash.
fn fields(line: &str) -> Option<[String; 5]> {
    let mut fields = vec![String::new()];
    let mut is_escaped = false;
    for c in line.chars() {
        match c {
            '\\' if !is_escaped => {
                is_escaped = true;
                continue;
            }
            ':' if !is_escaped => fields.push(String::new()),
            c => fields.last_mut()?.push(c),
        }
        is_escaped = false;
    }
    fields.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_line_that_fits_has_the_password() {
        let file = "# host:port:database:user:password\nother:*:*:*:no\nh2:6000:db:me:two\n*:5432:db:me:a\\:b\\\\c\n*:*:*:*:last\ntoo:few\n";
        for (url, password) in [
            ("postgres://me@h1/db", Some("a:b\\c")),
            ("postgres://me@h1,h2:6000/db", Some("two")),
            ("postgres://me@h1:7/db", Some("last")),
            ("postgres://you@other/x", Some("no")),
        ] {
            let config = url.parse().unwrap();
            assert_eq!(in_file(file, &config).as_deref(), password, "{url}");
        }
        assert_eq!(in_file("a:1:b:c", &"postgres://a/b".parse().unwrap()), None);
    }

    #[cfg(unix)]
    #[test]
    fn file_that_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let file = tempfile::NamedTempFile::new().unwrap();
        for (mode, is_read) in [(0o600, true), (0o640, false), (0o604, false)] {
            let permissions = fs::Permissions::from_mode(mode);
            fs::set_permissions(file.path(), permissions).unwrap();
            assert_eq!(read(file.path()).is_ok(), is_read, "{mode:o}");
        }
        assert_eq!(read(Path::new("/none/pgpass")).unwrap(), "");
    }
}

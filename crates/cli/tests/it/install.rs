//! The installer of `packaging/`, with archives of `packaging/archive` on a server of this machine.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use runcomfy_testkit::server::{Request, Response, Server};
use tempfile::TempDir;

use crate::support::{Ended, all_at_once};

const TARGET: &str = "x86_64-unknown-linux-musl";

/// Prints its version, as the command does.
const PROGRAM: &str = "#!/bin/sh\necho runcomfy 9.9.9\n";

fn packaging() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging")
}

/// A file of a release.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    Archive,
    Checksum,
}

/// Returns a file as it is served, or nothing for one that is not found.
type Change = fn(Part, Vec<u8>) -> Option<Vec<u8>>;

/// Changes nothing.
const UNCHANGED: Change = |_, bytes| Some(bytes);

/// A release on a server, and a folder for the program.
struct Release {
    folder: TempDir,
    server: Server,
}

impl Release {
    /// Packs a program. `change` may change the archive and the checksum before they are served.
    fn new(program: &str, change: Change) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let built = folder.path().join("built");
        std::fs::write(&built, program).unwrap();
        std::fs::set_permissions(&built, std::fs::Permissions::from_mode(0o755)).unwrap();
        let dist = folder.path().join("dist");
        let mut archive = Command::new(packaging().join("archive"));
        let packed = archive.arg(TARGET).arg(&dist).arg(&built).output().unwrap();
        assert!(packed.status.success(), "{packed:?}");
        let server = Server::on_thread(move |request| {
            let name = request.path().rsplit('/').next().unwrap();
            let bytes = std::fs::read(dist.join(name)).ok();
            let part = if name.contains("sha256") {
                Part::Checksum
            } else {
                Part::Archive
            };
            match bytes.and_then(|bytes| change(part, bytes)) {
                Some(bytes) => Response::ok(bytes),
                None => Response::new(404, ""),
            }
        });
        Self { folder, server }
    }

    fn installed(&self) -> PathBuf {
        self.folder.path().join("bin")
    }

    fn command(&self) -> Command {
        let mut command = Command::new("sh");
        command
            .arg(packaging().join("install.sh"))
            .env("RUNCOMFY_DOWNLOAD_BASE", self.server.origin())
            .env("RUNCOMFY_INSTALL_DIR", self.installed())
            .env("RUNCOMFY_TARGET", TARGET)
            .env("TMPDIR", self.folder.path())
            .env_remove("RUNCOMFY_VERSION");
        command
    }

    /// Returns the names in the folder of the program, and of what the installer has left elsewhere.
    fn names(&self) -> Vec<String> {
        let names = |folder: &Path| {
            let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
            files.map(|file| file.file_name().into_string().unwrap())
        };
        let elsewhere = names(self.folder.path());
        let left = elsewhere.filter(|name| !["built", "dist", "bin", "fake"].contains(&&**name));
        names(&self.installed()).chain(left).collect()
    }
}

fn ended(command: &mut Command) -> Ended {
    command.output().unwrap().into()
}

#[test]
fn program_is_installed_and_replaced() {
    let release = Release::new(PROGRAM, UNCHANGED);
    for version in ["", "9.9.9", "v9.9.9"] {
        let ended = ended(release.command().env("RUNCOMFY_VERSION", version));
        assert_eq!(ended.code, 0, "{ended:?}");
        let program = release.installed().join("runcomfy");
        let said = format!("installed runcomfy 9.9.9 as {}\n", program.display());
        assert!(ended.out.starts_with(&said), "{ended:?}");
        assert_eq!(release.names(), ["runcomfy"]);
        assert_eq!(std::fs::read_to_string(program).unwrap(), PROGRAM);
    }
    let requests = release.server.requests();
    let paths: Vec<&str> = requests.iter().map(Request::path).collect();
    let archive = format!("runcomfy-{TARGET}.tar.gz");
    assert_eq!(paths[0], format!("/latest/download/{archive}"));
    assert_eq!(paths[3], format!("/download/v9.9.9/{archive}.sha256"));
    assert_eq!(paths[4], format!("/download/v9.9.9/{archive}"));
}

#[test]
fn release_that_is_not_whole_installs_nothing() {
    use Part::{Archive, Checksum};
    let no_archive: Change = |part, bytes| (part == Checksum).then_some(bytes);
    let no_checksum: Change = |part, bytes| (part == Archive).then_some(bytes);
    let half: Change = |part, mut bytes| {
        let length = bytes.len();
        bytes.truncate(if part == Archive { length / 2 } else { length });
        Some(bytes)
    };
    let other: Change = |part, bytes| match part {
        Archive => Some(bytes),
        Checksum => Some(b"0123456789  x".to_vec()),
    };
    let empty: Change = |part, bytes| match part {
        Archive => Some(bytes),
        Checksum => Some(Vec::new()),
    };
    let foreign = "\u{7f}ELF of another processor";
    let cases = [
        (PROGRAM, no_archive, "could not download"),
        (PROGRAM, no_checksum, "could not download the checksum"),
        (PROGRAM, half, "expected"),
        (PROGRAM, other, "expected 0123456789"),
        (PROGRAM, empty, "the checksum of"),
        (foreign, UNCHANGED, TARGET),
    ];
    all_at_once(cases, |(program, change, words)| {
        let release = Release::new(program, change);
        std::fs::create_dir(release.installed()).unwrap();
        let former = release.installed().join("runcomfy");
        std::fs::write(&former, "the former program").unwrap();
        let ended = ended(&mut release.command());
        assert_eq!(ended.code, 1, "{words}: {ended:?}");
        assert!(ended.err.contains(words), "{words}: {ended:?}");
        assert!(ended.err.contains("Nothing was installed."), "{ended:?}");
        assert_eq!(release.names(), ["runcomfy"], "{words}");
        let kept = std::fs::read_to_string(former).unwrap();
        assert_eq!(kept, "the former program");
    });
}

#[test]
fn machine_without_an_archive_is_named() {
    let release = Release::new(PROGRAM, UNCHANGED);
    let fake = release.folder.path().join("fake");
    std::fs::create_dir(&fake).unwrap();
    let path = format!("{}:{}", fake.display(), std::env::var("PATH").unwrap());
    for (system, machine, words) in [
        ("FreeBSD", "amd64", "FreeBSD on amd64"),
        ("Linux", "riscv64", "Linux on riscv64"),
        ("Darwin", "arm64", "no archive for aarch64-apple-darwin"),
        (
            "Linux",
            "aarch64",
            "no archive for aarch64-unknown-linux-musl",
        ),
    ] {
        let uname = fake.join("uname");
        let script = format!("#!/bin/sh\n[ $1 = -s ] && echo {system} || echo {machine}\n");
        std::fs::write(&uname, script).unwrap();
        std::fs::set_permissions(&uname, std::fs::Permissions::from_mode(0o755)).unwrap();
        let ended = ended(
            release
                .command()
                .env_remove("RUNCOMFY_TARGET")
                .env("PATH", &path),
        );
        assert_eq!(ended.code, 1, "{ended:?}");
        assert!(ended.err.contains(words), "{words}: {ended:?}");
        assert_eq!(release.names(), [""; 0]);
    }
}

#[test]
fn address_without_encryption_is_refused() {
    let release = Release::new(PROGRAM, UNCHANGED);
    for base in [
        "http://releases.example",
        "http://127.0.0.1.example:80",
        "ftp://a.example",
    ] {
        let ended = ended(release.command().env("RUNCOMFY_DOWNLOAD_BASE", base));
        assert_eq!(ended.code, 1, "{ended:?}");
        assert!(ended.err.contains("is not https"), "{ended:?}");
    }
    assert_eq!(release.names(), [""; 0]);
}

#[test]
fn script_that_is_cut_off_does_nothing() {
    let release = Release::new(PROGRAM, UNCHANGED);
    let script = std::fs::read_to_string(packaging().join("install.sh")).unwrap();
    let ends = script.match_indices('\n').map(|(end, _)| end);
    let last = script.rfind("main \"$@\"").unwrap();
    all_at_once(ends.filter(|end| *end < last), |end| {
        let mut command = Command::new("sh");
        let command = command
            .args(["-c", &script[..end]])
            .env("RUNCOMFY_DOWNLOAD_BASE", release.server.origin())
            .env("RUNCOMFY_INSTALL_DIR", release.installed())
            .env("TMPDIR", release.folder.path());
        // Most of them are no whole script.
        let _ = command.output().unwrap();
    });
    assert_eq!(release.server.requests().len(), 0);
    assert_eq!(release.names(), [""; 0]);
}

/// Runs the build script in a folder, as cargo does for a release build, and returns the version.
fn built_version(script: &Path, folder: &Path) -> String {
    let mut command = Command::new(script);
    command
        .current_dir(folder)
        .env("CARGO_PKG_VERSION", "0.9.0")
        .env("PROFILE", "release")
        .env_remove("SOURCE_DATE_EPOCH");
    let said = String::from_utf8(command.output().unwrap().stdout).unwrap();
    let version = said
        .lines()
        .find_map(|line| line.strip_prefix("cargo::rustc-env=RUNCOMFY_VERSION="));
    version.unwrap().to_owned()
}

/// A package is built in the registry's folder or in a vendoring project, whose history is another.
#[test]
#[ignore = "slow: runs rustc"]
fn package_names_its_own_commit_and_day() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("script");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("build.rs");
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let mut rustc = Command::new(rustc);
    rustc.args(["--edition", "2024", "-o"]).arg(&script);
    assert!(rustc.arg(source).status().unwrap().success());

    let package = folder.path().join("vendor/runcomfy-cli");
    std::fs::create_dir_all(&package).unwrap();
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.arg("-C").arg(folder.path()).args(arguments);
        assert!(git.output().unwrap().status.success(), "{arguments:?}");
    };
    git(&["init", "--quiet"]);
    git(&[
        "-c",
        "user.name=a",
        "-c",
        "user.email=a@b",
        "commit",
        "--allow-empty",
        "-qm",
        "theirs",
    ]);
    let note = r#"{ "git": { "sha1": "0123456789abcdef0123456789abcdef01234567" } }"#;
    std::fs::write(package.join(".cargo_vcs_info.json"), note).unwrap();
    assert_eq!(built_version(&script, &package), "0.9.0 (012345678)");
    let changelog = "# Changelog\n\n## 0.10.0, 2027-01-02\n\n## 0.9.0, 2026-12-01\n";
    std::fs::write(package.join("CHANGELOG.md"), changelog).unwrap();
    assert_eq!(
        built_version(&script, &package),
        "0.9.0 (012345678 2026-12-01)"
    );
}

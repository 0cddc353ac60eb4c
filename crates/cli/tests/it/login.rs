//! The commands `login`, `whoami` and `logout`, against the website of an emulator.

use std::process::Command;

use runcomfy_emulator::{Call, Fault, Reply};
use serde_json::{Value, json};

use crate::support::{Ended, Service, all_at_once, with_stdin};

const SECRET: &str = "s3cret-token-of-a-user";

/// Returns a command without a token, whose website is the emulator and whose token file is in the
/// folder of the service.
fn command(service: &Service, line: &str) -> Command {
    let mut command = service.command(&[]);
    command
        .env_remove("RUNCOMFY_TOKEN")
        .env("RUNCOMFY_WEB_BASE", service.emulator.base_url())
        .env("RUNCOMFY_CONFIG_DIR", service.folder.path().join("config"))
        .args(["--output", "pretty"])
        .args(line.split_whitespace());
    command
}

fn run(service: &Service, line: &str) -> Ended {
    command(service, line).output().unwrap().into()
}

fn token_file(service: &Service) -> std::path::PathBuf {
    service.folder.path().join("config/token.json")
}

#[track_caller]
fn assert_no_secret(ended: &Ended) {
    let all = format!("{}{}", ended.out, ended.err);
    assert!(!all.contains("s3cret"), "{ended:?}");
}

#[test]
fn token_is_stored_without_what_was_copied_with_it() {
    let service = Service::with(|builder| builder.token(SECRET));
    for text in [
        format!("Bearer {SECRET}\n"),
        format!(" \"{SECRET}\"\n"),
        format!("'bearer  {SECRET}'"),
    ] {
        let login = with_stdin(&mut command(&service, "login --token -"), text.as_bytes());
        assert_eq!(login.code, 0, "{login:?}");
        assert_no_secret(&login);
        let stored = std::fs::read(token_file(&service)).unwrap();
        let stored: Value = serde_json::from_slice(&stored).unwrap();
        assert_eq!(stored["access_token"], SECRET);
    }
}

#[cfg(unix)]
#[test]
fn token_file_that_others_can_read_is_warned_of() {
    use std::os::unix::fs::PermissionsExt;

    let service = Service::with(|builder| builder.token(SECRET));
    run(&service, "login");
    let file = token_file(&service);
    for (mode, warnings) in [(0o600, 0), (0o400, 0), (0o644, 1), (0o640, 1)] {
        std::fs::set_permissions(&file, PermissionsExt::from_mode(mode)).unwrap();
        for line in ["balance", "whoami"] {
            let ended = run(&service, line);
            assert_eq!(ended.code, 0, "{ended:?}");
            let count = ended.err.matches("chmod 600").count();
            assert_eq!(count, warnings, "{mode:o} {line}: {ended:?}");
        }
    }
    let mut other = command(&service, "balance");
    let other: Ended = other.env("RUNCOMFY_TOKEN", SECRET).output().unwrap().into();
    assert!(!other.err.contains("chmod"), "{other:?}");
}

#[test]
fn login_stores_a_token_that_every_command_finds() {
    let service = Service::with(|builder| builder.token(SECRET));
    let file = token_file(&service);
    let login = run(&service, "login");
    assert_eq!(login.code, 0, "{login:?}");
    let expected = format!(
        "logged in as you@emulator.example; the token is in {}\n",
        file.display()
    );
    assert_eq!(login.out, expected);
    let page = format!("{}/cli-auth", service.emulator.base_url());
    assert!(
        login.err.contains(&page) && login.err.contains("EMUL-ATED"),
        "{login:?}"
    );
    assert_no_secret(&login);
    let stored: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(stored["access_token"], SECRET);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;

        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    let balance = run(&service, "balance");
    assert_eq!(balance.code, 0, "{balance:?}");
    let who = run(&service, "whoami");
    assert!(
        who.out
            .starts_with("you@emulator.example\n   token type: cli\n"),
        "{who:?}"
    );
    let who = run(&service, "whoami --output json").good_json();
    assert_eq!(
        who["token_source"],
        format!("the file `{}`", file.display())
    );
    assert_eq!(who["email"], "you@emulator.example");

    let logout = run(&service, "logout");
    assert!(logout.out.starts_with("removed "), "{logout:?}");
    assert!(!file.exists());
    let again = run(&service, "logout");
    assert_eq!(
        (again.code, again.out.starts_with("not logged in")),
        (0, true)
    );
    assert_eq!(run(&service, "whoami").code, 77);
}

#[test]
fn login_that_is_not_confirmed_stores_nothing() {
    let states = [
        ("denied", 77, "declined"),
        ("expired", 77, "expired"),
        ("authorized", 77, "no token"),
    ];
    all_at_once(states, |(status, code, words)| {
        let service = Service::new();
        let reply = Reply::json(200, &json!({ "status": status }));
        service
            .emulator
            .add_fault(Fault::every(Call::LoginPoll, 1, reply));
        let ended = run(&service, "login");
        assert_eq!(ended.code, code, "{ended:?}");
        assert!(ended.err.contains(words), "{ended:?}");
        assert!(!token_file(&service).exists());
    });
}

#[test]
fn login_prints_its_code_as_json() {
    let service = Service::new();
    let ended = run(&service, "login --output json");
    let begun: Value = serde_json::from_str(ended.err.lines().next().unwrap()).unwrap();
    assert_eq!(begun["user_code"], "EMUL-ATED");
    assert_eq!(begun["expires_in"], 600);
    assert_eq!(ended.good_json()["user"]["email"], "you@emulator.example");
}

#[test]
fn token_on_stdin_is_checked_before_it_is_stored() {
    let service = Service::with(|builder| builder.token(SECRET));
    let stdin =
        |token: &str| with_stdin(&mut command(&service, "login --token -"), token.as_bytes());
    for token in [
        "other-s3cret",
        "s3cr\u{e9}t",
        "",
        "Bearer s3cret",
        "s3cret\nof two lines",
        &format!("{SECRET}\n{SECRET}\n"),
    ] {
        let ended = stdin(token);
        assert_eq!(ended.code, 77, "{ended:?}");
        assert!(ended.err.contains("Nothing was stored"), "{ended:?}");
        assert!(
            ended.err.contains("https://www.runcomfy.com/profile"),
            "{ended:?}"
        );
        assert_no_secret(&ended);
        assert!(!token_file(&service).exists());
    }
    let ended = stdin(&format!("{SECRET}\n"));
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_no_secret(&ended);
    assert_eq!(run(&service, "balance").code, 0);

    // A website that is down keeps nobody from using a token.
    let down = Reply::new(503, "");
    service
        .emulator
        .add_fault(Fault::every(Call::User, 1, down));
    let ended = stdin(SECRET);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.err.contains("the token was not checked"), "{ended:?}");
}

#[test]
fn token_among_the_arguments_is_not_quoted() {
    let service = Service::new();
    for line in [
        "login --token s3cret-token",
        "login --token=s3cret-token",
        "login s3cret-token",
        "login --tokn s3cret-token",
        "login --token - s3cret-token",
        "login --no-browser=s3cret-token",
    ] {
        for format in ["", " --output json"] {
            let ended = run(&service, &format!("{line}{format}"));
            assert!([2, 64].contains(&ended.code), "{line}: {ended:?}");
            assert_no_secret(&ended);
        }
    }
}

#[test]
fn message_about_a_token_names_its_source() {
    let service = Service::with(|builder| builder.token(SECRET));
    let file = token_file(&service);
    let in_file = format!("the file `{}`", file.display());
    let missing = format!(
        "found no API token in RUNCOMFY_TOKEN, in `{}` or in",
        file.display()
    );
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    for (variable, in_file_too, words) in [
        (
            "RUNCOMFY_TOKEN",
            true,
            "does not accept the token of RUNCOMFY_TOKEN",
        ),
        (
            "RUNCOMFY_API_TOKEN",
            true,
            &*format!("does not accept the token of {in_file}"),
        ),
        (
            "RUNCOMFY_API_TOKEN",
            false,
            "does not accept the token of RUNCOMFY_API_TOKEN",
        ),
        ("NO_TOKEN", false, &*missing),
    ] {
        if in_file_too {
            std::fs::write(&file, r#"{"access_token": "an-0ld-token"}"#).unwrap();
        } else {
            let _ = std::fs::remove_file(&file);
        }
        for line in [
            "balance",
            "models list",
            "whoami",
            "run bytedance/dreamina-4-0/text-to-image --prompt x",
            "run acme/paint --prompt x",
            "status some-id",
        ] {
            let mut command = command(&service, line);
            let ended: Ended = command
                .env(variable, "an-0ld-token")
                .output()
                .unwrap()
                .into();
            assert_eq!(ended.code, 77, "{line}: {ended:?}");
            for words in [words, "https://www.runcomfy.com/profile", "--emulate"] {
                assert!(ended.err.contains(words), "{line}: {words}: {ended:?}");
            }
            assert!(!ended.err.contains("0ld"), "{line}: {ended:?}");
        }
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_during_a_login_stores_nothing() {
    use crate::support::terminal::Terminal;

    let service = Service::new();
    let pending = Reply::json(200, &json!({ "status": "pending" }));
    service
        .emulator
        .add_fault(Fault::every(Call::LoginPoll, 1, pending));
    // In a terminal, which a browser could be opened from.
    let mut terminal = Terminal::new(&command(&service, "login --no-browser"));
    terminal.until("EMUL-ATED");
    terminal.press_ctrl_c();
    let (ended, _) = terminal.end();
    assert_eq!(ended.code, 130, "{ended:?}");
    assert!(ended.err.contains("Nothing was stored"), "{ended:?}");
    assert!(!token_file(&service).exists());
}

//! The screen of a real terminal during a command.

use std::time::Duration;

use crate::support::terminal::Terminal;
use crate::support::{EDIT, RUN, Service, TEXT_TO_IMAGE, all_at_once, command, copy_env};
use runcomfy_emulator::{Call, Reply};
use serde_json::json;

const LONG: Duration = Duration::from_secs(60);

#[test]
fn progress_is_one_line_with_position_and_time() {
    let service = Service::slow();
    let mut terminal = Terminal::new(&service.command(&RUN));
    terminal.until("s queued, next in line");
    terminal.until("1s queued, next in line");
    let id = &service.emulator.ledger()[0].request_id;
    let screen = terminal.screen();
    let lines: Vec<&str> = screen.lines().collect();
    assert_eq!(lines[0], format!("submitted {TEXT_TO_IMAGE} as {id}"));
    assert!(
        lines.len() == 2 && lines[1].trim_end().ends_with("s queued, next in line"),
        "{screen}"
    );
    service.emulator.advance(LONG);
    terminal.until("s running");
    service.emulator.advance(LONG);
    let (ended, _) = terminal.end();
    assert_eq!(ended.code, 0, "{ended:?}");
    let (first, last) = ended.err.split_once('\n').unwrap();
    assert_eq!(first, lines[0], "the progress is cleared");
    assert!(
        last.starts_with("✓ saved image.png  2048×2048  ") && last.ends_with(" s  $0.04"),
        "{last}"
    );
}

#[test]
fn progress_fits_a_narrow_window() {
    let service = Service::slow();
    let run = service.command(&[
        "run",
        EDIT,
        "--prompt",
        "x",
        "--poll-secs",
        "0",
        "--no-check-media",
        "--image-urls",
        "https://example.com/a.jpg",
    ]);
    let mut terminal = Terminal::narrow(&run);
    terminal.until("s queued, next in line");
    service.emulator.set_outage(true);
    terminal.until("the service cannot be reached");
    let progress = terminal.screen();
    let progress = progress
        .lines()
        .skip_while(|line| !line.contains("the service"));
    assert_eq!(progress.count(), 1, "{}", terminal.screen());
    service.emulator.set_outage(false);
    service.emulator.advance(LONG);
    terminal.until("s running");
    service.emulator.advance(LONG);
    let (ended, _) = terminal.end();
    assert_eq!(ended.code, 0, "{ended:?}");
    let id = &service.emulator.ledger()[0].request_id;
    let screen = ended.err.replace('\n', " ");
    let expected = format!("submitted {EDIT} as {id} ✓ saved image.png  ");
    assert!(screen.starts_with(&expected), "{screen}");
}

#[test]
fn wide_characters_do_not_wrap() {
    let service = Service::new();
    let status = json!({ "request_id": "job-1", "status": "描".repeat(30) });
    service
        .emulator
        .script(Call::Status, Reply::json(200, &status));
    service.emulator.script(Call::Status, Reply::stall());
    // The result of a job of an unknown status is fetched, too.
    let running = json!({ "request_id": "job-1", "status": "in_progress" });
    service
        .emulator
        .script(Call::Result, Reply::json(200, &running));
    let resume = ["resume", "job-1", "--poll-secs", "0"];
    let mut terminal = Terminal::narrow(&service.command(&resume));
    terminal.until("描…");
    assert!(!terminal.has_wrapped(), "{}", terminal.screen());
}

/// Returns `true` if the bytes contain a sequence that sets colours.
fn has_colour(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    text.split("\x1b[").skip(1).any(|rest| {
        let mut rest = rest
            .trim_start_matches(|c: char| c.is_ascii_digit() || c == ';')
            .chars();
        rest.next() == Some('m')
    })
}

#[test]
fn no_color_disables_colours() {
    let mut help = command();
    help.args(["run", EDIT, "-h"]);
    let (_, bytes) = Terminal::new(&help).end();
    assert!(has_colour(&bytes), "else the next check proves nothing");
    let service = Service::new();
    let (_, bytes) = Terminal::new(&service.command(&["run", TEXT_TO_IMAGE])).end();
    assert!(has_colour(&bytes));
    let none = [("NO_COLOR", "1")];
    let (ended, bytes) = Terminal::with(&help, &none).end();
    assert!(ended.code == 0 && !has_colour(&bytes), "{ended:?}");

    for arguments in [
        &RUN[..],
        &["run", TEXT_TO_IMAGE, "--scale", "7"],
        &["run", "--no-such"],
    ] {
        let (ended, bytes) = Terminal::with(&service.command(arguments), &none).end();
        assert!(!has_colour(&bytes), "{ended:?}");
    }
}

#[test]
fn dumb_terminal_gets_plain_lines() {
    let service = Service::new();
    let (ended, bytes) = Terminal::with(&service.command(&RUN), &[("TERM", "dumb")]).end();
    assert!(ended.code == 0 && !bytes.contains(&0x1b), "{ended:?}");
    assert!(ended.err.contains("\nfinished ("), "{ended:?}");
}

#[test]
fn verbose_prints_lines() {
    let service = Service::new();
    let verbose = service.command(&[&RUN[..], &["-v"]].concat());
    let (ended, _) = Terminal::new(&verbose).end();
    assert!(
        ended.code == 0 && ended.err.contains("\nfinished ("),
        "{ended:?}"
    );
}

#[test]
fn capable_terminal_shows_the_image() {
    let service = Service::new();
    let kitty = &[("TERM", "xterm-kitty")][..];
    let iterm = &[("TERM_PROGRAM", "iTerm.app")][..];
    let shown = |flags: &[&str], variables: &[(&str, &str)]| {
        let run = service.command(&[&RUN[..], flags].concat());
        let (ended, bytes) = Terminal::with(&run, variables).end();
        assert_eq!(ended.code, 0, "{ended:?}");
        assert!(
            ended.err.contains("saved image") || flags == ["--no-download"],
            "{ended:?}"
        );
        let text = String::from_utf8_lossy(&bytes).into_owned();
        (
            text.contains("\x1b_Gf=100,a=T,q=2,r=16,m=1;iVBORw0KGgo"),
            text.contains("\x1b]1337;File=size="),
        )
    };
    let cases = [
        (&[][..], kitty, (true, false)),
        (&[], iterm, (false, true)),
        (&[], &[], (false, false)),
        (&["--no-picture"], kitty, (false, false)),
        (&["--no-download"], iterm, (false, false)),
    ];
    all_at_once(cases, |(flags, variables, expected)| {
        assert_eq!(shown(flags, variables), expected, "{flags:?}");
    });
    let quiet = service.command(&[&RUN[..], &["-q"]].concat());
    let (_, bytes) = Terminal::with(&quiet, iterm).end();
    assert!(!bytes.contains(&0x1b));
}

#[test]
fn variable_selects_the_image_protocol() {
    let service = Service::new();
    let shown = |flags: &[&str], word: &str| {
        let run = service.command(&[&RUN[..], flags].concat());
        let variables = [("RUNCOMFY_PICTURES", word), ("TMUX", "/x,1,0")];
        let (ended, bytes) = Terminal::with(&run, &variables).end();
        assert_eq!(ended.code, 0, "{ended:?}");
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let text = shown(&[], "sixel");
    let (before, picture) = text.split_once("\x1bP0;1q\"1;1;320;320#").unwrap();
    assert!(
        before.contains("saved image.png") && before.ends_with("\r\n"),
        "{before}"
    );
    let end = picture.find('\x1b').unwrap();
    assert_eq!(&picture[end..], "\x1b\\\r\n");
    for (word, warnings) in [("none", 0), ("sixels", 1)] {
        let text = shown(&[], word);
        assert!(
            text.contains("saved image") && !text.contains("\x1bP"),
            "{text}"
        );
        assert_eq!(
            text.matches("warning: RUNCOMFY_PICTURES is").count(),
            warnings,
            "{text}"
        );
    }
}

#[test]
fn piped_output_has_no_escape_codes() {
    let service = Service::new();
    for arguments in [
        &RUN[..],
        &["run", EDIT, "--help"],
        &["run", "--no-such"],
        &["models", "list"],
    ] {
        let ended = service.run(arguments);
        assert!(!(ended.out + &ended.err).contains('\x1b'), "{arguments:?}");
    }
    // Standard error in a terminal does not change standard output.
    let in_words = [&RUN[..], &["--output", "text"]].concat();
    let (ended, _) = Terminal::piped(&service.command(&in_words)).end();
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.out.starts_with("saved image-1.png  "), "{ended:?}");
    assert!(!ended.out.contains('\x1b'), "{ended:?}");
}

#[test]
fn several_commands_print_whole_lines() {
    let service = Service::new();
    // As `xargs -P 4` does, all in the foreground and without a standard input.
    let binary = env!("CARGO_BIN_EXE_runcomfy");
    let one = format!("'{binary}' run {TEXT_TO_IMAGE} --prompt x --poll-secs 0 < /dev/null &");
    let script = format!("{} wait", one.repeat(4));
    let mut shell = std::process::Command::new("sh");
    shell
        .args(["-c", &script])
        .current_dir(service.folder.path());
    copy_env(&service.command(&[]), &mut shell);
    let (ended, bytes) = Terminal::new(&shell).end();
    assert_eq!(ended.code, 0, "{ended:?}");
    let text = String::from_utf8(bytes).unwrap();
    assert!(!text.contains('\x1b'), "{text:?}");
    let starts = [
        "submitting (",
        "submitted ",
        "queued",
        "running (",
        "finished (",
        "downloading (",
        "saved ",
        "{",
        "}",
        "  \"image",
        "    \"http",
        "  ]",
    ];
    for line in text.lines() {
        let is_whole = starts.iter().any(|start| line.starts_with(start));
        assert!(is_whole, "{line:?} in {text}");
    }
}

#[test]
fn input_with_warnings_is_submitted_only_after_yes() {
    let url = "http://pictures.example/a.jpg";
    let line = [
        "run",
        EDIT,
        "--prompt",
        "x",
        "--no-check-media",
        "--image-urls",
        url,
    ];
    let answers = [
        ("y\n", 0, 1),
        ("\n", 65, 0),
        ("no\n", 65, 0),
        ("\u{3}", 130, 0),
    ];
    all_at_once(answers, |(answer, code, jobs)| {
        let service = Service::new();
        let mut terminal = Terminal::new(&service.command(&line));
        terminal.until("Submit it? [y/N]");
        assert_eq!(service.emulator.ledger().len(), 0);
        terminal.type_in(answer);
        let (ended, _) = terminal.end();
        assert_eq!(ended.code, code, "{answer:?}: {ended:?}");
        assert_eq!(service.emulator.ledger().len(), jobs, "{answer:?}");
        let echo = answer.replace('\u{3}', "^C");
        let asked = format!("[y/N] {}", echo.trim_end());
        assert!(ended.err.contains(asked.trim_end()), "{ended:?}");
    });
    let service = Service::new();
    let line = [&line[..], &["--yes"]].concat();
    let (ended, _) = Terminal::new(&service.command(&line)).end();
    assert_eq!(
        (ended.code, service.emulator.ledger().len()),
        (0, 1),
        "{ended:?}"
    );
}

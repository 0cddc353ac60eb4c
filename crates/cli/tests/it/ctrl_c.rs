//! Ctrl-C in a real terminal: no job that may be charged is lost.

use std::sync::Mutex;
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::Duration;

use crate::support::terminal::Terminal;
use crate::support::{RUN, Service};
use runcomfy_emulator::{Call, Reply};
use runcomfy_testkit::server::{Response, Server};
use serde_json::json;

const LONG: Duration = Duration::from_secs(60);
const CANCELLING: &str = "cancelling the job";

/// Returns the last lines of a command that Ctrl-C has ended.
#[track_caller]
fn last_words(terminal: Terminal) -> String {
    words_after("stopped: ", terminal)
}

#[track_caller]
fn words_after(label: &str, terminal: Terminal) -> String {
    let (ended, _) = terminal.end();
    assert_eq!(ended.code, 130, "{ended:?}");
    // Long lines wrap at the width of the terminal.
    let last = ended.err.split_once(label);
    let (_, last) = last.unwrap_or_else(|| panic!("no {label:?} in {ended:?}"));
    last.trim_end().to_owned()
}

fn id_of(service: &Service) -> String {
    service.emulator.ledger()[0].request_id.clone()
}

#[test]
fn one_press_cancels_a_queued_job() {
    let service = Service::slow();
    let mut terminal = Terminal::new(&service.command(&RUN));
    terminal.until("queued, next in line");
    terminal.press_ctrl_c();
    let text = last_words(terminal);
    assert_eq!(
        text,
        "the job was cancelled before it ran\nThe job did not run, so nothing is charged."
    );
    assert_eq!(service.status(&id_of(&service)), "cancelled");
}

#[test]
fn running_job_keeps_running_and_is_resumed() {
    let service = Service::slow();
    let mut terminal = Terminal::new(&service.command(&RUN));
    terminal.until("queued, next in line");
    service.emulator.advance(LONG);
    terminal.until("running");
    terminal.press_ctrl_c();
    let id = id_of(&service);
    let text = last_words(terminal).replace('\n', " ");
    assert_eq!(
        text,
        format!(
            "the job is already running, so it cannot be cancelled The job keeps running and is \
             charged when it succeeds. Resume the wait: runcomfy resume {id}"
        )
    );
    let mut resumed = Terminal::new(&service.command(&["resume", &id]));
    resumed.until("running");
    resumed.press_ctrl_c();
    assert!(last_words(resumed).ends_with(&format!("runcomfy resume {id}")));
    service.emulator.advance(LONG);
    assert!(
        service
            .run(&["resume", &id])
            .out
            .starts_with("saved image.png  ")
    );
    assert_eq!(service.emulator.ledger().len(), 1);
}

#[test]
fn job_ended_meanwhile_may_be_charged() {
    let service = Service::slow();
    let mut terminal = Terminal::new(&service.command(&[&RUN[..5], &["3600"]].concat()));
    terminal.until("waiting");
    service.emulator.advance(LONG * 10);
    terminal.press_ctrl_c();
    let id = id_of(&service);
    assert_eq!(
        last_words(terminal).replace('\n', " "),
        format!(
            "the job has already ended, so it cannot be cancelled If it succeeded, it is charged. \
             See its result: runcomfy result {id}"
        )
    );
}

#[test]
fn failed_cancel_request_keeps_the_request_id() {
    let service = Service::slow();
    let refused = Reply::refused(403, 403_001);
    service.emulator.script(Call::Cancel, refused);
    let mut terminal = Terminal::new(&service.command(&RUN));
    terminal.until("queued, next in line");
    terminal.press_ctrl_c();
    let text = last_words(terminal);
    assert!(text.starts_with("the cancel request failed: "), "{text}");
    assert!(
        text.ends_with(&format!("runcomfy resume {}", id_of(&service))),
        "{text}"
    );
}

#[test]
fn two_presses_stop_at_once_and_keep_the_job() {
    let service = Service::slow();
    service.emulator.script(Call::Cancel, Reply::stall());
    let mut terminal = Terminal::new(&service.command(&RUN));
    terminal.until("queued, next in line");
    terminal.press_ctrl_c();
    terminal.until(CANCELLING);
    terminal.press_ctrl_c();
    let text = last_words(terminal).replace('\n', " ");
    let id = id_of(&service);
    assert_eq!(
        text,
        format!(
            "interrupted before the service reported whether the job is cancelled Unless it is \
             cancelled, the job keeps running and is charged when it succeeds. Resume the wait: \
             runcomfy resume {id}"
        )
    );
}

/// Waits until the submit is in flight: before that, Ctrl-C ends the command at once.
fn until_received(server: &Server) {
    while server.requests().is_empty() {
        thread::sleep(Duration::from_millis(10));
    }
}

/// Starts a service that responds to the submit when the test says so, and then to a cancel request.
fn late_service() -> (Server, Sender<()>) {
    let (respond, wanted) = mpsc::channel();
    let wanted = Mutex::new(wanted);
    let server = Server::on_thread(move |request| {
        if request.number > 0 {
            let outcome =
                json!({ "request_id": "boat-7", "status": "cancelled", "outcome": "cancelled" });
            return Response::ok(outcome.to_string());
        }
        match wanted.lock().unwrap().recv() {
            Ok(()) => Response::ok(json!({ "request_id": "boat-7" }).to_string()),
            // A dropped sender means no response.
            Err(_) => Response::raw(""),
        }
    });
    (server, respond)
}

#[test]
fn submit_in_flight_is_awaited_and_its_job_cancelled() {
    let service = Service::new();
    let (server, respond) = late_service();
    let mut run = service.command(&[&RUN[..], &["--no-wait"]].concat());
    run.env("RUNCOMFY_MODEL_API_BASE", server.origin());
    let mut terminal = Terminal::new(&run);
    until_received(&server);
    terminal.press_ctrl_c();
    terminal.until("the submit is in flight");
    respond.send(()).unwrap();
    assert!(last_words(terminal).starts_with("the job was cancelled before it ran\n"));
}

#[test]
fn abandoned_submit_has_an_unknown_outcome() {
    let service = Service::new();
    service
        .emulator
        .script(Call::Submit, Reply::stall().carried_out());
    let mut terminal =
        Terminal::piped(&service.command(&[&RUN[..], &["--output", "record"]].concat()));
    service.until_received(Call::Submit);
    terminal.press_ctrl_c();
    terminal.until("Press Ctrl-C again to stop at once");
    terminal.press_ctrl_c();
    let (ended, _) = terminal.end();
    let json = ended.json();
    let error = &json["error"];
    assert_eq!((ended.code, &error["exit_code"]), (130, &json!(130)));
    assert_eq!(
        (
            &error["kind"],
            &error["may_have_been_submitted"],
            &json["request_id"]
        ),
        (&json!("stopped"), &json!(true), &json!(null))
    );
    let key = error["idempotency_key"].as_str().unwrap();
    let headers = &service.emulator.ledger()[0].headers;
    assert!(headers.iter().any(|(_, value)| value == key), "{headers:?}");
    let advice = error["advice"].as_str().unwrap();
    assert!(
        advice.starts_with("The outcome of the submit is unknown: if a job exists, it runs"),
        "{advice}"
    );
}

#[test]
fn second_press_shows_the_key_in_words() {
    let service = Service::new();
    let stalled = Reply::stall().carried_out();
    service.emulator.script(Call::Submit, stalled);
    let mut terminal = Terminal::new(&service.command(&RUN));
    service.until_received(Call::Submit);
    terminal.press_ctrl_c();
    terminal.until("Press Ctrl-C again to stop at once");
    terminal.press_ctrl_c();
    // Long lines wrap at the width of the terminal.
    let text: String = last_words(terminal).split_whitespace().collect();
    let ledger = service.emulator.ledger();
    let key = ledger[0].idempotency_key().unwrap();
    let expected = format!("Theidempotencykeyofthesubmitis{key}");
    assert!(text.contains(&expected), "{text}");
}

#[test]
fn submit_that_fails_after_a_press_is_reported() {
    let service = Service::new();
    let (server, respond) = late_service();
    let mut run = service.command(&RUN);
    run.env("RUNCOMFY_MODEL_API_BASE", server.origin());
    let mut terminal = Terminal::new(&run);
    until_received(&server);
    terminal.press_ctrl_c();
    terminal.until("the submit is in flight");
    drop(respond);
    let text = words_after("error: ", terminal);
    assert!(
        text.contains("If a job exists, it runs and is charged."),
        "{text}"
    );
}

#[test]
fn interrupted_run_prints_one_json_object() {
    let service = Service::slow();
    let mut terminal =
        Terminal::piped(&service.command(&[&RUN[..], &["--output", "record"]].concat()));
    service.until_received(Call::Status);
    terminal.press_ctrl_c();
    let (ended, _) = terminal.end();
    let json = ended.json();
    assert_eq!(
        (ended.code, &json["request_id"], &json["status"]),
        (130, &json!(id_of(&service)), &json!("cancelled"))
    );
    assert_eq!(json["error"]["kind"], "stopped");
    assert_eq!(
        json["error"]["advice"],
        "The job did not run, so nothing is charged."
    );
}

#[test]
fn interrupted_download_is_repeated_by_the_same_command() {
    let service = Service::new();
    service.emulator.script(Call::File, Reply::stall());
    let run = [&RUN[..], &["--job-file", "job.json"]].concat();
    let mut terminal = Terminal::new(&service.command(&run));
    service.until_received(Call::File);
    terminal.until("submitted");
    terminal.press_ctrl_c();
    let text = last_words(terminal).replace('\n', " ");
    assert!(
        text.ends_with("Save them: run the same command again"),
        "{text}"
    );
    let again = service.run(&run);
    assert!(again.out.starts_with("saved image.png  "), "{again:?}");
    assert_eq!(service.emulator.ledger().len(), 1);
}

#[test]
fn interrupted_download_can_be_repeated() {
    let service = Service::new();
    service.emulator.script(Call::File, Reply::stall());
    let mut terminal = Terminal::new(&service.command(&RUN));
    terminal.until("finished");
    service.until_received(Call::File);
    terminal.press_ctrl_c();
    let id = id_of(&service);
    assert_eq!(
        last_words(terminal).replace('\n', " "),
        format!(
            "interrupted before all files were saved The job has succeeded and is charged. The service \
             keeps its files for some time. Save them: runcomfy result {id}"
        )
    );
    assert_eq!(service.files(), 0, "no part is left");
    assert!(
        service
            .run(&["result", &id])
            .out
            .starts_with("saved image.png  ")
    );
}

#[test]
fn emulated_job_is_free_and_cannot_be_resumed() {
    let service = Service::new();
    let mut terminal = Terminal::new(&service.command(&[&RUN[..], &["--emulate"]].concat()));
    terminal.until("submitted");
    terminal.press_ctrl_c();
    let (ended, _) = terminal.end();
    assert_eq!(ended.code, 130, "{ended:?}");
    assert!(ended.err.contains(CANCELLING), "{ended:?}");
    assert!(!ended.err.contains("keeps running"), "{ended:?}");
    assert!(
        ended
            .err
            .ends_with("\nThe job was emulated: nothing is charged, and the job no longer exists."),
        "{ended:?}"
    );
}

/// Starts a run with `flags` and presses Ctrl-C once the job is polled.
fn interrupted_with(flags: &[&str]) -> (Service, Terminal) {
    let service = Service::slow();
    let run = [&RUN[..], flags].concat();
    let mut terminal = Terminal::new(&service.command(&run));
    service.until_received(Call::Status);
    terminal.press_ctrl_c();
    (service, terminal)
}

#[test]
fn interrupted_job_is_left_running_if_so_wanted() {
    // A job of a job file is waited for by the next run.
    for flags in [["--on-interrupt", "leave"], ["--job-file", "job.json"]] {
        let (service, terminal) = interrupted_with(&flags);
        let (ended, _) = terminal.end();
        assert_eq!(ended.code, 130, "{ended:?}");
        assert!(
            ended
                .err
                .contains("stopped: interrupted before the job ended"),
            "{ended:?}"
        );
        let next = match flags[0] {
            "--job-file" => "run the same command again".to_owned(),
            _ => format!("runcomfy resume {}", id_of(&service)),
        };
        let text = ended.err.replace('\n', " ");
        assert!(
            text.ends_with(&format!("Resume the wait: {next}")),
            "{text}"
        );
        assert_eq!(service.emulator.count(Call::Cancel), 0, "{flags:?}");
    }
}

#[test]
fn interrupted_job_is_cancelled_after_a_question() {
    for (answer, cancels) in [("y\n", 1), ("\n", 0), ("\x03", 0)] {
        let (service, mut terminal) = interrupted_with(&["--on-interrupt", "ask"]);
        terminal.until("Cancel the job?");
        terminal.type_in(answer);
        let (ended, _) = terminal.end();
        assert_eq!(ended.code, 130, "{ended:?}");
        assert_eq!(
            service.emulator.count(Call::Cancel),
            cancels,
            "{answer:?}: {ended:?}"
        );
        let echo = answer.replace('\x03', "^C");
        let asked = format!("[y/N] {}", echo.trim_end());
        assert!(ended.err.contains(asked.trim_end()), "{ended:?}");
    }
    let service = Service::slow();
    let nobody = service.run_with_stdin(&[&RUN[..], &["--on-interrupt", "ask"]].concat(), b"");
    assert_eq!(
        (nobody.code, service.emulator.ledger().len()),
        (2, 0),
        "{nobody:?}"
    );
}

/// The terminal echoes `^C` behind the progress, where it must not wrap.
#[test]
fn no_frame_of_the_progress_stays_after_a_press() {
    let service = Service::slow();
    for columns in [Terminal::new, Terminal::narrow] {
        let mut terminal = columns(&service.command(&RUN));
        terminal.until("queued, next in line");
        terminal.press_ctrl_c();
        let (ended, _) = terminal.end();
        assert_eq!(ended.code, 130, "{ended:?}");
        assert!(!ended.err.contains("next in line"), "{}", ended.err);
    }
}

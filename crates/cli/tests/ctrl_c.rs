//! Ctrl-C in a real terminal: nothing that may be paid is lost.

// A set-up that fails ends the test.
#![allow(clippy::unwrap_used)]
#![cfg(unix)]

mod support;
#[path = "support/terminal.rs"]
mod terminal;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::Duration;

use runcomfy_emulator::{Call, Reply};
use serde_json::json;
use support::{Service, TEXT_TO_IMAGE};
use terminal::Terminal;

const RUN: [&str; 6] = ["run", TEXT_TO_IMAGE, "--prompt", "x", "--poll-secs", "0"];
const LONG: Duration = Duration::from_secs(60);
const ASKING: &str = "asking the service to cancel the job";

/// The exit code of a command that Ctrl-C has ended, and the last lines.
#[track_caller]
fn last_words(terminal: Terminal) -> String {
    words_after("stopped: ", terminal)
}

#[track_caller]
fn words_after(label: &str, terminal: Terminal) -> String {
    let (ended, _) = terminal.end();
    assert_eq!(ended.code, 130, "{ended:?}");
    // As wide as the terminal they are broken where they must be.
    let last = ended.err.split_once(label);
    let (_, last) = last.unwrap_or_else(|| panic!("no {label:?} in {ended:?}"));
    last.trim_end().to_owned()
}

fn id_of(service: &Service) -> String {
    service.emulator.ledger()[0].request_id.clone()
}

#[test]
fn once_cancels_a_job_that_is_queued() {
    let service = Service::slow();
    let mut terminal = Terminal::new(&service.command(&RUN));
    terminal.until("queued, position 0");
    terminal.press_ctrl_c();
    let said = last_words(terminal);
    assert_eq!(
        said,
        "the job was cancelled before it ran\nNothing ran, so nothing is charged."
    );
    assert_eq!(service.status(&id_of(&service)), "cancelled");
}

#[test]
fn a_job_that_runs_goes_on_and_is_taken_up_again() {
    let service = Service::slow();
    let mut terminal = Terminal::new(&service.command(&RUN));
    terminal.until("queued, position 0");
    service.emulator.advance(LONG);
    terminal.until("running");
    terminal.press_ctrl_c();
    let id = id_of(&service);
    let said = last_words(terminal).replace('\n', " ");
    assert_eq!(
        said,
        format!(
            "the job runs already, so it cannot be cancelled It goes on, and is charged when it \
             is done. Take it up again: runcomfy resume {id}"
        )
    );
    let mut resumed = Terminal::new(&service.command(&["resume", &id]));
    resumed.until("running");
    resumed.press_ctrl_c();
    assert!(last_words(resumed).ends_with(&format!("runcomfy resume {id}")));
    service.emulator.advance(LONG);
    assert_eq!(service.run(&["resume", &id]).out, "saved image.png\n");
    assert_eq!(service.emulator.ledger().len(), 1);
}

#[test]
fn a_job_that_has_ended_meanwhile_is_charged_perhaps() {
    let service = Service::slow();
    let mut terminal = Terminal::new(&service.command(&[&RUN[..5], &["3600"]].concat()));
    terminal.until("waiting");
    service.emulator.advance(LONG * 10);
    terminal.press_ctrl_c();
    let id = id_of(&service);
    assert_eq!(
        last_words(terminal).replace('\n', " "),
        format!(
            "the job has ended already, so it cannot be cancelled If it succeeded, it is charged. \
             See what came of it: runcomfy result {id}"
        )
    );
}

#[test]
fn who_cannot_be_asked_is_no_reason_to_lose_the_job() {
    let service = Service::slow();
    let refused = Reply::refused(403, 403_001);
    service.emulator.script(Call::Cancel, refused);
    let mut terminal = Terminal::new(&service.command(&RUN));
    terminal.until("queued, position 0");
    terminal.press_ctrl_c();
    let said = last_words(terminal);
    assert!(
        said.starts_with("the service could not be asked to cancel the job: "),
        "{said}"
    );
    assert!(
        said.ends_with(&format!("runcomfy resume {}", id_of(&service))),
        "{said}"
    );
}

#[test]
fn twice_leaves_at_once_and_the_job_goes_on() {
    let service = Service::slow();
    service.emulator.script(Call::Cancel, Reply::stall());
    let mut terminal = Terminal::new(&service.command(&RUN));
    terminal.until("queued, position 0");
    terminal.press_ctrl_c();
    terminal.until(ASKING);
    terminal.press_ctrl_c();
    let said = last_words(terminal).replace('\n', " ");
    let id = id_of(&service);
    assert_eq!(
        said,
        format!(
            "left before the service said whether the job is cancelled Unless it was, it goes on \
             and is charged when it is done. Take it up again: runcomfy resume {id}"
        )
    );
}

/// A service that answers the submit when it is told to; what comes then is cancelled.
fn reluctant_service() -> (String, Sender<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let (answer, wanted) = mpsc::channel();
    thread::spawn(move || {
        let (submit, _) = listener.accept().unwrap();
        // Whoever drops the sender wants no answer.
        if wanted.recv().is_ok() {
            reply(submit, &json!({ "request_id": "boat-7" }).to_string());
            let (cancel, _) = listener.accept().unwrap();
            let outcome =
                json!({ "request_id": "boat-7", "status": "cancelled", "outcome": "cancelled" });
            reply(cancel, &outcome.to_string());
        }
    });
    (url, answer)
}

fn reply(mut stream: TcpStream, body: &str) {
    let mut request = Vec::new();
    // The bodies of these requests are short, and end with the first read beyond their heads.
    while !request.windows(4).any(|four| four == b"\r\n\r\n") {
        let mut buffer = [0; 4096];
        let count = stream.read(&mut buffer).unwrap();
        request.extend_from_slice(&buffer[..count]);
    }
    let length = body.len();
    let head = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
    stream.write_all((head + body).as_bytes()).unwrap();
}

#[test]
fn a_submit_on_its_way_is_waited_for_and_its_job_cancelled() {
    let service = Service::new();
    let (url, answer) = reluctant_service();
    let mut run = service.command(&[&RUN[..], &["--no-wait"]].concat());
    run.env("RUNCOMFY_MODEL_API_BASE", url);
    let mut terminal = Terminal::new(&run);
    terminal.until("submitting");
    terminal.press_ctrl_c();
    terminal.until("the request is on its way and is waited for");
    answer.send(()).unwrap();
    assert!(last_words(terminal).starts_with("the job was cancelled before it ran\n"));
}

#[test]
fn who_leaves_a_submit_is_told_that_it_may_be_paid() {
    let service = Service::new();
    service
        .emulator
        .script(Call::Submit, Reply::stall().carried_out());
    let mut terminal =
        Terminal::piped(&service.command(&[&RUN[..], &["--output", "json"]].concat()));
    while service.emulator.count(Call::Submit) == 0 {
        thread::sleep(Duration::from_millis(10));
    }
    terminal.press_ctrl_c();
    terminal.until("Ctrl-C again leaves at once");
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
        advice.starts_with("The job may have been submitted; if it was, it runs"),
        "{advice}"
    );
}

#[test]
fn a_submit_that_fails_after_it_is_told_as_ever() {
    let service = Service::new();
    let (url, answer) = reluctant_service();
    let mut run = service.command(&RUN);
    run.env("RUNCOMFY_MODEL_API_BASE", url);
    let mut terminal = Terminal::new(&run);
    terminal.until("submitting");
    terminal.press_ctrl_c();
    terminal.until("the request is on its way and is waited for");
    drop(answer);
    let said = words_after("error: ", terminal);
    assert!(
        said.contains("If it was, it runs and is charged."),
        "{said}"
    );
}

#[test]
fn json_is_one_object_with_the_same_keys() {
    let service = Service::slow();
    let mut terminal =
        Terminal::piped(&service.command(&[&RUN[..], &["--output", "json"]].concat()));
    while service.emulator.count(Call::Status) == 0 {
        thread::sleep(Duration::from_millis(10));
    }
    terminal.press_ctrl_c();
    let (ended, _) = terminal.end();
    let json = ended.json();
    let keys: Vec<&String> = json.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "request_id",
            "status",
            "output",
            "created_at",
            "finished_at",
            "error"
        ]
    );
    assert_eq!(
        (ended.code, &json["request_id"], &json["status"]),
        (130, &json!(id_of(&service)), &json!("cancelled"))
    );
    assert_eq!(json["error"]["kind"], "stopped");
    assert_eq!(
        json["error"]["advice"],
        "Nothing ran, so nothing is charged."
    );
}

#[test]
fn files_that_are_left_can_be_had_again() {
    let service = Service::new();
    service.emulator.script(Call::File, Reply::stall());
    let mut terminal = Terminal::new(&service.command(&RUN));
    terminal.until("finished");
    while service.emulator.count(Call::File) == 0 {
        thread::sleep(Duration::from_millis(10));
    }
    terminal.press_ctrl_c();
    let id = id_of(&service);
    assert_eq!(
        last_words(terminal).replace('\n', " "),
        format!(
            "left before all files were saved The job is done and charged; its files are kept for \
             some time. Save them: runcomfy result {id}"
        )
    );
    assert_eq!(service.files(), 0, "no part is left");
    assert_eq!(service.run(&["result", &id]).out, "saved image.png\n");
}

#[test]
fn an_emulated_job_costs_nothing_and_cannot_be_taken_up() {
    let service = Service::new();
    let mut terminal = Terminal::new(&service.command(&[&RUN[..], &["--emulate"]].concat()));
    terminal.until("submitted");
    terminal.press_ctrl_c();
    let said = last_words(terminal);
    assert!(
        said.ends_with("\nIt was emulated: nothing is charged, and nothing of it is left."),
        "{said}"
    );
}

//! Compatibility with scripts that use the service's own command line.

use std::path::Path;
use std::time::Duration;

use crate::support::{EDIT, Ended, RUN, Service, TEXT_TO_IMAGE, command};
use runcomfy_emulator::{Call, Reply};
use serde_json::{Value, json};

#[test]
fn job_is_followed_from_submit_to_result() {
    let service = Service::slow();
    let run = [
        "run",
        TEXT_TO_IMAGE,
        "--input",
        r#"{"prompt": "A boat"}"#,
        "--no-wait",
    ];
    let id = service.json(&run).good_json()["request_id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        service.json(&["status", &id]).good_json()["status"],
        "in_queue"
    );
    let unfinished = service.json(&["result", &id]).good_json();
    assert_eq!(unfinished["status"], "in_queue");
    assert_eq!(
        (&unfinished["output"], &unfinished["files"]),
        (&Value::Null, &json!([]))
    );
    service.emulator.advance(Duration::from_secs(90));
    assert_eq!(
        service.json(&["requests", "get", &id]).good_json()["status"],
        "in_progress"
    );
    let cancelled = service.json(&["requests", "cancel", &id]).good_json();
    assert_eq!(cancelled["outcome"], "not_cancellable");
    let ended = service.run(&["cancel", &id]).err;
    assert_eq!(
        ended,
        format!(
            "the job is already running, so it cannot be cancelled\n\
             The job keeps running and is charged when it succeeds. Resume the wait: runcomfy resume {id}\n"
        )
    );
    service.emulator.advance(Duration::from_secs(60));
    let result = service
        .json(&["requests", "result", &id, "--no-download"])
        .good_json();
    assert_eq!(result["status"], "succeeded");
    assert!(result["output"]["image"].is_string());
    assert_eq!((&result["files"], service.files()), (&json!([]), 0));
    let ended = service.run(&["cancel", &id]).err;
    assert_eq!(
        ended,
        format!(
            "the job has already ended, so it cannot be cancelled\n\
             If it succeeded, it is charged. See its result: runcomfy result {id}\n"
        )
    );
    let result = service
        .json(&["result", &id, "--output-dir", "out"])
        .good_json();
    let file = result["files"][0]["path"].as_str().unwrap();
    assert!(service.folder.path().join(file).is_file(), "{file}");
    assert_eq!(service.emulator.ledger().len(), 1);
}

#[test]
fn cancelled_job_stays_cancelled() {
    let service = Service::slow();
    let run = ["run", TEXT_TO_IMAGE, "--prompt", "x", "--no-wait"];
    let id = service.json(&run).good_json()["request_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let cancelled = service.run(&["cancel", &id]);
    assert_eq!(
        cancelled.err,
        "the job was cancelled before it ran; it is not charged\n"
    );
    let result = service.json(&["result", &id]);
    assert_eq!(
        (result.code, &result.json()["error"]["kind"]),
        (1, &json!("job_cancelled"))
    );
    assert_eq!(result.json()["status"], "cancelled");
    assert_eq!(result.json()["request_id"], json!(id));
}

#[test]
fn result_passes_on_what_it_does_not_know() {
    let service = Service::new();
    for own in [
        json!({ "seed": 7, "logs": ["loaded"], "cost": { "usd": 0.04 } }),
        json!({ "cost": 0.04, "metrics": null, "files": "not ours" }),
    ] {
        for (status, code) in [("succeeded", 0), ("in_progress", 0), ("failed", 1)] {
            let mut body = json!({ "request_id": "a", "status": status });
            if status == "succeeded" {
                body["output"] = json!({ "text": "x" });
            }
            let members = own.as_object().unwrap().clone();
            body.as_object_mut().unwrap().extend(members);
            service
                .emulator
                .script(Call::Result, Reply::json(200, &body));
            let ended = service.piped(&["result", "a"]);
            let json = ended.json();
            assert_eq!((ended.code, &json["status"]), (code, &json!(status)));
            for (name, value) in own.as_object().unwrap() {
                assert_eq!(&json[name], value, "{name}: {ended:?}");
            }
        }
    }
}

#[test]
fn succeeded_job_may_have_no_output() {
    for body in [
        json!({ "status": "completed", "output": null }),
        json!({ "status": "succeeded" }),
    ] {
        let service = Service::new();
        let reply = || Reply::json(200, &body);
        service.emulator.script(Call::Result, reply());
        let run = ["run", TEXT_TO_IMAGE, "--prompt", "x", "--poll-secs", "0"];
        let done = service.json(&run).good_json();
        assert_eq!(
            (&done["status"], &done["output"], &done["error"]),
            (&json!("succeeded"), &Value::Null, &Value::Null)
        );
        let id = service.emulator.ledger()[0].request_id.clone();
        for line in [["resume", &id], ["result", &id]] {
            service.emulator.script(Call::Result, reply());
            let done = service.json(&line).good_json();
            assert_eq!(done["status"], "succeeded", "{line:?}");
        }
        service.emulator.script(Call::Result, reply());
        let shown = service.run(&["resume", &id]);
        assert_eq!((shown.code, &*shown.out), (0, "null\n"), "{shown:?}");
    }
}

#[test]
fn catalogue_is_listed_filtered_and_paged() {
    let service = Service::new();
    let ids = |listed: &Value| -> Vec<String> {
        let models = listed["models"].as_array().unwrap().iter();
        models
            .map(|model| model["model_id"].as_str().unwrap().to_owned())
            .collect()
    };
    let all = service.json(&["models", "list"]).good_json();
    assert_eq!(
        (ids(&all).len(), &all["total"], &all["limit"]),
        (3, &json!(3), &json!(100))
    );
    assert!(all["models"][0].get("input_schema").is_none());
    let page = service
        .json(&["models", "list", "--limit", "1", "--offset", "1"])
        .good_json();
    assert_eq!(ids(&page), ids(&all)[1..2]);
    assert_eq!((&page["total"], &page["offset"]), (&json!(3), &json!(1)));
    let found = service
        .json(&["models", "list", "--search", "text-to"])
        .good_json();
    assert_eq!(ids(&found), [TEXT_TO_IMAGE]);
    let videos = service.json(&["models", "list", "--category", "video", "--kind", "model"]);
    assert_eq!(ids(&videos.good_json()).len(), 1);
    let none = service
        .json(&["models", "list", "--kind", "workflow"])
        .good_json();
    assert_eq!(ids(&none).len(), 0);
    let whole = service
        .json(&["models", "list", "--include-schema"])
        .good_json();
    assert!(whole["models"][0]["input_schema"]["properties"].is_object());

    let blank = service.json(&[
        "models",
        "list",
        "--search",
        " ",
        "--category",
        "",
        "--kind",
        "",
    ]);
    assert_eq!(ids(&blank.good_json()).len(), 3);

    let table = service.run(&["models", "list", "--limit", "2"]);
    let words = |line: &str| {
        line.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let lines: Vec<Vec<String>> = table.out.lines().map(words).collect();
    assert_eq!(lines[0], ["MODEL_ID", "NAME", "CATEGORY", "PRICE"]);
    let prices: Vec<_> = lines.iter().skip(1).map(|line| line.last()).collect();
    assert_eq!(prices, [Some(&"$0.04/output".to_owned()); 2]);
    assert!(lines.iter().any(|line| line[0] == EDIT), "{lines:?}");
    assert_eq!(table.err, "Showing 1-2 of 3 (--offset shows more)\n");
    let last = service.run(&["models", "list", "--offset", "2"]);
    assert_eq!(last.err, "Showing 3-3 of 3\n");
    let past = service.run(&["models", "list", "--offset", "9"]);
    assert_eq!(past.err, "3 models in total, none after the first 9\n");
    for filter in [
        &["--category", "video"][..],
        &["--kind", "model"],
        &["--include-schema"],
    ] {
        let both = service.run(&[&["models", "list", "--built-in"], filter].concat());
        assert_eq!(both.code, 2, "{both:?}");
    }
    let whole = service.run(&["models", "list", "--include-schema"]);
    assert_eq!(whole.good_json()["models"], {
        let whole = service.json(&["models", "list", "--include-schema"]);
        whole.json()["models"].clone()
    });
    let categories = service.json(&["models", "categories"]).good_json();
    assert_eq!(categories, json!({"categories": ["image", "video"]}));
    assert_eq!(service.run(&["models", "categories"]).out, "image\nvideo\n");
}

#[test]
fn model_is_shown_with_price_and_schema() {
    let service = Service::new();
    let model = service.json(&["models", "get", TEXT_TO_IMAGE]).good_json();
    assert_eq!(
        (&model["model_id"], &model["base_price_usd"]),
        (&json!(TEXT_TO_IMAGE), &json!(0.04))
    );
    assert!(model["input_schema"]["properties"]["prompt"].is_object());
    let shown = service.run(&["models", "get", TEXT_TO_IMAGE]).out;
    for part in [
        "base price: $0.04/output\n\nInput, required:\n      --prompt <TEXT>\n",
        "A string of at most 800 characters.\n",
        "\nInput, optional:\n",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let none = service.json(&["models", "get", "acme/none"]);
    assert_eq!(
        (none.code, &none.json()["error"]["kind"]),
        (65, &json!("unknown_model"))
    );
}

#[test]
fn balance_is_printed() {
    let service = Service::with(|builder| builder.balance(12.5));
    assert_eq!(service.run(&["balance"]).out, "balance: $12.50 USD\n");
    let json = service.json(&["balance"]).good_json();
    assert_eq!(
        (&json["balance_usd"], &json["currency"]),
        (&json!(12.5), &json!("USD"))
    );
}

#[test]
fn fixed_poll_interval_and_second_token_variable_work() {
    let service = Service::new();
    let mut run = service.command(&["run", TEXT_TO_IMAGE, "--prompt", "x", "--poll-secs", "0"]);
    run.env_remove("RUNCOMFY_TOKEN")
        .env("RUNCOMFY_API_TOKEN", "t");
    let done = Ended::from(run.args(["--output", "record"]).output().unwrap()).good_json();
    assert_eq!((&done["status"], service.files()), (&json!("succeeded"), 1));
    assert!(done["output"]["images"][0].is_string(), "{done}");
}

#[test]
fn token_file_of_the_service_command_is_read() {
    let service = Service::with(|builder| builder.token("filed"));
    std::fs::write(
        service.folder.path().join("token.json"),
        r#"{"access_token": "filed"}"#,
    )
    .unwrap();
    let mut balance = service.command(&["balance"]);
    balance
        .env_remove("RUNCOMFY_TOKEN")
        .env("RUNCOMFY_CONFIG_DIR", service.folder.path());
    let ended = Ended::from(balance.output().unwrap());
    assert_eq!(ended.code, 0, "{ended:?}");
}

#[test]
fn quiet_shows_no_progress() {
    let service = Service::with(|builder| builder.run_time(Duration::from_secs(60)));
    let run = [
        "run",
        TEXT_TO_IMAGE,
        "--prompt",
        "x",
        "--no-download",
        "--poll-secs",
        "0",
    ];
    let run = |more: &[&str]| {
        // Several polls find the job running.
        let polls = service.polls() + 4;
        service.ending_jobs_with(polls, || service.run(&[&run[..], more].concat()))
    };
    let quiet = run(&["-q"]);
    assert_eq!((quiet.code, &*quiet.err), (0, ""));
    let running_lines = |ended: &Ended| {
        ended
            .err
            .lines()
            .filter(|line| line.starts_with("running"))
            .count()
    };
    let plain = run(&[]);
    assert_eq!((plain.code, running_lines(&plain)), (0, 1), "{plain:?}");
    assert_eq!(service.run(&["balance", "-q", "-v"]).code, 2);
}

/// Returns the candidates that fish gets for a line.
fn completed(line: &[&str]) -> Vec<String> {
    let mut request = command();
    request
        .env("RUNCOMFY_COMPLETE", "fish")
        .arg("--")
        .args(line);
    let response = Ended::from(request.output().unwrap());
    assert_eq!(response.code, 0, "{response:?}");
    // A tab and a description follow each candidate.
    let values = response
        .out
        .lines()
        .map(|line| line.split('\t').next().unwrap());
    values.map(str::to_owned).collect()
}

#[test]
fn shells_complete_models_properties_and_values() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = Ended::from(command().args(["completion", shell]).output().unwrap());
        assert!(
            script.code == 0 && script.out.contains("RUNCOMFY_COMPLETE"),
            "{script:?}"
        );
    }
    assert_eq!(completed(&["runcomfy", "prob"]), ["probe"]);
    assert_eq!(
        completed(&["runcomfy", "run", "bytedance/dreamina-4-0/t"]),
        [TEXT_TO_IMAGE]
    );
    let flags = completed(&["runcomfy", "run", TEXT_TO_IMAGE, "--"]);
    for flag in ["--prompt", "--width-x-height", "--no-wait", "--output"] {
        assert!(flags.iter().any(|found| found == flag), "{flag}: {flags:?}");
    }
    assert!(
        !flags.iter().any(|flag| flag == "--image-urls"),
        "{flags:?}"
    );
    let files = completed(&["runcomfy", "run", EDIT, "--image-urls", "tests/gold"]);
    // With the separator of the system.
    let folder = Path::new("tests").join("golden").join("");
    assert_eq!(files, [folder.to_str().unwrap()]);
    let sizes = completed(&["runcomfy", "run", TEXT_TO_IMAGE, "--width-x-height", "1024"]);
    assert!(
        sizes.iter().all(|size| size.starts_with("1024x")) && !sizes.is_empty(),
        "{sizes:?}"
    );
    assert_eq!(
        completed(&["runcomfy", "models", "list", "--output", "j"]),
        ["json"]
    );
}

#[test]
fn help_lists_the_exit_codes() {
    let help = Ended::from(command().arg("--help").output().unwrap()).out;
    for code in [0, 1, 2, 64, 65, 66, 69, 75, 77] {
        assert!(help.contains(&format!("\n  {code:<2}  ")), "{code}: {help}");
    }
    assert!(
        help.contains("Never used where the command may have submitted a job"),
        "{help}"
    );
}

/// The test puts its own viewer before that of the system.
#[cfg(all(unix, not(target_os = "macos")))]
#[test]
fn saved_file_is_opened() {
    use std::os::unix::fs::PermissionsExt;

    let service = Service::new();
    let viewer = service.folder.path().join("xdg-open");
    std::fs::write(&viewer, "#!/bin/sh\necho \"$1\" > opened\n").unwrap();
    std::fs::set_permissions(&viewer, PermissionsExt::from_mode(0o755)).unwrap();
    let path = format!(
        "{}:{}",
        service.folder.path().display(),
        std::env::var("PATH").unwrap()
    );
    let mut run = service.command(&[&RUN[..], &["--open"]].concat());
    run.args(["--output", "text"]);
    let ended = Ended::from(run.env("PATH", path).output().unwrap());
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.out.starts_with("saved image.png  "), "{ended:?}");
    // The viewer runs in the background.
    let opened = service.folder.path().join("opened");
    let read = || std::fs::read_to_string(&opened).unwrap_or_default();
    for _ in 0..500 {
        if !read().is_empty() {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let saved = service.folder.path().join("image.png");
    assert_eq!(
        read().trim_end(),
        saved.canonicalize().unwrap().to_str().unwrap()
    );
}

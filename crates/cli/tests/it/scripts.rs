//! Shell scripts written for the service's own command line, which run unchanged.

use std::process::Command;

use crate::support::{Ended, Service, all_at_once, has_jq};
use runcomfy_emulator::{Call, Reply};
use serde_json::json;

/// Submits without waiting, polls and saves, with `--output json` and `jq`.
const AS_JSON: &str = r#"
id=$(runcomfy run bytedance/dreamina-4-0/text-to-image --input '{"prompt": "A boat"}' \
  --no-wait --output json | jq -r .request_id)
while :; do
  status=$(runcomfy --output json status "$id" | jq -r .status)
  case "$status" in
    in_queue|in_progress) sleep 0.05 ;;
    completed|succeeded) break ;;
    *) echo "ended as $status" >&2; exit 1 ;;
  esac
done
runcomfy --output json result "$id" --no-download | jq -r .output.image
runcomfy requests result "$id" --output-dir out >/dev/null
ls out
"#;

/// Does the same without `--output`: results of models are JSON in a pipe, and a status is one of a few
/// lines.
const BY_DEFAULT: &str = r#"
id=$(echo '{"prompt": "A boat"}' |
  runcomfy run /bytedance/dreamina-4-0/text-to-image/ --input-file - --no-wait 2>log | jq -r .request_id)
[ "$(runcomfy -q result "$id" | jq -r .status)" != succeeded ]
until runcomfy status "$id" | grep -Eq '^status: +(completed|succeeded)$'; do sleep 0.05; done
runcomfy status "$id" | awk '/^(request_id|result_url):/ { print $2 }' > lines
grep -qx "$id" lines && grep -q "/v1/requests/$id/result$" lines
runcomfy result "$id" --output-dir out -q | jq -r .output.image
ls out
"#;

/// Waits in `run`, whose standard output is the result.
const IN_FOREGROUND: &str = r#"
out=$(runcomfy run bytedance/dreamina-4-0/text-to-image --input '{"prompt": "A boat"}' \
  --poll-secs 0 --output-dir out)
echo "$out" | jq -r '.images[0]'
ls out
"#;

/// Reads a failed job: exit code 1, with the result on standard output.
const FAILED: &str = r#"
id=$(runcomfy run bytedance/dreamina-4-0/text-to-image --input '{"prompt": "A boat"}' \
  --no-wait | jq -r .request_id)
until runcomfy status "$id" | grep -Eq '^status: *(completed|failed)$'; do sleep 0.05; done
if runcomfy result "$id" > record; then exit 9; fi
jq -r '.status, .error, (.finished_at | length > 0)' record
"#;

/// Runs a script with an emulator, and returns the lines that it prints.
fn lines(service: &Service, script: &str) -> Vec<String> {
    let binary = std::path::Path::new(env!("CARGO_BIN_EXE_runcomfy"));
    let mut path = std::env::split_paths(&std::env::var_os("PATH").unwrap()).collect::<Vec<_>>();
    path.insert(0, binary.parent().unwrap().to_owned());
    let mut shell = Command::new("sh");
    shell
        .args(["-euc", script])
        .env("PATH", std::env::join_paths(path).unwrap())
        .env("RUNCOMFY_TOKEN", "t")
        .env(
            "RUNCOMFY_MODEL_API_BASE",
            service.emulator.base_url() + "/v1",
        )
        .current_dir(service.folder.path());
    // The first poll finds the job unfinished.
    let run = || Ended::from(shell.output().unwrap());
    let ended = service.ending_jobs_with(2, run);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(service.emulator.ledger().len(), 1);
    ended.out.lines().map(str::to_owned).collect()
}

#[test]
fn scripts_save_the_files_of_the_model() {
    if !has_jq() {
        return;
    }
    all_at_once([AS_JSON, BY_DEFAULT, IN_FOREGROUND], |script| {
        let lines = lines(&Service::slow(), script);
        let [url, file] = &lines[..] else {
            panic!("{script}: {lines:?}")
        };
        assert!(
            url.starts_with("http://127.0.0.1:") && url.ends_with(file),
            "{script}: {lines:?}"
        );
    });
}

#[test]
fn failed_job_is_printed_on_standard_output() {
    if !has_jq() {
        return;
    }
    let service = Service::slow();
    let failing = Reply::job_fails(json!("out of paint"));
    service.emulator.script(Call::Submit, failing);
    assert_eq!(lines(&service, FAILED), ["failed", "out of paint", "true"]);
}

//! A shell script in the words of the service's own command line runs as it is.

// A set-up that fails ends the test.
#![allow(clippy::unwrap_used)]
#![cfg(unix)]

mod support;

use std::process::Command;
use std::time::Duration;

use support::{Ended, Service};

/// Submits without waiting, polls, fetches.
const SCRIPT: &str = r#"
set -eu
id=$(runcomfy run bytedance/dreamina-4-0/text-to-image --input '{"prompt": "A boat"}' \
  --no-wait --output json | jq -r .request_id)
while :; do
  status=$(runcomfy --output json status "$id" | jq -r .status)
  case "$status" in
    in_queue|in_progress) sleep 0.2 ;;
    completed|succeeded) break ;;
    *) echo "ended as $status" >&2; exit 1 ;;
  esac
done
runcomfy --output json result "$id" --no-download | jq -r .output.image
runcomfy requests result "$id" --output-dir out >/dev/null
ls out
"#;

#[test]
fn run_status_and_result_work_with_jq() {
    // The script needs jq, as it did before.
    if Command::new("jq").arg("--version").output().is_err() {
        return;
    }
    let service = Service::with(|builder| builder.run_time(Duration::from_millis(700)));
    let binary = std::path::Path::new(env!("CARGO_BIN_EXE_runcomfy"));
    let mut path = std::env::split_paths(&std::env::var_os("PATH").unwrap()).collect::<Vec<_>>();
    path.insert(0, binary.parent().unwrap().to_owned());
    let mut shell = Command::new("sh");
    shell
        .args(["-c", SCRIPT])
        .env("PATH", std::env::join_paths(path).unwrap())
        .env("RUNCOMFY_TOKEN", "t")
        .env(
            "RUNCOMFY_MODEL_API_BASE",
            service.emulator.base_url() + "/v1",
        )
        .current_dir(service.folder.path());
    let ended = Ended::from(shell.output().unwrap());
    assert_eq!(ended.code, 0, "{ended:?}");
    let [url, file] = ended.out.lines().collect::<Vec<_>>()[..] else {
        panic!("{ended:?}")
    };
    assert!(
        url.starts_with("http://127.0.0.1:") && url.ends_with(file),
        "{ended:?}"
    );
    assert_eq!(service.emulator.ledger().len(), 1);
}

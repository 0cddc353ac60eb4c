//! Shell scripts written for the service's own command line, which run unchanged.

use std::process::Command;
use std::time::Duration;

use crate::support::terminal::Terminal;
use crate::support::{Ended, Service, all_at_once, copy_env, has_jq};
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

/// Returns a shell that runs a script in the folder of a service, where it finds the command.
fn shell(service: &Service, options: &str, script: &str) -> Command {
    let binary = std::path::Path::new(env!("CARGO_BIN_EXE_runcomfy"));
    let mut path = std::env::split_paths(&std::env::var_os("PATH").unwrap()).collect::<Vec<_>>();
    path.insert(0, binary.parent().unwrap().to_owned());
    let mut shell = Command::new("sh");
    shell
        .args([options, script])
        .env("PATH", std::env::join_paths(path).unwrap())
        .current_dir(service.folder.path());
    copy_env(&service.command(&[]), &mut shell);
    shell
}

/// Runs a script with an emulator, and returns the lines that it prints.
fn lines(service: &Service, script: &str) -> Vec<String> {
    let mut shell = shell(service, "-euc", script);
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

/// A recipe of the service's own command line: its help, or its published guides for scripts.
struct Recipe {
    name: &'static str,
    script: &'static str,
    /// Lines that it prints; `FILE` stands for the URL of the file.
    prints: &'static [&'static str],
    jobs: usize,
}

const RECIPES: [Recipe; 8] = [
    Recipe {
        name: "submit without waiting, from its help",
        script: r#"
id=$(runcomfy --output json run bytedance/dreamina-4-0/text-to-image \
  --input '{"prompt":"hi"}' --no-wait | jq -r .request_id)
[ ${#id} -gt 3 ] && [ "$(runcomfy --output json requests get "$id" | jq -r .request_id)" = "$id" ] && echo same
"#,
        prints: &["same"],
        jobs: 1,
    },
    Recipe {
        name: "first URL, without knowing the keys of the output",
        script: r#"
runcomfy --output json run bytedance/dreamina-4-0/text-to-image \
  --input '{"prompt": "X"}' \
  --no-download \
| jq -r '[.. | strings | select(startswith("http"))][0]'
"#,
        prints: &["FILE"],
        jobs: 1,
    },
    Recipe {
        name: "the output itself in a variable",
        script: r#"
out=$(runcomfy run bytedance/dreamina-4-0/text-to-image --input '{"prompt": "X"}' --no-download)
printf '%s\n' "$out" | jq -r 'keys | join(",")'
printf '%s\n' "$out" | jq -r '.images[0]'
"#,
        prints: &["image,images", "FILE"],
        jobs: 1,
    },
    Recipe {
        name: "submit now, poll later, save",
        script: r#"
RID=$(runcomfy --output json run bytedance/dreamina-4-0/text-to-image \
  --input '{"prompt": "X"}' --no-wait | jq -r .request_id)
while :; do
  case $(runcomfy status "$RID" | awk '$1 == "status:" { print $2 }') in
    completed) break ;;
    in_queue|in_progress) sleep 0.05 ;;
    *) exit 9 ;;
  esac
done
runcomfy result "$RID" --output-dir ./out | jq -r .status
ls out
"#,
        prints: &["succeeded", "image.png"],
        jobs: 1,
    },
    Recipe {
        name: "batch from a file of prompts",
        script: r#"
printf 'a boat\na "quoted" boat\n' > prompts.txt
while IFS= read -r prompt; do
  runcomfy run bytedance/dreamina-4-0/text-to-image \
    --input "$(jq -nc --arg p "$prompt" '{prompt:$p}')" \
    --output-dir "./out/$(date +%s%N)" > /dev/null
done < prompts.txt
ls out/* | grep -c image.png
"#,
        prints: &["2"],
        jobs: 2,
    },
    Recipe {
        name: "input from standard input",
        script: r#"
echo '{"prompt": "X"}' > req.json
cat req.json | runcomfy run bytedance/dreamina-4-0/text-to-image --input-file - -q --output-dir ./out | jq -r .image
"#,
        prints: &["FILE"],
        jobs: 1,
    },
    Recipe {
        name: "balance and list as JSON",
        script: r#"
runcomfy --output json balance | jq -r '.balance_microdollars | type'
runcomfy --output json models list --search dreamina --limit 5 | jq -r '.models | length'
runcomfy models get bytedance/dreamina-4-0/text-to-image | jq -r '.input_schema.type'
[ -z "$(runcomfy models list --search nothing-of-this-name)" ] && echo none
"#,
        prints: &["number", "3", "object", "none"],
        jobs: 0,
    },
    Recipe {
        name: "error as JSON",
        script: r#"
runcomfy --output json result no-such-id 2> err > out && exit 9
rc=$?
tail -n 1 err | jq -r '.error | type'
[ -s out ] || echo "$rc, and nothing on standard output"
"#,
        prints: &["string", "65, and nothing on standard output"],
        jobs: 0,
    },
];

/// A loop of the published guides: retries on 75 only.
const RETRY: &str = r#"
for i in 1 2 3; do
  runcomfy run bytedance/dreamina-4-0/text-to-image --input '{"prompt": "X"}' --timeout 60 -q >> out && break
  rc=$?
  [ $rc -eq 75 ] && sleep 0.1 && continue
  exit $rc
done
jq -r .image out
"#;

/// Runs a script in the folder of a service, and returns how it ends.
fn run_script(service: &Service, script: &str) -> Ended {
    shell(service, "-uc", script).output().unwrap().into()
}

#[test]
fn recipes_of_the_other_program_run_unchanged() {
    if !has_jq() {
        return;
    }
    all_at_once(RECIPES, |recipe| {
        let service = Service::new();
        let ended = run_script(&service, recipe.script);
        let ledger = service.emulator.ledger();
        let file = ledger.last().map(|job| {
            let base = service.emulator.base_url();
            format!("{base}/files/{}/image.png", job.request_id)
        });
        let expected = recipe.prints.iter().map(|line| match *line {
            "FILE" => file.clone().unwrap(),
            line => line.to_owned(),
        });
        let printed: Vec<&str> = ended.out.lines().map(str::trim).collect();
        let expected: Vec<String> = expected.collect();
        assert_eq!(
            (ended.code, printed.join("\n")),
            (0, expected.join("\n")),
            "{}: {ended:?}",
            recipe.name
        );
        assert_eq!(ledger.len(), recipe.jobs, "{}", recipe.name);
    });
}

#[test]
fn loop_that_retries_on_75_pays_once() {
    if !has_jq() {
        return;
    }
    let service = Service::new();
    let hour = std::time::Duration::from_secs(3600);
    for _ in 0..2 {
        let busy = Reply::refused(429, 429_000).retry_after(hour);
        service.emulator.script(Call::Submit, busy);
    }
    let ended = run_script(&service, RETRY);
    let ledger = service.emulator.ledger();
    assert_eq!((ended.code, ledger.len()), (0, 1), "{ended:?}");
    assert!(ended.out.contains(&ledger[0].request_id), "{ended:?}");

    let service = Service::new();
    let lost = Reply::lost().carried_out();
    service.emulator.script(Call::Submit, lost);
    let ended = run_script(&service, RETRY);
    assert_eq!(
        (ended.code, service.emulator.ledger().len()),
        (69, 1),
        "an unknown outcome is not retried: {ended:?}"
    );
}

/// The page for those who move over has such scripts too.
#[test]
fn scripts_of_the_page_on_moving_over_run() {
    const PAGE: &str = include_str!("../../../../docs/moving-over.md");
    if !has_jq() {
        return;
    }
    let scripts: Vec<&str> = PAGE.split("```sh\n").skip(1).collect();
    assert!(!scripts.is_empty());
    for script in scripts {
        let script = script.split("```").next().unwrap();
        let service = Service::new();
        let ended = run_script(&service, &format!("set -e\n{script}"));
        assert_eq!(
            (ended.code, service.emulator.ledger().len()),
            (0, 1),
            "{ended:?}"
        );
    }
}

/// The script of the page for many pictures, stopped with Ctrl-C and run again.
#[test]
fn stopped_script_of_many_pictures_pays_each_once() {
    const PICTURES: usize = 12;
    let page = include_str!("../../../../docs/command-line.md");
    let script = page.split("```bash\n").nth(1).unwrap();
    let script = script.split("```").next().unwrap();
    let soon = "runcomfy() { command runcomfy \"$@\" --poll-secs 0; }\n";
    let script = format!("{soon}{script}");
    let time = Duration::from_millis(20);
    let service = Service::with(|builder| builder.queue_time(time).run_time(time));
    let prompts: String = (0..PICTURES).fold(String::new(), |all, n| all + &format!("Boat {n}\n"));
    std::fs::write(service.folder.path().join("prompts.txt"), prompts).unwrap();
    let run = shell(&service, "-euc", &script);

    let mut terminal = Terminal::new(&run);
    while service.emulator.ledger().len() < PICTURES / 3 {
        std::thread::sleep(Duration::from_millis(5));
    }
    terminal.press_ctrl_c();
    let (stopped, _) = terminal.end();
    assert_eq!(stopped.code, 130, "{stopped:?}");
    let before = service.emulator.ledger().len();
    assert!(before < PICTURES, "{before}");

    let (ended, _) = Terminal::new(&run).end();
    assert_eq!(ended.code, 0, "{ended:?}");
    let ledger = service.emulator.ledger();
    assert_eq!(ledger.len(), PICTURES);
    for n in 1..=PICTURES {
        let picture = service.folder.path().join(format!("{n}.png"));
        assert!(picture.is_file(), "{}", picture.display());
    }
}

//! Completion in a real shell.

use std::io::Write;
use std::path::Path;
use std::process::Command;

use crate::support::terminal::Terminal;
use crate::support::{EDIT, TEXT_TO_IMAGE};

/// Returns `true` if bash 4 or newer is installed. CI must have it, except on macOS, whose own bash is
/// older; elsewhere the skip is printed.
fn has_bash() -> bool {
    let new = ["-c", "(( BASH_VERSINFO[0] >= 4 ))"];
    let ended = Command::new("bash").args(new).status();
    let has = ended.is_ok_and(|status| status.success());
    assert!(
        has || cfg!(target_os = "macos") || std::env::var_os("CI").is_none(),
        "found no bash of version 4 or newer; install it"
    );
    if !has {
        // Directly, since the test runner captures only the macros.
        let _ = writeln!(
            std::io::stderr(),
            "skipped completion in bash: no version 4 or newer is installed"
        );
    }
    has
}

const TAB: &str = "\t";

/// Returns the words that bash runs after these keys.
fn words(folder: &Path, keys: &str) -> Vec<String> {
    let bin = Path::new(env!("CARGO_BIN_EXE_runcomfy")).parent().unwrap();
    let path = std::env::var("PATH").unwrap();
    let mut bash = Command::new("bash");
    bash.args(["--norc", "--noprofile", "-i"])
        .current_dir(folder)
        .env("PATH", format!("{}:{path}", bin.display()))
        .env("PS1", "> ")
        .env("LC_ALL", "C.UTF-8")
        // Without settings and history.
        .env("INPUTRC", "/dev/null")
        .env("HISTFILE", "/dev/null");
    let mut terminal = Terminal::new(&bash);
    terminal.until("> ");
    terminal.type_in("source <(runcomfy completion bash); bind 'set enable-bracketed-paste off'\r");
    terminal.type_in("echo load''ed\r");
    terminal.until("loaded");
    // Ctrl-A moves the cursor to the start of the line.
    terminal.type_in(&format!("{keys}\u{1}printf '<%s>\\n' \rexit\r"));
    let (_, bytes) = terminal.end();
    let text = String::from_utf8(bytes).unwrap().replace('\r', "");
    let (_, printed) = text.split_once("<runcomfy>\n").expect(&text);
    let word = |line: &str| {
        let word = line.strip_prefix('<')?.strip_suffix('>')?;
        Some(word.to_owned())
    };
    printed.lines().map_while(word).collect()
}

#[test]
fn bash_inserts_words_that_it_can_run() {
    if !has_bash() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let special = "it's $x `y`.png";
    std::fs::write(folder.path().join(special), "").unwrap();
    std::fs::create_dir(folder.path().join("a folder")).unwrap();
    std::fs::write(folder.path().join("a folder/b(1).png"), "").unwrap();
    let size = "--width-x-height";
    let square = "1024x1024(1:1)";
    let whole = format!("{size}={square}");
    for (keys, expected) in [
        // Values with parentheses and colons, after different starts.
        (
            format!("{TEXT_TO_IMAGE} {size} 1{TAB}x"),
            vec![TEXT_TO_IMAGE, size, square, "x"],
        ),
        (
            format!("{TEXT_TO_IMAGE} {size}=1{TAB}x"),
            vec![TEXT_TO_IMAGE, &whole, "x"],
        ),
        (
            format!("{TEXT_TO_IMAGE} {size} 1024x1024\\(1:{TAB}x"),
            vec![TEXT_TO_IMAGE, size, square, "x"],
        ),
        (
            format!("{TEXT_TO_IMAGE} {size}='1{TAB}x"),
            vec![TEXT_TO_IMAGE, &whole, "x"],
        ),
        (
            format!("{TEXT_TO_IMAGE} {size} \"1024x1024(1:{TAB}x"),
            vec![TEXT_TO_IMAGE, size, square, "x"],
        ),
        // Models and flags.
        (
            format!("bytedance/dreamina-4-0/e{TAB}--prom{TAB}x"),
            vec![EDIT, "--prompt", "x"],
        ),
        // Files with special characters in their names.
        (
            format!("{EDIT} --image-urls i{TAB}x"),
            vec![EDIT, "--image-urls", special, "x"],
        ),
        (
            format!("{EDIT} --image-urls 'i{TAB}x"),
            vec![EDIT, "--image-urls", special, "x"],
        ),
        (
            format!("{EDIT} --image-urls a{TAB}b{TAB}x"),
            vec![EDIT, "--image-urls", "a folder/b(1).png", "x"],
        ),
        (
            format!("{EDIT} --input-file=a{TAB}b{TAB}x"),
            vec![EDIT, "--input-file=a folder/b(1).png", "x"],
        ),
    ] {
        let found = words(folder.path(), &format!("runcomfy run {keys}"));
        assert_eq!(found[1..], expected, "{keys}");
    }
}

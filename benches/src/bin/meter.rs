//! Runs a command and records its cost; see the library's `meter`.

use std::env;
use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Instant;

use runcomfy_benches::{Cost, LOG_VARIABLE, Outcome};

fn main() -> Outcome<ExitCode> {
    let mut arguments = env::args_os().skip(1);
    let program = arguments.next().ok_or("expected a command to run")?;
    let arguments: Vec<_> = arguments.collect();
    let start = Instant::now();
    let status = Command::new(&program).args(&arguments).status()?;
    let cost = Cost::of_children(start.elapsed())?;
    if let Some(log) = env::var_os(LOG_VARIABLE) {
        let option = arguments.iter().position(|a| a == "--crate-name");
        let name = option
            .and_then(|at| arguments.get(at + 1))
            .map(OsString::as_os_str)
            .or(Path::new(&program).file_name())
            .unwrap_or_default();
        let (wall, cpu) = (cost.wall.as_micros(), cost.cpu.as_micros());
        let line = format!("{}\t{wall}\t{cpu}\t{}\n", name.display(), cost.peak);
        // In one piece: cargo runs several at a time.
        let mut log = OpenOptions::new().append(true).create(true).open(log)?;
        log.write_all(line.as_bytes())?;
    }
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

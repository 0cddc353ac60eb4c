//! The command `runcomfy-emulator`, which serves the Model API on this machine until it is stopped.

use std::io::ErrorKind::{InvalidData, InvalidInput};
use std::process::ExitCode;

use runcomfy_emulator::{Builder, CommandLine};

/// Exit statuses of sysexits(3).
const USAGE: u8 = 64;
const NO_INPUT: u8 = 66;
const UNAVAILABLE: u8 = 69;

fn main() -> ExitCode {
    let arguments = std::env::args().skip(1);
    let builder = match CommandLine::parse("runcomfy-emulator", arguments) {
        Ok(CommandLine::Serve(builder)) => *builder,
        Ok(CommandLine::Print(text)) => {
            print!("{text}");
            return ExitCode::SUCCESS;
        }
        Err(error) if matches!(error.kind(), InvalidInput | InvalidData) => {
            eprintln!("runcomfy-emulator: {error}\nTry `runcomfy-emulator --help`.");
            return ExitCode::from(USAGE);
        }
        Err(error) => {
            eprintln!("runcomfy-emulator: {error}");
            return ExitCode::from(NO_INPUT);
        }
    };
    match serve(builder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("runcomfy-emulator: {error}");
            ExitCode::from(UNAVAILABLE)
        }
    }
}

fn serve(builder: Builder) -> std::io::Result<()> {
    for warning in builder.warnings() {
        eprintln!("runcomfy-emulator: warning: {warning}");
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut emulator = builder.start().await?;
        println!("Listening on {}", emulator.base_url());
        emulator.join().await;
        Ok(())
    })
}

//! The command `runcomfy-emulator`: the Model API on one's own machine, until it is stopped.

use std::io::ErrorKind::{InvalidData, InvalidInput};
use std::process::ExitCode;

use runcomfy_emulator::{Builder, CommandLine};

/// Exit statuses as in sysexits.
const USAGE: u8 = 64;
const NO_INPUT: u8 = 66;
const UNAVAILABLE: u8 = 69;

fn main() -> ExitCode {
    let words = std::env::args().skip(1);
    let builder = match CommandLine::parse("runcomfy-emulator", words) {
        Ok(CommandLine::Serve(builder)) => *builder,
        Ok(CommandLine::Print(text)) => {
            print!("{text}");
            return ExitCode::SUCCESS;
        }
        Err(why) if matches!(why.kind(), InvalidInput | InvalidData) => {
            eprintln!("runcomfy-emulator: {why}\nTry `runcomfy-emulator --help`.");
            return ExitCode::from(USAGE);
        }
        Err(why) => {
            eprintln!("runcomfy-emulator: {why}");
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

//! The command `runcomfy-emulator`: the Model API on one's own machine, until it is stopped.

use std::process::ExitCode;
use std::time::Duration;

use runcomfy_emulator::{Builder, Emulator};

const HELP: &str = include_str!("help.txt");

/// Exit statuses as in sysexits.
const USAGE: u8 = 64;
const UNAVAILABLE: u8 = 69;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let builder = match Command::parse(&mut arguments) {
        Ok(Command::Serve(builder)) => *builder,
        Ok(Command::Print(text)) => {
            print!("{text}");
            return ExitCode::SUCCESS;
        }
        Err(why) => {
            eprintln!("runcomfy-emulator: {why}\nTry `runcomfy-emulator --help`.");
            return ExitCode::from(USAGE);
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

/// What the command line asks for.
enum Command {
    Serve(Box<Builder>),
    Print(String),
}

impl Command {
    fn parse(arguments: &mut dyn Iterator<Item = String>) -> Result<Self, String> {
        let mut builder = Emulator::builder()
            .built_in_models()
            .port(8188)
            .queue_time(Duration::from_secs(1))
            .run_time(Duration::from_secs(3));
        while let Some(argument) = arguments.next() {
            let (name, inline) = match argument.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (&*argument, None),
            };
            match name {
                "-h" | "--help" => return Ok(Self::Print(HELP.into())),
                "-V" | "--version" => {
                    let version = env!("CARGO_PKG_VERSION");
                    return Ok(Self::Print(format!("runcomfy-emulator {version}\n")));
                }
                _ => {}
            }
            builder = option(builder, name, || inline.or_else(|| arguments.next()))?;
        }
        Ok(Self::Serve(Box::new(builder)))
    }
}

fn option(
    builder: Builder,
    name: &str,
    value: impl FnOnce() -> Option<String>,
) -> Result<Builder, String> {
    let text = || value().ok_or_else(|| format!("`{name}` needs a value"));
    Ok(match name {
        "--schemas" => builder
            .schemas(text()?)
            .map_err(|error| error.to_string())?,
        "--port" => builder.port(number(name, &text()?, "a port, 0 to 65535")?),
        "--queue-time" => builder.queue_time(seconds(name, &text()?)?),
        "--run-time" => builder.run_time(seconds(name, &text()?)?),
        "--slots" => builder.slots(number(name, &text()?, "a count")?),
        "--token" => builder.token(text()?),
        "--expire-after" => builder.expire_after(seconds(name, &text()?)?),
        "--price" => builder.price(dollars(name, &text()?)?),
        "--balance" => builder.balance(dollars(name, &text()?)?),
        "--faults" => builder
            .fault_file(text()?)
            .map_err(|error| error.to_string())?,
        "--seed" => builder.seed(number(name, &text()?, "a whole number from 0 on")?),
        _ => return Err(format!("unknown option `{name}`")),
    })
}

fn seconds(name: &str, text: &str) -> Result<Duration, String> {
    let seconds = number(name, text, "seconds")?;
    Duration::try_from_secs_f64(seconds)
        .map_err(|_| format!("`{name}` is `{text}`, expected seconds from 0 on"))
}

fn dollars(name: &str, text: &str) -> Result<f64, String> {
    let sum: f64 = number(name, text, "US dollars")?;
    let good = sum.is_finite() && sum >= 0.0;
    good.then_some(sum)
        .ok_or_else(|| format!("`{name}` is `{text}`, expected US dollars from 0 on"))
}

fn number<T: std::str::FromStr>(name: &str, text: &str, expected: &str) -> Result<T, String> {
    text.parse()
        .map_err(|_| format!("`{name}` is `{text}`, expected {expected}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &str) -> Result<Command, String> {
        Command::parse(&mut arguments.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn options_are_read_in_both_spellings() {
        let Ok(Command::Serve(builder)) = parse("--port 0 --run-time=0.5 --slots 3 --token t")
        else {
            panic!("these options are good");
        };
        let shown = format!("{builder:?}");
        assert!(
            shown.contains("run_time: 500ms") && shown.contains("slots: 3"),
            "{shown}"
        );
        assert!(matches!(parse("--help"), Ok(Command::Print(text)) if text.contains("--schemas")));
    }

    #[test]
    fn mistakes_are_told_in_plain_words() {
        for (arguments, told) in [
            (
                "--port 70000",
                "`--port` is `70000`, expected a port, 0 to 65535",
            ),
            ("--port", "`--port` needs a value"),
            (
                "--run-time -1",
                "`--run-time` is `-1`, expected seconds from 0 on",
            ),
            (
                "--queue-time soon",
                "`--queue-time` is `soon`, expected seconds",
            ),
            (
                "--balance -1",
                "`--balance` is `-1`, expected US dollars from 0 on",
            ),
            (
                "--price NaN",
                "`--price` is `NaN`, expected US dollars from 0 on",
            ),
            (
                "--seed x",
                "`--seed` is `x`, expected a whole number from 0 on",
            ),
            ("--speed 3", "unknown option `--speed`"),
            ("serve", "unknown option `serve`"),
        ] {
            assert_eq!(parse(arguments).err().as_deref(), Some(told));
        }
        for option in ["--schemas", "--faults"] {
            let told = parse(&format!("{option} /nowhere")).err().unwrap();
            assert!(told.starts_with("/nowhere: "), "{told}");
        }
    }
}

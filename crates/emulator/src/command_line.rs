//! The command line of the emulator, for whichever command has one inside.

use std::io::{self, ErrorKind};
use std::time::Duration;

use crate::{Builder, Emulator};

const HELP: &str = include_str!("help.txt");

/// The name under which [`HELP`] speaks of the command.
const NAME: &str = "runcomfy-emulator";

/// What the words of a command line ask for, as the commands `runcomfy-emulator` and
/// `runcomfy emulator` take them.
///
/// ```
/// use runcomfy_emulator::CommandLine;
///
/// let words = ["--port", "0", "--slots=3"].map(str::to_owned);
/// assert!(matches!(CommandLine::parse("emulate", words), Ok(CommandLine::Serve(_))));
/// let why = CommandLine::parse("emulate", ["--speed".to_owned()]).unwrap_err();
/// assert_eq!(why.to_string(), "unknown option `--speed`");
/// ```
#[derive(Debug)]
pub enum CommandLine {
    /// To serve what is set up here.
    Serve(Box<Builder>),
    /// To print this text, the help or the version, and end.
    Print(String),
}

impl CommandLine {
    /// Reads the words behind the name of `program`, which stands in the help.
    ///
    /// # Errors
    /// What is wrong, in one sentence. It is of the kind [`ErrorKind::InvalidInput`] where that is
    /// the words; files of schemas and faults are read already, so it is
    /// [`ErrorKind::InvalidData`] for one with mistakes in it, and what the system says of one that
    /// cannot be read.
    pub fn parse(program: &str, words: impl IntoIterator<Item = String>) -> io::Result<Self> {
        let mut builder = Emulator::builder()
            .built_in_models()
            .port(8188)
            .queue_time(Duration::from_secs(1))
            .run_time(Duration::from_secs(3));
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            let (name, inline) = match word.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (&*word, None),
            };
            match name {
                "-h" | "--help" => return Ok(Self::Print(HELP.replace(NAME, program))),
                "-V" | "--version" => {
                    let version = env!("CARGO_PKG_VERSION");
                    return Ok(Self::Print(format!("{program} {version}\n")));
                }
                _ => {}
            }
            builder = option(builder, name, || inline.or_else(|| words.next()))?;
        }
        Ok(Self::Serve(Box::new(builder)))
    }
}

fn option(
    builder: Builder,
    name: &str,
    value: impl FnOnce() -> Option<String>,
) -> io::Result<Builder> {
    let text = || value().ok_or_else(|| mistake(format!("`{name}` needs a value")));
    Ok(match name {
        "--schemas" => builder.schemas(text()?)?,
        "--port" => builder.port(number(name, &text()?, "a port, 0 to 65535")?),
        "--queue-time" => builder.queue_time(seconds(name, &text()?)?),
        "--run-time" => builder.run_time(seconds(name, &text()?)?),
        "--slots" => builder.slots(number(name, &text()?, "a count")?),
        "--token" => builder.token(text()?),
        "--expire-after" => builder.expire_after(seconds(name, &text()?)?),
        "--price" => builder.price(dollars(name, &text()?)?),
        "--balance" => builder.balance(dollars(name, &text()?)?),
        "--faults" => builder.fault_file(text()?)?,
        "--seed" => builder.seed(number(name, &text()?, "a whole number from 0 on")?),
        _ => return Err(mistake(format!("unknown option `{name}`"))),
    })
}

fn seconds(name: &str, text: &str) -> io::Result<Duration> {
    let seconds = number(name, text, "seconds")?;
    Duration::try_from_secs_f64(seconds).map_err(|_| wrong(name, text, "seconds from 0 on"))
}

fn dollars(name: &str, text: &str) -> io::Result<f64> {
    let sum: f64 = number(name, text, "US dollars")?;
    let good = sum.is_finite() && sum >= 0.0;
    good.then_some(sum)
        .ok_or_else(|| wrong(name, text, "US dollars from 0 on"))
}

fn number<T: std::str::FromStr>(name: &str, text: &str, expected: &str) -> io::Result<T> {
    text.parse().map_err(|_| wrong(name, text, expected))
}

fn wrong(name: &str, text: &str, expected: &str) -> io::Error {
    mistake(format!("`{name}` is `{text}`, expected {expected}"))
}

fn mistake(text: String) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &str) -> io::Result<CommandLine> {
        CommandLine::parse("emulate", words.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn options_are_read_in_both_spellings() {
        let Ok(CommandLine::Serve(builder)) = parse("--port 0 --run-time=0.5 --slots 3 --token t")
        else {
            panic!("these options are good");
        };
        let shown = format!("{builder:?}");
        assert!(
            shown.contains("run_time: 500ms") && shown.contains("slots: 3"),
            "{shown}"
        );
        let Ok(CommandLine::Print(help)) = parse("--help") else {
            panic!("help is asked for");
        };
        assert!(
            help.contains("Usage: emulate [OPTIONS]") && !help.contains(NAME),
            "{help}"
        );
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
            let error = parse(arguments).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{arguments}");
            assert_eq!(error.to_string(), told);
        }
        for option in ["--schemas", "--faults"] {
            let error = parse(&format!("{option} /nowhere")).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound, "{option}");
            assert!(error.to_string().starts_with("/nowhere: "), "{error}");
        }
    }
}

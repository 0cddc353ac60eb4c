//! The emulator's command line, which several commands share.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use runcomfy_schema::nearest;

use crate::{Builder, Emulator, fault_schema};

const HELP: &str = include_str!("help.txt");

/// The command's name in [`HELP`].
const NAME: &str = "runcomfy-emulator";

/// Parses the command line of `runcomfy-emulator` and `runcomfy emulator`.
///
/// ```
/// use runcomfy_emulator::CommandLine;
///
/// let arguments = ["--port", "0", "--slots=3"].map(str::to_owned);
/// assert!(matches!(CommandLine::parse("emulate", arguments), Ok(CommandLine::Serve(_))));
/// let error = CommandLine::parse("emulate", ["--speed".to_owned()]).unwrap_err();
/// assert_eq!(error.to_string(), "unknown option `--speed`; did you mean `--seed`?");
/// ```
///
/// # Help
///
/// ```text
#[doc = include_str!("help.txt")]
/// ```
#[derive(Debug)]
pub enum CommandLine {
    /// Serve the emulator of this builder.
    Serve(Box<Builder>),
    /// Print this text, the help or the version, and exit.
    Print(String),
}

impl CommandLine {
    /// Parses the arguments after the name of `program`, and reads the files that they name. The
    /// help shows `program`.
    ///
    /// # Errors
    /// - [`ErrorKind::InvalidInput`]: an option is unknown or its value is invalid. Print the
    ///   message and point to `--help`.
    /// - [`ErrorKind::InvalidData`]: a file of schemas or faults has a mistake, which the message
    ///   names.
    /// - Another kind: the system cannot read a file, which the message names.
    pub fn parse(program: &str, arguments: impl IntoIterator<Item = String>) -> io::Result<Self> {
        let mut builder = Emulator::builder()
            .built_in_models()
            .port(8188)
            .queue_time(Duration::from_secs(1))
            .run_time(Duration::from_secs(3));
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            let (name, inline) = match argument.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (&*argument, None),
            };
            match name {
                "-h" | "--help" => return Ok(Self::Print(HELP.replace(NAME, program))),
                "-V" | "--version" => {
                    let version = env!("CARGO_PKG_VERSION");
                    return Ok(Self::Print(format!("{program} {version}\n")));
                }
                "fault-schema" => return Ok(Self::Print(fault_schema::text())),
                "--access-log" => {
                    builder = builder.access_log(io::stderr());
                    continue;
                }
                _ => {}
            }
            builder = apply(builder, name, || inline.or_else(|| arguments.next()))?;
        }
        Ok(Self::Serve(Box::new(builder)))
    }
}

/// Names of the options, for those that are misspelt.
const OPTIONS: [&str; 16] = [
    "--help",
    "--version",
    "--access-log",
    "--schemas",
    "--host",
    "--cors",
    "--port",
    "--queue-time",
    "--run-time",
    "--slots",
    "--token",
    "--expire-after",
    "--price",
    "--balance",
    "--faults",
    "--seed",
];

fn apply(
    builder: Builder,
    name: &str,
    value: impl FnOnce() -> Option<String>,
) -> io::Result<Builder> {
    let text = || value().ok_or_else(|| invalid(format!("`{name}` needs a value")));
    Ok(match name {
        "--schemas" => builder.schemas(text()?)?,
        "--host" => builder.host(host(name, &text()?)?),
        "--cors" => builder.allow_origin(origin(name, &text()?)?),
        "--port" => builder.port(number(name, &text()?, "a port in 0..=65535")?),
        "--queue-time" => builder.queue_time(seconds(name, &text()?)?),
        "--run-time" => builder.run_time(seconds(name, &text()?)?),
        "--slots" => builder.slots(number(name, &text()?, "a count")?),
        "--token" => builder.token(text()?),
        "--expire-after" => builder.expire_after(seconds(name, &text()?)?),
        "--price" => builder.price(dollars(name, &text()?)?),
        "--balance" => builder.balance(dollars(name, &text()?)?),
        "--faults" => builder.fault_file(text()?)?,
        "--seed" => builder.seed(number(name, &text()?, "an integer of at least 0")?),
        _ => {
            let hint = nearest(name, OPTIONS).map(|near| format!("; did you mean `{near}`?"));
            let hint = hint.unwrap_or_default();
            return Err(invalid(format!("unknown option `{name}`{hint}")));
        }
    })
}

fn host(name: &str, text: &str) -> io::Result<IpAddr> {
    match text {
        // The name may mean ::1, where most clients do not look first.
        "localhost" => Ok(Ipv4Addr::LOCALHOST.into()),
        _ => number(name, text, "an IP address such as 127.0.0.1 or 0.0.0.0"),
    }
}

/// Checks that an origin has the form in which browsers send it; another would never match.
fn origin(name: &str, text: &str) -> io::Result<String> {
    let host = text.split_once("://").map(|(_, host)| host);
    let valid = text == "*" || host.is_some_and(|host| !host.is_empty() && !host.contains('/'));
    let expected = "an origin such as http://localhost:5173, or *";
    valid
        .then(|| text.to_owned())
        .ok_or_else(|| unexpected(name, text, expected))
}

fn seconds(name: &str, text: &str) -> io::Result<Duration> {
    let seconds = number(name, text, "a number of seconds")?;
    Duration::try_from_secs_f64(seconds)
        .map_err(|_| unexpected(name, text, "a number of seconds, at least 0"))
}

fn dollars(name: &str, text: &str) -> io::Result<f64> {
    let sum: f64 = number(name, text, "a sum in US dollars")?;
    let valid = sum.is_finite() && sum >= 0.0;
    valid
        .then_some(sum)
        .ok_or_else(|| unexpected(name, text, "a sum in US dollars, at least 0"))
}

fn number<T: std::str::FromStr>(name: &str, text: &str, expected: &str) -> io::Result<T> {
    text.parse().map_err(|_| unexpected(name, text, expected))
}

fn unexpected(name: &str, text: &str, expected: &str) -> io::Error {
    invalid(format!("`{name}` is `{text}`, expected {expected}"))
}

fn invalid(text: String) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &str) -> io::Result<CommandLine> {
        CommandLine::parse("emulate", arguments.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn options_are_read_in_both_spellings() {
        let Ok(CommandLine::Serve(builder)) = parse("--port 0 --run-time=0.5 --slots 3 --token t")
        else {
            panic!("these options are valid");
        };
        let shown = format!("{builder:?}");
        assert!(
            shown.contains("run_time: 500ms") && shown.contains("slots: 3"),
            "{shown}"
        );
        let Ok(CommandLine::Print(help)) = parse("--help") else {
            panic!("this prints the help");
        };
        assert!(
            help.contains("Usage: emulate [OPTIONS]") && !help.contains(NAME),
            "{help}"
        );
    }

    #[test]
    fn invalid_options_are_named_with_what_is_expected() {
        for (arguments, expected) in [
            (
                "--port 70000",
                "`--port` is `70000`, expected a port in 0..=65535",
            ),
            ("--port", "`--port` needs a value"),
            (
                "--run-time -1",
                "`--run-time` is `-1`, expected a number of seconds, at least 0",
            ),
            (
                "--queue-time soon",
                "`--queue-time` is `soon`, expected a number of seconds",
            ),
            (
                "--balance -1",
                "`--balance` is `-1`, expected a sum in US dollars, at least 0",
            ),
            (
                "--price NaN",
                "`--price` is `NaN`, expected a sum in US dollars, at least 0",
            ),
            (
                "--seed x",
                "`--seed` is `x`, expected an integer of at least 0",
            ),
            (
                "--host example.com",
                "`--host` is `example.com`, expected an IP address such as 127.0.0.1 or 0.0.0.0",
            ),
            (
                "--cors http://localhost:5173/",
                "`--cors` is `http://localhost:5173/`, expected an origin such as \
                 http://localhost:5173, or *",
            ),
            (
                "--speed 3",
                "unknown option `--speed`; did you mean `--seed`?",
            ),
            ("--velocity 3", "unknown option `--velocity`"),
            ("--prt 3", "unknown option `--prt`; did you mean `--port`?"),
            ("serve", "unknown option `serve`"),
        ] {
            let error = parse(arguments).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{arguments}");
            assert_eq!(error.to_string(), expected);
        }
        for option in ["--schemas", "--faults"] {
            let error = parse(&format!("{option} /nowhere")).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound, "{option}");
            assert!(error.to_string().contains("`/nowhere`: "), "{error}");
        }
    }
}

//! What the command prints.

use std::fmt::Display;
use std::io::{Write, stdout};
use std::process;

/// Prints a line. A reader that has gone, such as `head`, ends the command quietly.
pub(crate) fn say(line: impl Display) {
    if writeln!(stdout(), "{line}").is_err() {
        process::exit(1);
    }
}

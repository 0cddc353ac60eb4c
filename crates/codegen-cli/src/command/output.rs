//! Standard output.

use std::fmt::Display;
use std::io::{Write, stdout};
use std::process;

/// Prints a line. If the reader has closed the pipe, as `head` does, the command ends without a
/// message.
pub(crate) fn print_line(line: impl Display) {
    if writeln!(stdout(), "{line}").is_err() {
        process::exit(1);
    }
}

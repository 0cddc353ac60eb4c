//! JSON Lines.

use std::io::{self, Write};

use serde::Serialize;

/// Writes a value as a line.
pub(super) fn write(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    out.write_all(&line)
}

//! The comment that begins a file.

use runcomfy_codegen::diagnostic::escape_invisible;
use runcomfy_codegen::files;

/// Returns the comment that begins a file: the mark, then the text of a user's choice.
pub(super) fn head(sign: &str, from: Option<&str>, header: &str) -> String {
    let mut head = format!("{sign} {}\n", files::mark_line(from));
    for line in header.lines() {
        // Settings may have written it as a comment of Rust.
        let line = line.trim_end().trim_start_matches("//").trim_start();
        head += format!("{sign} {}", escape_invisible(line)).trim_end();
        head.push('\n');
    }
    head
}

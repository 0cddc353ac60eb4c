//! The inline image protocol of iTerm.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::window::Extent;

/// Returns the escape sequence that shows a file in iTerm.
pub(super) fn sequence(file: &[u8], extent: Extent) -> String {
    let size = match extent {
        Extent::Rows(rows) => format!("height={rows}"),
        Extent::Columns(columns) => format!("width={columns}"),
    };
    let (length, text) = (file.len(), STANDARD.encode(file));
    format!("\x1b]1337;File=size={length};inline=1;{size};preserveAspectRatio=1:{text}\x07")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iterm_receives_the_file_unchanged() {
        assert_eq!(
            sequence(b"GIF89a", Extent::Rows(16)),
            "\x1b]1337;File=size=6;inline=1;height=16;preserveAspectRatio=1:R0lGODlh\x07"
        );
        assert!(sequence(b"GIF89a", Extent::Columns(40)).contains(";width=40;"));
    }
}

//! The graphics protocol of kitty.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::window::Extent;

/// Maximum number of base64 characters in one chunk.
const MAX_CHUNK: usize = 4096;

/// Returns the escape sequence that shows a PNG file in kitty. `q=2` suppresses responses, which would
/// arrive as typed text.
pub(super) fn sequence(png: &[u8], extent: Extent) -> String {
    let size = match extent {
        Extent::Rows(rows) => format!("r={rows}"),
        Extent::Columns(columns) => format!("c={columns}"),
    };
    let text = STANDARD.encode(png);
    let mut rest = text.as_str();
    let mut sequence = String::with_capacity(text.len() + text.len() / MAX_CHUNK * 16 + 64);
    let first = format!("f=100,a=T,q=2,{size},");
    while !rest.is_empty() {
        // Base64 is ASCII, so every index is a character boundary.
        let (chunk, tail) = rest.split_at(MAX_CHUNK.min(rest.len()));
        let head = if sequence.is_empty() { &first } else { "q=2," };
        let more = u8::from(!tail.is_empty());
        sequence += &format!("\x1b_G{head}m={more};{chunk}\x1b\\");
        rest = tail;
    }
    sequence
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kitty_receives_chunks() {
        assert_eq!(
            sequence(b"PNG", Extent::Rows(16)),
            "\x1b_Gf=100,a=T,q=2,r=16,m=0;UE5H\x1b\\"
        );
        // 3072 bytes are 4096 characters, one whole chunk.
        assert_eq!(
            sequence(&[0; 3072], Extent::Rows(16))
                .matches("\x1b_G")
                .count(),
            1
        );
        let (first, second) = ("A".repeat(4096), "AAAA");
        assert_eq!(
            sequence(&[0; 3075], Extent::Columns(40)),
            format!("\x1b_Gf=100,a=T,q=2,c=40,m=1;{first}\x1b\\\x1b_Gq=2,m=0;{second}\x1b\\")
        );
    }
}

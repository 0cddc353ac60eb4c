//! The saved pictures inside of the terminal, where it can show them.
//!
//! kitty and its kin take PNG as it is and nothing else that is compressed; other formats would
//! have to be decoded here, and are not shown there. Sixel needs decoding for every format.

use std::io::{IsTerminal, stdout};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::ArgMatches;
use console::Term;
use runcomfy::Facts;

use crate::show::{self, Format};

/// How a terminal takes pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    /// kitty's graphics protocol: base64 in pieces.
    Kitty,
    /// iTerm's inline images: a whole file in base64.
    Iterm,
}

/// What a picture is fitted into; the other side follows from its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    Rows(u32),
    Columns(u32),
}

/// More would push everything else off the screen, or hold the terminal up.
const MOST_PICTURES: usize = 4;
const MOST_BYTES: u64 = 8 << 20;
const ROWS: u32 = 16;
/// How many times as high as wide a cell is, in nearly every font.
const CELL: u64 = 2;
/// The most that kitty takes in one piece.
const PIECE: usize = 4096;

/// Shows the first few of the files that are pictures, below what was printed of them.
pub(crate) fn show(files: &[String], matches: &ArgMatches, format: Format) {
    let unwanted = matches.get_flag("no-picture") || matches.get_flag("quiet");
    if unwanted || format == Format::Json || !stdout().is_terminal() {
        return;
    }
    let Some(protocol) = protocol(|name| std::env::var(name).ok()) else {
        return;
    };
    let columns = u32::from(Term::stdout().size().1);
    let pictures = files
        .iter()
        .filter_map(|file| sequence(protocol, Path::new(file), columns));
    for picture in pictures.take(MOST_PICTURES) {
        show::out(&picture);
    }
}

/// What the terminal says of itself. Nothing is asked of it: its answer would come as if typed.
fn protocol(variable: impl Fn(&str) -> Option<String>) -> Option<Protocol> {
    let has = |name| variable(name).is_some_and(|value| !value.is_empty());
    // Neither lets pictures through, and both keep the variables of the terminal around them.
    if has("TMUX") || has("STY") {
        return None;
    }
    let program = variable("TERM_PROGRAM").unwrap_or_default();
    let outer = variable("LC_TERMINAL").unwrap_or_default();
    let term = variable("TERM").unwrap_or_default();
    match (program.as_str(), outer.as_str(), term.as_str()) {
        ("iTerm.app" | "WezTerm" | "mintty", ..) | (_, "iTerm2", _) => Some(Protocol::Iterm),
        ("ghostty", ..) | (.., "xterm-kitty" | "xterm-ghostty") => Some(Protocol::Kitty),
        _ => has("KITTY_WINDOW_ID").then_some(Protocol::Kitty),
    }
}

/// What makes the terminal show a file; `None` where it cannot.
fn sequence(protocol: Protocol, file: &Path, columns: u32) -> Option<String> {
    let facts = Facts::of_file(file).ok()?;
    let shown = match protocol {
        Protocol::Kitty => facts.format == Some("png"),
        Protocol::Iterm => matches!(facts.format?, "png" | "jpeg" | "gif" | "webp"),
    };
    if !shown || facts.size_bytes? > MOST_BYTES {
        return None;
    }
    let extent = extent(facts.shown()?, columns);
    let bytes = std::fs::read(file).ok()?;
    Some(match protocol {
        Protocol::Kitty => kitty(&bytes, extent),
        Protocol::Iterm => iterm(&bytes, extent),
    })
}

/// So many rows; fewer where that would be wider than the window.
fn extent((width, height): (u32, u32), columns: u32) -> Extent {
    let wide = u64::from(width) * u64::from(ROWS) * CELL;
    if wide > u64::from(columns) * u64::from(height) {
        Extent::Columns(columns)
    } else {
        Extent::Rows(ROWS)
    }
}

/// `q=2` keeps the terminal from answering, which would come as if typed.
fn kitty(png: &[u8], extent: Extent) -> String {
    let size = match extent {
        Extent::Rows(rows) => format!("r={rows}"),
        Extent::Columns(columns) => format!("c={columns}"),
    };
    let text = STANDARD.encode(png);
    let mut rest = text.as_str();
    let mut sequence = String::with_capacity(text.len() + text.len() / PIECE * 16 + 64);
    let first = format!("f=100,a=T,q=2,{size},");
    while !rest.is_empty() {
        // Base64 is ASCII, so every place is one where it can be split.
        let (piece, behind) = rest.split_at(PIECE.min(rest.len()));
        let head = if sequence.is_empty() { &first } else { "q=2," };
        let more = u8::from(!behind.is_empty());
        sequence += &format!("\x1b_G{head}m={more};{piece}\x1b\\");
        rest = behind;
    }
    sequence
}

fn iterm(file: &[u8], extent: Extent) -> String {
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

    fn told(variables: &[(&str, &str)]) -> Option<Protocol> {
        protocol(|name| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn terminals_are_known_by_what_they_say() {
        let xterm = ("TERM", "xterm-256color");
        for (variables, expected) in [
            (&[xterm][..], None),
            (&[("TERM", "xterm-kitty")], Some(Protocol::Kitty)),
            (&[xterm, ("KITTY_WINDOW_ID", "1")], Some(Protocol::Kitty)),
            (&[xterm, ("KITTY_WINDOW_ID", "")], None),
            (&[("TERM_PROGRAM", "ghostty")], Some(Protocol::Kitty)),
            (&[("TERM_PROGRAM", "iTerm.app")], Some(Protocol::Iterm)),
            (&[("TERM_PROGRAM", "WezTerm")], Some(Protocol::Iterm)),
            (&[("TERM_PROGRAM", "Apple_Terminal")], None),
            (&[xterm, ("LC_TERMINAL", "iTerm2")], Some(Protocol::Iterm)),
            (&[("TERM", "xterm-kitty"), ("TMUX", "/x,1,0")], None),
            (&[("LC_TERMINAL", "iTerm2"), ("STY", "1.tty")], None),
        ] {
            assert_eq!(told(variables), expected, "{variables:?}");
        }
    }

    #[test]
    fn a_picture_is_fitted_into_the_window() {
        assert_eq!(extent((2048, 2048), 80), Extent::Rows(16));
        assert_eq!(extent((2048, 2048), 32), Extent::Rows(16));
        assert_eq!(extent((2048, 2048), 31), Extent::Columns(31));
        assert_eq!(extent((3024, 1296), 40), Extent::Columns(40));
        assert_eq!(extent((u32::MAX, 1), 80), Extent::Columns(80));
    }

    #[test]
    fn iterm_takes_the_file_as_it_is() {
        assert_eq!(
            iterm(b"GIF89a", Extent::Rows(16)),
            "\x1b]1337;File=size=6;inline=1;height=16;preserveAspectRatio=1:R0lGODlh\x07"
        );
        assert!(iterm(b"GIF89a", Extent::Columns(40)).contains(";width=40;"));
    }

    #[test]
    fn kitty_takes_pieces() {
        assert_eq!(
            kitty(b"PNG", Extent::Rows(16)),
            "\x1b_Gf=100,a=T,q=2,r=16,m=0;UE5H\x1b\\"
        );
        // 3072 bytes are 4096 letters, a whole piece.
        assert_eq!(
            kitty(&[0; 3072], Extent::Rows(16))
                .matches("\x1b_G")
                .count(),
            1
        );
        let (first, second) = ("A".repeat(4096), "AAAA");
        assert_eq!(
            kitty(&[0; 3075], Extent::Columns(40)),
            format!("\x1b_Gf=100,a=T,q=2,c=40,m=1;{first}\x1b\\\x1b_Gq=2,m=0;{second}\x1b\\")
        );
    }

    #[test]
    fn only_what_the_terminal_can_show_is_sent() {
        let folder = tempfile::tempdir().unwrap();
        let gif = folder.path().join("a.gif");
        std::fs::write(&gif, b"GIF89a\x80\x02\xe0\x01\x00\x00\x00;").unwrap();
        assert!(sequence(Protocol::Iterm, &gif, 80).is_some());
        assert_eq!(sequence(Protocol::Kitty, &gif, 80), None);
        std::fs::write(&gif, "no picture").unwrap();
        assert_eq!(sequence(Protocol::Iterm, &gif, 80), None);
        assert_eq!(sequence(Protocol::Iterm, Path::new("/nowhere"), 80), None);
        let large = b"GIF89a\x80\x02\xe0\x01\x00\x00\x00;".iter().copied();
        let large: Vec<u8> = large.chain(std::iter::repeat_n(0, 8 << 20)).collect();
        std::fs::write(&gif, large).unwrap();
        assert_eq!(sequence(Protocol::Iterm, &gif, 80), None);
    }
}

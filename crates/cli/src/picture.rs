//! Images inside terminals that can show them.
//!
//! The protocol of iTerm takes whole files, that of kitty PNG files. Other formats for kitty, and all
//! formats for sixel, are decoded here and scaled down to the size shown.

mod decoded;
mod iterm;
mod kitty;
mod protocol;
mod sixel;
mod window;

use std::io::{IsTerminal, stdout};
use std::path::Path;

use clap::ArgMatches;
use image::ImageFormat;
use runcomfy::media::Facts;

use crate::format::Format;
use crate::show;

use self::protocol::Protocol;
use self::window::Window;

/// Maximum number of images; more would scroll everything else off the screen.
const MAX_PICTURES: usize = 4;
/// Maximum size of a file; a larger one would block the terminal for long.
const MAX_BYTES: u64 = 8 << 20;

/// Shows the first images among the saved files.
pub(crate) fn show(files: &[String], matches: &ArgMatches, format: Format) {
    let unwanted = matches.get_flag("no-picture") || matches.get_flag("quiet");
    if unwanted || files.is_empty() || format != Format::Text || !stdout().is_terminal() {
        return;
    }
    let variable =
        |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    let Some(protocol) = Protocol::from_variables(variable, show::note) else {
        return;
    };
    let window = Window::from_terminal();
    let pictures = files
        .iter()
        .filter_map(|file| sequence(protocol, Path::new(file), window));
    for picture in pictures.take(MAX_PICTURES) {
        show::out(&picture);
    }
}

/// Returns the escape sequence that shows a file, or `None` if the terminal cannot show it.
fn sequence(protocol: Protocol, file: &Path, window: Window) -> Option<String> {
    let facts = Facts::from_file(file).ok()?;
    let format = match facts.format? {
        "png" => ImageFormat::Png,
        "jpeg" => ImageFormat::Jpeg,
        "gif" => ImageFormat::Gif,
        "webp" => ImageFormat::WebP,
        _ => return None,
    };
    if facts.size_bytes? > MAX_BYTES {
        return None;
    }
    let extent = window.extent(facts.shown()?);
    let bytes = std::fs::read(file).ok()?;
    Some(match protocol {
        Protocol::Kitty if format == ImageFormat::Png => kitty::sequence(&bytes, extent),
        Protocol::Kitty => {
            let picture = decoded::read(&bytes, format, window)?;
            kitty::sequence(&decoded::png(&picture)?, extent)
        }
        Protocol::Iterm => iterm::sequence(&bytes, extent),
        Protocol::Sixel => sixel::sequence(&decoded::read(&bytes, format, window)?.to_rgba8()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Protocol; 3] = [Protocol::Kitty, Protocol::Iterm, Protocol::Sixel];
    const WINDOW: Window = Window::with_columns(80);

    /// Writes an image of 40 x 30 pixels to a file.
    fn written(folder: &Path, format: ImageFormat) -> std::path::PathBuf {
        let file = folder.join("picture");
        let picture = image::DynamicImage::new_rgb8(40, 30);
        picture.save_with_format(&file, format).unwrap();
        file
    }

    #[test]
    fn every_decodable_format_is_shown() {
        let folder = tempfile::tempdir().unwrap();
        for format in [
            ImageFormat::Png,
            ImageFormat::Jpeg,
            ImageFormat::Gif,
            ImageFormat::WebP,
        ] {
            let file = written(folder.path(), format);
            let shown = |protocol| sequence(protocol, &file, WINDOW).unwrap();
            let kitty = shown(Protocol::Kitty);
            let head = "\x1b_Gf=100,a=T,q=2,r=16,m=0;iVBORw0KGgo";
            assert!(kitty.starts_with(head), "{format:?}: {kitty}");
            assert!(shown(Protocol::Iterm).starts_with("\x1b]1337;File="));
            assert!(shown(Protocol::Sixel).starts_with("\x1bP0;1q\"1;1;40;30"));
        }
    }

    #[test]
    fn only_images_of_moderate_size_are_shown() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.gif");
        std::fs::write(&file, b"GIF89a\x80\x02\xe0\x01\x00\x00\x00;").unwrap();
        let shown = |protocol| sequence(protocol, &file, WINDOW).is_some();
        // The file has no pixels, which only decoding reveals.
        assert_eq!(ALL.map(shown), [false, true, false]);
        std::fs::write(&file, "no picture").unwrap();
        assert_eq!(ALL.map(shown), [false; 3]);
        let nowhere = |protocol| sequence(protocol, Path::new("/nowhere"), WINDOW).is_some();
        assert_eq!(ALL.map(nowhere), [false; 3]);
        let mut large = std::fs::read(written(folder.path(), ImageFormat::Gif)).unwrap();
        large.resize(large.len() + (8 << 20), 0);
        std::fs::write(&file, large).unwrap();
        assert_eq!(ALL.map(shown), [false; 3]);
    }
}

//! The window of the terminal, and the size of an image in it.

use console::Term;

/// Number of lines that an image takes.
const ROWS: u32 = 16;
/// Assumed size of a cell in pixels: typical of fonts, and that of the first terminals with sixel,
/// which newer ones imitate.
const DEFAULT_CELL: (u32, u32) = (10, 20);

/// The size of the window and its cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    columns: u16,
    /// Width and height in pixels.
    cell: (u32, u32),
}

/// The side of an image that is fixed; the other one follows from its ratio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    Rows(u32),
    Columns(u16),
}

impl Window {
    /// Returns the window of the terminal on standard output.
    pub(super) fn from_terminal() -> Self {
        Self {
            columns: Term::stdout().size().1,
            cell: cell().unwrap_or(DEFAULT_CELL),
        }
    }

    /// Returns the rows of an image, or the columns if it would be wider than the window.
    pub(super) fn extent(self, picture: (u32, u32)) -> Extent {
        if self.is_narrow_for(picture) {
            Extent::Columns(self.columns)
        } else {
            Extent::Rows(ROWS)
        }
    }

    /// Returns width and height in pixels of an image scaled down to the window; a smaller one is not
    /// scaled.
    pub(super) fn fitted(self, picture @ (width, height): (u32, u32)) -> (u32, u32) {
        let room = self.room();
        if width <= room.0 && height <= room.1 {
            picture
        } else if self.is_narrow_for(picture) {
            (room.0.max(1), scaled(height, room.0, width))
        } else {
            (scaled(width, room.1, height), room.1)
        }
    }

    /// Returns the available width and height in pixels.
    fn room(self) -> (u32, u32) {
        (u32::from(self.columns) * self.cell.0, ROWS * self.cell.1)
    }

    fn is_narrow_for(self, (width, height): (u32, u32)) -> bool {
        let room = self.room();
        u64::from(width) * u64::from(room.1) > u64::from(room.0) * u64::from(height)
    }
}

/// Scales a side by the factor that takes the other side from `from` to `to` pixels.
fn scaled(side: u32, to: u32, from: u32) -> u32 {
    let scaled = u64::from(side) * u64::from(to) / u64::from(from);
    u32::try_from(scaled).map_or(side, |scaled| scaled.max(1))
}

/// Returns the size of a cell, if the terminal has reported it to the system. Many report zero.
#[cfg(unix)]
fn cell() -> Option<(u32, u32)> {
    let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
    plausible(
        size.ws_xpixel.checked_div(size.ws_col)?,
        size.ws_ypixel.checked_div(size.ws_row)?,
    )
}

#[cfg(not(unix))]
fn cell() -> Option<(u32, u32)> {
    None
}

/// Returns the size if it is plausible: some terminals report other units than pixels.
#[cfg(unix)]
fn plausible(width: u16, height: u16) -> Option<(u32, u32)> {
    let is_plausible = (4..=64).contains(&width) && (width..=3 * width).contains(&height);
    is_plausible.then_some((width.into(), height.into()))
}

#[cfg(test)]
impl Window {
    /// Returns a window whose cells have the assumed size.
    pub(super) const fn with_columns(columns: u16) -> Self {
        Self {
            columns,
            cell: DEFAULT_CELL,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(columns: u16) -> Window {
        Window::with_columns(columns)
    }

    #[test]
    fn image_fits_into_the_window() {
        assert_eq!(window(80).extent((2048, 2048)), Extent::Rows(16));
        assert_eq!(window(32).extent((2048, 2048)), Extent::Rows(16));
        assert_eq!(window(31).extent((2048, 2048)), Extent::Columns(31));
        assert_eq!(window(40).extent((3024, 1296)), Extent::Columns(40));
        assert_eq!(window(80).extent((u32::MAX, 1)), Extent::Columns(80));
        let square = Window {
            columns: 31,
            cell: (16, 16),
        };
        assert_eq!(square.extent((2048, 2048)), Extent::Rows(16));
    }

    #[test]
    fn image_is_scaled_down_and_never_up() {
        for (columns, picture, fitted) in [
            (80, (2048, 2048), (320, 320)),
            (31, (2048, 2048), (310, 310)),
            (40, (3024, 1296), (400, 171)),
            (80, (1000, 4000), (80, 320)),
            (80, (64, 48), (64, 48)),
            (32, (320, 320), (320, 320)),
            (80, (u32::MAX, 1), (800, 1)),
            (80, (1, u32::MAX), (1, 320)),
            (80, (u32::MAX, u32::MAX), (320, 320)),
            (0, (64, 48), (1, 1)),
        ] {
            assert_eq!(window(columns).fitted(picture), fitted, "{picture:?}");
        }
        let fine = Window {
            columns: 80,
            cell: (20, 44),
        };
        assert_eq!(fine.fitted((2048, 2048)), (704, 704));
    }

    #[cfg(unix)]
    #[test]
    fn implausible_cell_is_ignored() {
        assert_eq!(plausible(9, 21), Some((9, 21)));
        for (width, height) in [(0, 0), (1, 1), (9, 8), (9, 200), (1000, 2000)] {
            assert_eq!(plausible(width, height), None, "{width} {height}");
        }
    }
}

//! How much room a picture has.

use console::Term;

/// As many lines as a picture takes.
const ROWS: u32 = 16;
/// A cell of unknown size, in pixels: about that of most fonts, and that of the first terminals with
/// sixel, which newer ones imitate.
const CELL: (u32, u32) = (10, 20);

/// The terminal's window, as far as it matters to pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    columns: u16,
    /// Width and height in pixels.
    cell: (u32, u32),
}

/// What a picture is fitted into; the other side follows from its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    Rows(u32),
    Columns(u16),
}

impl Window {
    pub(super) fn of_terminal() -> Self {
        Self {
            columns: Term::stdout().size().1,
            cell: cell().unwrap_or(CELL),
        }
    }

    /// So many rows; fewer where that would be wider than the window.
    pub(super) fn extent(self, picture: (u32, u32)) -> Extent {
        if self.is_narrow_for(picture) {
            Extent::Columns(self.columns)
        } else {
            Extent::Rows(ROWS)
        }
    }

    /// Width and height in pixels of a picture that is scaled down to the room it has; a smaller one
    /// stays as it is.
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

    /// In pixels.
    fn room(self) -> (u32, u32) {
        (u32::from(self.columns) * self.cell.0, ROWS * self.cell.1)
    }

    fn is_narrow_for(self, (width, height): (u32, u32)) -> bool {
        let room = self.room();
        u64::from(width) * u64::from(room.1) > u64::from(room.0) * u64::from(height)
    }
}

/// A side, made as much smaller as the other one, which was `from` pixels and is `to`.
fn scaled(side: u32, to: u32, from: u32) -> u32 {
    let scaled = u64::from(side) * u64::from(to) / u64::from(from);
    u32::try_from(scaled).map_or(side, |scaled| scaled.max(1))
}

/// What the system knows of the window, which it asks nobody for. Many terminals leave it at zero.
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

/// Some terminals count in other units than pixels.
#[cfg(unix)]
fn plausible(width: u16, height: u16) -> Option<(u32, u32)> {
    let is_plausible = (4..=64).contains(&width) && (width..=3 * width).contains(&height);
    is_plausible.then_some((width.into(), height.into()))
}

#[cfg(test)]
impl Window {
    /// One whose cells are of unknown size.
    pub(super) const fn of_columns(columns: u16) -> Self {
        Self {
            columns,
            cell: CELL,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(columns: u16) -> Window {
        Window::of_columns(columns)
    }

    #[test]
    fn a_picture_is_fitted_into_the_window() {
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
    fn a_picture_is_scaled_down_and_never_up() {
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
    fn a_cell_that_cannot_be_is_not_believed() {
        assert_eq!(plausible(9, 21), Some((9, 21)));
        for (width, height) in [(0, 0), (1, 1), (9, 8), (9, 200), (1000, 2000)] {
            assert_eq!(plausible(width, height), None, "{width} {height}");
        }
    }
}

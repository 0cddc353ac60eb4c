//! The last line of the terminal, where the progress is shown.

use std::io;

use console::Term;
use indicatif::{ProgressDrawTarget, TermLike};

/// Columns that stay free at the end of the line. Progress fills its line with spaces, and a terminal
/// echoes `^C` behind them: in the last column that would wrap, and the next frame would clear the
/// wrong line.
pub(crate) const FREE_COLUMNS: u16 = 2;

/// Standard error, as a terminal that is a little narrower.
#[derive(Debug)]
struct LastLine(Term);

/// Returns the place where progress is drawn.
pub(crate) fn target() -> ProgressDrawTarget {
    ProgressDrawTarget::term_like(Box::new(LastLine(Term::buffered_stderr())))
}

impl TermLike for LastLine {
    fn width(&self) -> u16 {
        self.0.size().1.saturating_sub(FREE_COLUMNS)
    }

    fn height(&self) -> u16 {
        self.0.size().0
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_up(n)
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_down(n)
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_right(n)
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_left(n)
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.0.write_line(text)
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.0.write_str(text)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.0.clear_line()
    }

    fn flush(&self) -> io::Result<()> {
        self.0.flush()
    }
}

//! The last lines of the terminal, which are drawn again and again.

use std::io::{self, Write};

use console::{Term, measure_text_width, truncate_str};

/// Columns that stay free at the end of a line: a terminal that echoes `^C` there must not wrap it.
const FREE_COLUMNS: usize = 2;

/// Lines at the end of the terminal. Nothing hides the cursor or switches the screen, so that a process
/// that is killed leaves an ordinary terminal.
pub(super) struct Canvas {
    term: Term,
    lines: Vec<String>,
    /// `true` if the lines are on the terminal, above the cursor.
    is_drawn: bool,
}

impl Canvas {
    pub(super) fn stderr() -> Self {
        Self {
            term: Term::stderr(),
            lines: Vec::new(),
            is_drawn: false,
        }
    }

    /// Returns rows and columns that can be drawn on.
    pub(super) fn size(&self) -> (usize, usize) {
        let (rows, columns) = self.term.size();
        // The cursor has a row of its own.
        let rows = usize::from(rows).saturating_sub(1).max(1);
        (
            rows,
            usize::from(columns).saturating_sub(FREE_COLUMNS).max(1),
        )
    }

    /// Replaces the lines.
    pub(super) fn draw(&mut self, lines: &[String]) {
        let mut bytes = self.to_top();
        let (rows, columns) = self.size();
        let lines = lines.iter().take(rows);
        self.lines = lines
            .map(|line| truncate_str(line, columns, "…").into_owned())
            .collect();
        self.put(&mut bytes);
    }

    /// Draws the same lines, after they were cleared.
    pub(super) fn draw_again(&mut self) {
        let mut bytes = self.to_top();
        self.put(&mut bytes);
    }

    /// Removes the lines.
    pub(super) fn clear(&mut self) {
        let bytes = self.to_top() + "\x1b[J";
        self.is_drawn = false;
        write(&bytes);
    }

    /// Writes the lines over those that were there, at once, so that nothing flickers.
    fn put(&mut self, bytes: &mut String) {
        for line in &self.lines {
            bytes.push_str(line);
            bytes.push_str("\x1b[K\n");
        }
        bytes.push_str("\x1b[J");
        self.is_drawn = true;
        write(bytes);
    }

    /// Returns what moves the cursor to the first line.
    fn to_top(&self) -> String {
        let columns = usize::from(self.term.size().1);
        match self.is_drawn.then(|| height(&self.lines, columns)) {
            Some(height) if height > 0 => format!("\r\x1b[{height}A"),
            _ => "\r".to_owned(),
        }
    }
}

/// Returns the number of rows that lines take, where the terminal has become narrower since.
fn height(lines: &[String], columns: usize) -> usize {
    let rows = |line: &String| measure_text_width(line).div_ceil(columns.max(1)).max(1);
    lines.iter().map(rows).sum()
}

/// A closed terminal is ignored: the batch must not end.
fn write(bytes: &str) {
    let mut stderr = io::stderr();
    let _ = stderr.write_all(bytes.as_bytes());
    let _ = stderr.flush();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_narrower_terminal_take_more_rows() {
        let lines = ["", "four", "船船船", "\u{1b}[1mfive5\u{1b}[0m"].map(str::to_owned);
        assert_eq!(height(&lines, 80), 4);
        assert_eq!(height(&lines, 4), 1 + 1 + 2 + 2);
    }
}

//! The screen of a batch: counts, money, rate, the oldest held job, and doubts by name.

mod canvas;
mod frame;
mod span;
mod throughput;
mod view;

use std::time::Duration;

use runcomfy_batch::{Progress, Store, StoreError};
use tokio::time::{Instant, sleep_until};

use self::canvas::Canvas;
use self::frame::Frame;
use self::throughput::Throughput;
pub(crate) use self::view::View;
use crate::format::{Format, is_used_by_a_person};
use crate::progress::is_in_foreground;
use crate::show;

/// Least time between two frames.
const FRAME: Duration = Duration::from_millis(250);
/// The store is read for at most this part of the time.
const READING: u32 = 10;

/// Maximum number of doubts that are read by name: more fit on no screen.
const MAX_NAMED: usize = 100;

/// A screen that is drawn again and again in the last lines of a terminal, on standard error.
pub(crate) struct Screen {
    title: String,
    /// Arguments by which other commands find the batch.
    named: String,
    started: Instant,
    next: Instant,
    canvas: Canvas,
    throughput: Throughput,
    /// Reason for which nothing is claimed.
    paused: Option<String>,
}

impl Screen {
    /// Starts the screen of a batch, which other commands find by the arguments `named`, where a person
    /// looks at a terminal that can show it. Elsewhere there is none: print lines.
    pub(crate) fn start(title: String, named: String, format: Format) -> Option<Self> {
        let is_seen = format == Format::Text && is_used_by_a_person() && is_in_foreground();
        is_seen.then(|| Self {
            title,
            named,
            started: Instant::now(),
            next: Instant::now(),
            canvas: Canvas::stderr(),
            throughput: Throughput::default(),
            paused: None,
        })
    }

    /// Waits until the next frame is due.
    pub(crate) async fn next(&self) {
        sleep_until(self.next).await;
    }

    /// Draws a frame of what the store has, and returns the counts and doubts that it shows.
    ///
    /// # Errors
    /// If the store cannot be read. The last frame stays.
    pub(crate) async fn draw(&mut self, store: &dyn Store) -> Result<View, StoreError> {
        let begun = Instant::now();
        self.next = begun + FRAME;
        let view = View::read(store, MAX_NAMED).await?;
        let now = Instant::now();
        self.next = now + FRAME.max((now - begun) * READING);
        self.throughput.add(now - self.started, &view.counts);
        let frame = Frame {
            title: &self.title,
            named: &self.named,
            elapsed: now - self.started,
            paused: self.paused.as_deref(),
            view: &view,
            throughput: &self.throughput,
        };
        let (rows, columns) = self.canvas.size();
        self.canvas.draw(&frame.lines(rows, columns));
        Ok(view)
    }

    /// Shows the reason for which the batch is paused, if there is one.
    pub(crate) fn pause(&mut self, why: Option<&str>) {
        self.paused = why.map(str::to_owned);
    }

    /// Takes an event of the run: the screen shows for which reason the batch is paused.
    pub(crate) fn event(&mut self, event: &Progress) {
        match event {
            Progress::Paused(why) => self.paused = Some(why.clone()),
            Progress::Budget(needed) => {
                self.paused = Some(format!("the next job needs {needed}, which is not left"));
            }
            Progress::Resumed | Progress::Submitted(_) => self.paused = None,
            _ => {}
        }
    }

    /// Prints a line above the screen.
    pub(crate) fn note(&mut self, text: &str) {
        self.canvas.clear();
        show::note(text);
        self.canvas.draw_again();
    }

    /// Removes the screen.
    pub(crate) fn clear(&mut self) {
        self.canvas.clear();
    }
}

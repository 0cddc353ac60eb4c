//! A `tracing` subscriber that keeps all it receives.

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// The spans and events of a program under test, as text.
#[derive(Clone, Debug)]
pub struct Trace {
    max_level: Level,
    /// Target that is left out.
    without: Option<&'static str>,
    lines: Arc<Mutex<Vec<Line>>>,
}

/// A span, an event, or fields that are recorded later.
#[derive(Debug, Default)]
struct Line {
    is_event: bool,
    /// Target and name.
    source: String,
    fields: Vec<(&'static str, String)>,
}

impl Trace {
    /// Makes a subscriber that keeps what is at most as verbose as `max_level`.
    #[must_use]
    pub fn new(max_level: Level) -> Self {
        Self {
            max_level,
            without: None,
            lines: Arc::default(),
        }
    }

    /// Leaves out the spans and events of a target.
    #[must_use]
    pub fn without(mut self, target: &'static str) -> Self {
        self.without = Some(target);
        self
    }

    /// Returns everything so far, a line each: `target name: field=value field=value`.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for line in &*self.lines() {
            text.push_str(&line.source);
            for (name, value) in &line.fields {
                let _ = write!(text, " {name}={value}");
            }
            text.push('\n');
        }
        text
    }

    /// Returns the values of a field in all events so far, spans left out.
    #[must_use]
    pub fn event_values(&self, field: &str) -> Vec<String> {
        let lines = self.lines();
        let events = lines.iter().filter(|line| line.is_event);
        let fields = events.flat_map(|line| &line.fields);
        let named = fields.filter(|(name, _)| *name == field);
        named.map(|(_, value)| value.clone()).collect()
    }

    fn lines(&self) -> MutexGuard<'_, Vec<Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, metadata: &Metadata<'_>, is_event: bool, record: impl FnOnce(&mut Line)) {
        let mut line = Line {
            is_event,
            source: format!("{} {}:", metadata.target(), metadata.name()),
            fields: Vec::new(),
        };
        record(&mut line);
        self.lines().push(line);
    }
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.fields.push((field.name(), format!("{value:?}")));
    }
}

impl Subscriber for Trace {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.max_level && self.without != Some(metadata.target())
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.push(span.metadata(), false, |line| span.record(line));
        // Spans are not told apart.
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        let mut line = Line::default();
        values.record(&mut line);
        self.lines().push(line);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        self.push(event.metadata(), true, |line| event.record(line));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

//! The log of a run as lines of JSON: `--log-format json`.

use std::fmt;

use clap::ArgMatches;
use runcomfy_batch::Clock;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::show;

/// Starts the log, if the command line wants one.
pub(super) fn start(matches: &ArgMatches) {
    if matches.contains_id("log-format") {
        // There is one command line, and no other subscriber.
        let _ = tracing::subscriber::set_global_default(JsonLines);
    }
}

/// Prints each event of the client and the engine as an object on a line: `time`, `level`, `target`,
/// `message`, and the fields of the event. Spans are ignored, since their events have all fields.
struct JsonLines;

impl Subscriber for JsonLines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event()
            && metadata.target().starts_with("runcomfy")
            && *metadata.level() <= Level::INFO
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let mut fields = Fields(Map::new());
        let set = &mut fields.0;
        set.insert("time".into(), Clock::system().now().to_string().into());
        set.insert("level".into(), metadata.level().as_str().into());
        set.insert("target".into(), metadata.target().into());
        event.record(&mut fields);
        show::line(&Value::Object(fields.0));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// The fields of an event.
struct Fields(Map<String, Value>);

impl Fields {
    fn set(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.set(field, format!("{value:?}"));
    }
}

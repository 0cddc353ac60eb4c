//! The command `runcomfy probe`: reports the facts of media from as few bytes as possible.

use std::collections::HashMap;
use std::path::Path;

use clap::ArgMatches;
use runcomfy::media::{DataUri, Facts};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::format::Format;
use crate::{input, local_file};

/// Probes all sources and prints them in their order.
///
/// # Errors
/// If a source could not be probed. Its own reason is printed with the source.
pub(crate) async fn probe(matches: &ArgMatches, format: Format) -> Result<(), Failure> {
    let sources: Vec<&String> = matches.get_many("source").into_iter().flatten().collect();
    let prober = input::prober(matches.get_flag("allow-loopback"))?;
    let urls: Vec<&String> = sources.iter().copied().filter(|s| is_url(s)).collect();
    let results = prober.probe_all(&urls).await;
    let results: HashMap<&String, _> = urls.into_iter().zip(results).collect();
    let mut failed = 0;
    for source in sources.iter().copied() {
        let facts = match results.get(source) {
            Some(facts) => facts.clone().map_err(|error| error.to_string()),
            None => local_facts(source),
        };
        failed += usize::from(facts.is_err());
        show(source, facts, format);
    }
    match failed {
        0 => Ok(()),
        count => Err(Failure::unreadable(format!(
            "{count} of {} sources could not be probed",
            sources.len()
        ))),
    }
}

fn is_url(source: &str) -> bool {
    // The `data:` URI of an SVG image contains URLs itself.
    source.contains("://") && DataUri::parse(source).is_none()
}

fn local_facts(source: &str) -> Result<Facts, String> {
    match DataUri::parse(source) {
        Some(uri) => match uri.bytes() {
            Some(bytes) => Ok(Facts::from_bytes(&bytes)),
            None => Err("a data: URI that cannot be decoded".into()),
        },
        None if source == local_file::STDIN => {
            let bytes = local_file::on_standard_input();
            let bytes = bytes.map_err(|e| format!("could not be read: {e}"))?;
            Ok(Facts::from_bytes(&bytes))
        }
        None => Facts::from_file(Path::new(source)).map_err(|e| format!("could not be read: {e}")),
    }
}

/// Prints one source. JSON is one object on a line: `source` with the facts, or with `error`.
fn show(source: &str, facts: Result<Facts, String>, format: Format) {
    let mut object = json!({ "source": shortened(source) });
    match facts {
        Ok(facts) => {
            let facts = serde_json::to_value(facts).unwrap_or_default();
            if let (Some(object), Value::Object(facts)) = (object.as_object_mut(), facts) {
                object.extend(facts);
            }
        }
        Err(why) => object["error"] = why.into(),
    }
    format.print(&object, || to_text(&object));
}

/// Returns the source, cut where it is long: a `data:` URI may have megabytes.
fn shortened(source: &str) -> String {
    const MAX_CHARS: usize = 200;
    match source.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", &source[..end]),
        None => source.to_owned(),
    }
}

/// Returns the source, and below it a line for each fact.
fn to_text(object: &Value) -> String {
    let mut text = object["source"].as_str().unwrap_or_default().to_owned();
    let facts = object.as_object().into_iter().flatten();
    for (name, value) in facts.filter(|(name, _)| *name != "source") {
        let value = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        text += &format!("\n  {:<17} {value}", name.replace('_', " "));
    }
    text
}

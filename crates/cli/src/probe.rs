//! `runcomfy probe`: what media are, from as few of their bytes as possible.

use std::collections::HashMap;
use std::path::Path;

use clap::ArgMatches;
use runcomfy::media::{DataUri, Facts};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::input;
use crate::show::Format;

/// Looks at all sources and shows them in their order; what cannot be looked at is said in its
/// place, and fails the command in the end.
pub(crate) async fn probe(matches: &ArgMatches, format: Format) -> Result<(), Failure> {
    let sources: Vec<&String> = matches.get_many("source").into_iter().flatten().collect();
    let prober = input::prober(matches)?;
    let urls: Vec<&String> = sources.iter().copied().filter(|s| is_url(s)).collect();
    let answers = prober.probe_all(&urls).await;
    let answers: HashMap<&String, _> = urls.into_iter().zip(answers).collect();
    let mut failed = 0;
    for source in sources.iter().copied() {
        let looked = match answers.get(source) {
            Some(answer) => answer.clone().map_err(|error| error.to_string()),
            None => at_hand(source),
        };
        failed += usize::from(looked.is_err());
        show(source, looked, format);
    }
    match failed {
        0 => Ok(()),
        count => Err(Failure::unreadable(format!(
            "{count} of {} could not be looked at",
            sources.len()
        ))),
    }
}

fn is_url(source: &str) -> bool {
    // A picture in SVG, for one, has addresses inside of its `data:` URI.
    source.contains("://") && DataUri::parse(source).is_none()
}

fn at_hand(source: &str) -> Result<Facts, String> {
    match DataUri::parse(source) {
        Some(uri) => match uri.bytes() {
            Some(bytes) => Ok(Facts::from_bytes(&bytes)),
            None => Err("a data: URI that cannot be decoded".into()),
        },
        None if source == "-" => Err(
            "standard input is not looked at; give the path of a file (`./-` for one of this name)"
                .into(),
        ),
        None => Facts::from_file(Path::new(source)).map_err(|e| format!("could not be read: {e}")),
    }
}

/// With JSON an object a line: `source` and the facts, or `source` and `error`.
fn show(source: &str, looked: Result<Facts, String>, format: Format) {
    let mut object = json!({ "source": shortened(source) });
    match looked {
        Ok(facts) => {
            let facts = serde_json::to_value(facts).unwrap_or_default();
            if let (Some(object), Value::Object(facts)) = (object.as_object_mut(), facts) {
                object.extend(facts);
            }
        }
        Err(why) => object["error"] = why.into(),
    }
    format.print(&object, || in_words(&object));
}

/// A `data:` URI may have megabytes.
fn shortened(source: &str) -> String {
    const LONGEST: usize = 200;
    match source.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &source[..end]),
        None => source.to_owned(),
    }
}

/// The source, and below it a line for each fact.
fn in_words(object: &Value) -> String {
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

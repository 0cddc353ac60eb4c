//! Prints arbitrary schemas and values with what the engine finds, one JSON a line, for `compare.mjs`.
//!
//! `cargo run -p runcomfy-wasm --example cases -- 10000 [SCHEMAS…]`: values for arbitrary schemas and for
//! those of folders.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use runcomfy_schema::{JsonDocuments, ModelSchema};
use runcomfy_testkit::arbitrary::{Entropy, schema, value};
use serde_json::{Value, json};

/// Number of values for one schema.
const VALUES: u64 = 10;

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let count: u64 = arguments
        .next()
        .and_then(|count| count.parse().ok())
        .unwrap_or(10_000);
    let mut texts = Vec::new();
    for folder in arguments {
        collect(Path::new(&folder), &mut texts)?;
    }
    let mut out = BufWriter::new(io::stdout().lock());
    let (mut values, mut seed) = (0, 0);
    while values < count {
        let mut random = fastrand::Rng::with_seed(seed);
        let random: &mut dyn Entropy = &mut random;
        let place = usize::try_from(seed).unwrap_or_default() / 2;
        let text = match texts.get(place % texts.len().max(1)) {
            Some(text) if seed % 2 == 0 => text.clone(),
            _ => schema::input(random).to_string(),
        };
        seed += 1;
        let documents = JsonDocuments::parse(&text).map_err(io::Error::other)?;
        let first = documents.values.first();
        let id = first.and_then(|document| document["model_id"].as_str());
        let id = id.unwrap_or("acme/stamp").to_owned();
        let (model, diagnostics) = ModelSchema::parse_lenient(Some(&id), &documents.values);
        let messages: Vec<&str> = diagnostics.iter().map(|d| &*d.message).collect();
        let mut line =
            json!({"id": id, "schema": text, "isModel": model.is_some(), "messages": messages});
        if let Some(model) = model {
            let cases = (0..VALUES).map(|_| case(random, &model));
            line["cases"] = cases.collect();
            values += VALUES;
        }
        writeln!(out, "{line}")?;
    }
    out.flush()
}

/// Returns a value as text, since JavaScript has no integers of 64 bits, and the engine's answer.
fn case(random: &mut dyn Entropy, model: &ModelSchema) -> Value {
    let input = match random.below(20) {
        0 => value::any(random, 3),
        1..8 => value::valid(random, &model.input),
        _ => value::mutated(random, &model.input),
    };
    let violations = model.validate(&input);
    let answer = json!({
        "refuse": violations.refuse(),
        "leftOut": violations.left_out(),
        "text": violations.to_string(),
        "violations": &violations,
    });
    json!({"input": input.to_string(), "answer": answer.to_string()})
}

/// Reads every file of JSON below a folder, in the order of their paths.
fn collect(folder: &Path, texts: &mut Vec<String>) -> io::Result<()> {
    let entries: io::Result<Vec<_>> = std::fs::read_dir(folder)?.collect();
    let mut paths: Vec<_> = entries?.into_iter().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect(&path, texts)?;
        } else if path.extension().is_some_and(|ending| ending == "json") {
            let text = std::fs::read_to_string(path)?;
            texts.extend(JsonDocuments::parse(&text).is_ok().then_some(text));
        }
    }
    Ok(())
}

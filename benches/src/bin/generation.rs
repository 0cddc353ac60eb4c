//! Cost of generating code, at two sizes, and the number of files that one changed schema rewrites.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use runcomfy_benches::{
    Aim, Cost, MEBIBYTE, Meter, Outcome, Row, SIZES, Samples, Workload, files, ratios, scratch,
    sibling,
};
use runcomfy_codegen::{Builder, Layout};
use serde_json::{Value, json};

/// Both sizes are measured in every round.
const ROUNDS: usize = 15;

/// Maximum wall time for the larger size, from nothing to files, in milliseconds.
const WALL: Aim = Aim::AtMost(250.0);
/// Maximum wall time for the larger size without files, in milliseconds.
const MEMORY_WALL: Aim = Aim::AtMost(150.0);
/// Maximum memory for the larger size, in mebibytes.
const MEMORY: Aim = Aim::AtMost(150.0);
/// Maximum ratio for four times the models: hardly more than in proportion.
const GROWTH: Aim = Aim::AtMost(4.5);

fn main() -> Outcome {
    let workload = Workload::from_arguments()?;
    let folder = scratch("generation")?;
    in_process(&workload, &folder)?;
    command(&workload, &folder)?;
    one_change(&workload, &folder)
}

/// A quantity and its unit.
type Quantity = (&'static str, &'static str);

const IN_MEMORY: Quantity = ("in memory, wall", "ms");
const IN_MEMORY_CPU: Quantity = ("in memory, CPU", "ms");
const FILES: Quantity = ("to files, wall", "ms");
const FILES_CPU: Quantity = ("to files, CPU", "ms");
const FILES_MEMORY: Quantity = ("to files, peak memory", "MiB");
const IN_STEP: Quantity = ("in step already, wall", "ms");

/// Quantities as they were measured, at each of the sizes.
#[derive(Default)]
struct Measured(BTreeMap<Quantity, [Samples; 2]>);

fn in_process(workload: &Workload, folder: &Path) -> Outcome {
    let mut measured = Measured::default();
    // The first round warms up the caches.
    for round in 0..=ROUNDS {
        for (index, size) in SIZES.into_iter().enumerate() {
            let out = folder.join(format!("in-process-{size}"));
            remove(&out)?;
            let found = generate(&builder(workload.schemas(size), &out))?;
            for (quantity, value) in found.into_iter().filter(|_| round > 0) {
                measured.push(quantity, index, value);
            }
        }
    }
    measured.print("in process");
    Ok(())
}

/// Generates to an empty folder, and again when there is nothing to do.
fn generate(builder: &Builder) -> Outcome<[(Quantity, f64); 5]> {
    let (start, start_cpu) = (Instant::now(), Cost::own_cpu()?);
    let generated = builder.generate()?;
    let (in_memory, in_memory_cpu) = (start.elapsed(), Cost::own_cpu()?);
    generated.write()?;
    let (files, files_cpu) = (start.elapsed(), Cost::own_cpu()?);
    drop(generated);
    let again = Instant::now();
    let changes = builder.generate()?.write()?;
    let in_step = again.elapsed();
    if !changes.is_empty() {
        return Err(format!("generated twice, and differs:\n{changes}").into());
    }
    let cpu = |until: Duration| milliseconds(until.saturating_sub(start_cpu));
    Ok([
        (IN_MEMORY, milliseconds(in_memory)),
        (IN_MEMORY_CPU, cpu(in_memory_cpu)),
        (FILES, milliseconds(files)),
        (FILES_CPU, cpu(files_cpu)),
        (IN_STEP, milliseconds(in_step)),
    ])
}

fn command(workload: &Workload, folder: &Path) -> Outcome {
    let (meter, program) = (Meter::new(folder)?, sibling("runcomfy-codegen")?);
    let mut measured = Measured::default();
    for round in 0..=ROUNDS {
        for (index, size) in SIZES.into_iter().enumerate() {
            let out = folder.join(format!("command-{size}"));
            remove(&out)?;
            let schemas = workload.schemas(size);
            let [generate, from, to] = ["generate", "--schemas", "--out"].map(Path::new);
            let arguments = [generate, from, &schemas, to, &out];
            let files = meter.run(&program, arguments)?;
            let in_step = meter.run(&program, arguments)?;
            if round > 0 {
                measured.push(FILES, index, milliseconds(files.wall));
                measured.push(FILES_CPU, index, milliseconds(files.cpu));
                measured.push(FILES_MEMORY, index, files.peak as f64 / MEBIBYTE);
                measured.push(IN_STEP, index, milliseconds(in_step.wall));
            }
        }
    }
    measured.print("command");
    Ok(())
}

impl Measured {
    fn push(&mut self, quantity: Quantity, index: usize, value: f64) {
        self.0.entry(quantity).or_default()[index].push(value);
    }

    fn print(&self, how: &str) {
        let [few, many] = SIZES;
        for (quantity @ (what, unit), [at_few, at_many]) in &self.0 {
            let row = |size: usize| Row::new(format!("generation, {how}, {size}: {what}"), unit);
            let aim = match *quantity {
                IN_MEMORY => MEMORY_WALL,
                FILES | IN_STEP => WALL,
                FILES_MEMORY => MEMORY,
                _ => Aim::None,
            };
            row(few).print(at_few);
            row(many).aim(aim).print(at_many);
            // Memory has a large constant part, which flatters.
            if *quantity != FILES_MEMORY {
                let what = format!("generation, {how}, {many} : {few}: {what}");
                Row::new(what, "×")
                    .aim(GROWTH)
                    .print(&ratios(at_many, at_few));
            }
        }
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// A bound, a description and a new optional property: each lies in one model's file alone.
fn one_change(workload: &Workload, folder: &Path) -> Outcome {
    let [_, many] = SIZES;
    let (schemas, out) = (folder.join("schemas"), folder.join("one-change"));
    for source in files(&workload.schemas(many))? {
        let copy = schemas.join(source.strip_prefix(workload.schemas(many))?);
        fs::create_dir_all(copy.parent().ok_or("a file lies in a folder")?)?;
        fs::copy(source, copy)?;
    }
    let builder = builder(schemas.clone(), &out);
    builder.generate()?.write()?;
    let sources = files(&schemas)?;
    let changes: [(&str, &str, Value); 3] = [
        ("a bound", "maxLength", json!(1234)),
        (
            "a description",
            "description",
            json!("Another description."),
        ),
        ("a property more", "", json!({"type": "boolean"})),
    ];
    for (index, (what, keyword, value)) in changes.into_iter().enumerate() {
        // Somewhere in the middle, and each time another.
        let source = &sources[many / 3 + index * many / 7];
        change(source, keyword, value)?;
        let before = state(&out)?;
        builder.generate()?.write()?;
        let after = state(&out)?;
        if before.len() != after.len() {
            return Err("a change inside a schema adds and removes no file".into());
        }
        let rewritten = before
            .iter()
            .filter(|(path, old)| after.get(*path) != Some(*old));
        Row::new(
            format!(
                "one change of {many}, {what}: files rewritten of {}",
                after.len()
            ),
            "",
        )
        // Its module and its schema.
        .aim(Aim::AtMost(2.0))
        .print_count(rewritten.count());
    }
    Ok(())
}

/// Sets a keyword of the prompt, which every model has; without a keyword, adds a property.
fn change(source: &Path, keyword: &str, value: Value) -> Outcome {
    let mut schema: Value = serde_json::from_slice(&fs::read(source)?)?;
    let properties = &mut schema["properties"];
    match keyword {
        "" => properties["added"] = value,
        _ => properties["prompt"][keyword] = value,
    }
    fs::write(source, serde_json::to_vec_pretty(&schema)?)?;
    Ok(())
}

/// Returns the time and contents of each file.
fn state(folder: &Path) -> Outcome<BTreeMap<PathBuf, (SystemTime, Vec<u8>)>> {
    let mut state = BTreeMap::new();
    for path in files(folder)? {
        let written = fs::metadata(&path)?.modified()?;
        let text = fs::read(&path)?;
        state.insert(path, (written, text));
    }
    Ok(state)
}

fn builder(schemas: PathBuf, out: &Path) -> Builder {
    Builder::new()
        .schemas(schemas)
        .out_dir(out)
        .layout(Layout::Tree)
}

fn remove(folder: &Path) -> Outcome {
    if folder.is_dir() {
        fs::remove_dir_all(folder)?;
    }
    Ok(())
}

//! The command `runcomfy init`: adds models and a first program to a Rust project.

mod build_script;
pub(crate) mod example;
mod manifest;
mod project;

use std::path::{Path, PathBuf};

use clap::ArgMatches;
use runcomfy::catalogue::CatalogueEntry;
use runcomfy::schema::{Json, ModelSchema};
use runcomfy::{Client, ErrorKind};
use serde_json::json;

use crate::argument::without_slashes;
use crate::code::program::{self, Home};
use crate::code::steps::Steps;
use crate::failure::Failure;
use crate::format::Format;
use crate::model::hint;
use crate::session::Session;
use crate::show;
use manifest::Manifest;
use project::Project;

/// The model if the command line names none.
const DEFAULT_MODEL: &str = "bytedance/dreamina-4-0/text-to-image";

/// The program of `cargo new`, without its white space.
const HELLO: &str = "fn main() { println!(\"Hello, world!\"); }";

/// Printed before anything is written, until the first release.
const NOT_PUBLISHED: &str = "`runcomfy` is not on crates.io yet, so the project builds only with a checkout of its repository; run the command again with --path CHECKOUT";

const MAIN: &str = "src/main.rs";

/// The file of the program, if the project has another program.
const EXAMPLE: &str = "examples/runcomfy.rs";

/// Plans all files, writes them and prints their names.
///
/// # Errors
/// If the project cannot take the program, a model is unknown, or a file cannot be written.
pub(crate) async fn init(matches: &ArgMatches, format: Format) -> Result<(), Failure> {
    let folder = Path::new(matches.get_one::<String>("dir").map_or(".", |dir| dir));
    let mut manifest = Manifest::read(folder)?;
    manifest.check_edition()?;
    let crates = match matches.get_one::<String>("path") {
        Some(path) => Some(checkout(path, folder)?),
        None => None,
    };
    let entries = entries(matches, &ids(matches)).await?;
    let mut project = Project::new(folder);
    for entry in &entries {
        plan_schema(&mut project, entry)?;
    }
    let first = schema(&entries[0])?;
    let steps = Steps::default();
    let program = program::typed(&first, &example::input(&first), Home::Own, &steps);
    manifest.add_crates(crates.as_deref(), program.needs_json)?;
    let runs = plan_program(&mut project, &manifest, &program.text)?;
    build_script::plan(&mut project, &manifest.build_script()?)?;
    // Written last, when the files that it names exist.
    if manifest.is_changed() {
        project.write_later("Cargo.toml", manifest.text());
    }
    if crates.is_none() {
        show::warn(NOT_PUBLISHED);
    }
    project.write()?;
    let written = project.written();
    let json = json!({ "written": written, "kept": project.kept, "run": runs });
    format.print(&json, || to_text(&written, &project.kept, &runs));
    Ok(())
}

/// Returns each model id once.
fn ids(matches: &ArgMatches) -> Vec<String> {
    let given = matches.get_many::<String>("model_id").into_iter().flatten();
    let mut ids = Vec::new();
    for id in given.map(|id| without_slashes(id)) {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    if ids.is_empty() {
        ids.push(DEFAULT_MODEL.to_owned());
    }
    ids
}

/// Returns the checkout of `--path`, relative to the folder of the project or absolute.
fn checkout(path: &str, folder: &Path) -> Result<PathBuf, Failure> {
    let path = Path::new(path);
    if !path.join("codegen/Cargo.toml").is_file() {
        return Err(Failure::unreadable(format!(
            "found no checkout of runcomfy at {}, expected a folder with codegen/Cargo.toml",
            path.display()
        )));
    }
    if folder == Path::new(".") {
        return Ok(path.to_owned());
    }
    std::path::absolute(path).map_err(|error| {
        Failure::unreadable(format!(
            "could not resolve the path {}: {error}",
            path.display()
        ))
    })
}

fn to_text(written: &[&str], kept: &[String], runs: &str) -> String {
    let mut lines: Vec<String> = written.iter().map(|name| format!("wrote {name}")).collect();
    lines.extend(kept.iter().map(|name| format!("kept {name}")));
    lines.push("Run it without an account, with `runcomfy emulator` in another terminal:".into());
    lines.push(format!(
        "  RUNCOMFY_MODEL_API_BASE=http://127.0.0.1:8188/v1 RUNCOMFY_TOKEN=any {runs}"
    ));
    lines.join("\n")
}

/// Fetches the catalogue entry of each model; for built-in models from an emulator.
async fn entries(matches: &ArgMatches, ids: &[String]) -> Result<Vec<CatalogueEntry>, Failure> {
    let mut emulated = None;
    let mut service = None;
    let mut entries = Vec::new();
    for id in ids {
        let built_in = runcomfy_models::find(id).is_some();
        let session = match (built_in, &mut emulated, &mut service) {
            (true, Some(session), _) | (false, _, Some(session)) => session,
            (true, emulated, _) => emulated.insert(Session::built_in().await?),
            (false, _, service) => service.insert(Session::service(matches)?),
        };
        entries.push(entry(&session.client, id).await?);
    }
    Ok(entries)
}

async fn entry(client: &Client, id: &str) -> Result<CatalogueEntry, Failure> {
    let found = client.catalogue().get(id).await;
    let entry = found.map_err(|error| match error.kind() {
        ErrorKind::UnknownModel | ErrorKind::NotFound => Failure::no_such_model(id, &hint(id)),
        _ => error.into(),
    })?;
    // The id becomes a path, which must stay below schemas/.
    let is_safe = |segment: &str| !segment.starts_with('.') && !segment.contains(['\\', ':']);
    if entry.model_id() != id || !id.split('/').all(is_safe) {
        return Err(Failure::input(format!(
            "the catalogue returned `{}` for `{id}`, which is not a valid file name below schemas/",
            entry.model_id()
        )));
    }
    Ok(entry)
}

fn schema(entry: &CatalogueEntry) -> Result<ModelSchema, Failure> {
    let (schema, _) = ModelSchema::parse(Some(entry.model_id()), &[entry.json().clone().into()]);
    schema.ok_or_else(|| {
        Failure::input(format!("the schema of `{}` is invalid", entry.model_id()))
            .with_advice("`cargo build` shows the diagnostics.")
    })
}

/// Plans the schema file of a model.
fn plan_schema(project: &mut Project, entry: &CatalogueEntry) -> Result<(), Failure> {
    let mut file = json!({ "model_id": entry.model_id() });
    for key in ["input_schema", "output_schema"] {
        if let Some(schema) = entry.json().get(key) {
            file[key] = schema.clone();
        }
    }
    if file.get("input_schema").is_none_or(Json::is_null) {
        return Err(Failure::input(format!(
            "the catalogue has no schema for `{}`",
            entry.model_id()
        )));
    }
    let name = format!("schemas/{}.json", entry.model_id());
    project.add(&name, format!("{file:#}\n"));
    Ok(())
}

/// Plans the program, and returns the command that runs it.
fn plan_program(project: &mut Project, manifest: &Manifest, text: &str) -> Result<String, Failure> {
    if let Some(run) = manifest.run_of_main() {
        let existing = project.read(MAIN)?;
        if is_for_same_model(&existing, text) {
            project.keep(MAIN);
            return Ok(run);
        }
        let words: Vec<&str> = existing.split_whitespace().collect();
        let alone = !manifest.is_library() && !manifest.has_other_programs();
        if words.join(" ") == HELLO || (words.is_empty() && alone) {
            project.write_later(MAIN, text);
            return Ok(run);
        }
    }
    if !manifest.finds("autoexamples") {
        return Err(Failure::input(format!(
            "found `autoexamples = false` in Cargo.toml, so cargo would not see {EXAMPLE}"
        ))
        .with_advice("Remove that line and run the command again."));
    }
    project.add(EXAMPLE, text);
    Ok("cargo run --example runcomfy".to_owned())
}

/// Returns `true` if an existing program uses the same model. Its author may have changed it.
fn is_for_same_model(existing: &str, text: &str) -> bool {
    let import = text.lines().find(|line| line.starts_with("use models::"));
    import.is_some_and(|import| existing.lines().any(|line| line == import))
}

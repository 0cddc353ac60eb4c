//! `runcomfy init`: models and a first program in somebody's Rust project.

mod example;
mod manifest;

use std::path::{Path, PathBuf};

use clap::ArgMatches;
use runcomfy::{CatalogueEntry, Client, ErrorKind, Json, ModelSchema};
use serde_json::json;

use crate::code::program::{self, Home};
use crate::failure::Failure;
use crate::model::hint;
use crate::session::Session;
use crate::show::Format;
use manifest::Manifest;

/// The model of a project that names none.
const FIRST: &str = "bytedance/dreamina-4-0/text-to-image";

const BUILD: &str = "\
//! Makes the types of the models whose schemas are below `schemas/`.

fn main() {
    runcomfy_codegen::Builder::new().build_script();
}
";

/// What `cargo new` writes, white space aside.
const HELLO: &str = "fn main() { println!(\"Hello, world!\"); }";

/// Where the program goes where there is another one already.
const EXAMPLE: &str = "examples/runcomfy.rs";

/// What is written, once everything is at hand: a project is not left half done.
struct Project {
    folder: PathBuf,
    writes: Vec<(String, String)>,
    kept: Vec<String>,
}

pub(crate) async fn init(matches: &ArgMatches, format: Format) -> Result<(), Failure> {
    let folder = matches.get_one::<String>("dir").map_or(".", |dir| dir);
    let mut project = Project {
        folder: folder.into(),
        writes: Vec::new(),
        kept: Vec::new(),
    };
    let mut manifest = Manifest::read(&project.folder.join("Cargo.toml"))?;
    let ids: Vec<&str> = match matches.get_many::<String>("model_id") {
        Some(ids) => ids.map(String::as_str).collect(),
        None => vec![FIRST],
    };
    let entries = entries(&ids).await?;
    for entry in &entries {
        project.schema(entry)?;
    }
    let first = schema(&entries[0])?;
    let program = program::typed(&first, &example::of(&first), Home::Own);
    let crates = matches.get_one::<String>("path").map(Path::new);
    manifest.add_crates(crates, program.needs_json);
    let runs = project.program(&program.text)?;
    project.build_script()?;
    if manifest.is_changed() {
        let text = manifest.text().to_owned();
        project.writes.insert(0, ("Cargo.toml".to_owned(), text));
    }
    project.write()?;
    let written: Vec<&String> = project.writes.iter().map(|(name, _)| name).collect();
    let json = json!({ "written": written, "kept": project.kept, "run": runs });
    format.print(&json, || in_words(&written, &project.kept, runs));
    Ok(())
}

fn in_words(written: &[&String], kept: &[String], runs: &str) -> String {
    let mut lines: Vec<String> = written.iter().map(|name| format!("wrote {name}")).collect();
    lines.extend(kept.iter().map(|name| format!("kept {name}")));
    lines.push("Try it without an account, beside `runcomfy emulator` in another terminal:".into());
    lines.push(format!(
        "  RUNCOMFY_MODEL_API_BASE=http://127.0.0.1:8188/v1 RUNCOMFY_TOKEN=any {runs}"
    ));
    lines.join("\n")
}

/// What the catalogue says of each model; of those that are built in, an emulator's.
async fn entries(ids: &[&str]) -> Result<Vec<CatalogueEntry>, Failure> {
    let mut emulated = None;
    let mut service = None;
    let mut entries = Vec::new();
    for id in ids {
        let built_in = runcomfy_models::find(id).is_some();
        let session = match (built_in, &mut emulated, &mut service) {
            (true, Some(session), _) | (false, _, Some(session)) => session,
            (true, emulated, _) => emulated.insert(Session::emulated(None).await?),
            (false, _, service) => service.insert(Session::service()?),
        };
        entries.push(entry(&session.client, id).await?);
    }
    Ok(entries)
}

async fn entry(client: &Client, id: &str) -> Result<CatalogueEntry, Failure> {
    let asked = client.catalogue().get(id).await;
    let entry = asked.map_err(|error| match error.kind() {
        ErrorKind::Model | ErrorKind::NotFound => Failure::no_such_model(id, &hint(id)),
        _ => error.into(),
    })?;
    // Its id becomes a path.
    let harmless = |segment: &str| !segment.starts_with('.') && !segment.contains(['\\', ':']);
    if entry.model_id() != id || !id.split('/').all(harmless) {
        return Err(Failure::input(format!(
            "the catalogue gave `{}` for `{id}`, which cannot be a file below schemas/",
            entry.model_id()
        )));
    }
    Ok(entry)
}

fn schema(entry: &CatalogueEntry) -> Result<ModelSchema, Failure> {
    let (schema, _) = ModelSchema::parse(Some(entry.model_id()), &[entry.json().clone().into()]);
    schema.ok_or_else(|| {
        Failure::input(format!("the schema of `{}` is faulty", entry.model_id()))
            .advised("`cargo build` shows what is wrong with it.")
    })
}

impl Project {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Plans a file, unless there is one.
    fn add(&mut self, name: &str, text: String) {
        if self.path(name).exists() {
            self.kept.push(name.to_owned());
        } else {
            self.writes.push((name.to_owned(), text));
        }
    }

    fn schema(&mut self, entry: &CatalogueEntry) -> Result<(), Failure> {
        let mut file = json!({ "model_id": entry.model_id() });
        for key in ["input_schema", "output_schema"] {
            if let Some(schema) = entry.json().get(key) {
                file[key] = schema.clone();
            }
        }
        if file.get("input_schema").is_none_or(Json::is_null) {
            return Err(Failure::input(format!(
                "the catalogue has no schema of `{}`",
                entry.model_id()
            )));
        }
        self.add(
            &format!("schemas/{}.json", entry.model_id()),
            format!("{file:#}\n"),
        );
        Ok(())
    }

    /// Plans the program, and gives the command that runs it.
    fn program(&mut self, text: &str) -> Result<&'static str, Failure> {
        let main = "src/main.rs";
        let there = match std::fs::read_to_string(self.path(main)) {
            Ok(there) => there,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => {
                return Err(Failure::unreadable(format!(
                    "could not read {main}: {error}"
                )));
            }
        };
        let there: Vec<&str> = there.split_whitespace().collect();
        let is_library = self.path("src/lib.rs").exists();
        if there.join(" ") == HELLO || (there.is_empty() && !is_library) {
            self.writes.push((main.to_owned(), text.to_owned()));
            return Ok("cargo run");
        }
        self.add(EXAMPLE, text.to_owned());
        Ok("cargo run --example runcomfy")
    }

    fn build_script(&mut self) -> Result<(), Failure> {
        let there = std::fs::read_to_string(self.path("build.rs")).unwrap_or_default();
        if !there.is_empty() && !there.contains("runcomfy_codegen") {
            return Err(Failure::input(
                "there is a build.rs already; put `runcomfy_codegen::Builder::new().build_script();` into its `main`, and run this again",
            ));
        }
        self.add("build.rs", BUILD.to_owned());
        Ok(())
    }

    fn write(&self) -> Result<(), Failure> {
        for (name, text) in &self.writes {
            let path = self.path(name);
            let folder = path.parent().map_or(Ok(()), std::fs::create_dir_all);
            folder
                .and_then(|()| std::fs::write(&path, text))
                .map_err(|e| {
                    Failure::unwritable(format!("could not write {}: {e}", path.display()))
                })?;
        }
        Ok(())
    }
}

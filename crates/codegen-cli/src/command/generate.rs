//! `generate`, `check` and `lint`.

use std::path::{self, Component, Path, PathBuf};
use std::process::ExitCode;

use clap::parser::ValueSource;
use clap::{ArgMatches, Command};
use runcomfy_codegen::{Change, Changes, Diagnostic, Generated, files};
use runcomfy_codegen_cli::{Error, Language, annotations, types};
use serde_json::Value;

use super::argument::{self, MANIFEST, OUT, builder};
use super::format::{self, Format};
use super::output::print_line;
use crate::exit_code;

pub(crate) fn generate_command() -> Command {
    Command::new("generate")
        .about("Write the generated files that differ from the schemas")
        .arg(argument::language())
        .args(argument::generator())
        .arg(argument::quiet())
}

pub(crate) fn check_command() -> Command {
    Command::new("check")
        .about("List the generated files that differ from the schemas, and write nothing")
        .arg(argument::language())
        .args(argument::generator())
        .arg(argument::quiet())
        .after_help(
            "It exits with 1 if a file differs. In a package whose build.rs or macro generates the\n\
             bindings at each build, it checks the schemas.",
        )
}

pub(crate) fn lint_command() -> Command {
    Command::new("lint")
        .about("Print every error and warning about the schema files")
        .args(argument::generator())
        .args(format::arguments(
            "Text, as a compiler prints it",
            "One JSON array",
        ))
        .arg(argument::quiet().conflicts_with_all(["json", "format"]))
}

pub(crate) fn generate(matches: &ArgMatches) -> Result<ExitCode, Error> {
    if let Some(refusal) = refusal(matches) {
        eprintln!("error: {refusal}");
        return Ok(ExitCode::from(exit_code::USAGE));
    }
    let quiet = matches.get_flag("quiet");
    let mut generated = files_of(matches)?;
    let is_new_crate = starts_crate(matches);
    if is_new_crate {
        files::replace(Path::new(MANIFEST), STARTER)?;
        generated = builder(matches).generate()?;
    }
    let mut changes = generated.write()?;
    if is_new_crate {
        changes = with_new_manifest(&changes);
    }
    if quiet {
        return Ok(ExitCode::SUCCESS);
    }
    note_warnings(&generated);
    if !changes.is_empty() {
        print_line(format_args!("{changes}"));
    }
    print_line(count(changes.as_slice().len(), "changed"));
    if is_new_crate {
        print_line(
            "the bindings are the new crate `models`; depend on it with `models = { path = \"generated\" }`",
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// Generates the files of the language that the command line names.
fn files_of(matches: &ArgMatches) -> Result<Generated, Error> {
    let Some(language) = Language::from_name(argument::text(matches, "lang")) else {
        return Ok(builder(matches).generate()?);
    };
    let settings = argument::reader(matches).read_settings()?;
    let folder = |name| Path::new(argument::text(matches, name));
    types(folder("schemas"), &settings, language, folder("out"))
}

/// Returns the reason for which nothing can be written as the command line asks for it.
fn refusal(matches: &ArgMatches) -> Option<String> {
    setting_of_rust(matches)
        .or_else(|| folder_of_schemas(matches))
        .or_else(|| no_package(matches))
        .or_else(|| hides_module(matches))
}

/// Refuses flags that say how Rust code is laid out, for another language.
fn setting_of_rust(matches: &ArgMatches) -> Option<String> {
    let lang = argument::text(matches, "lang");
    let is_given = |name: &&str| matches.value_source(name) == Some(ValueSource::CommandLine);
    let given = ["support", "manifest", "one-file"]
        .into_iter()
        .find(is_given)?;
    (lang != "rust").then(|| {
        format!("--{given} is for Rust and has no effect with --lang {lang}; leave it out")
    })
}

/// Refuses to write among the schemas, or into a folder that holds more than generated files: the schemas, or the
/// project.
fn folder_of_schemas(matches: &ArgMatches) -> Option<String> {
    let [out, schemas] = ["out", "schemas"].map(|name| argument::text(matches, name));
    let (folder, schemas, project) = (real(out)?, real(schemas)?, real("")?);
    let has = if folder.starts_with(&schemas) {
        "is in the folder of the schemas"
    } else if schemas.starts_with(&folder) {
        "contains the schemas"
    } else if project != folder && project.starts_with(&folder) {
        "contains the working directory"
    } else {
        return None;
    };
    Some(format!(
        "found `--out {out}`, which {has}, expected a folder of its own; nothing was written. Name another folder, such as `--out {OUT}`"
    ))
}

/// Returns the path of a folder without links. It need not exist; an empty one is the working directory.
fn real(folder: &str) -> Option<PathBuf> {
    let folder = path::absolute(if folder.is_empty() { "." } else { folder }).ok()?;
    folder.ancestors().find_map(|above| {
        let rest = folder.strip_prefix(above).ok()?;
        let mut real = above.canonicalize().ok()?;
        // The rest does not exist, so it has no links.
        for part in rest.components() {
            if part == Component::ParentDir {
                real.pop();
            } else {
                real.push(part);
            }
        }
        Some(real)
    })
}

/// Returns the language besides Rust, the output folder, and its last part, which names the package.
fn package(matches: &ArgMatches) -> Option<(Language, PathBuf, String)> {
    let language = Language::from_name(argument::text(matches, "lang"))?;
    let folder = path::absolute(argument::text(matches, "out")).ok()?;
    let name = folder.file_name()?.to_string_lossy().into_owned();
    Some((language, folder, name))
}

/// Refuses a folder that the language could not import.
fn no_package(matches: &ArgMatches) -> Option<String> {
    let (language, _, name) = package(matches)?;
    let out = argument::text(matches, "out");
    let suggested = language.importable_name(&name)?;
    Some(format!(
        "found `--out {out}`, whose last part names the package, and which {language} cannot import, expected a name of letters, digits and `_`; nothing was written. Name the folder `{suggested}`, for example"
    ))
}

/// Refuses a folder that takes the name of a module of the language's own. In a package it is another name.
fn hides_module(matches: &ArgMatches) -> Option<String> {
    let (language, folder, name) = package(matches)?;
    let out = argument::text(matches, "out");
    let suggested = language.unhiding_name(&name)?;
    let is_in_package = folder.with_file_name("__init__.py").is_file();
    (!is_in_package).then(|| {
        format!(
            "found `--out {out}`, whose last part names the package, and which would hide `{name}` of {language}'s standard library from the programs beside it, expected a name that {language} does not use; nothing was written. Name the folder `{suggested}`, for example"
        )
    })
}

/// Returns the part of a command that repeats the choice of a language and a folder.
fn repeated(matches: &ArgMatches) -> String {
    match argument::text(matches, "lang") {
        "rust" => String::new(),
        lang => format!(" --lang {lang} --out {}", argument::text(matches, "out")),
    }
}

/// Returns the changes of a new crate, whose manifest was begun without its features.
fn with_new_manifest(changes: &Changes) -> Changes {
    let changes = changes.as_slice().iter().cloned();
    let changes = changes.map(|change| match change {
        Change::Modified { path, .. } if path == Path::new(MANIFEST) => Change::Added(path),
        change => change,
    });
    changes.collect::<Vec<_>>().into()
}

/// Manifest of a new crate of bindings.
const STARTER: &str = concat!(
    r#"[package]
name = "models"
version = "0.1.0"
edition = "2024"
publish = false

[features]
# `clap::ValueEnum` for every enum, so that a flag can have its type.
clap = ["runcomfy/clap"]
# `schemars::JsonSchema` for every input.
schemars = ["runcomfy/schemars"]
# @generated features, made from the schemas by runcomfy-codegen; do not edit.
# @end of the generated features

[dependencies]
runcomfy = { version = ""#,
    env!("CARGO_PKG_VERSION_MAJOR"),
    ".",
    env!("CARGO_PKG_VERSION_MINOR"),
    r#"", default-features = false }
"#
);

/// Returns `true` if the bindings go to a folder that does not exist yet and get a crate of their own:
/// nobody has said where they belong or what they depend on.
fn starts_crate(matches: &ArgMatches) -> bool {
    let is_given = |name: &str| matches.get_one::<String>(name).is_some();
    argument::text(matches, "lang") == "rust"
        && argument::text(matches, "out") == OUT
        && !is_given("manifest")
        && !is_given("support")
        && !matches.get_flag("one-file")
        && !Path::new(MANIFEST).exists()
        && !Path::new(OUT).exists()
}

pub(crate) fn check(matches: &ArgMatches) -> Result<ExitCode, Error> {
    if let Some(refusal) = refusal(matches) {
        eprintln!("error: {refusal}");
        return Ok(ExitCode::from(exit_code::USAGE));
    }
    let quiet = matches.get_flag("quiet");
    let generated = files_of(matches)?;
    let changes = generated.check()?;
    if !quiet {
        note_warnings(&generated);
    }
    if changes.is_empty() {
        if !quiet {
            print_line(format_args!(
                "up to date with the schemas: {} files",
                generated.files().count()
            ));
        }
        return Ok(ExitCode::SUCCESS);
    }
    if is_built_each_time(matches) {
        if !quiet {
            print_line(format_args!(
                "the schemas of {} models are valid; nothing is committed, since each build of this package generates the bindings",
                generated.model_count()
            ));
        }
        return Ok(ExitCode::SUCCESS);
    }
    if !quiet {
        print_line(format_args!("{changes}"));
    }
    let stale = count(changes.as_slice().len(), "out of date with the schemas");
    let rest = repeated(matches);
    eprintln!("{stale}; run `runcomfy-codegen generate{rest}` and commit the result");
    Ok(ExitCode::FAILURE)
}

/// Returns `true` if the package in the working directory generates its bindings at each build, by its
/// `build.rs` or by the macro, and no folder of committed ones is named or there.
fn is_built_each_time(matches: &ArgMatches) -> bool {
    let is_named = matches.value_source("out") != Some(ValueSource::DefaultValue);
    if is_named || Path::new(argument::text(matches, "out")).exists() {
        return false;
    }
    let read = |file: &str| std::fs::read_to_string(file).unwrap_or_default();
    let (script, manifest) = (read("build.rs"), read("Cargo.toml"));
    if script.contains("runcomfy_codegen") {
        // With either of these the code is in the tree.
        return !script.contains("build_script_in_tree") && !script.contains("out_dir(");
    }
    manifest.contains("runcomfy-macros")
}

pub(crate) fn lint(matches: &ArgMatches) -> Result<ExitCode, Error> {
    let (mut diagnostics, error) = match builder(matches).generate() {
        Ok(generated) => (generated.warnings().to_vec(), None),
        Err(error) => (error.diagnostics().to_vec(), Some(error)),
    };
    if let Some(error) = error.filter(|_| diagnostics.is_empty()) {
        return Err(error.into());
    }
    let errors = diagnostics.iter().filter(|d| d.is_error()).count();
    let summary = format!("errors: {errors}, warnings: {}", diagnostics.len() - errors);
    match Format::from_matches(matches) {
        _ if matches.get_flag("quiet") => {
            diagnostics.retain(Diagnostic::is_error);
            if errors > 0 {
                print_line(Diagnostic::report(&diagnostics).trim_end());
            }
        }
        Format::Json => {
            let list = diagnostics.iter().map(Diagnostic::to_json);
            print_line(list.collect::<Value>());
        }
        Format::Github => print_line(annotations(&diagnostics) + &summary),
        Format::Human => print_line(Diagnostic::report(&diagnostics) + &summary),
    }
    Ok(if errors == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(exit_code::DATA)
    })
}

/// Counts the warnings in one line. They are about the service's schemas, which most users can only
/// take as they are.
fn note_warnings(generated: &Generated) {
    let (number, noun) = match generated.warnings().len() {
        0 => return,
        1 => (1, "warning"),
        number => (number, "warnings"),
    };
    eprintln!("note: {number} {noun} about the schemas; `runcomfy-codegen lint` prints them");
}

fn count(files: usize, what: &str) -> String {
    format!("{files} file{} {what}", if files == 1 { "" } else { "s" })
}

//! Arguments that several commands take.

use std::path::Path;

use clap::{Arg, ArgAction, ArgMatches, ValueHint};
use runcomfy_codegen::{Builder, Layout};

/// Folder of the generated code, unless another is given.
pub(crate) const OUT: &str = "generated/src";
/// Manifest of the crate in that folder.
pub(crate) const MANIFEST: &str = "generated/Cargo.toml";

/// Returns a flag without a value.
pub(crate) fn switch(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .action(ArgAction::SetTrue)
        .help(help)
}

pub(crate) fn quiet() -> Arg {
    switch("quiet", "Print errors only; the exit code says the rest").short('q')
}

pub(crate) fn schemas() -> Arg {
    Arg::new("schemas")
        .long("schemas")
        .value_name("DIR")
        .default_value("schemas")
        .value_hint(ValueHint::DirPath)
        .help("Folder of the schema files")
}

pub(crate) fn models() -> Arg {
    Arg::new("models")
        .long("models")
        .value_name("GLOB")
        .action(ArgAction::Append)
        .help("Only models whose ids match, such as \"bytedance/**\"; may be repeated")
}

/// Returns the arguments of commands that generate.
pub(crate) fn generator() -> [Arg; 6] {
    let option = |name: &'static str, value, hint| {
        Arg::new(name).long(name).value_name(value).value_hint(hint)
    };
    [
        schemas(),
        models(),
        option("out", "DIR", ValueHint::DirPath)
            .default_value(OUT)
            .help("Folder of the generated code"),
        option("support", "PATH", ValueHint::Other)
            .help("Rust path of the crate that the code uses [default: ::runcomfy]"),
        option("manifest", "FILE", ValueHint::FilePath).help(
            "Cargo.toml for the models' features [default: generated/Cargo.toml, if it exists]",
        ),
        switch("one-file", "Write one models.rs instead of a tree of files"),
    ]
}

/// Returns the argument that chooses the language of the generated code.
pub(crate) fn language() -> Arg {
    Arg::new("lang")
        .long("lang")
        .value_name("LANG")
        .value_parser(["rust", "ts", "python"])
        .default_value("rust")
        .requires_ifs([("ts", "out"), ("python", "out")])
        .help("Language; ts and python have types alone, in a folder that is named with --out")
}

/// Returns the text of an argument that has a default or is required.
pub(crate) fn text<'a>(matches: &'a ArgMatches, name: &str) -> &'a str {
    matches.get_one::<String>(name).map_or("", |text| text)
}

pub(crate) fn texts(matches: &ArgMatches, name: &str) -> Vec<String> {
    matches
        .get_many::<String>(name)
        .map_or_else(Vec::new, |list| list.cloned().collect())
}

/// Returns a builder that reads the schemas, without the settings of generated code.
pub(crate) fn reader(matches: &ArgMatches) -> Builder {
    let builder = Builder::new().schemas(text(matches, "schemas"));
    let models = texts(matches, "models");
    models.iter().fold(builder, Builder::models)
}

/// Returns a builder with the arguments of [`generator`].
pub(crate) fn builder(matches: &ArgMatches) -> Builder {
    let layout = if matches.get_flag("one-file") {
        Layout::OneFile
    } else {
        Layout::Tree
    };
    let out = text(matches, "out");
    let mut builder = reader(matches).out_dir(out).layout(layout);
    if let Some(path) = matches.get_one::<String>("support") {
        builder = builder.support(path);
    }
    let named = matches.get_one::<String>("manifest").map(String::as_str);
    let exists = out == OUT && Path::new(MANIFEST).is_file();
    match named.or(exists.then_some(MANIFEST)) {
        Some(path) => builder.manifest(path),
        None => builder,
    }
}

//! Parsing of the command line.

use std::path::Path;

use runcomfy_codegen::{Builder, Layout};

use super::diff::Format;

/// Holds the command, its own arguments, and the options.
pub(crate) struct Arguments {
    pub(crate) command: String,
    pub(crate) rest: Vec<String>,
    pub(crate) schemas: String,
    /// Options without a value that are given.
    flags: Vec<&'static str>,
    pub(crate) format: Format,
    out: String,
    support: Option<String>,
    pub(crate) models: Vec<String>,
    manifest: Option<String>,
}

/// Options without a value.
const FLAGS: [&str; 5] = [
    "--dry-run",
    "--fail-on-breaking",
    "--json",
    "--one-file",
    "--prune",
];

fn flag(name: &str) -> Option<&'static str> {
    FLAGS.into_iter().find(|flag| *flag == name)
}

impl Arguments {
    pub(crate) fn parse(arguments: &[String]) -> Result<Self, String> {
        let mut parsed = Self {
            command: String::new(),
            rest: Vec::new(),
            schemas: "schemas".into(),
            flags: Vec::new(),
            format: Format::Human,
            out: "generated/src".into(),
            support: None,
            models: Vec::new(),
            manifest: None,
        };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let (name, inline) = match argument.split_once('=') {
                Some((name, value)) if name.starts_with("--") => (name, Some(value.to_owned())),
                _ => (argument.as_str(), None),
            };
            let mut value = || {
                let value = inline.clone().or_else(|| arguments.next().cloned());
                value.ok_or_else(|| format!("`{name}` takes a value"))
            };
            match name {
                "--schemas" => parsed.schemas = value()?,
                "--out" => parsed.out = value()?,
                "--support" => parsed.support = Some(value()?),
                "--models" => parsed.models.push(value()?),
                "--manifest" => parsed.manifest = Some(value()?),
                "--format" => parsed.format = Format::parse(&value()?)?,
                _ if flag(name).is_some() => parsed.flags.extend(flag(name)),
                _ if name.starts_with("--") => return Err(format!("unknown option `{name}`")),
                _ if parsed.command.is_empty() => parsed.command.clone_from(argument),
                _ => parsed.rest.push(argument.clone()),
            }
        }
        if parsed.command.is_empty() {
            return Err("expected a command".into());
        }
        Ok(parsed)
    }

    /// Returns `true` if an option without a value is given, one of [`FLAGS`].
    pub(crate) fn has(&self, flag: &'static str) -> bool {
        debug_assert!(FLAGS.contains(&flag), "{flag}");
        self.flags.contains(&flag)
    }

    pub(crate) fn builder(&self) -> Builder {
        let layout = if self.has("--one-file") {
            Layout::OneFile
        } else {
            Layout::Tree
        };
        let mut builder = Builder::new()
            .schemas(&self.schemas)
            .out_dir(&self.out)
            .layout(layout);
        if let Some(path) = self.support.as_deref() {
            builder = builder.support(path);
        }
        if let Some(path) = self.manifest() {
            builder = builder.manifest(path);
        }
        self.models.iter().fold(builder, Builder::models)
    }

    /// Returns the manifest that is named, or else that of the default output folder if it exists.
    fn manifest(&self) -> Option<&str> {
        let default = "generated/Cargo.toml";
        let exists = self.out == "generated/src" && Path::new(default).is_file();
        self.manifest.as_deref().or(exists.then_some(default))
    }
}

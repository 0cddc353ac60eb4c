//! The command line, taken apart.

use runcomfy_codegen::{Builder, Layout};

/// The command, its own arguments, and the options that all commands share.
pub(crate) struct Arguments {
    pub(crate) command: String,
    pub(crate) rest: Vec<String>,
    pub(crate) schemas: String,
    pub(crate) json: bool,
    out: String,
    support: Option<String>,
    one_file: bool,
}

impl Arguments {
    pub(crate) fn parse(arguments: &[String]) -> Result<Self, String> {
        let mut parsed = Self {
            command: String::new(),
            rest: Vec::new(),
            schemas: "schemas".into(),
            json: false,
            out: "generated/src".into(),
            support: None,
            one_file: false,
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
                "--one-file" => parsed.one_file = true,
                "--json" => parsed.json = true,
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

    pub(crate) fn builder(&self) -> Builder {
        let layout = if self.one_file {
            Layout::OneFile
        } else {
            Layout::Tree
        };
        let builder = Builder::new()
            .schemas(&self.schemas)
            .out_dir(&self.out)
            .layout(layout);
        match &self.support {
            Some(path) => builder.support(path),
            None => builder,
        }
    }
}

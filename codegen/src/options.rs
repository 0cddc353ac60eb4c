//! Settings that shape the generated code: from the builder's calls, or from a file.

use std::collections::BTreeMap;
use std::path::Path;

use runcomfy_schema::{Code, ModelSchema, Schema, Severity};
use serde_json::{Map, Value};
use syn::parse::Parser;

use crate::{Diagnostic, Error, glob};

/// Name of the file with settings, beside the `Cargo.toml`.
pub(crate) const FILE: &str = "runcomfy-codegen.toml";

/// Settings that shape the generated code. Of two that set the same, the later decides.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    pub(crate) models: Vec<String>,
    pub(crate) exclude: Vec<String>,
    pub(crate) rename: Vec<(Target, String)>,
    pub(crate) replace: Vec<(Target, String)>,
    /// Attributes without `#[` and `]`.
    pub(crate) attributes: Vec<(Target, String)>,
    pub(crate) allow: Vec<(String, String)>,
    pub(crate) header: String,
    pub(crate) deny_warnings: bool,
}

/// Part of the models: `acme/stamp-2`, `acme/**#/prompt` or `acme/**#Input`.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    text: String,
}

impl Target {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into() }
    }

    /// Returns the pattern of models, and what is meant inside of them.
    fn parts(&self) -> (&str, Option<&str>) {
        match self.text.split_once('#') {
            Some((models, inside)) => (models, Some(inside)),
            None => (&self.text, None),
        }
    }

    /// Returns `true` for the property with this pointer, or the type with this name.
    fn is_inside(&self, model_id: &str, inside: &str) -> bool {
        let (models, pattern) = self.parts();
        let matches = |pattern: &str| {
            if inside.starts_with('/') {
                pattern == inside
            } else {
                glob::matches(pattern, inside)
            }
        };
        pattern.is_some_and(matches) && glob::matches(models, model_id)
    }

    /// Returns `true` if a property with the target's pointer is in one of the models.
    fn is_property_of(&self, models: &[ModelSchema]) -> bool {
        let (pattern, Some(pointer)) = self.parts() else {
            return false;
        };
        let mut chosen = models.iter().filter(|m| glob::matches(pattern, &m.id));
        chosen.any(|model| find(&model.input, pointer))
    }
}

/// Returns `true` if a pointer leads to a property or to the elements of one.
fn find(schema: &Schema, pointer: &str) -> bool {
    let mut schema = schema;
    for step in pointer.split('/').skip(1) {
        let name = step.replace("~1", "/").replace("~0", "~");
        let property = schema.properties().unwrap_or_default();
        let property = property.iter().find(|property| *property.name == *name);
        let items = schema.items().filter(|_| step == "*");
        match property.map(|property| &property.schema).or(items) {
            Some(inner) => schema = inner,
            None => return false,
        }
    }
    pointer.starts_with('/')
}

impl Options {
    /// Returns the name that a property is given, if it is given one.
    pub(crate) fn field(&self, model_id: &str, pointer: &str) -> Option<&str> {
        last(&self.rename, model_id, pointer)
    }

    /// Returns the Rust type that a property is given, if it is given one.
    pub(crate) fn replacement(&self, model_id: &str, pointer: &str) -> Option<&str> {
        last(&self.replace, model_id, pointer)
    }

    /// Returns the attributes that a type is given, a line for each.
    pub(crate) fn attributes(&self, model_id: &str, type_name: &str) -> String {
        let own = self.attributes.iter();
        let own = own.filter(|(target, _)| target.is_inside(model_id, type_name));
        let lines = own.map(|(_, attribute)| format!("#[{attribute}]\n"));
        lines.collect::<Vec<_>>().concat()
    }

    /// Returns the names that modules are given, by the parts of ids.
    pub(crate) fn modules(&self) -> BTreeMap<String, String> {
        let renames = self.rename.iter().filter(|(to, _)| to.parts().1.is_none());
        renames
            .map(|(to, name)| (to.text.clone(), name.clone()))
            .collect()
    }

    /// Removes the warnings that are allowed. If warnings are denied, the others become errors.
    pub(crate) fn judge(&self, mut warnings: Vec<Diagnostic>) -> Result<Vec<Diagnostic>, Error> {
        warnings.retain(|w| !self.allow.iter().any(|allowed| is_allowed(allowed, w)));
        if !self.deny_warnings || warnings.is_empty() {
            return Ok(warnings);
        }
        for warning in &mut warnings {
            warning.severity = Severity::Error;
        }
        Err(Error::schemas(warnings))
    }

    /// Checks the settings by themselves.
    ///
    /// # Errors
    /// Fails if a name, type or attribute is not Rust, or if a code is unknown.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let wrong = |setting: &str, given: &str, expected: &str| {
            Err(Error::setting(&format!(
                "`{setting}` is `{given}`, expected {expected}"
            )))
        };
        for (target, name) in &self.rename {
            if !is_name(name) {
                return wrong(
                    &format!("rename of {}", target.text),
                    name,
                    "a name of ASCII letters, digits and `_`",
                );
            }
        }
        for (target, path) in &self.replace {
            if syn::parse_str::<syn::Type>(path).is_err() || has_comment(path) {
                return wrong(&format!("replace of {}", target.text), path, "a Rust type");
            }
        }
        for (target, attribute) in &self.attributes {
            let attributes = |text: &str| syn::Attribute::parse_outer.parse_str(text);
            if attributes(&format!("#[{attribute}]")).is_err() {
                return wrong(
                    &format!("attribute of {}", target.text),
                    attribute,
                    "an attribute",
                );
            }
        }
        for (code, _) in &self.allow {
            if !Code::ALL.iter().any(|known| known.as_str() == code) {
                return wrong("allow", code, "the code of a diagnostic, such as `RC0031`");
            }
        }
        Ok(())
    }

    /// Returns the settings whose targets name this very model, without a pattern.
    pub(crate) fn of_one(&self, model_id: &str) -> Self {
        let own = |list: &[(Target, String)]| {
            let list = list.iter().filter(|(to, _)| to.parts().0 == model_id);
            list.cloned().collect()
        };
        Self {
            rename: own(&self.rename),
            replace: own(&self.replace),
            attributes: own(&self.attributes),
            ..Self::default()
        }
    }

    /// Checks that each setting has something to act on: one that has not is a slip.
    ///
    /// # Errors
    /// Fails with the first target that is not in the models.
    pub(crate) fn check_targets(&self, models: &[ModelSchema]) -> Result<(), Error> {
        for (target, _) in self.rename.iter().chain(&self.replace) {
            let is_known = match target.parts() {
                (part, None) => models.iter().any(|m| {
                    *m.id == *part || m.id.strip_prefix(part).is_some_and(|r| r.starts_with('/'))
                }),
                _ => target.is_property_of(models),
            };
            if !is_known {
                return Err(Error::setting(&format!(
                    "found nothing at `{}`, expected a model id or a property, such as `acme/stamp#/prompt`",
                    target.text
                )));
            }
        }
        for (target, attribute) in &self.attributes {
            let (pattern, inside) = target.parts();
            if inside.is_none() || !models.iter().any(|m| glob::matches(pattern, &m.id)) {
                return Err(Error::setting(&format!(
                    "found no type `{}` for `#[{attribute}]`, expected models and a type, such as `acme/**#Input`",
                    target.text
                )));
            }
        }
        Ok(())
    }

    /// Reads a file of settings.
    ///
    /// # Errors
    /// Fails if the file cannot be read, or has something that is not a setting.
    pub(crate) fn read(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(|e| Error::io("read", path, e))?;
        let parse = || {
            let file: Map<String, Value> =
                basic_toml::from_str(&text).map_err(|e| e.to_string())?;
            Self::from_members(&file)
        };
        parse().map_err(|why| Error::setting(&format!("{}: {why}", path.display())))
    }

    fn from_members(file: &Map<String, Value>) -> Result<Self, String> {
        let mut options = Self::default();
        for (name, value) in file {
            match name.as_str() {
                "models" => options.models = texts(name, value)?,
                "exclude" => options.exclude = texts(name, value)?,
                "header" => options.header = text(name, value)?,
                "deny-warnings" => {
                    let deny = value.as_bool();
                    options.deny_warnings =
                        deny.ok_or_else(|| format!("`{name}` is {value}, expected true or false"))?;
                }
                "rename" => options.rename = targets(name, value)?,
                "replace" => options.replace = targets(name, value)?,
                "derive" => {
                    let derives = targets(name, value)?.into_iter();
                    let derives = derives.map(|(target, path)| (target, derive(&path)));
                    options.attributes.extend(derives);
                }
                "attribute" => options.attributes.extend(targets(name, value)?),
                "allow" => {
                    let allowed = targets(name, value)?.into_iter();
                    options.allow = allowed.map(|(code, models)| (code.text, models)).collect();
                }
                other => {
                    return Err(format!(
                        "unknown setting `{other}`, expected one of models, exclude, header, deny-warnings, rename, replace, derive, attribute, allow"
                    ));
                }
            }
        }
        Ok(options)
    }

    /// Adds settings that decide where both set the same.
    pub(crate) fn extend(&mut self, later: &Self) {
        self.models.extend(later.models.iter().cloned());
        self.exclude.extend(later.exclude.iter().cloned());
        self.rename.extend(later.rename.iter().cloned());
        self.replace.extend(later.replace.iter().cloned());
        self.attributes.extend(later.attributes.iter().cloned());
        self.allow.extend(later.allow.iter().cloned());
        if !later.header.is_empty() {
            self.header.clone_from(&later.header);
        }
        self.deny_warnings |= later.deny_warnings;
    }

    /// Returns the header as lines of comments, with an empty line after them.
    pub(crate) fn header_lines(&self) -> String {
        let comment = |line: &str| match line.trim_end() {
            "" => "//\n".to_owned(),
            line if line.starts_with("//") => format!("{line}\n"),
            line => format!("// {line}\n"),
        };
        let lines: String = self.header.lines().map(comment).collect();
        if lines.is_empty() {
            lines
        } else {
            lines + "\n"
        }
    }
}

/// Returns the attribute that derives a trait.
pub(crate) fn derive(path: &str) -> String {
    format!("derive({path})")
}

fn last<'a>(list: &'a [(Target, String)], model_id: &str, inside: &str) -> Option<&'a str> {
    let mut matching = list.iter().rev();
    let found = matching.find(|(target, _)| target.is_inside(model_id, inside));
    found.map(|(_, value)| value.as_str())
}

fn is_allowed((code, models): &(String, String), warning: &Diagnostic) -> bool {
    let id = warning.path.trim_end_matches(".json");
    // The folder of the schemas is before the id.
    warning.code.as_str() == code
        && (glob::matches(models, id) || glob::matches(&format!("**/{models}"), id))
}

/// Returns `true` if Rust code has a comment, which could hide what the generator writes after it.
pub(crate) fn has_comment(code: &str) -> bool {
    code.contains("//") || code.contains("/*")
}

fn is_name(name: &str) -> bool {
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic());
    starts && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn text(name: &str, value: &Value) -> Result<String, String> {
    let text = value.as_str().map(str::to_owned);
    text.ok_or_else(|| format!("`{name}` is {value}, expected a string"))
}

/// Returns a list of strings, which may be written as one.
fn texts(name: &str, value: &Value) -> Result<Vec<String>, String> {
    match value {
        Value::Array(list) => list.iter().map(|value| text(name, value)).collect(),
        other => Ok(vec![text(name, other)?]),
    }
}

fn targets(name: &str, value: &Value) -> Result<Vec<(Target, String)>, String> {
    let Value::Object(table) = value else {
        return Err(format!("`{name}` is {value}, expected a table"));
    };
    let mut list = Vec::new();
    for (target, value) in table {
        let values = texts(&format!("{name}.{target}"), value)?;
        list.extend(values.into_iter().map(|value| (Target::new(target), value)));
    }
    Ok(list)
}

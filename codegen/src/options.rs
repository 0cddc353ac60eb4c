//! Settings that shape the generated code: from the builder's calls, or from a file.

use std::collections::BTreeMap;
use std::path::Path;

use runcomfy_schema::{Code, Literal, ModelSchema, Schema, Severity, matches_glob};
use serde_json::{Map, Value};

use crate::{Diagnostic, Error};

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
    /// `true` if setters of deprecated properties have the attribute.
    pub(crate) deprecated_attribute: bool,
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
                matches_glob(pattern, inside)
            }
        };
        pattern.is_some_and(matches) && matches_glob(models, model_id)
    }

    /// Returns `true` if a property with the target's pointer is in one of the models.
    fn is_property_of(&self, models: &[ModelSchema]) -> bool {
        self.is_in(models, |input, pointer| find(input, pointer).is_some())
    }

    /// Returns `true` if the target is a pointer, `=` and a member of the enum there.
    fn is_member_of(&self, models: &[ModelSchema]) -> bool {
        self.is_in(models, |input, inside| {
            let mut cuts = inside.match_indices('=').map(|(at, _)| inside.split_at(at));
            cuts.any(|(pointer, member)| {
                let members = find(input, pointer).and_then(Schema::choices);
                let mut members = members.unwrap_or_default().iter();
                members.any(|known| matches!(known, Literal::Text(text) if **text == member[1..]))
            })
        })
    }

    fn is_in(&self, models: &[ModelSchema], has: impl Fn(&Schema, &str) -> bool) -> bool {
        let (pattern, Some(inside)) = self.parts() else {
            return false;
        };
        let mut chosen = models.iter().filter(|m| matches_glob(pattern, &m.id));
        chosen.any(|model| has(&model.input, inside))
    }
}

/// Returns the schema of a property or of the elements of one, to which a pointer leads.
fn find<'a>(schema: &'a Schema, pointer: &str) -> Option<&'a Schema> {
    let mut schema = schema;
    for step in pointer.split('/').skip(1) {
        let name = step.replace("~1", "/").replace("~0", "~");
        let property = schema.properties().unwrap_or_default();
        let property = property.iter().find(|property| *property.name == *name);
        let items = schema.items().filter(|_| step == "*");
        schema = property.map(|property| &property.schema).or(items)?;
    }
    pointer.starts_with('/').then_some(schema)
}

impl Options {
    /// Returns the name that a property or, with `=` and its value, a member of an enum is given.
    pub(crate) fn name(&self, model_id: &str, pointer: &str) -> Option<&str> {
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
        self.weigh(&mut warnings);
        if warnings.iter().any(Diagnostic::is_error) {
            return Err(Error::schemas(warnings));
        }
        Ok(warnings)
    }

    /// Removes the warnings that are allowed, and makes errors of the others if warnings are denied.
    pub(crate) fn weigh(&self, diagnostics: &mut Vec<Diagnostic>) {
        let is_silent = |d: &Diagnostic| {
            !d.is_error() && self.allow.iter().any(|allowed| is_allowed(allowed, d))
        };
        diagnostics.retain(|d| !is_silent(d));
        if self.deny_warnings {
            for diagnostic in diagnostics {
                diagnostic.severity = Severity::Error;
            }
        }
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
            if syn::parse_str::<syn::Type>(path).is_err() {
                return wrong(&format!("replace of {}", target.text), path, "a Rust type");
            }
        }
        for (target, attribute) in &self.attributes {
            let item = format!("#[{attribute}] struct S;");
            if syn::parse_str::<syn::ItemStruct>(&item).is_err() {
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
        let renames = self.rename.iter().map(|(target, _)| (target, true));
        let replaces = self.replace.iter().map(|(target, _)| (target, false));
        for (target, is_rename) in renames.chain(replaces) {
            let is_known = match target.parts() {
                (_, Some(_)) if is_rename && target.is_member_of(models) => true,
                (part, None) => models.iter().any(|m| {
                    *m.id == *part || m.id.strip_prefix(part).is_some_and(|r| r.starts_with('/'))
                }),
                _ => target.is_property_of(models),
            };
            if !is_known {
                return Err(Error::setting(&format!(
                    "found nothing at `{}`, expected a model id, a property or a member of an enum, such as `acme/stamp#/prompt` or `acme/stamp#/mode=fast`",
                    target.text
                )));
            }
        }
        for (target, attribute) in &self.attributes {
            let (pattern, inside) = target.parts();
            if inside.is_none() || !models.iter().any(|m| matches_glob(pattern, &m.id)) {
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
                "deny-warnings" => options.deny_warnings = switch(name, value)?,
                "deprecated-attribute" => options.deprecated_attribute = switch(name, value)?,
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
                        "unknown setting `{other}`, expected one of models, exclude, header, deny-warnings, deprecated-attribute, rename, replace, derive, attribute, allow"
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
        self.deprecated_attribute |= later.deprecated_attribute;
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
        && (matches_glob(models, id) || matches_glob(&format!("**/{models}"), id))
}

fn is_name(name: &str) -> bool {
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic());
    starts && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn switch(name: &str, value: &Value) -> Result<bool, String> {
    let switch = value.as_bool();
    switch.ok_or_else(|| format!("`{name}` is {value}, expected true or false"))
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

//! Parser from JSON to a [`ModelSchema`] and its diagnostics.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::{
    Code, Diagnostic, Keyword, Kind, Location, MediaKind, ModelSchema, Schema, Severity, Shared,
    View,
};

mod keyword_order;
mod keywords;
mod message;
mod overlay;
mod parser;
mod ratio_range;
mod reasons;
mod references;
#[cfg(test)]
mod tests;

use keyword_order::{sorted, with, without};
use keywords::Keywords;
use parser::{MAX_DEPTH, Parser};
use reasons::reasons;

impl ModelSchema {
    /// Reads the JSON documents of one schema file, in any form in which a schema arrives:
    ///
    /// - a bare input schema, `{"type": "object", "properties": …}`;
    /// - a catalogue entry, `{"model_id": …, "input_schema": …, "output_schema"?: …}`;
    /// - two documents, input schema and `{"output": …}`, as a documentation page shows them.
    ///
    /// `id` is the model's id where the file's path tells it; an entry's own must agree with it.
    /// The schema is there only if no diagnostic is an error. The order of keys means nothing, and
    /// a keyword that is `null` is as good as left out.
    ///
    /// ```
    /// # use runcomfy_schema::ModelSchema;
    /// # use serde_json::json;
    /// let document = json!({
    ///     "type": "object",
    ///     "required": ["prompt"],
    ///     "properties": {
    ///         "prompt": {"type": "string", "maxLength": 800},
    ///         "scale": {"type": "float", "minimum": 0, "maximum": 1}
    ///     }
    /// });
    /// let (model, diagnostics) = ModelSchema::parse(Some("vendor/family/task"), &[document]);
    /// assert_eq!(diagnostics, []);
    ///
    /// let violations = model.unwrap().validate(&json!({"scale": 7, "promt": "A boat"}));
    /// assert!(violations.refuse());
    /// assert_eq!(
    ///     violations.to_string(),
    ///     "/prompt: found nothing, expected a string of at most 800 characters\n\
    ///      /scale: found 7, expected a number in 0..=1\n\
    ///      /promt: found a property that the schema does not know, expected one of prompt, scale; \
    ///      did you mean `prompt`?"
    /// );
    /// ```
    #[must_use]
    pub fn parse(id: Option<&str>, documents: &[Value]) -> (Option<Self>, Vec<Diagnostic>) {
        Parser::new(false).parse(id, documents)
    }

    /// Reads the JSON documents of one schema file as [`parse`](Self::parse) does, for use at run
    /// time: a keyword that cannot be read is left out with a warning, and the rest is checked.
    ///
    /// `parse` is for whoever can fix the file. A program that only uses the schema of a service
    /// checks what it can.
    ///
    /// ```
    /// # use runcomfy_schema::ModelSchema;
    /// # use serde_json::json;
    /// let document = json!({"properties": {
    ///     "scale": {"type": "float", "minimum": "0", "maximum": 1}
    /// }});
    /// let id = Some("vendor/family/task");
    /// assert!(ModelSchema::parse(id, &[document.clone()]).0.is_none());
    ///
    /// let (model, warnings) = ModelSchema::parse_lenient(id, &[document]);
    /// assert_eq!(warnings[0].pointer, "/properties/scale/minimum");
    /// assert!(model.unwrap().validate(&json!({"scale": 7})).refuse());
    /// ```
    #[must_use]
    pub fn parse_lenient(id: Option<&str>, documents: &[Value]) -> (Option<Self>, Vec<Diagnostic>) {
        Parser::new(true).parse(id, documents)
    }
}

impl<'a> Parser<'a> {
    fn parse(
        mut self,
        id: Option<&str>,
        documents: &'a [Value],
    ) -> (Option<ModelSchema>, Vec<Diagnostic>) {
        let model = self.model(id, documents);
        let failed = |d: &Diagnostic| d.severity == Severity::Error;
        let model = model.filter(|_| !self.diagnostics.iter().any(failed));
        (model, self.diagnostics)
    }

    fn model(&mut self, id: Option<&str>, documents: &'a [Value]) -> Option<ModelSchema> {
        let [first, rest @ ..] = documents else {
            self.error(
                Code::Documents,
                "",
                Location::Value,
                "the file is empty",
                "write the model's schema into it",
            );
            return None;
        };
        let Value::Object(map) = first else {
            self.error(
                Code::NotASchema,
                "",
                Location::Value,
                "a schema is a JSON object",
                "write `{\"type\": \"object\", \"properties\": …}`",
            );
            return None;
        };
        let own_id = self.own_id(id, map);
        self.references.document = Some(first);
        let (input, output) = match map.get("input_schema") {
            Some(input) => {
                let input = self.root(input, "/input_schema");
                let output = map.get("output_schema").filter(|output| !output.is_null());
                (input, output.map(|o| self.output(o, "/output_schema")))
            }
            None => (self.root(first, ""), None),
        };
        let output = match rest {
            [] => output,
            [output] => {
                self.document = 1;
                self.references.document = Some(output);
                Some(self.output(output, ""))
            }
            [_, _, ..] => {
                self.document = 2;
                self.unusable(
                    Code::Documents,
                    "",
                    Location::Value,
                    "a third JSON document",
                    "a file holds one model: its input schema, then its output schema",
                );
                output
            }
        };
        Some(ModelSchema {
            id: own_id?.as_str().into(),
            input,
            output: output.map(Shared::from),
        })
    }

    fn own_id(&mut self, path_id: Option<&str>, map: &Map<String, Value>) -> Option<String> {
        let own = match map.get("model_id") {
            None => None,
            Some(Value::String(own)) => Some(own.as_str()),
            Some(_) => {
                self.error(
                    Code::ModelId,
                    "/model_id",
                    Location::Value,
                    "`model_id` is not a string",
                    "write the model's id, such as \"vendor/family/task\"",
                );
                return None;
            }
        };
        if own.is_some_and(|own| own.split('/').any(|part| matches!(part, "" | "." | ".."))) {
            self.error(
                Code::ModelId,
                "/model_id",
                Location::Value,
                "`model_id` is not names with slashes between them",
                "write the model's id, such as \"vendor/family/task\"",
            );
            return None;
        }
        match (path_id, own) {
            (Some(path), Some(own)) if path != own => {
                let message = format!(
                    "the file's path says that this is `{path}`, its `model_id` says `{own}`"
                );
                self.error(
                    Code::ModelId,
                    "/model_id",
                    Location::Value,
                    &message,
                    &format!(
                        "move the file to `{own}.json` below the schema folder, or correct the id"
                    ),
                );
                None
            }
            (None, None) => {
                self.error(
                    Code::ModelId,
                    "",
                    Location::Value,
                    "no model id",
                    "add \"model_id\", or place the file below the schema folder under the id",
                );
                None
            }
            (path, own) => own.or(path).map(str::to_owned),
        }
    }

    fn root(&mut self, value: &'a Value, at: &str) -> Schema {
        self.references.start(value, at);
        if !value.is_object() {
            let found = View::from(value).type_name();
            self.error(
                Code::NotASchema,
                at,
                Location::Value,
                &format!("a schema is an object, this is {found}"),
                "write `{\"type\": \"object\", \"properties\": …}`",
            );
            return empty();
        }
        let mut schema = without_title(&self.schema(value, at, 0));
        let named = schema.properties().is_some();
        let is_object = schema.kind == Kind::Object || (schema.kind == Kind::Any && named);
        if !is_object {
            self.error(
                Code::NoInputSchema,
                at,
                Location::Value,
                "this is not a model's input schema: it has no `properties`",
                "write `{\"type\": \"object\", \"properties\": {…}}`",
            );
        }
        schema.kind = Kind::Object;
        if !named {
            let mut keywords = schema.keywords.to_vec();
            keywords.push(Keyword::Properties(Vec::new().into()));
            schema.keywords = sorted(keywords);
        }
        schema
    }

    fn output(&mut self, value: &'a Value, at: &str) -> Schema {
        self.references.start(value, at);
        let wrapped = value.get("properties").is_none();
        without_title(&match value.get("output").filter(|_| wrapped) {
            Some(inner) => self.schema(inner, &format!("{at}/output"), 0),
            None => self.schema(value, at, 0),
        })
    }

    fn schema(&mut self, value: &Value, at: &str, depth: usize) -> Schema {
        let Value::Object(map) = value else {
            let found = View::from(value).type_name();
            self.unusable(
                Code::NotASchema,
                at,
                Location::Value,
                &format!("a schema is an object, this is {found}"),
                "write `{\"type\": …}`",
            );
            return empty();
        };
        if depth > MAX_DEPTH {
            self.too_deep(at);
            return empty();
        }
        let mut reader = Keywords {
            parser: self,
            map,
            at,
            list: Vec::new(),
            ruled: HashMap::new(),
            depth,
        };
        let kind = reader.kind();
        reader.all();
        let mut schema = Schema {
            kind,
            keywords: reader.list.into(),
        };
        if let Some(Value::String(reference)) = map.get("$ref")
            && reference.starts_with('#')
        {
            schema = self.referenced(schema, reference, at, depth);
        }
        let written = levels_of_items(&schema);
        self.media(&schema, at);
        name_media_items(&mut schema);
        let levels = levels_of_items(&schema);
        if levels > written && depth + levels > MAX_DEPTH {
            self.too_deep(at);
            return empty();
        }
        self.constraints(&mut schema, at);
        let given = map.contains_key("properties") || map.contains_key("additionalProperties");
        let is_unnamed = schema.kind == Kind::Object && schema.properties().is_none();
        if is_unnamed && depth > 0 && !given {
            self.warn(
                Code::UnnamedObject,
                at,
                Location::Key,
                "an object without `properties`: anything is taken in it, and nothing is checked",
                "name its properties, or write `\"additionalProperties\": true`",
            );
        }
        schema
    }

    /// Reports keywords of one schema that contradict each other, and leaves them out: they would
    /// refuse every value.
    fn constraints(&mut self, schema: &mut Schema, at: &str) {
        self.range(schema, at);
        self.description(schema, at);
        if let (Some(min), Some(max)) = schema.length()
            && min > max
        {
            self.sizes(at, "text", ("minLength", min), ("maxLength", max));
            *schema = without(schema, |keyword| {
                matches!(keyword, Keyword::MinLength(_) | Keyword::MaxLength(_))
            });
        }
        if let (Some(min), Some(max)) = schema.count()
            && min > max
        {
            self.sizes(at, "array", ("minItems", min), ("maxItems", max));
            *schema = without(schema, |keyword| {
                matches!(keyword, Keyword::MinItems(_) | Keyword::MaxItems(_))
            });
        }
        let others = without(schema, |keyword| matches!(keyword, Keyword::Enum(_)));
        for (i, member) in schema.choices().unwrap_or_default().iter().enumerate() {
            let violations = others.validate(&member.to_value());
            if violations.refuse() {
                self.warn(
                    Code::ImpossibleMember,
                    &format!("{at}/enum/{i}"),
                    Location::Value,
                    &format!("{member} can never be taken: {}", reasons(&violations)),
                    "correct the member or the constraint",
                );
            }
        }
    }

    /// Reports a description that allows what a rule refuses.
    fn description(&mut self, schema: &Schema, at: &str) {
        let description = schema.description().unwrap_or_default();
        let found = schema
            .rules()
            .find_map(|rule| Some((ratio_range::beyond(description, rule)?, rule)));
        if let Some((range, rule)) = found {
            self.warn(
                Code::RuleMessage,
                &format!("{at}/description"),
                Location::Value,
                &format!(
                    "the description allows “{range}”, both ends included, the rule is `{rule}`"
                ),
                "the rule decides; correct one of them",
            );
        }
    }

    /// Reports an array whose format and whose items name different media.
    fn media(&mut self, schema: &Schema, at: &str) {
        let of = |schema: &Schema| schema.format().and_then(MediaKind::from_format);
        let items = schema.items();
        let (Some(own), Some(other)) = (of(schema), items.and_then(of)) else {
            return;
        };
        if own != other {
            let (own, other) = (own.as_str(), other.as_str());
            self.warn(
                Code::MediaFormats,
                &format!("{at}/format"),
                Location::Value,
                &format!(
                    "the format is of {own}s, that of the items of {other}s: the items decide"
                ),
                "name the same medium in both",
            );
        }
    }

    fn sizes(&mut self, at: &str, noun: &str, min: (&str, u64), max: (&str, u64)) {
        let ((min_name, min), (max_name, max)) = (min, max);
        self.warn(
            Code::Contradiction,
            &format!("{at}/{max_name}"),
            Location::Value,
            &format!(
                "no {noun} fits: `{min_name}` is {min} and `{max_name}` is {max}; neither is checked"
            ),
            &format!("make `{max_name}` at least {min}"),
        );
    }

    /// Reports a range that holds no number, or none that the type and the step allow, and leaves it
    /// or the step out.
    fn range(&mut self, schema: &mut Schema, at: &str) {
        let bounds = schema.bounds();
        let step = schema.step();
        let noun = match schema.kind {
            _ if bounds.is_empty() => "number",
            Kind::Integer if bounds.is_without_integer(None) => "integer",
            Kind::Integer if step.is_some() && bounds.is_without_integer(step) => "integer",
            Kind::Number if step.is_some_and(|step| bounds.is_without_multiple(step)) => "number",
            _ => return,
        };
        let by_step = match schema.kind {
            Kind::Integer => !bounds.is_without_integer(None),
            _ => !bounds.is_empty(),
        };
        if let (true, Some(step)) = (by_step, step) {
            self.warn(
                Code::Contradiction,
                &format!("{at}/multipleOf"),
                Location::Value,
                &format!(
                    "no {noun}{} is a multiple of {step}; the step is not checked",
                    bounds.after_noun()
                ),
                "make the step smaller, or the range wider",
            );
            *schema = without(schema, |keyword| matches!(keyword, Keyword::MultipleOf(_)));
            return;
        }
        let (key, help) = match (bounds.lower, bounds.upper) {
            (_, Some((_, false))) => ("exclusiveMaximum", "larger, or the lower bound smaller"),
            (_, Some(_)) => ("maximum", "larger, or the lower bound smaller"),
            (Some((_, false)), _) => ("exclusiveMinimum", "one of 64 bits"),
            _ => ("minimum", "one of 64 bits"),
        };
        self.warn(
            Code::Contradiction,
            &format!("{at}/{key}"),
            Location::Value,
            &format!(
                "no {noun} is{}; the range is not checked",
                bounds.after_noun()
            ),
            &format!("make `{key}` {help}"),
        );
        *schema = without(schema, Keyword::is_bound);
        // The step alone may have contradicted nothing.
        self.range(schema, at);
    }
}

/// Returns the schema that allows everything.
fn empty() -> Schema {
    Schema {
        kind: Kind::Any,
        keywords: Vec::new().into(),
    }
}

/// The title of a whole input or output is the page's heading in the page's language, not the
/// model's.
fn without_title(schema: &Schema) -> Schema {
    without(schema, |keyword| matches!(keyword, Keyword::Title(_)))
}

/// The three ways to say "an array of URLs" (`image_uris` on the array, with or without `items`,
/// or `image_uri` on the items) come to one: the format stands on the items, and where those are
/// arrays, on theirs. So a schema that was read and written is read as itself again.
fn name_media_items(schema: &mut Schema) {
    let media = schema.format().and_then(MediaKind::from_format);
    let (Kind::Array, Some(media)) = (schema.kind, media) else {
        return;
    };
    let items = match schema.items() {
        // The nearer word decides.
        Some(items) if items.media().is_some() => items.clone(),
        Some(items) => {
            let format = Keyword::Format(media.item_format().into());
            let typed = |k: &Keyword| matches!(k, Keyword::Unknown(name, _) if &**name == "type");
            let untyped = items.kind == Kind::Any && !items.keywords.iter().any(typed);
            let mut items = Schema {
                kind: if untyped { Kind::String } else { items.kind },
                keywords: with(items, format),
            };
            name_media_items(&mut items);
            items
        }
        None => Schema {
            kind: Kind::String,
            keywords: vec![Keyword::Format(media.item_format().into())].into(),
        },
    };
    let bare = without(schema, |keyword| matches!(keyword, Keyword::Format(_)));
    schema.keywords = with(&bare, Keyword::Items(items.into()));
}

/// Returns the number of schemas below this one, each the items of the one before.
fn levels_of_items(schema: &Schema) -> usize {
    std::iter::successors(schema.items(), |items| items.items()).count()
}

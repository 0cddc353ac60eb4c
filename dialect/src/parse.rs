//! From JSON to a [`ModelSchema`], with everything that is wrong named on the way.

use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::{
    Constraint, Keyword, Kind, List, Literal, MediaKind, ModelSchema, Number, Path, Place, Problem,
    Property, Quantity, Rule, Schema, Severity, Shared, View, Violation, Violations, nearest,
};

#[cfg(test)]
mod tests;

/// Deeper nesting than any real schema has; a limit keeps every later walk shallow.
const DEEPEST: usize = 32;

/// The keywords that the dialect knows.
const KEYWORDS: [&str; 20] = [
    "type",
    "title",
    "description",
    "default",
    "enum",
    "format",
    "minimum",
    "maximum",
    "minItems",
    "maxItems",
    "items",
    "maxLength",
    "minLength",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "additionalProperties",
    "required",
    "properties",
    "validations",
];

/// The members of an entry of `validations`.
const RULE_MEMBERS: [&str; 3] = ["validation_rule", "validation_value", "validation_error"];

impl ModelSchema {
    /// Reads the JSON documents of one schema file, in any form in which a schema arrives:
    ///
    /// - a bare input schema, `{"type": "object", "properties": …}`;
    /// - a catalogue entry, `{"model_id": …, "input_schema": …, "output_schema"?: …}`;
    /// - two documents, input schema and `{"output": …}`, as a documentation page shows them.
    ///
    /// `id` is the model's id where the file's path tells it; an entry's own must agree with it.
    /// The schema is there only if no problem is an error. The order of keys means nothing, and
    /// a keyword that is `null` is as good as left out.
    ///
    /// ```
    /// # use runcomfy_dialect::ModelSchema;
    /// # use serde_json::json;
    /// let document = json!({
    ///     "type": "object",
    ///     "required": ["prompt"],
    ///     "properties": {
    ///         "prompt": {"type": "string", "maxLength": 800},
    ///         "scale": {"type": "float", "minimum": 0, "maximum": 1}
    ///     }
    /// });
    /// let (model, problems) = ModelSchema::parse(Some("vendor/family/task"), &[document]);
    /// assert_eq!(problems, []);
    ///
    /// let violations = model.unwrap().validate(&json!({"scale": 7, "promt": "A boat"}));
    /// assert!(violations.refuse());
    /// assert_eq!(
    ///     violations.to_string(),
    ///     "/prompt: found nothing, expected a string of at most 800 characters\n\
    ///      /scale: found 7, expected a number in 0..1\n\
    ///      /promt: found a property that the schema does not know, expected one of prompt, scale; \
    ///      did you mean `prompt`?"
    /// );
    /// ```
    #[must_use]
    pub fn parse(id: Option<&str>, documents: &[Value]) -> (Option<Self>, Vec<Problem>) {
        let mut parser = Parser::default();
        let model = parser.model(id, documents);
        let failed = parser
            .problems
            .iter()
            .any(|p| p.severity == Severity::Error);
        (model.filter(|_| !failed), parser.problems)
    }
}

#[derive(Default)]
struct Parser {
    problems: Vec<Problem>,
    document: usize,
}

impl Parser {
    fn model(&mut self, id: Option<&str>, documents: &[Value]) -> Option<ModelSchema> {
        let [first, rest @ ..] = documents else {
            self.error(
                "",
                Place::Value,
                "the file is empty",
                "write the model's schema into it",
            );
            return None;
        };
        let Value::Object(map) = first else {
            self.error(
                "",
                Place::Value,
                "a schema is a JSON object",
                "write `{\"type\": \"object\", \"properties\": …}`",
            );
            return None;
        };
        let own_id = self.own_id(id, map);
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
                Some(self.output(output, ""))
            }
            [_, _, ..] => {
                self.document = 2;
                self.error(
                    "",
                    Place::Value,
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
                    "/model_id",
                    Place::Value,
                    "`model_id` is not a string",
                    "write the model's id, such as \"vendor/family/task\"",
                );
                return None;
            }
        };
        if own.is_some_and(|own| own.split('/').any(|part| matches!(part, "" | "." | ".."))) {
            self.error(
                "/model_id",
                Place::Value,
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
                    "/model_id",
                    Place::Value,
                    &message,
                    &format!(
                        "move the file to `{own}.json` below the schema folder, or correct the id"
                    ),
                );
                None
            }
            (None, None) => {
                self.error(
                    "",
                    Place::Value,
                    "no model id",
                    "add \"model_id\", or place the file below the schema folder under the id",
                );
                None
            }
            (path, own) => own.or(path).map(str::to_owned),
        }
    }

    fn root(&mut self, value: &Value, at: &str) -> Schema {
        let mut schema = without_title(&self.schema(value, at, 0));
        let named = schema.properties().is_some();
        let is_object = schema.kind == Kind::Object || (schema.kind == Kind::Any && named);
        if value.is_object() && !is_object {
            self.error(
                at,
                Place::Value,
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

    fn output(&mut self, value: &Value, at: &str) -> Schema {
        let wrapped = value.get("properties").is_none();
        without_title(&match value.get("output").filter(|_| wrapped) {
            Some(inner) => self.schema(inner, &format!("{at}/output"), 0),
            None => self.schema(value, at, 0),
        })
    }

    fn schema(&mut self, value: &Value, at: &str, depth: usize) -> Schema {
        let empty = Schema {
            kind: Kind::Any,
            keywords: Vec::new().into(),
        };
        let Value::Object(map) = value else {
            let found = View::from(value).type_name();
            self.error(
                at,
                Place::Value,
                &format!("a schema is an object, this is {found}"),
                "write `{\"type\": …}`",
            );
            return empty;
        };
        if depth > DEEPEST {
            self.error(
                at,
                Place::Value,
                &format!("nested deeper than {DEEPEST} levels"),
                "flatten the schema",
            );
            return empty;
        }
        let mut reader = Keywords {
            parser: self,
            map,
            at,
            list: Vec::new(),
            depth,
        };
        let kind = reader.kind();
        reader.all();
        let mut schema = Schema {
            kind,
            keywords: reader.list.into(),
        };
        name_media_items(&mut schema);
        self.constraints(&schema, at);
        schema
    }

    /// What is wrong between the keywords of one schema.
    fn constraints(&mut self, schema: &Schema, at: &str) {
        let bounds = schema.bounds();
        if bounds.is_empty() {
            let key = match bounds.upper {
                Some((_, false)) => "exclusiveMaximum",
                _ => "maximum",
            };
            self.error(
                &format!("{at}/{key}"),
                Place::Value,
                &format!("no number is{}", bounds.after_noun()),
                &format!("make `{key}` larger, or the lower bound smaller"),
            );
        }
        for (least, most, noun, limits) in [
            ("minLength", "maxLength", "text", schema.length()),
            ("minItems", "maxItems", "array", schema.count()),
        ] {
            if let (Some(a), Some(b)) = limits
                && a > b
            {
                self.error(
                    &format!("{at}/{most}"),
                    Place::Value,
                    &format!("no {noun} fits: `{least}` is {a} and `{most}` is {b}"),
                    &format!("make `{most}` at least {a}"),
                );
            }
        }
        let others = without(schema, |keyword| matches!(keyword, Keyword::Enum(_)));
        for (i, member) in schema.choices().unwrap_or_default().iter().enumerate() {
            let violations = others.validate(&member.to_value());
            if violations.refuse() {
                self.warn(
                    &format!("{at}/enum/{i}"),
                    Place::Value,
                    &format!("{member} can never be taken: {}", reasons(&violations)),
                    "correct the member or the constraint",
                );
            }
        }
    }

    fn problem(&mut self, severity: Severity, at: &str, place: Place, message: &str, help: &str) {
        self.problems.push(Problem {
            severity,
            document: self.document,
            pointer: at.to_owned(),
            place,
            message: message.to_owned(),
            help: help.to_owned(),
        });
    }

    fn error(&mut self, at: &str, place: Place, message: &str, help: &str) {
        self.problem(Severity::Error, at, place, message, help);
    }

    fn warn(&mut self, at: &str, place: Place, message: &str, help: &str) {
        self.problem(Severity::Warning, at, place, message, help);
    }
}

/// What is wrong with a value inside a schema, in one line.
fn reasons(violations: &Violations) -> String {
    let one = |v: &Violation| match &*v.pointer {
        "" => format!("found {}, expected {}", v.found, v.expected),
        at => format!("{at}: found {}, expected {}", v.found, v.expected),
    };
    violations.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// The title of a whole input or output is the page's heading in the page's language, not the
/// model's.
fn without_title(schema: &Schema) -> Schema {
    without(schema, |keyword| matches!(keyword, Keyword::Title(_)))
}

fn without(schema: &Schema, unwanted: fn(&Keyword) -> bool) -> Schema {
    let keywords = schema.keywords.iter();
    let others: Vec<Keyword> = keywords
        .filter(|keyword| !unwanted(keyword))
        .cloned()
        .collect();
    Schema {
        kind: schema.kind,
        keywords: others.into(),
    }
}

/// The three ways to say "an array of URLs" (`image_uris` on the array, with or without `items`,
/// or `image_uri` on the items) come to one: the format stands on the items.
fn name_media_items(schema: &mut Schema) {
    let media = schema.format().and_then(MediaKind::of_format);
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
            Schema {
                kind: if untyped { Kind::String } else { items.kind },
                keywords: with(items, format),
            }
        }
        None => Schema {
            kind: Kind::String,
            keywords: vec![Keyword::Format(media.item_format().into())].into(),
        },
    };
    let bare = without(schema, |keyword| matches!(keyword, Keyword::Format(_)));
    schema.keywords = with(&bare, Keyword::Items(items.into()));
}

/// The schema's keywords with this one in the place of any of its kind.
fn with(schema: &Schema, keyword: Keyword) -> List<Keyword> {
    let same = |other: &Keyword| std::mem::discriminant(other) == std::mem::discriminant(&keyword);
    let keywords = schema.keywords.iter();
    let mut list: Vec<Keyword> = keywords.filter(|other| !same(other)).cloned().collect();
    list.push(keyword);
    sorted(list)
}

fn sorted(mut keywords: Vec<Keyword>) -> List<Keyword> {
    keywords.sort_by_cached_key(Keyword::rank);
    keywords.into()
}

/// Reads the keywords of one schema object.
struct Keywords<'p, 'a> {
    parser: &'p mut Parser,
    map: &'a Map<String, Value>,
    at: &'a str,
    list: Vec<Keyword>,
    depth: usize,
}

impl<'a> Keywords<'_, 'a> {
    /// The keyword's value; one that is `null` is as good as left out.
    fn given(&self, name: &str) -> Option<&'a Value> {
        self.map.get(name).filter(|value| !value.is_null())
    }

    fn kind(&mut self) -> Kind {
        let at = format!("{}/type", self.at);
        match self.given("type") {
            None if self.given("properties").is_some() => Kind::Object,
            None => Kind::Any,
            Some(Value::String(name)) => match name.as_str() {
                "string" => Kind::String,
                "integer" => Kind::Integer,
                "number" | "float" => Kind::Number,
                "boolean" => Kind::Boolean,
                "array" => Kind::Array,
                "object" => Kind::Object,
                other => {
                    self.list
                        .push(Keyword::Unknown("type".into(), Literal::Text(other.into())));
                    let known = [
                        "string", "integer", "number", "float", "boolean", "array", "object",
                    ];
                    let hint =
                        nearest(other, known).map(|near| format!("; did you mean `{near}`?"));
                    let help =
                        format!("known are {}{}", known.join(", "), hint.unwrap_or_default());
                    self.parser.warn(
                        &at,
                        Place::Value,
                        &format!("unknown type `{other}`: kept, not checked"),
                        &help,
                    );
                    Kind::Any
                }
            },
            Some(other) => {
                self.list
                    .push(Keyword::Unknown("type".into(), other.into()));
                self.parser.warn(
                    &at,
                    Place::Value,
                    "a type that is not one name: kept, not checked",
                    "write one of string, integer, number, float, boolean, array, object",
                );
                Kind::Any
            }
        }
    }

    fn all(&mut self) {
        for (name, value) in self.map {
            let at = format!("{}{}", self.at, Path::ROOT.member(name));
            match name.as_str() {
                "type" | "required" => {}
                // Told apart by now, and no keyword.
                "model_id" if self.at.is_empty() => {}
                name if value.is_null() && KEYWORDS.contains(&name) => {}
                "title" => self.text(value, &at, Keyword::Title),
                "description" => self.text(value, &at, Keyword::Description),
                "format" => self.format(value, &at),
                "default" => self.list.push(Keyword::Default(value.into())),
                "enum" => self.choices(value, &at),
                "minimum" => self.number(value, &at, Keyword::Minimum),
                "maximum" => self.number(value, &at, Keyword::Maximum),
                "exclusiveMinimum" => self.number(value, &at, Keyword::ExclusiveMinimum),
                "exclusiveMaximum" => self.number(value, &at, Keyword::ExclusiveMaximum),
                "multipleOf" => self.step(value, &at),
                "minLength" => self.size(value, &at, Keyword::MinLength),
                "maxLength" => self.size(value, &at, Keyword::MaxLength),
                "minItems" => self.size(value, &at, Keyword::MinItems),
                "maxItems" => self.size(value, &at, Keyword::MaxItems),
                "items" => {
                    let items = self.parser.schema(value, &at, self.depth + 1);
                    self.list.push(Keyword::Items(items.into()));
                }
                "properties" => self.properties(value, &at),
                "additionalProperties" => self.additional(value, &at),
                "validations" => self.rules(value, &at),
                _ => self.unknown(name, value, &at),
            }
        }
        self.required();
        self.list.sort_by_cached_key(Keyword::rank);
    }

    fn text(&mut self, value: &Value, at: &str, keyword: fn(crate::Text) -> Keyword) {
        match value {
            Value::String(text) if text.is_empty() => {}
            Value::String(text) => self.list.push(keyword(text.as_str().into())),
            _ => self.wrong(value, at, "a string"),
        }
    }

    fn format(&mut self, value: &Value, at: &str) {
        self.text(value, at, Keyword::Format);
        let known = |format: &str| {
            MediaKind::of_format(format).is_some() || format == "uri" || format.is_empty()
        };
        if let Value::String(format) = value
            && !known(format)
        {
            let message = format!("unknown format `{format}`: kept, not checked");
            self.parser.warn(
                at,
                Place::Value,
                &message,
                "known are image_uri, video_uri, audio_uri, their plurals on arrays, and uri",
            );
        }
    }

    fn number(&mut self, value: &Value, at: &str, keyword: fn(Number) -> Keyword) {
        match value {
            Value::Number(number) => self.list.push(keyword(number.into())),
            _ => self.wrong(value, at, "a number"),
        }
    }

    fn step(&mut self, value: &Value, at: &str) {
        match value {
            Value::Number(number) if Number::from(number) > Number::Int(0) => {
                self.list.push(Keyword::MultipleOf(number.into()));
            }
            _ => self.wrong(value, at, "a number above 0"),
        }
    }

    fn additional(&mut self, value: &Value, at: &str) {
        match value {
            Value::Bool(open) => self.list.push(Keyword::AdditionalProperties(*open)),
            Value::Object(_) => {
                self.list.push(Keyword::AdditionalProperties(true));
                self.list.push(Keyword::Unknown(
                    "additionalProperties".into(),
                    value.into(),
                ));
                self.parser.warn(
                    at,
                    Place::Value,
                    "further properties are taken, and their schema is kept, not checked",
                    "write true or false, or name the properties",
                );
            }
            _ => self.wrong(value, at, "true, false or a schema"),
        }
    }

    fn size(&mut self, value: &Value, at: &str, keyword: fn(u64) -> Keyword) {
        let size = value.as_number().and_then(|n| Number::from(n).as_integer());
        match size.and_then(|n| u64::try_from(n).ok()) {
            Some(size) => self.list.push(keyword(size)),
            None => self.wrong(value, at, "a whole number, 0 or more"),
        }
    }

    fn choices(&mut self, value: &Value, at: &str) {
        let Value::Array(list) = value else {
            return self.wrong(value, at, "an array");
        };
        if list.is_empty() {
            self.parser.error(
                at,
                Place::Value,
                "an enum without members: no value would be valid",
                "list the members, or leave `enum` out",
            );
        }
        let members: Vec<Literal> = list.iter().map(Literal::from).collect();
        // Equal values have equal texts: numbers are whole or in their shortest digits, and
        // objects in the order of their names.
        let mut seen = HashSet::new();
        for (i, member) in members.iter().enumerate() {
            if !seen.insert(member.to_string()) {
                self.parser.error(
                    &format!("{at}/{i}"),
                    Place::Value,
                    &format!("{member} stands in the enum twice"),
                    "leave one of them out",
                );
            }
        }
        self.list.push(Keyword::Enum(members.into()));
    }

    fn properties(&mut self, value: &Value, at: &str) {
        let Value::Object(map) = value else {
            return self.wrong(value, at, "an object");
        };
        let required = required_names(self.map);
        let mut list: Vec<Property> = Vec::new();
        for (name, value) in map {
            let at = format!("{at}{}", Path::ROOT.member(name));
            let schema = self.parser.schema(value, &at, self.depth + 1);
            let required = required.contains(name.as_str());
            self.default_of(&schema, required, &at);
            list.push(Property {
                name: name.as_str().into(),
                required,
                schema,
            });
        }
        // JSON objects have no order that could be relied on; this one is stable and useful.
        list.sort_by(|a, b| (!a.required, &*a.name).cmp(&(!b.required, &*b.name)));
        self.list.push(Keyword::Properties(list.into()));
    }

    /// On a required text or medium the default is only an example; elsewhere it is what the
    /// service takes, so it must be a value that the service takes.
    fn default_of(&mut self, schema: &Schema, required: bool, at: &str) {
        let Some(default) = schema.default() else {
            return;
        };
        let at = format!("{at}/default");
        let violations = schema.validate(&default.to_value());
        if !required && violations.refuse() {
            // What a URL looks like is our own notion; `""` for "none" is no fault of the schema.
            let own = |v: &Violation| v.rule != Constraint::Format;
            let severity = if violations.iter().any(own) {
                Severity::Error
            } else {
                Severity::Warning
            };
            let message = format!(
                "the default breaks the property's own constraints: {}",
                reasons(&violations)
            );
            let help = "correct the default or the constraint";
            self.parser
                .problem(severity, &at, Place::Value, &message, help);
        }
        if required && schema.media().is_some() {
            self.parser.warn(
                &at,
                Place::Key,
                "a default on a required media property is taken as an example and never sent",
                "leave it out, or make the property optional",
            );
        }
    }

    fn required(&mut self) {
        let Some(value) = self.given("required") else {
            return;
        };
        let at = format!("{}/required", self.at);
        let Value::Array(names) = value else {
            return self.wrong(value, &at, "an array of property names");
        };
        let properties = self.map.get("properties").and_then(Value::as_object);
        for (i, name) in names.iter().enumerate() {
            let at = format!("{at}/{i}");
            let Value::String(name) = name else {
                self.wrong(name, &at, "a property's name");
                continue;
            };
            if properties.is_none_or(|p| !p.contains_key(name)) {
                let known = properties
                    .into_iter()
                    .flat_map(Map::keys)
                    .map(String::as_str);
                let hint = nearest(name, known).map(|near| format!("; did you mean `{near}`?"));
                let message = format!(
                    "required property `{name}` is not among the properties, so nothing requires it"
                );
                self.parser.warn(
                    &at,
                    Place::Value,
                    &message,
                    &format!("name a property of this object{}", hint.unwrap_or_default()),
                );
            }
        }
    }

    fn rules(&mut self, value: &Value, at: &str) {
        let Value::Array(entries) = value else {
            return self.wrong(value, at, "an array of rules");
        };
        for (i, entry) in entries.iter().enumerate() {
            self.rule(entry, &format!("{at}/{i}"));
        }
    }

    fn rule(&mut self, entry: &Value, at: &str) {
        let Some(Value::String(text)) = entry.get("validation_rule") else {
            self.parser.error(
                at,
                Place::Value,
                "a rule without `validation_rule`",
                "write a quantity and an operator, such as \"width_pixels<=\"",
            );
            return;
        };
        let (quantity, operator) = match Rule::parse(text) {
            Ok(parts) => parts,
            Err(why) => {
                let help = "write the quantity and then one of <, <=, >, >=, ==, ≤, ≥, such as \"width_pixels<=\"";
                self.parser
                    .error(&format!("{at}/validation_rule"), Place::Value, &why, help);
                return;
            }
        };
        self.unknown_members(entry, at);
        let known = !matches!(quantity, Quantity::Other(_));
        if !known {
            let message = format!(
                "unknown quantity `{}`: the rule is kept, not checked",
                quantity.as_str()
            );
            self.parser.warn(
                &format!("{at}/validation_rule"),
                Place::Value,
                &message,
                "known are file_size_mb, width_pixels, height_pixels, width/height",
            );
        }
        let value = entry.get("validation_value").unwrap_or(&Value::Null);
        let message = entry
            .get("validation_error")
            .and_then(Value::as_str)
            .unwrap_or_default();
        match Rule::parse_value(value) {
            Some(value) => self.list.push(Keyword::Validation(Rule {
                quantity,
                operator,
                value,
                message: message.into(),
            })),
            None if known => {
                let message = format!("the rule's limit is {value}, expected a number");
                self.parser.error(
                    &format!("{at}/validation_value"),
                    Place::Value,
                    &message,
                    "write a number, or a number in a string, such as \"0.33\"",
                );
            }
            None => self
                .list
                .push(Keyword::Unknown("validations".into(), entry.into())),
        }
    }

    /// They may narrow the rule, which then says more than what is checked.
    fn unknown_members(&mut self, entry: &Value, at: &str) {
        let members = entry.as_object().into_iter().flat_map(Map::keys);
        for name in members.filter(|name| !RULE_MEMBERS.contains(&name.as_str())) {
            self.parser.warn(
                &format!("{at}{}", Path::ROOT.member(name)),
                Place::Key,
                &format!("unknown member `{name}` of a rule: not kept, not checked"),
                "known are validation_rule, validation_value, validation_error",
            );
        }
    }

    fn unknown(&mut self, name: &str, value: &Value, at: &str) {
        self.list.push(Keyword::Unknown(name.into(), value.into()));
        let hint = nearest(name, KEYWORDS).map(|near| format!("; did you mean `{near}`?"));
        let message = format!("unknown keyword `{name}`: kept, not checked");
        self.parser.warn(
            at,
            Place::Key,
            &message,
            &format!(
                "the service may enforce it all the same{}",
                hint.unwrap_or_default()
            ),
        );
    }

    fn wrong(&mut self, value: &Value, at: &str, expected: &str) {
        let found = View::from(value).in_words();
        let message = format!("found {found}, expected {expected}");
        self.parser
            .error(at, Place::Value, &message, &format!("write {expected}"));
    }
}

fn required_names(map: &Map<String, Value>) -> HashSet<&str> {
    let names = map.get("required").and_then(Value::as_array);
    names
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

impl Keyword {
    /// The order of the variants, and among unknown keywords that of their names. Rules keep the
    /// order in which they stand (the sort is stable).
    fn rank(&self) -> (u8, String) {
        let rank = match self {
            Self::Title(_) => 0,
            Self::Description(_) => 1,
            Self::Format(_) => 2,
            Self::Default(_) => 3,
            Self::Enum(_) => 4,
            Self::Minimum(_) => 5,
            Self::Maximum(_) => 6,
            Self::ExclusiveMinimum(_) => 7,
            Self::ExclusiveMaximum(_) => 8,
            Self::MultipleOf(_) => 9,
            Self::MinLength(_) => 10,
            Self::MaxLength(_) => 11,
            Self::MinItems(_) => 12,
            Self::MaxItems(_) => 13,
            Self::Items(_) => 14,
            Self::Properties(_) => 15,
            Self::AdditionalProperties(_) => 16,
            Self::Validation(_) => 17,
            Self::Unknown(name, _) => return (18, name.to_string()),
        };
        (rank, String::new())
    }
}

//! Parser of the keywords of one schema object.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::keyword_order::without;
use super::message;
use super::parser::{MAX_DEPTH, Parser};
use super::reasons::reasons;
use crate::source::rule_source;
use crate::{
    Bounds, Code, Constraint, Keyword, Kind, Literal, Location, MediaKind, Number, Path, Property,
    Quantity, Rule, Schema, View, Violation, nearest,
};

/// Known keywords.
pub(super) const KEYWORDS: [&str; 21] = [
    "type",
    "title",
    "description",
    "deprecated",
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

/// Members of an entry of `validations`.
const RULE_MEMBERS: [&str; 3] = ["validation_rule", "validation_value", "validation_error"];

/// Reads the keywords of one schema object.
pub(super) struct Keywords<'p, 'd, 'a> {
    pub(super) parser: &'p mut Parser<'d>,
    pub(super) map: &'a Map<String, Value>,
    pub(super) at: &'a str,
    pub(super) list: Vec<Keyword>,
    /// Bounds that the rules so far leave for each quantity.
    pub(super) ruled: HashMap<String, Bounds>,
    pub(super) depth: usize,
}

impl<'a> Keywords<'_, '_, 'a> {
    /// Returns the keyword's value, or `None` if it is missing or `null`.
    fn given(&self, name: &str) -> Option<&'a Value> {
        self.map.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn kind(&mut self) -> Kind {
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
                        Code::UnknownType,
                        &at,
                        Location::Value,
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
                    Code::UnknownType,
                    &at,
                    Location::Value,
                    "a type that is not one name: kept, not checked",
                    "write one of string, integer, number, float, boolean, array, object",
                );
                Kind::Any
            }
        }
    }

    pub(super) fn all(&mut self) {
        for (name, value) in self.map {
            let at = format!("{}{}", self.at, Path::ROOT.member(name));
            // A reference reads what it needs of these.
            if matches!(name.as_str(), "$defs" | "definitions") && value.is_object() {
                continue;
            }
            // What holds schemas is counted level by level.
            let holds_schemas = matches!(name.as_str(), "properties" | "items");
            if !holds_schemas && is_deeper(value, MAX_DEPTH) {
                self.parser.too_deep(&at);
                continue;
            }
            match name.as_str() {
                "type" | "required" => {}
                "$ref" if value.as_str().is_some_and(|to| to.starts_with('#')) => {}
                // Told apart by now, and no keyword.
                "model_id" if self.at.is_empty() => {}
                name if value.is_null() && KEYWORDS.contains(&name) => {}
                "title" => self.text(value, &at, Keyword::Title),
                "description" => self.text(value, &at, Keyword::Description),
                "deprecated" => self.deprecated(value, &at),
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

    /// Reads an annotation that restricts nothing, so that a slip in it is no reason to fail.
    fn deprecated(&mut self, value: &Value, at: &str) {
        match value {
            Value::Bool(false) => {}
            Value::Bool(true) => {
                self.list.push(Keyword::Deprecated);
                // A program that only uses the schema shows it where it is used.
                if !self.parser.is_lenient {
                    self.parser.warn(
                        Code::Deprecated,
                        at,
                        Location::Key,
                        "deprecated: the service may remove it",
                        "move to what replaces it, if you use it",
                    );
                }
            }
            other => {
                let found = View::from(other).in_words();
                self.parser.warn(
                    Code::KeywordValue,
                    at,
                    Location::Value,
                    &format!("found {found}, expected true or false; left out"),
                    "write true or false, and the reason in the description",
                );
            }
        }
    }

    fn format(&mut self, value: &Value, at: &str) {
        self.text(value, at, Keyword::Format);
        let known = |format: &str| {
            MediaKind::from_format(format).is_some() || format == "uri" || format.is_empty()
        };
        if let Value::String(format) = value
            && !known(format)
        {
            let message = format!("unknown format `{format}`: kept, not checked");
            self.parser.warn(
                Code::UnknownFormat,
                at,
                Location::Value,
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
                    Code::FurtherProperties,
                    at,
                    Location::Value,
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
            return self.parser.warn(
                Code::EnumMembers,
                at,
                Location::Value,
                "an enum without members: no value would be valid; not checked",
                "list the members, or leave `enum` out",
            );
        }
        let mut members: Vec<Literal> = Vec::new();
        // Equal values have equal texts: numbers are whole or in their shortest digits, and
        // objects in the order of their names.
        let mut seen = HashSet::new();
        for (i, member) in list.iter().map(Literal::from).enumerate() {
            if seen.insert(member.to_string()) {
                members.push(member);
                continue;
            }
            self.parser.warn(
                Code::EnumMembers,
                &format!("{at}/{i}"),
                Location::Value,
                &format!("{member} appears in the enum twice; one of them is left out"),
                "leave one of them out",
            );
        }
        self.list.push(Keyword::Enum(members.into()));
    }

    fn properties(&mut self, value: &Value, at: &str) {
        let Value::Object(map) = value else {
            return match self.depth {
                // Without its properties an input is of no use.
                0 => self.useless(value, at, "an object"),
                _ => self.wrong(value, at, "an object"),
            };
        };
        let required = required_names(self.map);
        let mut list: Vec<Property> = Vec::new();
        for (name, value) in map {
            let at = format!("{at}{}", Path::ROOT.member(name));
            let mut schema = self.parser.schema(value, &at, self.depth + 1);
            let required = required.contains(name.as_str());
            self.default_of(&mut schema, required, &at);
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

    /// Checks a default. On a required text or media input the default is only an example.
    /// Elsewhere the service applies it, and where the schema does not allow it, it is left out:
    /// whoever sends it would be refused.
    fn default_of(&mut self, schema: &mut Schema, required: bool, at: &str) {
        let Some(default) = schema.default() else {
            return;
        };
        let at = format!("{at}/default");
        let violations = schema.validate(&default.to_value());
        if !required && violations.refuse() {
            // What a URL looks like is our own notion; `""` for "none" is no fault of the schema.
            let own = |v: &Violation| v.rule != Constraint::Format;
            let is_left_out = violations.iter().any(own);
            let fate = if is_left_out { "; left out" } else { "" };
            let message = format!(
                "the default breaks the property's own constraints: {}{fate}",
                reasons(&violations)
            );
            let help = "correct the default or the constraint";
            self.parser
                .warn(Code::Default, &at, Location::Value, &message, help);
            if is_left_out {
                *schema = without(schema, |keyword| matches!(keyword, Keyword::Default(_)));
            }
        }
        if schema.shows_file_name() {
            self.parser.warn(
                Code::Example,
                &at,
                Location::Value,
                "an example that is the name of a file, not a URL: names of files are in doubt, not refused",
                "write a public https:// URL, unless the service has the file",
            );
        } else if required && schema.media().is_some() {
            self.parser.warn(
                Code::Example,
                &at,
                Location::Key,
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
                    Code::RequiredName,
                    &at,
                    Location::Value,
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
            let at = format!("{at}/{i}");
            match self.rule(entry, &at) {
                Some(rule) => self.keep(rule, &at),
                None => self.keep_unchecked(entry.into()),
            }
        }
        self.drop_contradictory_rules();
    }

    /// Reads a rule, or reports why it cannot be read.
    fn rule(&mut self, entry: &Value, at: &str) -> Option<Rule> {
        let Some(Value::String(text)) = entry.get("validation_rule") else {
            self.unreadable(
                at,
                "a rule without `validation_rule`",
                "write a quantity and an operator, such as \"width_pixels<=\"",
            );
            return None;
        };
        let (quantity, operator) = match Rule::parse(text) {
            Ok(parts) => parts,
            Err(why) => {
                let help = "write the quantity and then one of <, <=, >, >=, ==, ≤, ≥, such as \"width_pixels<=\"";
                self.unreadable(&format!("{at}/validation_rule"), &why, help);
                return None;
            }
        };
        self.unknown_members(entry, at);
        if !quantity.is_documented() {
            let fate = match quantity {
                // Not documented, but it can hardly mean anything else.
                Quantity::DurationSeconds => "taken for the medium's duration",
                _ => "the rule is kept, not checked",
            };
            let message = format!("unknown quantity `{}`: {fate}", quantity.as_str());
            self.parser.warn(
                Code::UnknownQuantity,
                &format!("{at}/validation_rule"),
                Location::Value,
                &message,
                "known are file_size_mb, width_pixels, height_pixels, width/height",
            );
        }
        let value = entry.get("validation_value").unwrap_or(&Value::Null);
        let message = entry.get("validation_error").and_then(Value::as_str);
        let Some(value) = Rule::parse_value(value) else {
            if quantity.is_documented() {
                self.unreadable(
                    &format!("{at}/validation_value"),
                    &format!("the rule's limit is {value}, expected a number"),
                    "write a number, or a number in a string, such as \"0.33\"",
                );
            }
            return None;
        };
        Some(Rule {
            quantity,
            operator,
            value,
            message: message.unwrap_or_default().into(),
        })
    }

    fn unreadable(&mut self, at: &str, why: &str, help: &str) {
        let message = format!("{why}: the rule is kept, not checked");
        self.parser
            .warn(Code::UnreadableRule, at, Location::Value, &message, help);
    }

    fn keep(&mut self, rule: Rule, at: &str) {
        if let Some(how) = message::disagreement(&rule) {
            let help = "the rule is what is checked; correct the one or the other";
            self.parser.warn(
                Code::RuleMessage,
                &format!("{at}/validation_error"),
                Location::Value,
                &how,
                help,
            );
        }
        if matches!(rule.quantity, Quantity::Other(_)) {
            return self.list.push(Keyword::Validation(rule));
        }
        let name = rule.quantity.as_str().to_owned();
        let bounds = self.ruled.entry(name);
        let bounds = bounds.or_insert_with(|| Bounds::from_quantity(&rule.quantity));
        let was_empty = is_empty(&rule.quantity, bounds);
        bounds.narrow(&rule);
        let bounds = *bounds;
        if !was_empty && is_empty(&rule.quantity, &bounds) {
            let name = rule.quantity.as_str();
            let message = format!(
                "no medium fits: `{name}` would have to be{}; the rules about it are kept, not checked",
                bounds.after_noun()
            );
            self.parser.warn(
                Code::Contradiction,
                at,
                Location::Value,
                &message,
                "correct this rule or the one that it contradicts",
            );
        }
        self.list.push(Keyword::Validation(rule));
    }

    fn keep_unchecked(&mut self, entry: Literal) {
        self.list
            .push(Keyword::Unknown("validations".into(), entry));
    }

    /// Keeps all rules about a quantity unchecked if no medium can fit them: which of them is wrong
    /// is not known.
    fn drop_contradictory_rules(&mut self) {
        for keyword in &mut self.list {
            let Keyword::Validation(rule) = keyword else {
                continue;
            };
            let bounds = self.ruled.get(rule.quantity.as_str());
            if bounds.is_some_and(|bounds| is_empty(&rule.quantity, bounds)) {
                let entry = Literal::from(&rule_source(rule));
                *keyword = Keyword::Unknown("validations".into(), entry);
            }
        }
    }

    /// Warns about unknown members of a rule, which may narrow it beyond what is checked.
    fn unknown_members(&mut self, entry: &Value, at: &str) {
        let members = entry.as_object().into_iter().flat_map(Map::keys);
        for name in members.filter(|name| !RULE_MEMBERS.contains(&name.as_str())) {
            self.parser.warn(
                Code::UnknownRuleMember,
                &format!("{at}{}", Path::ROOT.member(name)),
                Location::Key,
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
            Code::UnknownKeyword,
            at,
            Location::Key,
            &message,
            &format!(
                "the service may enforce it anyway{}",
                hint.unwrap_or_default()
            ),
        );
    }

    fn useless(&mut self, value: &Value, at: &str, expected: &str) {
        let is_lenient = std::mem::replace(&mut self.parser.is_lenient, false);
        self.wrong(value, at, expected);
        self.parser.is_lenient = is_lenient;
    }

    fn wrong(&mut self, value: &Value, at: &str, expected: &str) {
        let found = View::from(value).in_words();
        let message = format!("found {found}, expected {expected}");
        let help = format!("write {expected}");
        self.parser
            .unusable(Code::KeywordValue, at, Location::Value, &message, &help);
    }
}

/// Returns `true` if no media file is within the bounds. Sides are whole numbers of pixels.
fn is_empty(quantity: &Quantity, bounds: &Bounds) -> bool {
    let in_pixels = matches!(quantity, Quantity::WidthPixels | Quantity::HeightPixels);
    bounds.is_empty() || (in_pixels && bounds.is_without_integer(None))
}

fn required_names(map: &Map<String, Value>) -> HashSet<&str> {
    let names = map.get("required").and_then(Value::as_array);
    names
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

/// Returns `true` if a value has more than `levels` levels of arrays and objects.
fn is_deeper(value: &Value, levels: usize) -> bool {
    let inside = |value| levels == 0 || is_deeper(value, levels - 1);
    match value {
        Value::Array(list) => list.iter().any(inside),
        Value::Object(map) => map.values().any(inside),
        _ => false,
    }
}

//! Schemas as plain data.

use std::ops::Deref;

use crate::{List, Literal, MediaKind, Number, Rule, Shared, Text};

/// Schema of one model: its id, its input and its output.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelSchema {
    /// Id of the model, such as `bytedance/dreamina-4-0/edit`.
    pub id: Text,
    /// Schema of the input that a submit takes.
    pub input: Schema,
    /// Schema of the output of a finished job, if the schema file has one.
    pub output: Option<Shared<Schema>>,
}

/// Schema of one value: its type and the keywords that narrow it.
#[derive(Clone, Debug, PartialEq)]
pub struct Schema {
    /// Type of the value.
    pub kind: Kind,
    /// Keywords, in the order of [`Keyword`]'s variants.
    pub keywords: KeywordList,
}

/// Type of a value: the keyword `type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `string`
    String,
    /// `integer`: a whole number that fits 64 bits, however it is written.
    Integer,
    /// `number`, which the service also calls `float`.
    Number,
    /// `boolean`
    Boolean,
    /// `array`
    Array,
    /// `object`
    Object,
    /// No `type`, or one that this version does not know.
    Any,
}

/// A property: a member of an object that its schema names.
#[derive(Clone, Debug, PartialEq)]
pub struct Property {
    /// Exact JSON name.
    pub name: Text,
    /// `true` if the object must have the property.
    pub required: bool,
    /// Schema of the property's value.
    pub schema: Schema,
}

/// One keyword of a schema.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Keyword {
    /// `title`: a name for people.
    Title(Text),
    /// `description`: prose.
    Description(Text),
    /// `deprecated`, where it is `true`: the service may remove the value.
    Deprecated,
    /// `format`, such as `image_uri`.
    Format(Text),
    /// `default`: the value that the service applies if the property is left out. The client never
    /// sends it by itself.
    Default(Literal),
    /// `enum`: the only allowed values.
    Enum(List<Literal>),
    /// `minimum`
    Minimum(Number),
    /// `maximum`
    Maximum(Number),
    /// `exclusiveMinimum`
    ExclusiveMinimum(Number),
    /// `exclusiveMaximum`
    ExclusiveMaximum(Number),
    /// `multipleOf`
    MultipleOf(Number),
    /// `minLength`, in Unicode scalar values.
    MinLength(u64),
    /// `maxLength`, in Unicode scalar values.
    MaxLength(u64),
    /// `minItems`
    MinItems(u64),
    /// `maxItems`
    MaxItems(u64),
    /// `items`: the schema of each element of an array.
    Items(Shared<Schema>),
    /// `properties` and `required`: required ones first, then in the order of their names.
    Properties(List<Property>),
    /// `additionalProperties`: `true` if an object may have members beyond its properties.
    AdditionalProperties(bool),
    /// An entry of `validations`.
    Validation(Rule),
    /// A keyword that this version does not know; kept, not checked.
    Unknown(Text, Literal),
}

/// The keywords of a schema, in the order of [`Keyword`]'s variants.
///
/// It knows where those are that the engine checks. Most keywords of real schemas are prose,
/// defaults and media rules, and passing over them took longer than checking the others.
#[derive(Clone, Debug, PartialEq)]
pub struct KeywordList {
    all: List<Keyword>,
    /// Indices of the first constraint, and of what follows the last one.
    constraints: (usize, usize),
}

impl KeywordList {
    /// Creates a list that is compiled in.
    #[must_use]
    pub const fn from_static(all: &'static [Keyword]) -> Self {
        Self {
            constraints: constraints(all),
            all: Shared::Static(all),
        }
    }

    /// Returns all keywords that the engine checks, and no others at either end.
    pub(crate) fn constraints(&self) -> &[Keyword] {
        let (start, end) = self.constraints;
        &self.all[start..end]
    }
}

impl From<Vec<Keyword>> for KeywordList {
    fn from(all: Vec<Keyword>) -> Self {
        Self {
            constraints: constraints(&all),
            all: all.into(),
        }
    }
}

impl Deref for KeywordList {
    type Target = [Keyword];

    fn deref(&self) -> &[Keyword] {
        &self.all
    }
}

const fn constraints(all: &[Keyword]) -> (usize, usize) {
    let (mut start, mut end) = (0, all.len());
    while start < end && !is_constraint(&all[start]) {
        start += 1;
    }
    while start < end && !is_constraint(&all[end - 1]) {
        end -= 1;
    }
    (start, end)
}

const fn is_constraint(keyword: &Keyword) -> bool {
    !matches!(
        keyword,
        Keyword::Title(_)
            | Keyword::Description(_)
            | Keyword::Deprecated
            | Keyword::Default(_)
            | Keyword::Validation(_)
            | Keyword::Unknown(..)
    )
}

impl Keyword {
    /// Returns `true` for the keywords that bound a range of numbers: `minimum`, `maximum`,
    /// `exclusiveMinimum` and `exclusiveMaximum`.
    #[must_use]
    pub fn is_bound(&self) -> bool {
        matches!(
            self,
            Self::Minimum(_)
                | Self::Maximum(_)
                | Self::ExclusiveMinimum(_)
                | Self::ExclusiveMaximum(_)
        )
    }
}

impl ModelSchema {
    /// Checks an input that is free JSON with the engine that checks typed inputs, and returns all
    /// violations at once.
    #[must_use]
    pub fn validate(&self, input: &serde_json::Value) -> crate::Violations {
        self.input.validate(input)
    }
}

impl Kind {
    /// Returns the type's name in JSON Schema, or an empty text for [`Kind::Any`].
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Array => "array",
            Self::Object => "object",
            Self::Any => "",
        }
    }
}

/// Returns the payload of the first keyword of one variant.
macro_rules! first {
    ($schema:expr, $variant:ident) => {
        $schema.keywords.iter().find_map(|keyword| match keyword {
            Keyword::$variant(data) => Some(data),
            _ => None,
        })
    };
}

impl Schema {
    /// Returns `title`, if there is one.
    #[must_use]
    pub fn title(&self) -> Option<&str> {
        first!(self, Title).map(|text| &**text)
    }

    /// Returns `description`, if there is one.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        first!(self, Description).map(|text| &**text)
    }

    /// Returns `true` if the service may remove the value: `deprecated` is `true`.
    #[must_use]
    pub fn is_deprecated(&self) -> bool {
        self.keywords.contains(&Keyword::Deprecated)
    }

    /// Returns `format`, if there is one.
    #[must_use]
    pub fn format(&self) -> Option<&str> {
        first!(self, Format).map(|text| &**text)
    }

    /// Returns `default`, if there is one.
    #[must_use]
    pub fn default(&self) -> Option<&Literal> {
        first!(self, Default)
    }

    /// Returns the members of `enum`, if there is one.
    #[must_use]
    pub fn choices(&self) -> Option<&[Literal]> {
        first!(self, Enum).map(|list| &**list)
    }

    /// Returns `items`, the schema of each element of an array, if there is one.
    #[must_use]
    pub fn items(&self) -> Option<&Schema> {
        first!(self, Items).map(|schema| &**schema)
    }

    /// Returns the properties of an object, if the schema names any.
    #[must_use]
    pub fn properties(&self) -> Option<&[Property]> {
        first!(self, Properties).map(|list| &**list)
    }

    /// Returns `true` if an object may have members beyond its properties. Without the keyword
    /// `additionalProperties`, a schema that names properties allows no others, and one that names
    /// none allows all.
    #[must_use]
    pub fn takes_unknown(&self) -> bool {
        first!(self, AdditionalProperties).map_or(self.properties().is_none(), |open| *open)
    }

    /// Iterates over the rules about the media behind the value.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.keywords.iter().filter_map(|keyword| match keyword {
            Keyword::Validation(rule) => Some(rule),
            _ => None,
        })
    }

    /// Returns `minLength` and `maxLength`: bounds of a string's length in characters.
    #[must_use]
    pub fn length(&self) -> (Option<u64>, Option<u64>) {
        (
            first!(self, MinLength).copied(),
            first!(self, MaxLength).copied(),
        )
    }

    /// Returns `minItems` and `maxItems`: bounds of an array's number of elements.
    #[must_use]
    pub fn count(&self) -> (Option<u64>, Option<u64>) {
        (
            first!(self, MinItems).copied(),
            first!(self, MaxItems).copied(),
        )
    }

    /// Returns `multipleOf`, if there is one.
    #[must_use]
    pub fn step(&self) -> Option<Number> {
        first!(self, MultipleOf).copied()
    }

    /// Returns `true` if the default of a medium is the name of a file, such as `example.png`. The
    /// service then has files of its own, and a name in the place of a URL is only in doubt.
    #[must_use]
    pub fn shows_file_name(&self) -> bool {
        fn has_name(default: &Literal) -> bool {
            match default {
                Literal::Text(text) => crate::media::is_file_name(text),
                Literal::Array(list) => list.iter().any(has_name),
                _ => false,
            }
        }
        self.media().is_some() && self.default().is_some_and(has_name)
    }

    /// Returns the kind of media whose URL the value is; for an array, whose URLs its elements are.
    #[must_use]
    pub fn media(&self) -> Option<MediaKind> {
        let own = self.format().and_then(MediaKind::from_format);
        own.or_else(|| self.items().and_then(Schema::media))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_are_found_in_any_order() {
        let title = || Keyword::Title("x".into());
        let unknown = || Keyword::Unknown("x".into(), Literal::Null);
        let minimum = || Keyword::Minimum(Number::Int(1));
        let (open, between) = (Keyword::AdditionalProperties(true), title());
        for (all, constraints) in [
            (vec![], 0..0),
            (vec![title(), unknown()], 2..2),
            (vec![minimum()], 0..1),
            (vec![title(), minimum(), unknown()], 1..2),
            (vec![minimum(), between, open, unknown(), title()], 0..3),
        ] {
            let list = KeywordList::from(all.clone());
            assert_eq!(list.constraints(), &all[constraints], "{all:?}");
        }
    }
}

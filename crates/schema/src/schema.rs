//! The schema itself: data without behaviour of its own.

use crate::{Bounds, List, Literal, MediaKind, Number, Rule, Shared, Text};

/// Everything a schema file says about one model.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelSchema {
    /// The model's id on the wire, such as `bytedance/dreamina-4-0/edit`.
    pub id: Text,
    /// What a submit takes.
    pub input: Schema,
    /// What a finished job gives, where the schema file says so.
    pub output: Option<Shared<Schema>>,
}

/// What one value may be: its type and the keywords that narrow it.
#[derive(Clone, Debug, PartialEq)]
pub struct Schema {
    /// The type.
    pub kind: Kind,
    /// The keywords, in the order of [`Keyword`]'s variants.
    pub keywords: List<Keyword>,
}

/// The `type` of a value.
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

/// One named member of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Property {
    /// The exact name on the wire.
    pub name: Text,
    /// Whether the object must have it.
    pub required: bool,
    /// What its value may be.
    pub schema: Schema,
}

/// One keyword of a schema.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Keyword {
    /// `title`: the name to show.
    Title(Text),
    /// `description`: prose.
    Description(Text),
    /// `format`, such as `image_uri`.
    Format(Text),
    /// `default`: what the service takes when the property is left out; never sent by itself.
    Default(Literal),
    /// `enum`: the only values allowed.
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
    /// `items`: what each element of an array may be.
    Items(Shared<Schema>),
    /// `properties` and `required`: required ones first, then in the order of their names.
    Properties(List<Property>),
    /// `additionalProperties`: whether an object may have members beyond its properties.
    AdditionalProperties(bool),
    /// An entry of `validations`.
    Validation(Rule),
    /// A keyword that this version does not know; kept, not checked.
    Unknown(Text, Literal),
}

impl ModelSchema {
    /// Checks an input given as free JSON; the same engine that checks typed inputs.
    #[must_use]
    pub fn validate(&self, input: &serde_json::Value) -> crate::Violations {
        self.input.validate(input)
    }
}

impl Kind {
    /// Its name in JSON Schema; empty for [`Kind::Any`].
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

/// Gives the payload of the first keyword of one variant.
macro_rules! first {
    ($schema:expr, $variant:ident) => {
        $schema.keywords.iter().find_map(|keyword| match keyword {
            Keyword::$variant(data) => Some(data),
            _ => None,
        })
    };
}

impl Schema {
    /// `title`, if there is one.
    #[must_use]
    pub fn title(&self) -> Option<&str> {
        first!(self, Title).map(|text| &**text)
    }

    /// `description`, if there is one.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        first!(self, Description).map(|text| &**text)
    }

    /// `format`, if there is one.
    #[must_use]
    pub fn format(&self) -> Option<&str> {
        first!(self, Format).map(|text| &**text)
    }

    /// `default`, if there is one.
    #[must_use]
    pub fn default(&self) -> Option<&Literal> {
        first!(self, Default)
    }

    /// The members of `enum`, if there is one.
    #[must_use]
    pub fn choices(&self) -> Option<&[Literal]> {
        first!(self, Enum).map(|list| &**list)
    }

    /// What each element of an array may be, if it says so.
    #[must_use]
    pub fn items(&self) -> Option<&Schema> {
        first!(self, Items).map(|schema| &**schema)
    }

    /// The properties of an object, if it names any.
    #[must_use]
    pub fn properties(&self) -> Option<&[Property]> {
        first!(self, Properties).map(|list| &**list)
    }

    /// Whether an object may have members beyond its properties. Without the keyword, an object
    /// that names its properties takes no others, and one that names none takes all.
    #[must_use]
    pub fn takes_unknown(&self) -> bool {
        first!(self, AdditionalProperties).map_or(self.properties().is_none(), |open| *open)
    }

    /// The rules about the media behind the value.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.keywords.iter().filter_map(|keyword| match keyword {
            Keyword::Validation(rule) => Some(rule),
            _ => None,
        })
    }

    /// The interval that the range keywords leave open.
    #[must_use]
    pub fn bounds(&self) -> Bounds {
        Bounds::from_schema(self)
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

    /// The medium whose URL the value is; for an array, that of its elements.
    #[must_use]
    pub fn media(&self) -> Option<MediaKind> {
        let own = self.format().and_then(MediaKind::from_format);
        own.or_else(|| self.items().and_then(Schema::media))
    }
}

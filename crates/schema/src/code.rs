//! Stable codes of diagnostics.

use std::fmt;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal,)*) => {
        /// Stable code of a [`Diagnostic`](crate::Diagnostic), such as `RC0012`.
        ///
        /// A code never changes its meaning, and the code of a diagnostic that is gone is not given
        /// to another. `docs/diagnostics.md` explains each with an example, and so does
        /// `runcomfy-codegen explain RC0012`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[$doc])* $name,)*
        }

        impl Code {
            /// All codes, in their order.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Returns the code as users see it.
            ///
            /// ```
            /// assert_eq!(runcomfy_schema::Code::NotJson.as_str(), "RC0001");
            /// ```
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)*
                }
            }
        }
    };
}

codes! {
    /// The file is not JSON.
    NotJson = "RC0001",
    /// The file is not UTF-8.
    NotUtf8 = "RC0002",
    /// The file is a web page, not a schema.
    WebPage = "RC0003",
    /// An object of the file has a key twice.
    RepeatedKey = "RC0004",
    /// A file looks like a schema file and is not read.
    SkippedFile = "RC0005",
    /// The path of a file is not a model id.
    PathNoId = "RC0006",
    /// The file has no document, or more than an input and an output schema.
    Documents = "RC0007",
    /// The file and its path do not agree on the model's id.
    ModelId = "RC0008",
    /// The file is not the schema of an input.
    NoInputSchema = "RC0009",
    /// A schema is not an object.
    NotASchema = "RC0010",
    /// The schema is nested too deep.
    TooDeep = "RC0011",
    /// A keyword has a value of the wrong kind.
    KeywordValue = "RC0012",
    /// Two properties become the same field.
    PropertyNames = "RC0013",
    /// Two members of an enum become the same variant.
    MemberNames = "RC0014",
    /// Two model ids become the same module.
    ModuleNames = "RC0015",
    /// Two properties become the same type.
    TypeNames = "RC0016",
    /// A reference leads nowhere, or in a circle.
    Reference = "RC0017",
    /// A default breaks the constraints of its own property.
    Default = "RC0018",
    /// A default of a required media property is only an example.
    Example = "RC0019",
    /// A keyword is unknown.
    UnknownKeyword = "RC0020",
    /// A type is unknown.
    UnknownType = "RC0021",
    /// A format is unknown.
    UnknownFormat = "RC0022",
    /// The schema of further properties is not checked.
    FurtherProperties = "RC0023",
    /// A required property does not exist.
    RequiredName = "RC0024",
    /// An enum has no members, or one of them twice.
    EnumMembers = "RC0025",
    /// A member of an enum can never be taken.
    ImpossibleMember = "RC0026",
    /// Constraints contradict each other: no value fits.
    Contradiction = "RC0027",
    /// A media rule cannot be read.
    UnreadableRule = "RC0028",
    /// A media rule is about an unknown quantity.
    UnknownQuantity = "RC0029",
    /// A media rule has an unknown member.
    UnknownRuleMember = "RC0030",
    /// A media rule and its message disagree.
    RuleMessage = "RC0031",
    /// The generator cannot make code of a valid schema, which is its own fault.
    Internal = "RC0032",
    /// The format of an array and that of its items name different media.
    MediaFormats = "RC0033",
    /// An object has no `properties`, so nothing in it is checked.
    UnnamedObject = "RC0034",
    /// The service may remove a property or the model.
    Deprecated = "RC0035",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

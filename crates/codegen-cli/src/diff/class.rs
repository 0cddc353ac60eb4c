//! Classes of changes.

/// Class of a change: what it means for callers.
///
/// Bindings are used in two ways ([`Bindings`]): as a dependency, where `#[non_exhaustive]` keeps code
/// open for new members, and as modules of the program's own crate, where the attribute does nothing.
/// Classes are in order of severity.
///
/// Schemas are compared by their meaning, not by how their files are written: the form of a file,
/// the order of its keys, `float` for `number` and `2.0` for `2` make no difference.
///
/// - **Breaking**: code that was right may not compile against the new bindings, or an input that the
///   old schema accepted may be refused. A model or a property is removed; a property is newly
///   required, or no longer (its field was a `T` and is an `Option<T>`); a range, length, count, enum,
///   step, medium or rule of `validations` is new or tighter; the type is another, or the Rust type
///   that it becomes (an enum's type comes and goes with `enum`, and `i64` becomes `u64` with a maximum
///   beyond it and a minimum of 0 or more); an object no longer takes further properties; a name in
///   Rust is another, because a new name collides with it. A keyword,
///   type or format that is kept without being checked is breaking when it is new or changes, since the
///   service may enforce it; the annotations of JSON Schema (`examples`, `$comment`, …) and `x-…` are
///   not, since they restrict nothing. Of an output: a property that is removed or has another type,
///   since its readers find nothing; its first or last member beyond the usual ones, since the type of
///   the output comes and goes with them.
/// - **Own crate**: compatible for a dependency, breaking for modules of the program's own crate. A new
///   member of an enum stops a `match` without `_` from compiling (E0004); a new optional property
///   stops a struct literal (E0063) and a pattern without `..` (E0027).
/// - **Default**: a default is new, another or gone. The same code compiles and is accepted; where it
///   leaves the property out, the service does, and charges for, something else. It is breaking where an
///   enum loses its `Default` with it, or where names of files are refused without it.
/// - **Compatible**: whatever was right stays right. A new model, a wider range, a rule that is relaxed
///   or removed, a limit that is only written in another way; of an output everything else. A new
///   optional property in an object that took any further property is breaking, unless it takes any
///   value.
/// - **Text only**: only text that people read, or its order, changes: titles, descriptions, messages
///   of rules, the order of an enum.
///
/// A limit that refuses nothing is compatible: it is about another type than the value's, or allows
/// every member of an `enum`. In doubt a change is breaking, never compatible.
///
/// Code that extends the bindings is out of scope: an `impl` of its own for a generated type can
/// collide with whatever the generator adds, and so can names that a glob import brings in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Callers may have to change something.
    Breaking,
    /// Callers may have to change something if the bindings are modules of their own crate.
    OwnCrate,
    /// Unchanged callers get something else where they leave a property to the service.
    Default,
    /// Callers need not change anything.
    Compatible,
    /// Only text or its order changes.
    TextOnly,
}

/// Way in which a program uses bindings; some changes break only one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bindings {
    /// The program depends on a crate of bindings, such as `runcomfy-models`.
    Dependency,
    /// The program's own crate contains the bindings, through `include_models!` or a build script.
    OwnCrate,
}

impl Class {
    /// Every class, the most severe first.
    pub const ALL: [Self; 5] = [
        Self::Breaking,
        Self::OwnCrate,
        Self::Default,
        Self::Compatible,
        Self::TextOnly,
    ];

    /// Returns `true` if code that was right may not compile any more, or its input may be refused.
    #[must_use]
    pub fn is_breaking(self, bindings: Bindings) -> bool {
        match self {
            Self::Breaking => true,
            Self::OwnCrate => bindings == Bindings::OwnCrate,
            Self::Default | Self::Compatible | Self::TextOnly => false,
        }
    }

    /// Returns `breaking`, `own_crate`, `default`, `compatible` or `text_only`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Breaking => "breaking",
            Self::OwnCrate => "own_crate",
            Self::Default => "default",
            Self::Compatible => "compatible",
            Self::TextOnly => "text_only",
        }
    }
}

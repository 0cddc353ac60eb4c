//! Rust identifiers.

use super::spelling::{self, Case};
use super::{camel_case, limited, snake_case};
use std::collections::HashMap;

/// Converts a JSON name to snake case that an identifier may begin with.
fn snake(name: &str) -> String {
    no_digit_first(snake_case(name), 'v')
}

/// Converts a JSON name to camel case that an identifier may begin with; what [`type_name`] takes.
#[must_use]
pub fn camel(name: &str) -> String {
    no_digit_first(camel_case(name), 'V')
}

fn no_digit_first(mut name: String, letter: char) -> String {
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        name.insert(0, letter);
    }
    name
}

/// Returns the name of the module for one segment of a model's id.
///
/// Names that a file system, cargo or a path in Rust has taken get a `_`. Letters beyond ASCII
/// become their code points: a module is a file, and a feature of cargo.
///
/// A name that is too long ends in a hash of the segment.
///
/// Segments that become the same module have other names, see [`ModuleNames`](super::ModuleNames).
#[must_use]
pub fn module(segment: &str) -> String {
    const TAKEN: [&str; 10] = [
        "lib", "main", "mod", "con", "prn", "aux", "nul", "crate", "self", "super",
    ];
    let name = limited(ascii(&snake(segment)), segment);
    let device = |prefix| {
        name.strip_prefix(prefix)
            .is_some_and(|n| n.len() == 1 && n.as_bytes()[0].is_ascii_digit())
    };
    if TAKEN.contains(&name.as_str()) || device("com") || device("lpt") {
        return name + "_";
    }
    name
}

/// Returns a name in snake case with `u65e5` for `日`.
fn ascii(name: &str) -> String {
    if name.is_ascii() {
        return name.to_owned();
    }
    let mut words: Vec<String> = vec![String::new()];
    for c in name.chars() {
        match (c, words.last_mut()) {
            ('_', _) => words.push(String::new()),
            (c, Some(word)) if c.is_ascii() => word.push(c),
            (c, _) => words.extend([format!("u{:x}", u32::from(c)), String::new()]),
        }
    }
    words.retain(|word| !word.is_empty());
    no_digit_first(words.join("_"), 'v')
}

/// Returns the name of a property's field and of its setter.
///
/// Names of the methods that every input has, of its traits' functions (which a setter would hide),
/// and of methods that everybody calls on it, get a `_`: `new`, `validate`, `extra`, `with_extra`,
/// `check_media`, `clone`, `into`, `to_owned`, `default`, `model`, `schema`, `deserialize`,
/// `serialize`.
#[must_use]
pub fn field(name: &str) -> String {
    const TAKEN: [&str; 13] = [
        "new",
        "validate",
        "extra",
        "with_extra",
        "check_media",
        "clone",
        "into",
        "to_owned",
        "default",
        "model",
        "schema",
        "deserialize",
        "serialize",
    ];
    let name = snake(name);
    if TAKEN.contains(&name.as_str()) {
        name + "_"
    } else {
        name
    }
}

/// Returns the name of the enum or struct for a property, from the property's name in [`camel`]
/// case.
///
/// Names that the generated code uses get a `_`, as do those that end like the struct of required
/// properties, `Required` or `LoraRequired`. So do those of macros in the prelude, since a link
/// in the documentation could mean either. Names of a script without capitals get a `T`, since a
/// module could have the same name.
#[must_use]
pub fn type_name(camel: &str) -> String {
    const TAKEN: [&str; 22] = [
        "Input",
        "Output",
        "Self",
        "Option",
        "Some",
        "None",
        "Result",
        "Ok",
        "Err",
        "Vec",
        "String",
        "Into",
        "IntoIterator",
        "Default",
        "Clone",
        "Copy",
        "Debug",
        "Eq",
        "Hash",
        "Ord",
        "PartialEq",
        "PartialOrd",
    ];
    if TAKEN.contains(&camel) || camel.ends_with("Required") {
        format!("{camel}_")
    } else if camel.starts_with(char::is_uppercase) {
        camel.to_owned()
    } else {
        format!("T{camel}")
    }
}

/// Returns the name of an enum's variant for one of its values.
///
/// `ALL` gets a `_`, since every enum has a constant of that name. A name that is too long ends in a hash
/// of the value.
#[must_use]
pub fn variant(name: &str) -> String {
    match camel(name) {
        all if all == "ALL" => "ALL_".to_owned(),
        camel => limited(camel, name),
    }
}

/// Returns the names of an enum's variants for its values, in their order.
///
/// Values that would become the same [`variant`] are spelt out, all of them: their letters and
/// digits as they are, and every other character by its name. Each name depends on nothing but its
/// own value and whether there is such another, never on the order.
///
/// ```
/// use runcomfy_schema::naming::variants;
///
/// assert_eq!(variants(&["fast", "Fast", "slow"]), ["Text_fast", "Text_Fast", "Slow"]);
/// assert_eq!(variants(&["C", "C#"]), ["Text_C", "Text_C_hash"]);
/// ```
#[must_use]
pub fn variants<T: AsRef<str>>(values: &[T]) -> Vec<String> {
    variants_with(values, |_| None)
}

/// Returns the names as [`variants`] does; some values have the names that they are given. Where a given
/// name is also another's, both are spelt out.
pub fn variants_with<T: AsRef<str>>(
    values: &[T],
    given: impl Fn(&str) -> Option<String>,
) -> Vec<String> {
    let values = values.iter().map(AsRef::as_ref);
    let name = |value: &str| variant(given(value).as_deref().unwrap_or(value));
    let names: Vec<(&str, String)> = values.map(|value| (value, name(value))).collect();
    let mut first: HashMap<&str, &str> = HashMap::new();
    let mut spelt: Vec<&str> = Vec::new();
    for (value, name) in &names {
        if *first.entry(name).or_insert(value) != *value {
            spelt.push(name);
        }
    }
    let choose = |(value, name): &(&str, String)| {
        if spelt.contains(&&**name) {
            limited(
                format!("Text_{}", spelling::spelt(value, Case::Kept)),
                value,
            )
        } else {
            name.clone()
        }
    };
    names.iter().map(choose).collect()
}

/// Returns the name of the enum or struct at a JSON pointer, spelt out, where the property's
/// [`type_name`] is also another's.
#[must_use]
pub fn spelt_type(pointer: &str) -> String {
    let pointer = pointer.strip_prefix('/').unwrap_or(pointer);
    format!("Type_{}", spelling::spelt(pointer, Case::Kept))
}

/// Returns the name as source code: raw if it is a keyword, and with a `_` if it cannot be raw.
#[must_use]
pub fn ident(name: &str) -> String {
    const NEVER_RAW: [&str; 5] = ["crate", "self", "super", "Self", "_"];
    // Of edition 2024, the reserved ones too.
    const KEYWORDS: [&str; 48] = [
        "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do",
        "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in",
        "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref",
        "return", "static", "struct", "trait", "true", "try", "type", "typeof", "unsafe",
        "unsized", "use", "virtual", "where", "while", "yield",
    ];
    if NEVER_RAW.contains(&name) {
        return format!("{name}_");
    }
    if KEYWORDS.contains(&name) {
        return format!("r#{name}");
    }
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_as_documented() {
        for (name, as_field, as_type) in [
            ("image_urls", "image_urls", "ImageUrls"),
            ("promptImage", "prompt_image", "PromptImage"),
            ("width×height", "width_x_height", "WidthXHeight"),
            ("type", "r#type", "Type"),
            ("self", "self_", "Self_"),
            ("gen", "r#gen", "Gen"),
            ("33_video", "v33_video", "V33Video"),
            ("4K", "v4k", "V4K"),
            ("16:9", "v16_9", "V16_9"),
            ("1:11", "v1_11", "V1_11"),
            ("11:1", "v11_1", "V11_1"),
            ("2048x2048(1:1)", "v2048x2048_1_1", "V2048x2048_1_1"),
            ("720p", "v720p", "V720p"),
            ("720P", "v720p", "V720P"),
            ("-1", "minus_1", "Minus1"),
            ("", "empty", "Empty"),
            ("日本語", "日本語", "T日本語"),
            ("🎉", "u1f389", "U1f389"),
            ("HTMLPage", "html_page", "HTMLPage"),
            ("3D Render", "v3d_render", "V3DRender"),
            ("en-US-Aria", "en_us_aria", "EnUSAria"),
            ("gpt-image-2.5", "gpt_image_2_5", "GptImage2_5"),
            ("image_url_1", "image_url_1", "ImageUrl1"),
            ("safety-tolerance", "safety_tolerance", "SafetyTolerance"),
            ("new", "new_", "New"),
            ("extra", "extra_", "Extra"),
            ("default", "default_", "Default_"),
            ("debug", "debug", "Debug_"),
            ("partial_eq", "partial_eq", "PartialEq_"),
            ("model", "model_", "Model"),
            ("schema", "schema_", "Schema"),
            ("Serialize", "serialize_", "Serialize"),
            ("deserialize", "deserialize_", "Deserialize"),
            ("input", "input", "Input_"),
            ("_", "u5f", "U5f"),
            ("\u{202e}", "u202e", "U202e"),
            ("\0", "u0", "U0"),
            ("a*/b", "a_b", "AB"),
        ] {
            assert_eq!(ident(&field(name)), as_field, "{name:?}");
            assert_eq!(ident(&type_name(&camel(name))), as_type, "{name:?}");
        }
    }
}

//! From names on the wire to Rust identifiers.
//!
//! The mapping is total and depends on the name alone. A name is cut into words, at everything
//! that is no letter or digit and, for snake case, where a hump begins; then:
//!
//! | wire | field, module | type, variant |
//! |---|---|---|
//! | `image_urls` | `image_urls` | `ImageUrls` |
//! | `promptImage` | `prompt_image` | `PromptImage` |
//! | `width×height` | `width_x_height` | `WidthXHeight` |
//! | `type` | `r#type` | `Type` |
//! | `self` | `self_` | `Self_` |
//! | `33_video`, `4K` | `v33_video`, `v4k` | `V33Video`, `V4K` |
//! | `16:9` | `v16_9` | `V16_9` |
//! | `2048x2048(1:1)` | `v2048x2048_1_1` | `V2048x2048_1_1` |
//! | `720p`, `720P` | `v720p`, `v720p` | `V720p`, `V720P` |
//! | `-1` | `minus_1` | `Minus1` |
//! | (empty) | `empty` | `Empty` |
//! | `日本語` | `日本語` | type `T日本語`, variant `日本語` |
//! | `🎉` | `u1f389` | `U1f389` |
//!
//! Two wire names of one scope that come out the same are an error that names both.

use proc_macro2::{Ident, Span};
use runcomfy_dialect::{camel_case, snake_case};

/// A field, setter, argument or module.
pub(crate) fn snake(wire: &str) -> String {
    no_digit_first(snake_case(wire), 'v')
}

/// A type or an enum's variant.
pub(crate) fn camel(wire: &str) -> String {
    no_digit_first(camel_case(wire), 'V')
}

fn no_digit_first(mut name: String, letter: char) -> String {
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        name.insert(0, letter);
    }
    name
}

/// A module of the path to a model. Names that a file system or cargo has taken get a `_`.
pub(crate) fn module(segment: &str) -> String {
    const TAKEN: [&str; 7] = ["lib", "main", "mod", "con", "prn", "aux", "nul"];
    let name = snake(segment);
    let device = |prefix| {
        name.strip_prefix(prefix)
            .is_some_and(|n| n.len() == 1 && n.as_bytes()[0].is_ascii_digit())
    };
    if TAKEN.contains(&name.as_str()) || device("com") || device("lpt") {
        return name + "_";
    }
    name
}

/// A field with its setter. Names of the methods that every input has, and of methods that
/// everybody calls on it, get a `_`.
pub(crate) fn field(wire: &str) -> String {
    const TAKEN: [&str; 8] = [
        "new",
        "validate",
        "extra",
        "with_extra",
        "check_media",
        "clone",
        "into",
        "to_owned",
    ];
    let name = snake(wire);
    if TAKEN.contains(&name.as_str()) {
        name + "_"
    } else {
        name
    }
}

/// The enum or struct made for a property, by its name in camel case. Names that the generated code
/// uses get a `_`, and those of a script without capitals a `T`, since a module could have the same.
pub(crate) fn type_of(camel: &str) -> String {
    const TAKEN: [&str; 14] = [
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
    ];
    if TAKEN.contains(&camel) {
        format!("{camel}_")
    } else if camel.starts_with(char::is_uppercase) {
        camel.to_owned()
    } else {
        format!("T{camel}")
    }
}

/// An enum's variant. Beside them stands the constant `ALL`.
pub(crate) fn variant(wire: &str) -> String {
    match camel(wire).as_str() {
        "ALL" => "ALL_".to_owned(),
        name => name.to_owned(),
    }
}

/// The name as a token: raw where it is a keyword, with a `_` where it cannot even be raw.
pub(crate) fn ident(name: &str) -> Ident {
    // A keyword since edition 2024, which syn reads as a name for the sake of older ones.
    let is_new_keyword = name == "gen";
    if let Ok(ident) = syn::parse_str::<Ident>(name)
        && !is_new_keyword
    {
        return ident;
    }
    if let Ok(raw) = syn::parse_str::<Ident>(&format!("r#{name}")) {
        return raw;
    }
    Ident::new(&format!("{name}_"), Span::call_site())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_above_is_true() {
        for (wire, field_name, type_name) in [
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
            ("input", "input", "Input_"),
            ("_", "u5f", "U5f"),
            ("\u{202e}", "u202e", "U202e"),
            ("\0", "u0", "U0"),
            ("a*/b", "a_b", "AB"),
        ] {
            assert_eq!(ident(&field(wire)).to_string(), field_name, "{wire:?}");
            assert_eq!(
                ident(&type_of(&camel(wire))).to_string(),
                type_name,
                "{wire:?}"
            );
        }
    }

    /// Every name of the models that stand beside the project, and what becomes of it: a line each
    /// of role, wire name as JSON, and identifier.
    const KNOWN: &str = include_str!("../tests/golden/names.txt");

    fn identifier(role: &str, wire: &str) -> String {
        ident(&match role {
            "module" => module(wire),
            "field" => field(wire),
            "type" => type_of(&camel(wire)),
            "variant" => variant(wire),
            other => panic!("{other:?} is no role"),
        })
        .to_string()
    }

    #[test]
    fn known_names_stay_as_they_are() {
        let mut count = 0;
        for line in KNOWN.lines() {
            let [role, wire, rust] = line.split('\t').collect::<Vec<_>>()[..] else {
                panic!("{line:?} is not of three parts");
            };
            let wire: String = serde_json::from_str(wire).unwrap();
            assert_eq!(identifier(role, &wire), rust, "{line}");
            count += 1;
        }
        assert!(count > 300, "only {count} names");
    }

    /// Set `RUNCOMFY_GOLDEN=write` to add the names of new models, then review them.
    #[test]
    fn every_name_of_the_corpus_is_known() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let corpus = root.join("../shared/corpus");
        if !corpus.is_dir() {
            println!("skipped: there is no corpus beside the project");
            return;
        }
        let mut names = std::collections::BTreeSet::new();
        for folder in [root.join("schemas"), corpus] {
            for model in crate::Builder::new().schemas(folder).read().unwrap() {
                for segment in model.id.split('/') {
                    names.insert(("module", segment.to_owned()));
                }
                collect(&model.input, &mut names);
            }
        }
        let line = |(role, wire): &(&str, String)| {
            let quoted = serde_json::Value::from(wire.as_str());
            format!("{role}\t{quoted}\t{}", identifier(role, wire))
        };
        let lines: Vec<String> = names.iter().map(line).collect();
        if std::env::var_os("RUNCOMFY_GOLDEN").is_some_and(|mode| mode == "write") {
            let file = root.join("codegen/tests/golden/names.txt");
            std::fs::write(file, lines.join("\n") + "\n").unwrap();
            return;
        }
        let known: std::collections::HashSet<&str> = KNOWN.lines().collect();
        let unknown: Vec<_> = lines
            .iter()
            .filter(|l| !known.contains(l.as_str()))
            .collect();
        assert!(unknown.is_empty(), "{unknown:#?}");
    }

    fn collect(
        schema: &runcomfy_dialect::Schema,
        names: &mut std::collections::BTreeSet<(&'static str, String)>,
    ) {
        for property in schema.properties().unwrap_or_default() {
            names.insert(("field", property.name.to_string()));
            names.insert(("type", property.name.to_string()));
            collect(&property.schema, names);
        }
        for member in schema.choices().unwrap_or_default() {
            let text = match member {
                runcomfy_dialect::Literal::Text(text) => text.to_string(),
                other => other.to_string(),
            };
            names.insert(("variant", text));
        }
        schema
            .items()
            .into_iter()
            .for_each(|items| collect(items, names));
    }

    #[test]
    fn modules_are_file_names_everywhere() {
        for (segment, name) in [
            ("dreamina-4-0", "dreamina_4_0"),
            ("4K", "v4k"),
            ("480p", "v480p"),
            ("wan-3.0", "wan_3_0"),
            ("Hailuo Video 01 Live", "hailuo_video_01_live"),
            ("..", "u2e_u2e"),
            ("lib", "lib_"),
            ("mod", "mod_"),
            ("CON", "con_"),
            ("com1", "com1_"),
            ("a/b\\c", "a_b_c"),
        ] {
            assert_eq!(module(segment), name, "{segment:?}");
        }
    }
}

//! The Rust names of what is generated for a model, by the rules that the README shows.

use runcomfy::snake_case;

/// The path of a model's module below the crate.
pub(super) fn module(model_id: &str) -> String {
    const TAKEN: [&str; 7] = ["lib", "main", "mod", "con", "prn", "aux", "nul"];
    let module = |segment: &str| {
        let name = snake(segment);
        let device = |prefix| {
            let number = name.strip_prefix(prefix);
            number.is_some_and(|n| n.len() == 1 && n.as_bytes()[0].is_ascii_digit())
        };
        if TAKEN.contains(&name.as_str()) || device("com") || device("lpt") {
            return name + "_";
        }
        ident(name)
    };
    let modules: Vec<String> = model_id.split('/').map(module).collect();
    modules.join("::")
}

/// A property's setter.
pub(super) fn setter(wire: &str) -> String {
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
        return name + "_";
    }
    ident(name)
}

fn snake(wire: &str) -> String {
    let name = snake_case(wire);
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        return format!("v{name}");
    }
    name
}

/// Raw where it is a keyword, with a `_` where it cannot even be raw.
fn ident(name: String) -> String {
    const NEVER_RAW: [&str; 3] = ["crate", "self", "super"];
    const KEYWORDS: [&str; 48] = [
        "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do",
        "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in",
        "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref",
        "return", "static", "struct", "trait", "true", "try", "type", "typeof", "unsafe",
        "unsized", "use", "virtual", "where", "while", "yield",
    ];
    if NEVER_RAW.contains(&name.as_str()) {
        return name + "_";
    }
    if KEYWORDS.contains(&name.as_str()) {
        return format!("r#{name}");
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_were_generated() {
        let generated = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../generated/src");
        for model in runcomfy_models::ALL {
            let file = module(&model.id).replace("::", "/").replace("r#", "");
            let code = std::fs::read_to_string(generated.join(file + ".rs")).unwrap();
            for property in model.input.properties().unwrap_or_default() {
                let name = setter(&property.name);
                assert!(
                    code.contains(&format!("    pub {name}: ")),
                    "{name} in {}",
                    model.id
                );
            }
        }
        // As the README's table has them.
        for (wire, name) in [
            ("promptImage", "prompt_image"),
            ("width×height", "width_x_height"),
            ("type", "r#type"),
            ("self", "self_"),
            ("33_video", "v33_video"),
            ("new", "new_"),
        ] {
            assert_eq!(setter(wire), name);
        }
        assert_eq!(
            module("wan-ai/wan-3.0/4K/mod"),
            "wan_ai::wan_3_0::v4k::mod_"
        );
    }
}

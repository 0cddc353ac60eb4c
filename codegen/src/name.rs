//! The identifiers of generated code, by the rules of [`runcomfy_schema::naming`].

use proc_macro2::{Ident, Span};

pub(crate) use runcomfy_schema::naming::{
    camel, field, spelt_type, type_name, variant, variants_with,
};

/// The name as a token.
pub(crate) fn ident(name: &str) -> Ident {
    let text = runcomfy_schema::naming::ident(name);
    match text.strip_prefix("r#") {
        Some(keyword) => Ident::new_raw(keyword, Span::call_site()),
        None => Ident::new(&text, Span::call_site()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use runcomfy_schema::naming::module;

    /// Names of real models, one a line: role, JSON name as JSON, identifier.
    const KNOWN: &str = include_str!("../tests/golden/names.txt");

    fn identifier(role: &str, wire: &str) -> String {
        ident(&match role {
            "module" => module(wire),
            "field" => field(wire),
            "type" => type_name(&camel(wire)),
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
        schema: &runcomfy_schema::Schema,
        names: &mut std::collections::BTreeSet<(&'static str, String)>,
    ) {
        for property in schema.properties().unwrap_or_default() {
            names.insert(("field", property.name.to_string()));
            names.insert(("type", property.name.to_string()));
            collect(&property.schema, names);
        }
        for member in schema.choices().unwrap_or_default() {
            let text = match member {
                runcomfy_schema::Literal::Text(text) => text.to_string(),
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

//! The Rust names in the generated code of a model.

use runcomfy::schema::naming::{self, ident};

/// Returns the path of a model's module inside its crate.
pub(super) fn module(model_id: &str) -> String {
    let ids = runcomfy_models::ALL.iter().map(|model| model.id());
    let names = naming::ModuleNames::new(ids.chain([model_id]));
    let modules = names.path(model_id).into_iter();
    modules
        .map(|name| ident(&name))
        .collect::<Vec<_>>()
        .join("::")
}

/// Returns the setter of a property with this JSON name.
pub(super) fn setter(json_name: &str) -> String {
    ident(&naming::field(json_name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_the_generated_code() {
        let generated =
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../generated/src");
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
        assert_eq!(
            module("wan-ai/wan-3.0/4K/mod"),
            "wan_ai::wan_3_0::v4k::mod_"
        );
    }
}

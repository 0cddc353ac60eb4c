//! A crate made by typify: a module for each model.

use std::fs;
use std::path::Path;

use runcomfy_benches::{Outcome, files};
use typify::{TypeSpace, TypeSpaceSettings};

/// Writes `lib.rs` and its modules from the schemas in a folder.
pub(crate) fn generate(schemas: &Path, src: &Path, builders: bool) -> Outcome {
    let mut modules = Vec::new();
    for path in files(schemas)? {
        let id = path.strip_prefix(schemas)?.with_extension("");
        let module = id
            .to_string_lossy()
            .replace(|c: char| !c.is_ascii_alphanumeric(), "_");
        fs::write(src.join(format!("{module}.rs")), model(&path, builders)?)?;
        modules.push(format!("pub mod {module};\n"));
    }
    fs::write(src.join("lib.rs"), modules.concat())?;
    Ok(())
}

fn model(path: &Path, builders: bool) -> Outcome<String> {
    let mut types = TypeSpace::new(TypeSpaceSettings::default().with_struct_builder(builders));
    types.add_root_schema(serde_json::from_slice(&fs::read(path)?)?)?;
    Ok(prettyplease::unparse(&syn::parse2(types.to_stream())?))
}

//! Arbitrary text as a documentation page: a schema or an error, and an id that stays in its folder.

#![no_main]

use std::path::{Component, Path};

use libfuzzer_sys::fuzz_target;
use runcomfy_codegen_cli::Page;
use runcomfy_schema::ModelSchema;

fuzz_target!(|text: &str| {
    match Page::parse(text) {
        Ok(page) => {
            let id = Path::new(&page.model_id);
            assert!(
                id.components()
                    .all(|part| matches!(part, Component::Normal(_))),
                "{id:?} leaves its folder"
            );
            let file = page.to_schema_file();
            let document = serde_json::from_str(&file).expect("a schema file is JSON");
            // Diagnostics are fine: the page's schema may be invalid.
            let _ = ModelSchema::parse(Some(&page.model_id), &[document]);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});

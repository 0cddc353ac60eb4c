//! Arbitrary text as a schema file: diagnostics or code that parses, never a panic.

#![no_main]

use libfuzzer_sys::fuzz_target;
use runcomfy_fuzz::generate;
use runcomfy_testkit::arbitrary::hostile::SchemaFile;

fuzz_target!(|text: &str| {
    let path = "acme/stamp/edit.json".to_owned();
    let text = text.to_owned();
    generate(&[SchemaFile { path, text }]);
});

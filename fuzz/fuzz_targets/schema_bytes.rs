//! Raw bytes as a schema file: findings or code, never a panic, and code that parses.

#![no_main]

use libfuzzer_sys::fuzz_target;
use runcomfy_fuzz::generate;
use runcomfy_testkit::hostile::File;

fuzz_target!(|text: &str| {
    let path = "acme/stamp/edit.json".to_owned();
    let text = text.to_owned();
    generate(&[File { path, text }]);
});

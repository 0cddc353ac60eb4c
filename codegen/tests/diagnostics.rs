//! The page of diagnostics and the code agree.

// A failed setup ends the test.
#![allow(clippy::unwrap_used)]

use runcomfy_codegen::{Builder, Code, explain};

const PAGE: &str = include_str!("../../docs/diagnostics.md");

/// Returns the codes of the diagnostics about a model.
fn codes(text: &str) -> Vec<Code> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("acme")).unwrap();
    std::fs::write(folder.path().join("acme/stamp.json"), text).unwrap();
    let diagnostics = match Builder::new()
        .schemas(folder.path())
        .out_dir("out")
        .generate()
    {
        Ok(generated) => generated.warnings().to_vec(),
        Err(error) => error.diagnostics().to_vec(),
    };
    diagnostics
        .iter()
        .map(|diagnostic| diagnostic.code)
        .collect()
}

#[test]
fn page_is_what_the_command_prints() {
    assert_eq!(
        PAGE,
        include_str!("../src/diagnostics.md"),
        "copy the one to the other"
    );
    let sections: Vec<&str> = PAGE.split("\n## ").skip(1).collect();
    let explained: Vec<&str> = Code::ALL
        .iter()
        .map(|c| explain(c.as_str()).unwrap())
        .collect();
    assert_eq!(sections, explained);
    assert_eq!(explain("rc0012"), explain("RC0012"));
}

#[test]
fn example_of_each_code_has_its_diagnostic() {
    let mut count = 0;
    for code in Code::ALL {
        let section = explain(code.as_str()).unwrap();
        let Some((_, example)) = section.split_once("```json\n") else {
            continue;
        };
        let example = example.split("\n```").next().unwrap();
        let found = codes(example);
        assert!(found.contains(code), "{code}: {found:?}");
        count += 1;
    }
    assert!(count >= 25, "{count}");
}

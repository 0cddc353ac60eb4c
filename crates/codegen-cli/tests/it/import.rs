//! The command `import`.

use std::path::Path;
use std::process::Command;

const PAGE: &str = "curl https://model-api.runcomfy.net/v1/models/acme/stamp/edit\n\
    {\"type\": \"object\", \"properties\": {\"width×height\": {\"type\": \"string\"}}}";

/// Imports a page; returns the exit code and standard error.
fn import(folder: &Path, page: &[u8]) -> (Option<i32>, String) {
    std::fs::write(folder.join("page.txt"), page).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_runcomfy-codegen"));
    let output = command
        .current_dir(folder)
        .args(["import", "page.txt"])
        .output()
        .unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[test]
fn encoding_of_a_page_never_changes_a_name() {
    let folder = tempfile::tempdir().unwrap();
    let latin: Vec<u8> = PAGE.chars().map(|c| u8::try_from(c).unwrap()).collect();
    let expected = "error: page.txt:2:41: found the byte 0xD7, which is not UTF-8; save the page as UTF-8; \
        nothing was written for it\n";
    assert_eq!(
        import(folder.path(), &latin),
        (Some(65), expected.to_owned())
    );
    assert!(!folder.path().join("schemas").exists());

    let wide = "\u{feff}".to_owned() + PAGE;
    let wide: Vec<u8> = wide.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(import(folder.path(), &wide), (Some(0), String::new()));
    let file = folder.path().join("schemas/acme/stamp/edit.json");
    assert!(
        std::fs::read_to_string(file)
            .unwrap()
            .contains("\"width×height\"")
    );
}

//! What the README shows of `diff` is what it prints.

use runcomfy_codegen::Builder;
use runcomfy_codegen_cli::diff;

#[test]
fn the_report_of_changes_is_as_shown() {
    let block =
        include_str!("../../../../README.md").split("```text\n$ runcomfy-codegen diff main HEAD\n");
    let shown = block.last().unwrap().split("```").next().unwrap();
    let schemas = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas");
    let old = Builder::new().schemas(schemas).read().unwrap();

    let edit = "bytedance/dreamina-4-0/edit";
    let text = std::fs::read_to_string(format!("{schemas}/{edit}.json")).unwrap();
    let text = text
        .replace("\"maximum\": 1,", "\"maximum\": 0.8,")
        .replace("\"maxLength\": 800", "\"maxLength\": 900");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(format!("{edit}.json"));
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
    let changed = Builder::new().schemas(folder.path()).read().unwrap();
    let same = old.iter().filter(|model| &*model.id != edit).cloned();
    let new: Vec<_> = same.chain(changed).collect();
    assert_eq!(format!("{}\n", diff(&old, &new)), shown);
}

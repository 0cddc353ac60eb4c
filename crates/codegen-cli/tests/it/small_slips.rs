//! Small schemas that once failed a build or passed without a word.

use crate::support::{run, write};

#[test]
fn slip_of_the_service_is_a_warning() {
    for (schema, code) in [
        (
            r#"{"properties": {"size": {"type": "string", "enum": ["a", "b"], "default": ""}}}"#,
            "RC0018",
        ),
        (
            r#"{"properties": {"image": {"type": "string", "format": "image_uri", "validations": [
                {"validation_rule": "file_size_mb!=", "validation_value": 5, "validation_error": "x"}]}}}"#,
            "RC0028",
        ),
        (
            r#"{"properties": {"m": {"type": "string", "enum": ["fast", "Fast"]}}}"#,
            "RC0014",
        ),
        (
            r#"{"properties": {"images": {"type": "array", "format": "video_uris",
                "items": {"type": "string", "format": "image_uri"}}}}"#,
            "RC0033",
        ),
        (
            r#"{"properties": {"image": {"type": "string", "format": "image_uri", "default": "example.png"}}}"#,
            "RC0019",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "schemas/a/b.json", schema);
        let (exit_code, shown) = run(folder.path(), &["lint"]);
        assert_eq!(exit_code, Some(0), "{shown}");
        assert!(shown.contains(&format!("warning[{code}]")), "{shown}");
        assert!(shown.contains("errors: 0, warnings: 1"), "{shown}");
        assert_eq!(run(folder.path(), &["generate"]).0, Some(0), "{schema}");
    }
}

#[test]
fn enums_of_every_type_are_no_slip() {
    let folder = tempfile::tempdir().unwrap();
    let schema = r#"{"properties": {"f": {"type": "number", "enum": [0.5, 1, 2]},
        "b": {"type": "boolean", "enum": [true]}, "mixed": {"enum": ["auto", 5, 10]},
        "notype": {"enum": ["x", "y"]}, "i": {"type": "integer", "enum": [1.0, 2]},
        "neg": {"type": "integer", "enum": [-5, 5]}, "plus": {"type": "string", "enum": ["+5", "5", "-5"]}}}"#;
    write(folder.path(), "schemas/a/b.json", schema);
    let (exit_code, shown) = run(folder.path(), &["lint"]);
    assert_eq!(exit_code, Some(0));
    assert_eq!(shown, "errors: 0, warnings: 0\n");
}

#[test]
fn new_member_and_property_break_an_own_crate() {
    let folder = tempfile::tempdir().unwrap();
    let schema = |more: &str, member: &str| {
        format!(
            r#"{{"required": ["prompt"], "properties": {{"prompt": {{"type": "string"}}{more},
            "speed": {{"type": "string", "enum": ["slow", "fast"{member}]}}}}}}"#
        )
    };
    write(folder.path(), "old/a/b.json", &schema("", ""));
    let new = schema(r#", "style": {"type": "string"}"#, r#", "flash""#);
    write(folder.path(), "new/a/b.json", &new);
    let diff = |more: &[&str]| run(folder.path(), &[&["diff", "old", "new"], more].concat());
    let (_, shown) = diff(&[]);
    assert!(
        shown.contains("changes: 0 breaking, 2 own crate"),
        "{shown}"
    );
    assert_eq!(diff(&["--fail-on-breaking"]).0, Some(1));
    let dependency = ["--fail-on-breaking", "--bindings", "dependency"];
    assert_eq!(diff(&dependency).0, Some(0));
}

#[test]
fn lint_annotates_the_lines_of_a_pull_request() {
    let folder = tempfile::tempdir().unwrap();
    let schema = "{\"properties\": {\n  \"a,b\": {\"maximum\": \"1\"},\n  \"m\": {\"enum\": [\"a\"], \"default\": \"%\"}}}";
    write(folder.path(), "schemas/a/b:c.json", schema);
    let (exit_code, shown) = run(folder.path(), &["lint", "--format", "github"]);
    assert_eq!(exit_code, Some(65), "{shown}");
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(
        lines[0],
        "::error file=schemas/a/b%3Ac.json,line=2,col=22,title=RC0012::found \"1\", expected a number%0Awrite a number"
    );
    let warning = "::warning file=schemas/a/b%3Ac.json,line=3,col=";
    assert!(lines[1].starts_with(warning), "{shown}");
    assert!(
        lines[1].contains("title=RC0018::") && lines[1].contains("%25"),
        "{shown}"
    );
    assert_eq!(lines[2..], ["errors: 1, warnings: 1"]);

    let text = run(folder.path(), &["lint", "--format", "human"]).1;
    assert_eq!(text, run(folder.path(), &["lint"]).1);
    let json = run(folder.path(), &["lint", "--format", "json"]).1;
    assert_eq!(json, run(folder.path(), &["lint", "--json"]).1);
}

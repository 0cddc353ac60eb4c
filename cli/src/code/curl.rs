//! The call of curl, for a shell as POSIX has it.

use std::path::Path;

use runcomfy::{Facts, Json};

/// The address of the service, where the environment names no other.
const SERVICE: &str = "https://model-api.runcomfy.net/v1";

/// The submit; the body comes from a here-document, since a file in it may be longer than any
/// argument.
pub(super) fn call(model_id: &str, input: &Json, files: &[&str]) -> String {
    let base = std::env::var("RUNCOMFY_MODEL_API_BASE").unwrap_or_default();
    let base = match base.trim().trim_end_matches('/') {
        "" => SERVICE.to_owned(),
        base if base.ends_with("/v1") => base.to_owned(),
        base => format!("{base}/v1"),
    };
    let (end, body) = match files {
        [] => ("'EOF'", in_comment(&input.to_string())),
        files => ("EOF", with_files(input, files)),
    };
    format!(
        "curl -sS {url} \\\n  -H \"Authorization: Bearer $RUNCOMFY_TOKEN\" \\\n  \
         -H \"Content-Type: application/json\" \\\n  --data-binary @- <<{end}\n{body}\nEOF",
        url = quoted(&format!("{base}/models/{}", encoded(model_id))),
    )
}

/// The body with the shell's own means in the place of each file.
fn with_files(input: &Json, files: &[&str]) -> String {
    let mut input = input.clone();
    let mut means = Vec::new();
    for (number, place) in files.iter().enumerate() {
        let Some(value) = input.pointer_mut(place) else {
            continue;
        };
        let path = value.as_str().unwrap_or_default().to_owned();
        let facts = Facts::of_file(Path::new(&path)).unwrap_or_default();
        let media_type = facts.media_type().unwrap_or("application/octet-stream");
        *value = format!("data:{media_type};base64,{}", mark(number)).into();
        let read = format!("$(base64 < {} | tr -d '\\n')", quoted(&path));
        means.push((mark(number), read));
    }
    let text = in_comment(&input.to_string());
    let text = text
        .replace('\\', "\\\\")
        .replace('$', "\\$")
        .replace('`', "\\`");
    let fill = |text: String, (mark, read): &(String, String)| text.replace(mark, read);
    means.iter().fold(text, fill)
}

/// Stands where a file's bytes go until the rest is escaped. A private letter of Unicode, which
/// neither JSON nor a shell escapes, and nobody writes.
fn mark(number: usize) -> String {
    format!("\u{f8fe}{number}\u{f8ff}")
}

/// The call stands in a comment, which no text of the input may end.
fn in_comment(json: &str) -> String {
    json.replace("*/", "*\\/").replace("/*", "\\/*")
}

/// One word for a shell.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// Each segment percent-encoded.
fn encoded(model_id: &str) -> String {
    let mut out = String::new();
    for byte in model_id.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte) {
            out.push(byte.into());
        } else {
            out += &format!("%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_ids_survive_a_shell_and_an_address() {
        assert_eq!(quoted("a/b-1.png"), "a/b-1.png");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(
            encoded("minimax/Hailuo Video 01"),
            "minimax/Hailuo%20Video%2001"
        );
        assert_eq!(in_comment(r#"{"a":"*/ /*"}"#), r#"{"a":"*\/ \/*"}"#);
    }
}

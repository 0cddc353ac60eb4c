//! The curl call, for a POSIX shell.

use std::path::Path;

use runcomfy::Client;
use runcomfy::media::Facts;
use runcomfy::schema::{Json, is_invisible};

use super::json;
use crate::failure::Failure;
use crate::shell_word::quoted;

/// Returns the submit. The body comes from a here-document, since a file may be longer than the
/// maximum of an argument.
///
/// # Errors
/// If the client would not send the token to the base URL.
pub(super) fn call(model_id: &str, input: &Json, files: &[&str]) -> Result<String, Failure> {
    let (end, body) = match files {
        [] => ("'EOF'", json::single_line(input)),
        files => ("EOF", with_files(input, &mut String::new(), files)),
    };
    Ok(format!(
        "curl -sS {url} \\\n  -H \"Authorization: Bearer ${{RUNCOMFY_TOKEN:-$RUNCOMFY_API_TOKEN}}\" \\\n  \
         -H \"Content-Type: application/json\" \\\n  --data-binary @- <<{end}\n{body}\nEOF",
        url = quoted(&submit_url(model_id)?),
    ))
}

/// Returns the URL of the submit. The client rejects a base URL that would expose the token.
fn submit_url(model_id: &str) -> Result<String, Failure> {
    // The printed call reads the token when it runs.
    let client = Client::builder().token("none").base_url_from_env();
    let url = client
        .build()
        .and_then(|client| client.submit_url(model_id))?;
    Ok(url)
}

/// Returns the body for a here-document in which the shell inserts the files; `at` is the JSON pointer
/// of this value.
fn with_files(value: &Json, at: &mut String, files: &[&str]) -> String {
    let mut below = |name: &str, value: &Json| {
        let end = at.len();
        *at += &format!("/{}", name.replace('~', "~0").replace('/', "~1"));
        let text = with_files(value, at, files);
        at.truncate(end);
        text
    };
    match value {
        Json::Object(map) => {
            let member = |(name, value): (&String, &Json)| {
                let key = unexpanded(&json::single_line(&Json::from(name.as_str())));
                format!("{key}:{}", below(name, value))
            };
            let members: Vec<String> = map.iter().map(member).collect();
            format!("{{{}}}", members.join(","))
        }
        Json::Array(list) => {
            let numbered = list.iter().enumerate();
            let items = numbered.map(|(number, value)| below(&number.to_string(), value));
            format!("[{}]", items.collect::<Vec<_>>().join(","))
        }
        Json::String(path) if files.contains(&at.as_str()) => {
            let facts = Facts::from_file(Path::new(path)).unwrap_or_default();
            let media_type = facts.media_type().unwrap_or("application/octet-stream");
            format!(
                "\"data:{media_type};base64,$({} | tr -d '\\n')\"",
                base64(path)
            )
        }
        value => unexpanded(&json::single_line(value)),
    }
}

/// Escapes the characters that a here-document expands.
fn unexpanded(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('$', "\\$")
        .replace('`', "\\`")
}

/// Returns the command that prints a file as base64.
fn base64(path: &str) -> String {
    if !path.contains(is_invisible) {
        return format!("base64 < {}", quoted(path));
    }
    // The path as octal bytes, with a letter at the end: the shell removes final line feeds of a
    // command's output.
    let bytes: Vec<String> = path.bytes().map(|byte| format!("\\{byte:03o}")).collect();
    format!(
        "file=$(printf '{}x'); base64 < \"${{file%x}}\"",
        bytes.concat()
    )
}

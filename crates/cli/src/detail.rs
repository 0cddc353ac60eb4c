//! The details of a refusal in words; the service gives them as JSON.

use runcomfy::schema::{Json, Redacted};

/// Returns a message without the JSON of the details in it, and a line for each of them that it does not
/// say already; `None` if the details are of no known form.
pub(crate) fn in_words(message: &str, detail: &Json) -> Option<(String, Vec<String>)> {
    let list = detail.as_array().filter(|list| !list.is_empty())?;
    let lines: Option<Vec<String>> = list.iter().map(line).collect();
    let mut lines = lines?;
    let json = format!(": {}", Redacted(&detail.to_string()));
    let (before, after) = message.split_once(&json)?;
    lines.retain(|line| !before.contains(line));
    Some((format!("{before}{after}"), lines))
}

/// Returns the text of one of several details, after the property that it is about.
fn line(detail: &Json) -> Option<String> {
    let mut texts = ["text", "msg", "message"].into_iter();
    let text = texts.find_map(|name| detail.get(name)?.as_str())?;
    let place = detail.get("loc").and_then(Json::as_array);
    let steps = place.into_iter().flatten().map(|step| match step {
        Json::String(name) => name.clone(),
        other => other.to_string(),
    });
    let steps = steps.filter(|step| step != "body");
    let pointer = steps.fold(String::new(), |pointer, step| pointer + "/" + &step);
    Some(match &*pointer {
        "" => text.to_owned(),
        pointer => format!("{pointer}: {text}"),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn details_become_lines() {
        let words = |detail: &Json| in_words(&format!("refused: bad x: {detail} (code 1)"), detail);
        let detail = json!([
            { "loc": ["body", "images", 0], "msg": "not a URL", "type": "url" },
            { "message": "too wide" },
            { "text": "bad x" },
        ]);
        let lines = ["/images/0: not a URL", "too wide"].map(str::to_owned);
        let expected = ("refused: bad x (code 1)".to_owned(), lines.to_vec());
        assert_eq!(words(&detail), Some(expected));
        for unknown in [
            json!([]),
            json!([{ "errorCode": 7 }]),
            json!({ "text": "x" }),
        ] {
            assert_eq!(words(&unknown), None);
        }
    }
}

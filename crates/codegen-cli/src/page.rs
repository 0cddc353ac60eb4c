//! Schemas from saved documentation pages.

use std::fmt;
use std::path::Path;

use runcomfy_codegen::Change;
use runcomfy_codegen::diagnostic::{Position, Positions, truncate};
use serde_json::Value;

use crate::Error;
use crate::schema_file::{SchemaFile, is_model_id};

mod encoding;
mod html;

/// Holds the model that a saved documentation page describes.
///
/// Nothing depends on the page's headings, which are translated and sometimes missing. The model id
/// comes from the address in the curl examples; the schemas are the JSON objects that look like one.
///
/// ```
/// use runcomfy_codegen_cli::Page;
///
/// let page = Page::parse(
///     "curl https://model-api.runcomfy.net/v1/models/acme/stamp/edit
///     {\"type\": \"object\", \"properties\": {\"prompt\": {\"type\": \"string\"}}}",
/// )?;
/// assert_eq!(page.model_id, "acme/stamp/edit");
/// assert_eq!(page.input_schema["properties"]["prompt"]["type"], "string");
/// # Ok::<(), runcomfy_codegen_cli::PageError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// Model id.
    pub model_id: String,
    /// Schema of the model's input.
    pub input_schema: Value,
    /// Schema of the model's output, if the page has one.
    pub output_schema: Option<Value>,
    /// JSON blocks that are not schemas: the position and the first characters of each.
    pub ignored: Vec<(Position, String)>,
}

/// Error of reading a page that has no usable schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageError {
    /// Position on the page, if the fault has one.
    pub position: Option<Position>,
    /// Fault, and what to do.
    pub message: String,
}

impl fmt::Display for PageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position {
            Some(Position { line, column }) => write!(f, "{line}:{column}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for PageError {}

/// Text before a model id in the curl examples.
const CALL: &str = "/v1/models/";

impl Page {
    /// Reads the bytes of a saved page: text or HTML, in UTF-8 or UTF-16.
    ///
    /// # Errors
    /// - The bytes are in neither encoding: save the page as UTF-8.
    /// - [`parse`](Self::parse) fails.
    pub fn read(bytes: &[u8]) -> Result<Self, PageError> {
        Self::parse(&encoding::decode(bytes)?)
    }

    /// Parses the text of a page that was saved as text or as HTML, in any language.
    ///
    /// # Errors
    /// - There is no curl example with a model's address, or two examples name different models: save
    ///   the model's API page, one model a page.
    /// - There is no input schema, or there are two that differ: the same.
    /// - The page is cut off inside a schema: save it whole.
    pub fn parse(text: &str) -> Result<Self, PageError> {
        let page = text.strip_prefix('\u{feff}').unwrap_or(text);
        if !html::is_html(page) {
            return Self::from_text(page, page, |offset| offset);
        }
        let html = html::text_of(page);
        Self::from_text(&html.text, page, |offset| html.on_page(offset))
    }

    /// Parses a text without markup. `on_page` gives the offset on the saved page for one in the text.
    fn from_text(
        text: &str,
        saved: &str,
        on_page: impl Fn(usize) -> usize,
    ) -> Result<Self, PageError> {
        let model_id = model_id(text).map_err(|(offset, message)| PageError {
            position: offset.map(|offset| Position::in_text(saved, on_page(offset))),
            message,
        })?;
        let mut page = Self {
            model_id,
            input_schema: Value::Null,
            output_schema: None,
            ignored: Vec::new(),
        };
        let mut positions = Positions::new(saved);
        let mut cut = None;
        for block in blocks(text) {
            match block.found {
                Found::Json(value) => page.take(value, positions.at(on_page(block.start)))?,
                Found::Cut { at } if looks_like_schema(&text[block.start..]) => {
                    cut.get_or_insert(positions.at(on_page(at)));
                }
                Found::Cut { .. } => {}
            }
        }
        if let Some(position) = cut {
            let message = "the page is cut off inside a schema; save the whole page again";
            return Err(PageError {
                position: Some(position),
                message: message.into(),
            });
        }
        if page.input_schema.is_null() {
            let message = "the page has no input schema, an object with `properties`; save the model's API page";
            return Err(PageError {
                position: None,
                message: message.into(),
            });
        }
        Ok(page)
    }

    fn take(&mut self, value: Value, position: Position) -> Result<(), PageError> {
        let slot = if is_input(&value) {
            &mut self.input_schema
        } else if is_output(&value) {
            self.output_schema.get_or_insert(Value::Null)
        } else {
            self.ignored
                .push((position, truncate(&value.to_string(), 40)));
            return Ok(());
        };
        if !slot.is_null() && *slot != value {
            let message =
                "the page has a second schema that differs from the first; keep one model a page";
            return Err(PageError {
                position: Some(position),
                message: message.into(),
            });
        }
        *slot = value;
        Ok(())
    }

    /// Returns the text of the schema file, in the catalogue's form.
    ///
    /// The heading that pages put into the schema as its title is left out, since it belongs to the
    /// page's language and not to the model.
    #[must_use]
    pub fn to_schema_file(&self) -> String {
        self.schema_file().text()
    }

    /// Writes the schema file under the model id below a folder. Returns the change, or `None` if the
    /// file has the same JSON already.
    ///
    /// The file is replaced whole or not at all.
    ///
    /// # Errors
    /// Fails if the file cannot be read or written; the old contents stay.
    pub fn write(&self, schemas: &Path) -> Result<Option<Change>, Error> {
        self.schema_file().write(schemas)
    }

    fn schema_file(&self) -> SchemaFile {
        let mut input = self.input_schema.clone();
        if let Value::Object(map) = &mut input {
            map.shift_remove("title");
        }
        let output = self.output_schema.clone();
        let output = output.map(|output| ("output_schema", output));
        let members = [("input_schema", input)].into_iter().chain(output);
        SchemaFile::new(&self.model_id, members)
    }
}

fn is_input(value: &Value) -> bool {
    value.get("properties").is_some_and(Value::is_object)
        && value.get("type").is_none_or(|kind| kind == "object")
}

fn is_output(value: &Value) -> bool {
    value.as_object().is_some_and(|map| map.len() == 1)
        && value["output"].get("properties").is_some()
}

/// Returns `true` if a text that ends too early may be a schema, which is worth an error.
fn looks_like_schema(text: &str) -> bool {
    let start: String = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .take(12)
        .collect();
    let opens = |key: &str| start.starts_with(&format!("{{\"{key}\""));
    text.contains("\"properties\"") || opens("output") || opens("type")
}

/// Characters that a URL's path may contain, and that at its end belong to the sentence around it.
const AFTER_ADDRESS: [char; 9] = ['/', '.', ',', ')', ';', ':', '!', '*', '&'];

/// Returns `true` if a URL's path may contain a character unescaped. Quotes around an address, and the
/// punctuation of other scripts, which follows it without a space, are no part of it.
fn is_of_path(c: char) -> bool {
    c.is_ascii_alphanumeric() || "/-._~%!$&()*+,;=:@".contains(c)
}

/// Returns the id in the addresses of the curl examples, which must all agree. Fails with an offset
/// and a message.
fn model_id(text: &str) -> Result<String, (Option<usize>, String)> {
    let mut found: Option<String> = None;
    for (at, _) in text.match_indices(CALL) {
        let rest = &text[at + CALL.len()..];
        let end = rest.find(|c| !is_of_path(c)).unwrap_or(rest.len());
        let id = decode(rest[..end].trim_end_matches(AFTER_ADDRESS));
        // Other calls of the service (`categories`), and placeholders (`MODEL_ID`).
        if !id.contains('/') {
            continue;
        }
        if !is_model_id(&id) {
            let message = format!(
                "found the address of {id:?}, expected a model id such as vendor/family/task"
            );
            return Err((Some(at), message));
        }
        match &found {
            Some(first) if *first != id => {
                let message = format!(
                    "the page has the addresses of two models, `{first}` and `{id}`; keep one model a page"
                );
                return Err((Some(at), message));
            }
            _ => found = Some(id),
        }
    }
    let message = format!(
        "the page has no curl example with an address like https://…{CALL}vendor/family/task"
    );
    found.ok_or((None, message))
}

/// Percent-decodes an address. An address that does not decode to UTF-8 stays as it is.
fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = |digits: &[u8]| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
        match (first, tail.get(..2).and_then(hex)) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

/// Holds a JSON object of the page, whole or cut off.
struct Block {
    start: usize,
    found: Found,
}

enum Found {
    Json(Value),
    /// The text ends inside the object, at this byte.
    Cut {
        at: usize,
    },
}

/// Returns every JSON object of the page, adjacent to others or not. Braces that begin no JSON, such as
/// `{request_id}`, are skipped.
fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut from = 0;
    let last_no_break = text.rfind(NO_BREAK);
    while let Some(start) = text[from..].find('{').map(|at| from + at) {
        from = start + 1;
        let no_break = last_no_break.is_some_and(|last| start < last);
        let (outcome, length) = read(&text[start..], no_break);
        match outcome {
            Ok(value) => {
                from = start + length;
                blocks.push(Block {
                    start,
                    found: Found::Json(value),
                });
            }
            Err(error) if error.is_eof() => {
                let at = text.trim_end().len();
                blocks.push(Block {
                    start,
                    found: Found::Cut { at },
                });
                // Whole objects inside one that is cut off mean nothing by themselves.
                break;
            }
            Err(_) => {}
        }
    }
    blocks
}

/// No-break space, with which browsers save an indentation; it is not JSON.
const NO_BREAK: char = '\u{a0}';

/// Reads the JSON value at the beginning of a text, and its number of bytes. `no_break` is `true` if the
/// text contains a no-break space.
fn read(text: &str, no_break: bool) -> (serde_json::Result<Value>, usize) {
    match first(serde_json::Deserializer::from_str(text)) {
        (Err(error), _) if !error.is_eof() && no_break => {
            first(serde_json::Deserializer::from_reader(Spaces::new(text)))
        }
        outcome => outcome,
    }
}

fn first<'de>(
    deserializer: serde_json::Deserializer<impl serde_json::de::Read<'de>>,
) -> (serde_json::Result<Value>, usize) {
    let mut stream = deserializer.into_iter();
    let value = stream.next();
    // There is a brace, so there is a value or an error.
    let value = value.unwrap_or_else(|| serde_json::from_str(""));
    (value, stream.byte_offset())
}

/// Reads a text with two spaces for each no-break space outside strings: as many bytes, so that offsets
/// stay true. It replaces them while it reads, since most braces of a page begin no JSON and reading
/// from them ends early.
struct Spaces<'a> {
    rest: &'a [u8],
    /// Number of bytes of a no-break space that are not read yet.
    halves: usize,
    in_string: bool,
    escaped: bool,
}

impl<'a> Spaces<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            rest: text.as_bytes(),
            halves: 0,
            in_string: false,
            escaped: false,
        }
    }

    fn next(&mut self) -> Option<u8> {
        let (&byte, rest) = self.rest.split_first()?;
        if !self.in_string && self.rest.starts_with("\u{a0}".as_bytes()) {
            self.halves = "\u{a0}".len();
        }
        self.rest = rest;
        if self.halves > 0 {
            self.halves -= 1;
            return Some(b' ');
        }
        if byte == b'"' && !self.escaped {
            self.in_string = !self.in_string;
        }
        self.escaped = self.in_string && byte == b'\\' && !self.escaped;
        Some(byte)
    }
}

impl std::io::Read for Spaces<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let mut count = 0;
        for slot in out {
            let Some(byte) = self.next() else { break };
            *slot = byte;
            count += 1;
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const CURL: &str = "curl --url https://model-api.runcomfy.net/v1/models/acme/Stamp%202.0/edit \\\n --data '{\n\"prompt\": \"x {y}\"\n}'进行 https://model-api.runcomfy.net/v1/requests/{request_id}/status\n";
    const INPUT: &str = "{\n\"type\": \"object\",\n\"title\": \"modelApiDoc_navInputSchema\",\n\"properties\": {\"width×height\": {\"type\": \"string\", \"description\": \"a } b ≥ & <\"}}}";
    const OUTPUT: &str =
        "{\"output\": {\"type\": \"object\", \"properties\": {\"image\": {\"type\": \"string\"}}}}";

    fn check(page: &str) {
        let page = Page::parse(page).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(page.model_id, "acme/Stamp 2.0/edit");
        assert_eq!(
            page.input_schema["properties"]["width×height"]["description"],
            "a } b ≥ & <"
        );
        assert_eq!(
            page.output_schema.as_ref().unwrap()["output"]["type"],
            "object"
        );
        assert_eq!(page.ignored.len(), 1);
        let file: Value = serde_json::from_str(&page.to_schema_file()).unwrap();
        assert_eq!(file["model_id"], "acme/Stamp 2.0/edit");
        assert!(file["input_schema"].get("title").is_none());
    }

    #[test]
    fn adjacent_blocks_indented_blocks_and_html_are_equal() {
        check(&format!("{CURL}'设置…{INPUT}{OUTPUT}RunComfy 是"));
        check(&format!(
            "{CURL}\n\nmodelApiDoc_x\n\n{INPUT}\n\nEsquema de saída\n\n{OUTPUT}\nlogo"
        ));
        check(&format!(
            "{CURL}{}{OUTPUT}",
            INPUT.replace('\n', "\n\u{a0}\u{a0}")
        ));
        let html = |text: &str| {
            text.replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('"', "&quot;")
                .replace('≥', "&#8805;")
                .replace(" \"", "&nbsp;\"")
        };
        check(&format!(
            "<!DOCTYPE html><html><script>{{\"properties\": {{}}, \"type\": \"object\"}}</script><body><pre>{}</pre><code><span>{}</span></code><div>{}</div></body></html>",
            html(CURL),
            html(INPUT).replace("&quot;type", "<b>&quot;</b>type"),
            html(OUTPUT)
        ));
    }

    #[test]
    fn equal_schemas_are_one_and_different_ones_an_error() {
        check(&format!("{CURL}{INPUT}{INPUT}{OUTPUT}"));
        let error =
            Page::parse(&format!("{CURL}{INPUT}{}", INPUT.replace("a }", "b }"))).unwrap_err();
        assert!(error.message.contains("second schema"), "{error}");
    }

    #[test]
    fn address_ends_where_a_url_does() {
        let url = "https://model-api.runcomfy.net/v1/models/acme/Stamp%202.0/edit";
        for mention in [
            format!("{url}。"),
            format!("见 {url}，"),
            format!("({url})；与 {url}、"),
            format!("**{url}**; <{url}>, “{url}”: {url}/ [{url}] {url}|"),
            "/v1/models/categories or /v1/models/MODEL_ID, /v1/models/{model_id}".to_owned(),
        ] {
            check(&format!("{mention}\n{CURL}{INPUT}{OUTPUT}"));
            check(&format!("{CURL}{INPUT}{OUTPUT}\n{mention}"));
        }
    }

    #[test]
    fn pages_without_a_schema_report_what_is_missing() {
        for (page, words) in [
            (String::new(), "no curl example"),
            (INPUT.to_owned(), "no curl example"),
            (CURL.to_owned(), "no input schema"),
            (
                format!("{CURL}{CURL}").replacen("Stamp%202.0", "Other", 1) + INPUT,
                "two models",
            ),
            (
                CURL.replace("acme/Stamp%202.0/edit", "..%2f../etc") + INPUT,
                "expected a model id",
            ),
        ] {
            let error = Page::parse(&page).unwrap_err();
            assert!(error.message.contains(words), "{words}: {error}");
        }
    }

    #[test]
    fn cut_page_reports_its_end() {
        let whole = format!("{CURL}{INPUT}{OUTPUT}");
        for end in [
            whole.find("≥").unwrap(),
            whole.len() - OUTPUT.len() - 1,
            whole.len() - 2,
        ] {
            let error = Page::parse(&whole[..end]).unwrap_err();
            assert!(error.message.contains("cut off inside a schema"), "{error}");
            let last = whole[..end].trim_end().len();
            assert_eq!(error.position, Some(Position::in_text(&whole, last)));
        }
    }

    #[test]
    fn positions_on_an_html_page_are_those_of_the_file() {
        let text = format!("{CURL}{INPUT}");
        let cut = text.find(" \"string").unwrap();
        let html = |text: &str| text.replace('"', "&quot;").replace('\n', "<br>");
        let head = "<html><style>a { b }</style>\n<body title='a > b'><pre>";
        let page = format!("{head}{}", html(&text[..cut]));
        let expected = Position::in_text(&page, page.len());
        for page in [page.clone(), format!("{page}</pre></body></html>")] {
            let error = Page::parse(&page).unwrap_err();
            assert_eq!(error.position, Some(expected), "{error}");
        }
        let page = format!("{head}{}</pre></body></html>", html(&text));
        let block = page.find("{<br>&quot;prompt").unwrap();
        let ignored = Page::parse(&page).unwrap().ignored;
        assert_eq!(ignored[0].0, Position::in_text(&page, block));
    }

    #[test]
    fn pieces_of_html_are_html() {
        let text = format!("{CURL}{INPUT}{OUTPUT}");
        let text = text.replace('&', "&amp;").replace('"', "&quot;");
        let comment = format!("<?xml version=\"1.0\"?>\n<!-- {} -->\n", "x ".repeat(300));
        for page in [
            format!("<pre><code>{text}</code></pre>"),
            format!("<article><p>{text}</p></article>"),
            format!("{comment}{comment}<HTML>{text}</HTML>"),
            format!("\u{feff}<!-- saved --><main>{text}"),
            format!(
                "<pre>{}</pre>",
                text.replace("&quot;type", "<b title=\"a > b\" id = '>'>&quot;</b>type")
            ),
        ] {
            check(&page);
        }
        // In prose a `<` is only a character, even on an HTML page.
        assert!(!html::is_html("< 5 MB") && !html::is_html("a <b> c") && !html::is_html("{"));
    }

    #[test]
    fn page_of_blocks_is_read_in_time() {
        let page = format!("{CURL}{}{INPUT}", "{\"x\": 1} ".repeat(30_000));
        let page = Page::parse(&page).unwrap();
        assert_eq!(page.ignored.len(), 30_001);
    }

    #[test]
    fn page_of_braces_is_read_in_time() {
        let page = format!("{CURL}{}", "{x ".repeat(20_000));
        assert!(Page::parse(&page).is_err());
        assert_eq!(
            Page::parse(&format!("{CURL}{INPUT}")).unwrap().input_schema["type"],
            json!("object")
        );
    }
}

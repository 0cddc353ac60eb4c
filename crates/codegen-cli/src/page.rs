//! Schemas from saved documentation pages.

use std::path::Path;

use runcomfy_codegen::Change;
use runcomfy_codegen::diagnostic::{Position, Positions};
use serde_json::Value;

use crate::Error;
use crate::schema_file::SchemaFile;
use block::{Altered, Block, Found};

mod address;
mod block;
mod encoding;
mod error;
mod html;
mod mhtml;
mod offsets;
mod repair;

pub use error::PageError;

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
    /// Alterations of a schema's texts that could not be undone for certain, and their positions.
    pub notes: Vec<(Position, String)>,
    /// JSON blocks that are not schemas: the position and the first characters of each.
    pub ignored: Vec<(Position, String)>,
}

impl Page {
    /// Reads the bytes of a saved page: text, Markdown, HTML or MHTML, in UTF-8 or UTF-16.
    ///
    /// # Errors
    /// - The bytes are in neither encoding: save the page as UTF-8.
    /// - [`parse`](Self::parse) fails.
    pub fn read(bytes: &[u8]) -> Result<Self, PageError> {
        Self::parse(&encoding::decode(bytes)?)
    }

    /// Parses the text of a saved page, in any language.
    ///
    /// Changes by saving, copying and printing are undone where it is certain what the schema was: line
    /// numbers, Markdown's escapes, typographic quotes, no-break spaces, broken lines.
    ///
    /// # Errors
    /// - There is no curl example with a model's address, or two examples name different models: save
    ///   the model's API page, one model a page.
    /// - There is no input schema, or there are two that differ: the same.
    /// - What looks like a schema is no JSON, or can be read in two ways: save the page as HTML.
    /// - The page is cut off inside a schema: save it whole.
    pub fn parse(text: &str) -> Result<Self, PageError> {
        let page = text.strip_prefix('\u{feff}').unwrap_or(text);
        if mhtml::is_mhtml(page) {
            let decoded = mhtml::html(page)?;
            let html = html::text_of(&decoded.text);
            let on_page = |offset| decoded.on_page(html.on_page(offset));
            return Self::from_text(&html.text, page, &html.unknown, on_page);
        }
        if !html::is_html(page) {
            return Self::from_text(page, page, &[], |offset| offset);
        }
        let html = html::text_of(page);
        Self::from_text(&html.text, page, &html.unknown, |at| html.on_page(at))
    }

    /// Parses a text without markup. `on_page` gives the offset on the saved page for one in the text.
    fn from_text(
        text: &str,
        saved: &str,
        entities: &[usize],
        on_page: impl Fn(usize) -> usize,
    ) -> Result<Self, PageError> {
        let error = |at: usize, message: String| PageError {
            position: Some(Position::in_text(saved, on_page(at))),
            message,
        };
        let model_id = address::model_id(text).map_err(|(offset, message)| PageError {
            position: offset.map(|offset| Position::in_text(saved, on_page(offset))),
            message,
        })?;
        let mut page = Self {
            model_id,
            input_schema: Value::Null,
            output_schema: None,
            notes: Vec::new(),
            ignored: Vec::new(),
        };
        let blocks = block::blocks(text);
        let breaks = Breaks::new(&blocks);
        if let Some((at, message)) = blocks
            .iter()
            .find_map(|block| fault(block, saved, &on_page))
        {
            return Err(error(at, message));
        }
        let mut positions = Positions::new(saved);
        for block in blocks {
            let Found::Json(value) = &block.found else {
                continue;
            };
            let position = positions.at(on_page(block.start));
            if !is_input(value) && !is_output(value) {
                page.ignored.push((position, block::shown(value)));
                continue;
            }
            if let Some((at, message)) = doubt(&block, value, text, entities, breaks) {
                return Err(error(at, message.to_owned()));
            }
            if let Some(note) = block.altered {
                page.notes.push((position, note.as_str().to_owned()));
            }
            page.take(value.clone(), position)?;
        }
        if page.input_schema.is_null() {
            return Err(page.without_input());
        }
        Ok(page)
    }

    /// Returns the error of a page without an input schema, with the place of what may be meant for one.
    fn without_input(&self) -> PageError {
        let empty = "{\"type\":\"object\"";
        let objects = self
            .ignored
            .iter()
            .find(|(_, shown)| shown.starts_with(empty));
        let message = match objects {
            Some(_) => {
                "this object has no `properties`, so it is no input schema; the page has no other"
            }
            None => {
                "the page has no input schema, an object with `properties`; save the model's API page"
            }
        };
        PageError {
            position: objects.map(|(position, _)| *position),
            message: message.into(),
        }
    }

    fn take(&mut self, value: Value, position: Position) -> Result<(), PageError> {
        let slot = if is_input(&value) {
            &mut self.input_schema
        } else {
            self.output_schema.get_or_insert(Value::Null)
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

/// Facts from the line breaks in the texts of a page.
#[derive(Clone, Copy)]
struct Breaks {
    /// A space is left beside some of them, so they replace none.
    keep_spaces: bool,
}

impl Breaks {
    fn new(blocks: &[Block]) -> Self {
        let mut wraps = blocks.iter().flat_map(|block| &block.wraps);
        Self {
            keep_spaces: wraps.any(|wrap| wrap.keeps_spaces),
        }
    }
}

/// Returns the fault of what looks like a schema, and its offset.
fn fault(block: &Block, saved: &str, on_page: &impl Fn(usize) -> usize) -> Option<(usize, String)> {
    match &block.found {
        Found::Cut { is_schema: true } => {
            let message = "the page is cut off inside a schema; save the whole page again";
            Some((block.end, message.to_owned()))
        }
        Found::Invalid { at, why } => {
            let Position { line, column } = Position::in_text(saved, on_page(block.start));
            let message = format!(
                "what begins at {line}:{column} looks like a schema, but cannot be read: {why}; \
                 save the page as HTML, or fix it by hand"
            );
            Some((*at, message))
        }
        _ => None,
    }
}

/// Returns why it is not certain that a schema is read as it was, and the offset.
fn doubt(
    block: &Block,
    value: &Value,
    text: &str,
    entities: &[usize],
    breaks: Breaks,
) -> Option<(usize, &'static str)> {
    if block::is_nested(text, block.start) {
        let message =
            "this object is inside of another one, which cannot be read; save the page as HTML";
        return Some((block.start, message));
    }
    let range = block.start..block.end;
    if let Some(at) = entities.iter().find(|at| range.contains(at)) {
        return Some((
            *at,
            "found an entity that is not known; write the character itself",
        ));
    }
    let broken = block.wraps.iter().find(|wrap| {
        !(wrap.is_certain || wrap.keeps_spaces || breaks.keep_spaces) || wrap.has_indentation
    });
    if let Some(wrap) = broken {
        let message = "a line is broken inside of a text, which may have had a space there; save the page as HTML";
        return Some((block.start + wrap.at, message));
    }
    let layout = text[range]
        .char_indices()
        .find(|(_, c)| repair::is_layout(*c));
    if let Some((at, _)) = layout.filter(|_| has_text(value, repair::is_layout)) {
        let message =
            "found an invisible character inside of a text of the schema; save the page as HTML";
        return Some((block.start + at, message));
    }
    let is_typeset = |c: char| "’‘…–—".contains(c);
    let typeset = block.altered == Some(Altered::Quotes) && has_name(value, is_typeset);
    typeset.then_some((
        block.start,
        "a name or value of the schema has typographic signs, as its quotes have; save the page as HTML",
    ))
}

/// Returns `true` if a text of a value, a name included, has such a character.
fn has_text(value: &Value, is: fn(char) -> bool) -> bool {
    match value {
        Value::String(text) => text.contains(is),
        Value::Array(list) => list.iter().any(|value| has_text(value, is)),
        Value::Object(map) => map.iter().any(|(k, v)| k.contains(is) || has_text(v, is)),
        _ => false,
    }
}

/// Returns `true` if a text that is more than a description has such a character.
fn has_name(value: &Value, is: fn(char) -> bool) -> bool {
    const TEXTS: [&str; 3] = ["title", "description", "validation_error"];
    match value {
        Value::Object(map) => map.iter().any(|(name, value)| {
            let is_text = TEXTS.contains(&&**name) && value.is_string();
            name.contains(is) || (!is_text && has_name(value, is))
        }),
        Value::Array(list) => list.iter().any(|value| has_name(value, is)),
        other => has_text(other, is),
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

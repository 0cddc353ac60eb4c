//! References of a schema to other parts of its file.

use serde_json::Value;

/// State of resolving references.
#[derive(Default)]
pub(super) struct References<'a> {
    /// The JSON document that is read.
    pub(super) document: Option<&'a Value>,
    /// The schema that pointers begin at, and its own pointer.
    root: Option<(&'a Value, String)>,
    /// Pointers of the schemas that the reader is in because of references.
    pub(super) open: Vec<String>,
    /// Number of references that were followed.
    pub(super) count: usize,
    /// `true` if any reference was followed.
    pub(super) is_used: bool,
}

impl<'a> References<'a> {
    /// Starts to read the schema of an input or output.
    pub(super) fn start(&mut self, root: &'a Value, at: &str) {
        self.root = Some((root, at.to_owned()));
        self.open = vec![at.to_owned()];
    }

    /// Returns the schema that a local reference names, with its pointer: a pointer from the schema
    /// of the input or output on, as a schema by itself has it, or from the whole document on.
    pub(super) fn find(&self, fragment: &str) -> Option<(&'a Value, String)> {
        self.at(fragment).or_else(|| self.at(&decoded(fragment)?))
    }

    fn at(&self, pointer: &str) -> Option<(&'a Value, String)> {
        let (root, at) = self.root.as_ref()?;
        let from_root = root.pointer(pointer).map(|v| (v, format!("{at}{pointer}")));
        let from_document = || {
            let found = self.document?.pointer(pointer)?;
            Some((found, pointer.to_owned()))
        };
        from_root.or_else(from_document)
    }
}

/// Returns the pointer that a fragment of a URI encodes with percent signs; `None` if that is no text.
fn decoded(fragment: &str) -> Option<String> {
    let (first, rest) = fragment.split_once('%')?;
    let mut bytes = first.as_bytes().to_vec();
    for part in rest.split('%') {
        let digits = part.get(..2).filter(|digits| !digits.contains('+'))?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend(&part.as_bytes()[2..]);
    }
    String::from_utf8(bytes).ok()
}

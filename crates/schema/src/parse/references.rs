//! References of a schema to other parts of its file.

use serde_json::Value;

use super::{Parser, sorted};
use crate::{Code, Keyword, Kind, Location, Schema};

/// Maximum number of schemas that references lead to. References that lead to several others, and
/// these again, would otherwise make a schema of a few lines endless.
const MAX_REFERRED: usize = 4_096;

/// Maximum number of references from one to the next.
const MAX_OPEN: usize = 64;

/// State of resolving references.
#[derive(Default)]
pub(super) struct References<'a> {
    /// The JSON document that is read.
    pub(super) document: Option<&'a Value>,
    /// The schema that pointers begin at, and its own pointer.
    root: Option<(&'a Value, String)>,
    /// Pointers of the schemas that the reader is in because of references.
    open: Vec<String>,
    /// Number of references that were followed.
    count: usize,
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
    fn find(&self, fragment: &str) -> Option<(&'a Value, String)> {
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

impl Parser<'_> {
    /// Returns a schema with the members that its local reference leads to. Members beside the reference
    /// are nearer and decide. A reference that leads nowhere or into itself allows everything.
    pub(super) fn referenced(
        &mut self,
        own: Schema,
        reference: &str,
        at: &str,
        depth: usize,
    ) -> Schema {
        let found = self.references.find(&reference[1..]);
        let why = match &found {
            None => "leads to nothing in this file",
            Some((_, to)) if self.references.open.contains(to) => "leads back to itself",
            Some(_) if self.references.open.len() > MAX_OPEN => "leads to too many others",
            Some(_) if self.references.count >= MAX_REFERRED => "is one of too many",
            Some(_) => "",
        };
        let Some((target, to)) = found.filter(|_| why.is_empty()) else {
            self.warn(
                Code::Reference,
                &format!("{at}/$ref"),
                Location::Value,
                &format!("the reference `{reference}` {why}: not checked"),
                "write the schema that is meant in its place",
            );
            return own;
        };
        self.references.is_used = true;
        self.references.count += 1;
        self.references.open.push(to.clone());
        let target = self.schema(target, &to, depth);
        self.references.open.pop();
        overlaid(&target, &own)
    }
}

/// Returns a schema with the keywords of another in place of its own; rules and unknown keywords are
/// of both.
fn overlaid(base: &Schema, own: &Schema) -> Schema {
    let adds = |k: &Keyword| matches!(k, Keyword::Validation(_) | Keyword::Unknown(..));
    let same = |a: &Keyword, b: &Keyword| std::mem::discriminant(a) == std::mem::discriminant(b);
    let kind = match own.kind {
        Kind::Any => base.kind,
        kind => kind,
    };
    let mut keywords = own.keywords.to_vec();
    for keyword in base.keywords.iter() {
        let is_replaced = !adds(keyword) && own.keywords.iter().any(|other| same(other, keyword));
        if !is_replaced && !keywords.contains(keyword) {
            keywords.push(keyword.clone());
        }
    }
    Schema {
        kind,
        keywords: sorted(keywords),
    }
}

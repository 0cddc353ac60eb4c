//! A schema over the one that its reference leads to.

use super::keyword_order::sorted;
use super::parser::Parser;
use crate::{Code, Keyword, Kind, Location, Schema};

/// Maximum number of schemas that references lead to. References that lead to several others, and
/// these again, would otherwise make a schema of a few lines endless.
const MAX_REFERRED: usize = 4_096;

/// Maximum number of references from one to the next.
const MAX_OPEN: usize = 64;

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

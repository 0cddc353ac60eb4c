//! Lists of keywords in their order.

use crate::{Keyword, KeywordList, Schema};

/// Returns a schema without its unwanted keywords.
pub(super) fn without(schema: &Schema, unwanted: fn(&Keyword) -> bool) -> Schema {
    let keywords = schema.keywords.iter();
    let others: Vec<Keyword> = keywords
        .filter(|keyword| !unwanted(keyword))
        .cloned()
        .collect();
    Schema {
        kind: schema.kind,
        keywords: others.into(),
    }
}

/// Returns the schema's keywords with this one in the place of any of its kind.
pub(super) fn with(schema: &Schema, keyword: Keyword) -> KeywordList {
    let same = |other: &Keyword| std::mem::discriminant(other) == std::mem::discriminant(&keyword);
    let keywords = schema.keywords.iter();
    let mut list: Vec<Keyword> = keywords.filter(|other| !same(other)).cloned().collect();
    list.push(keyword);
    sorted(list)
}

/// Returns the list of these keywords.
pub(super) fn sorted(mut keywords: Vec<Keyword>) -> KeywordList {
    keywords.sort_by_cached_key(Keyword::rank);
    keywords.into()
}

impl Keyword {
    /// The order of the variants, and among unknown keywords that of their names. Rules keep the
    /// order in which they stand (the sort is stable).
    pub(super) fn rank(&self) -> (u8, String) {
        let rank = match self {
            Self::Title(_) => 0,
            Self::Description(_) => 1,
            Self::Deprecated => 2,
            Self::Format(_) => 3,
            Self::Default(_) => 4,
            Self::Enum(_) => 5,
            Self::Minimum(_) => 6,
            Self::Maximum(_) => 7,
            Self::ExclusiveMinimum(_) => 8,
            Self::ExclusiveMaximum(_) => 9,
            Self::MultipleOf(_) => 10,
            Self::MinLength(_) => 11,
            Self::MaxLength(_) => 12,
            Self::MinItems(_) => 13,
            Self::MaxItems(_) => 14,
            Self::Items(_) => 15,
            Self::Properties(_) => 16,
            Self::AdditionalProperties(_) => 17,
            Self::Validation(_) => 18,
            Self::Unknown(name, _) => return (19, name.to_string()),
        };
        (rank, String::new())
    }
}

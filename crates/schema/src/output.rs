//! Output schema of nearly every model.

use crate::{Keyword, KeywordList, Kind, Property, Schema, Shared};

/// Output schema of nearly every model: `image` and `video` with one URL each, `images` and
/// `videos` with arrays of URLs. The object may have further members.
pub static OUTPUT: Schema = Schema {
    kind: Kind::Object,
    keywords: KeywordList::from_static(KEYWORDS),
};

const KEYWORDS: &[Keyword] = &[
    Keyword::Properties(Shared::Static(&[
        Property {
            name: Shared::Static("image"),
            required: false,
            schema: ONE,
        },
        Property {
            name: Shared::Static("images"),
            required: false,
            schema: MANY,
        },
        Property {
            name: Shared::Static("video"),
            required: false,
            schema: ONE,
        },
        Property {
            name: Shared::Static("videos"),
            required: false,
            schema: MANY,
        },
    ])),
    Keyword::AdditionalProperties(true),
];

const URI: &[Keyword] = &[Keyword::Format(Shared::Static("uri"))];

const ONE: Schema = Schema {
    kind: Kind::String,
    keywords: KeywordList::from_static(URI),
};

const MANY: Schema = Schema {
    kind: Kind::Array,
    keywords: KeywordList::from_static(ITEMS),
};

const ITEMS: &[Keyword] = &[Keyword::Items(Shared::Static(&ONE))];

impl Schema {
    /// Returns `true` if the schema is [`OUTPUT`], titles and descriptions aside: documentation
    /// pages translate those.
    #[must_use]
    pub fn is_common_output(&self) -> bool {
        let (Some(own), Some(common)) = (self.properties(), OUTPUT.properties()) else {
            return false;
        };
        own.len() == common.len()
            && own
                .iter()
                .zip(common)
                .all(|(a, b)| a.name == b.name && same_shape(&a.schema, &b.schema))
    }
}

fn same_shape(a: &Schema, b: &Schema) -> bool {
    let items = match (a.items(), b.items()) {
        (Some(a), Some(b)) => same_shape(a, b),
        (a, b) => a.is_none() && b.is_none(),
    };
    a.kind == b.kind && a.format() == b.format() && items
}

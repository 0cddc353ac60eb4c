//! The keywords of one schema.

use std::ops::Deref;

use crate::{Keyword, List, Shared};

/// The keywords of a schema, in the order of [`Keyword`]'s variants.
///
/// It knows where those are that the engine checks. Most keywords of real schemas are prose,
/// defaults and media rules, and passing over them took longer than checking the others.
#[derive(Clone, Debug, PartialEq)]
pub struct KeywordList {
    all: List<Keyword>,
    /// Indices of the first constraint, and of what follows the last one.
    constraints: (usize, usize),
}

impl KeywordList {
    /// Creates a list that is compiled in.
    #[must_use]
    pub const fn from_static(all: &'static [Keyword]) -> Self {
        Self {
            constraints: constraints(all),
            all: Shared::Static(all),
        }
    }

    /// Returns all keywords that the engine checks, and no others at either end.
    pub(crate) fn constraints(&self) -> &[Keyword] {
        let (start, end) = self.constraints;
        &self.all[start..end]
    }
}

impl From<Vec<Keyword>> for KeywordList {
    fn from(all: Vec<Keyword>) -> Self {
        Self {
            constraints: constraints(&all),
            all: all.into(),
        }
    }
}

impl Deref for KeywordList {
    type Target = [Keyword];

    fn deref(&self) -> &[Keyword] {
        &self.all
    }
}

const fn constraints(all: &[Keyword]) -> (usize, usize) {
    let (mut start, mut end) = (0, all.len());
    while start < end && !is_constraint(&all[start]) {
        start += 1;
    }
    while start < end && !is_constraint(&all[end - 1]) {
        end -= 1;
    }
    (start, end)
}

const fn is_constraint(keyword: &Keyword) -> bool {
    !matches!(
        keyword,
        Keyword::Title(_)
            | Keyword::Description(_)
            | Keyword::Deprecated
            | Keyword::Default(_)
            | Keyword::Validation(_)
            | Keyword::Unknown(..)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Literal, Number};

    #[test]
    fn constraints_are_found_in_any_order() {
        let title = || Keyword::Title("x".into());
        let unknown = || Keyword::Unknown("x".into(), Literal::Null);
        let minimum = || Keyword::Minimum(Number::Int(1));
        let (open, between) = (Keyword::AdditionalProperties(true), title());
        for (all, constraints) in [
            (vec![], 0..0),
            (vec![title(), unknown()], 2..2),
            (vec![minimum()], 0..1),
            (vec![title(), minimum(), unknown()], 1..2),
            (vec![minimum(), between, open, unknown(), title()], 0..3),
        ] {
            let list = KeywordList::from(all.clone());
            assert_eq!(list.constraints(), &all[constraints], "{all:?}");
        }
    }
}

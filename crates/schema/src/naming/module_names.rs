//! The modules of a set of models.

use std::collections::{BTreeMap, BTreeSet};

use super::spelling::{Case, spelt};
use super::{limited, module};

/// Names of the modules that the ids of a set of models become.
///
/// Each segment of an id is a [`module`]. Segments beside each other that would become the same
/// module are spelt out, all of them. The names depend on the set alone, not on its order.
///
/// ```
/// use runcomfy_schema::naming::ModuleNames;
///
/// let names = ModuleNames::new(["wan-ai/wan-2-7", "wan-ai/wan-2.7", "wan-ai/wan-3"]);
/// assert_eq!(names.path("wan-ai/wan-3"), ["wan_ai", "wan_3"]);
/// assert_eq!(names.path("wan-ai/wan-2.7"), ["wan_ai", "id__wan_dash_2_dot_7"]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct ModuleNames {
    clashes: Vec<ModuleClash>,
    /// Parts of ids whose last segments are spelt out.
    spelt: BTreeSet<String>,
    /// Names that the last segments of these parts of ids are given.
    given: BTreeMap<String, String>,
}

/// Parts of ids whose last segments would become the same module.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModuleClash {
    /// Name of the module that they would become.
    pub module: String,
    /// The parts, in their order.
    pub parts: Vec<String>,
}

impl ModuleNames {
    /// Returns the names for the models with these ids.
    pub fn new<'a>(ids: impl IntoIterator<Item = &'a str>) -> Self {
        Self::with_given(ids, BTreeMap::new())
    }

    /// Returns the names as [`new`](Self::new) does; the last segments of some parts of ids have the
    /// names that they are given.
    pub fn with_given<'a>(
        ids: impl IntoIterator<Item = &'a str>,
        given: BTreeMap<String, String>,
    ) -> Self {
        // By the part before and the name.
        let mut parts: BTreeMap<(&str, String), BTreeSet<&str>> = BTreeMap::new();
        for id in ids {
            let ends = id.match_indices('/').map(|(at, _)| at).chain([id.len()]);
            for end in ends {
                let part = &id[..end];
                let (parent, segment) = part.rsplit_once('/').unwrap_or(("", part));
                let name = given.get(part).cloned();
                let name = module(name.as_deref().unwrap_or(segment));
                let same = parts.entry((parent, name)).or_default();
                same.insert(part);
            }
        }
        let mut names = Self {
            given,
            ..Self::default()
        };
        for ((_, module), parts) in parts.into_iter().filter(|(_, parts)| parts.len() > 1) {
            let parts: Vec<String> = parts.into_iter().map(str::to_owned).collect();
            names.spelt.extend(parts.iter().cloned());
            names.clashes.push(ModuleClash { module, parts });
        }
        names
    }

    /// Returns the name of the module for the last segment of an id or of a part of one.
    #[must_use]
    pub fn name(&self, part: &str) -> String {
        let segment = part.rsplit_once('/').map_or(part, |(_, segment)| segment);
        if let Some(name) = self.given.get(part) {
            module(name)
        } else if self.spelt.contains(part) {
            limited(format!("id__{}", spelt(segment, Case::Spelt)), segment)
        } else {
            module(segment)
        }
    }

    /// Returns the names of the modules that lead to a model, without the crate's.
    #[must_use]
    pub fn path(&self, id: &str) -> Vec<String> {
        let ends = id.match_indices('/').map(|(at, _)| at).chain([id.len()]);
        ends.map(|end| self.name(&id[..end])).collect()
    }

    /// Returns the groups of segments that are spelt out because they would become one module.
    #[must_use]
    pub fn clashes(&self) -> &[ModuleClash] {
        &self.clashes
    }
}

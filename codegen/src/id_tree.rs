//! Model ids as paths, of which no two parts may come out as one.

use std::collections::HashMap;

use crate::name;

/// Tracks which names the parts of model ids have claimed.
#[derive(Debug)]
pub struct IdTree {
    /// From a segment to its name.
    name: fn(&str) -> String,
    /// The part of an id by the path of names that it has taken.
    taken: HashMap<String, String>,
}

/// Names two parts of ids that become the same name.
#[derive(Debug)]
pub struct Clash {
    /// Part of the id that claimed the name first.
    pub first: String,
    /// Part of the id that cannot claim it.
    pub second: String,
    /// Name of the last segment of both.
    pub name: String,
}

impl IdTree {
    /// Returns an empty tree of the modules that ids become.
    #[must_use]
    pub fn modules() -> Self {
        Self {
            name: name::module,
            taken: HashMap::new(),
        }
    }

    /// Returns an empty tree of files and folders, on a file system that ignores letter case.
    #[must_use]
    pub fn files() -> Self {
        Self {
            name: str::to_lowercase,
            taken: HashMap::new(),
        }
    }

    /// Claims the names of an id, all or none.
    ///
    /// # Errors
    /// Fails when another part of an id has claimed one of them.
    pub fn claim(&mut self, id: &str) -> Result<(), Clash> {
        let (mut part, mut path) = (String::new(), String::new());
        let mut new = Vec::new();
        for segment in id.split('/') {
            if !path.is_empty() {
                part.push('/');
            }
            part.push_str(segment);
            let name = (self.name)(segment);
            path.push('/');
            path.push_str(&name);
            match self.taken.get(&path) {
                Some(first) if *first != part => {
                    return Err(Clash {
                        first: first.clone(),
                        second: part,
                        name,
                    });
                }
                Some(_) => {}
                None => new.push((path.clone(), part.clone())),
            }
        }
        self.taken.extend(new);
        Ok(())
    }
}

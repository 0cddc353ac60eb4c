//! Model ids as paths, of which no two parts may come out as one.

use std::collections::HashMap;

use crate::name;

/// The parts of model ids that have taken a name.
pub(crate) struct IdTree {
    /// From a segment to its name.
    name: fn(&str) -> String,
    /// The part of an id by the path of names that it has taken.
    taken: HashMap<String, String>,
}

/// Two parts of ids that come out as one.
#[derive(Debug)]
pub(crate) struct Clash {
    pub(crate) first: String,
    pub(crate) second: String,
    /// The last segment's name.
    pub(crate) name: String,
}

impl IdTree {
    /// Of the modules that ids become.
    pub(crate) fn modules() -> Self {
        Self {
            name: name::module,
            taken: HashMap::new(),
        }
    }

    /// Of files and folders where a file system does not tell capitals.
    pub(crate) fn files() -> Self {
        Self {
            name: str::to_lowercase,
            taken: HashMap::new(),
        }
    }

    /// Takes the names of an id, all or none.
    pub(crate) fn claim(&mut self, id: &str) -> Result<(), Clash> {
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

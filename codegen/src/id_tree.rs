//! Model ids as paths of files, of which no two parts may come out as one.

use std::collections::HashMap;

/// Tracks which paths the parts of model ids have claimed, on a file system that ignores letter case.
#[derive(Debug, Default)]
pub struct IdTree {
    /// The part of an id by the path that it has taken.
    taken: HashMap<String, String>,
}

/// Names two parts of ids that become the same path.
#[derive(Debug)]
pub struct Clash {
    /// Part of the id that claimed the path first.
    pub first: String,
    /// Part of the id that cannot claim it.
    pub second: String,
}

impl IdTree {
    /// Returns an empty tree of files and folders.
    #[must_use]
    pub fn files() -> Self {
        Self::default()
    }

    /// Claims the path of an id, all of it or nothing.
    ///
    /// # Errors
    /// Fails when another part of an id has claimed a part of it.
    pub fn claim(&mut self, id: &str) -> Result<(), Clash> {
        let ends = id.match_indices('/').map(|(at, _)| at).chain([id.len()]);
        let mut new = Vec::new();
        for end in ends {
            let part = &id[..end];
            let path = part.to_lowercase();
            match self.taken.get(&path) {
                Some(first) if *first != part => {
                    return Err(Clash {
                        first: first.clone(),
                        second: part.to_owned(),
                    });
                }
                Some(_) => {}
                None => new.push((path, part.to_owned())),
            }
        }
        self.taken.extend(new);
        Ok(())
    }
}

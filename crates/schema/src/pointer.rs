//! JSON pointers to parts of a value.

use std::fmt;

use crate::phrase::{Phrase, write_integer};

/// A JSON pointer (RFC 6901) as a chain of steps on the stack, so that walking a valid value
/// allocates nothing.
#[derive(Clone, Copy, Debug)]
pub struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Step<'a> {
    Root,
    Name(&'a str),
    Index(usize),
}

impl Path<'_> {
    /// Path to the whole value. Its pointer is the empty string.
    pub const ROOT: Path<'static> = Path {
        parent: None,
        step: Step::Root,
    };
}

impl<'a> Path<'a> {
    /// Returns the path to the member `name` of the object at this path.
    #[must_use]
    pub fn member(&'a self, name: &'a str) -> Self {
        Self {
            parent: Some(self),
            step: Step::Name(name),
        }
    }

    /// Returns the path to the element `index` of the array at this path.
    #[must_use]
    pub fn element(&'a self, index: usize) -> Self {
        Self {
            parent: Some(self),
            step: Step::Index(index),
        }
    }
}

impl Phrase for Path<'_> {
    fn write(&self, out: &mut impl fmt::Write) -> fmt::Result {
        if let Some(parent) = self.parent {
            parent.write(out)?;
        }
        if matches!(self.step, Step::Root) {
            return Ok(());
        }
        out.write_str("/")?;
        match self.step {
            Step::Root => Ok(()),
            Step::Name(name) if name.bytes().any(|b| matches!(b, b'~' | b'/')) => {
                out.write_str(&name.replace('~', "~0").replace('/', "~1"))
            }
            Step::Name(name) => out.write_str(name),
            Step::Index(index) => write_integer(index as i128, out),
        }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f)
    }
}

#[cfg(test)]
mod tests {
    use super::Path;

    #[test]
    fn prints_as_rfc_6901() {
        let list = Path::ROOT.member("image_urls");
        assert_eq!(list.element(3).to_string(), "/image_urls/3");
        assert_eq!(
            Path::ROOT.member("a/b~c").member("").to_string(),
            "/a~1b~0c/"
        );
        assert_eq!(Path::ROOT.to_string(), "");
    }
}

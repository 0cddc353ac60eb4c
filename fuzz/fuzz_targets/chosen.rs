//! What the fuzz targets share: drawings whose choices the fuzzer makes.

use std::fmt;
use std::path::PathBuf;

use arbitrary::{Arbitrary, Result, Unstructured};
use runcomfy_testkit::hostile::{self, File};
use runcomfy_testkit::{Dice, inert};

/// The fuzzer's bytes as choices. Where they run out every choice is the first one.
pub struct Chosen<'a, 'b>(pub &'b mut Unstructured<'a>);

impl Dice for Chosen<'_, '_> {
    fn below(&mut self, sides: usize) -> usize {
        self.0.choose_index(sides.max(1)).unwrap_or_default()
    }

    fn bits(&mut self) -> u64 {
        self.0.arbitrary().unwrap_or_default()
    }
}

/// Schema files that the fuzzer has put together.
pub struct Folder(pub Vec<File>);

impl<'a> Arbitrary<'a> for Folder {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self(hostile::folder(&mut Chosen(bytes))))
    }
}

impl fmt::Debug for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for File { path, text } in &self.0 {
            writeln!(f, "{path:?}\n{text}")?;
        }
        Ok(())
    }
}

/// Holds the generator to its promises on these files.
///
/// # Panics
/// When one is broken.
pub fn generate(files: &[File]) {
    let folder = folder();
    inert::write(files, &folder).expect("the temporary folder can be written");
    if let Err(why) = inert::check(&folder) {
        panic!("{why}");
    }
}

/// A folder of this process alone, in memory where the system has such a place.
fn folder() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    let parent = if memory.is_dir() {
        memory
    } else {
        std::env::temp_dir()
    };
    parent.join(format!("runcomfy-fuzz-{}", std::process::id()))
}

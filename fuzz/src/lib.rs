//! Arbitrary data whose choices the fuzzer makes, for all fuzz targets.

use std::fmt;
use std::path::PathBuf;

use arbitrary::{Arbitrary, Result, Unstructured};
use runcomfy_testkit::arbitrary::Entropy;
use runcomfy_testkit::arbitrary::hostile::{self, SchemaFile};
use runcomfy_testkit::generated_code;

/// The fuzzer's bytes as a source of choices. Once they are exhausted, every choice is the first.
pub struct FuzzerBytes<'a, 'b>(pub &'b mut Unstructured<'a>);

impl Entropy for FuzzerBytes<'_, '_> {
    fn below(&mut self, bound: usize) -> usize {
        self.0.choose_index(bound.max(1)).unwrap_or_default()
    }

    fn bits(&mut self) -> u64 {
        self.0.arbitrary().unwrap_or_default()
    }
}

/// A folder of schema files of the fuzzer's choice.
pub struct Folder(pub Vec<SchemaFile>);

impl<'a> Arbitrary<'a> for Folder {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self(hostile::folder(&mut FuzzerBytes(bytes))))
    }
}

impl fmt::Debug for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for SchemaFile { path, text } in &self.0 {
            writeln!(f, "{path:?}\n{text}")?;
        }
        Ok(())
    }
}

/// Checks the promises about generated code on these files.
///
/// # Panics
/// Panics if a promise is broken.
pub fn generate(files: &[SchemaFile]) {
    let folder = folder();
    generated_code::write(files, &folder).expect("the temporary folder can be written");
    if let Err(why) = generated_code::check(&folder) {
        panic!("{why}");
    }
}

/// Returns the path of a folder of this process, in memory where the system has a folder there.
fn folder() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    let parent = if memory.is_dir() {
        memory
    } else {
        std::env::temp_dir()
    };
    parent.join(format!("runcomfy-fuzz-{}", std::process::id()))
}

//! The items that a call of the macro becomes, as text.

use std::path::{Path, PathBuf};
use std::thread;

use runcomfy_codegen::expansion::Expansion;
use runcomfy_codegen::{Diagnostic, Error};

/// Stack size of the generator's thread: as much as a main thread has.
const STACK: usize = 8 << 20;

/// Items that a call of the macro becomes.
pub(crate) struct Items {
    /// Items of the model, and items that make the compiler depend on its files.
    pub(crate) code: String,
    /// Items that make the compiler print diagnostics.
    pub(crate) messages: String,
}

impl Items {
    /// Returns the items for the text between the parentheses of the macro.
    pub(crate) fn new(arguments: String) -> Self {
        match generate(arguments) {
            Ok(expansion) => {
                let watched: String = expansion.files.iter().map(|file| watch(file)).collect();
                Self {
                    code: expansion.code + &watched,
                    messages: expansion.warnings.iter().map(warning).collect(),
                }
            }
            Err(failure) => Self {
                code: String::new(),
                messages: failure.items(),
            },
        }
    }
}

/// Runs the generator on a thread of its own. Outside of the compiler's thread it works on text alone,
/// as in a build script, so that both give the same code.
fn generate(arguments: String) -> Result<Expansion, Failure> {
    let folder = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let folder = folder.ok_or_else(|| {
        Failure::Other("CARGO_MANIFEST_DIR is not set; compile the crate with cargo".to_owned())
    })?;
    let work = move || Expansion::new(&folder, &arguments);
    let thread = thread::Builder::new().stack_size(STACK).spawn(work);
    let thread = thread.map_err(|e| Failure::Other(format!("could not start a thread: {e}")))?;
    let result = thread
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    result.map_err(Failure::Generator)
}

enum Failure {
    Generator(Error),
    Other(String),
}

impl Failure {
    /// Returns an item for each diagnostic or, without diagnostics, one for the error.
    fn items(&self) -> String {
        let error = match self {
            Self::Other(message) => return compile_error(message),
            Self::Generator(error) => error,
        };
        if error.diagnostics().is_empty() {
            return compile_error(&error.to_string());
        }
        let item = |diagnostic: &Diagnostic| {
            if diagnostic.is_error() {
                compile_error(&diagnostic.to_string())
            } else {
                warning(diagnostic)
            }
        };
        error.diagnostics().iter().map(item).collect()
    }
}

/// Returns an item that does not compile, with this message.
pub(crate) fn compile_error(message: &str) -> String {
    format!("::core::compile_error! {{ {message:?} }}\n")
}

/// Returns an item that uses a deprecated constant, which has the warning as its note.
fn warning(diagnostic: &Diagnostic) -> String {
    let Diagnostic { code, help, .. } = diagnostic;
    let note = format!("{}; {help}", diagnostic.headline());
    format!("const _: () = {{ #[deprecated(note = {note:?})] const {code}: () = (); {code} }};\n")
}

/// Returns an item that makes the compiler depend on a file.
fn watch(file: &Path) -> String {
    let file = file.to_string_lossy();
    format!("const _: &[u8] = ::core::include_bytes!({file:?});\n")
}

//! The build script of the project.

use super::project::Project;
use crate::failure::Failure;

const TEXT: &str = "\
//! Generates the types of the models whose schemas are below `schemas/`.

fn main() {
    runcomfy_codegen::Builder::new().build_script();
}
";

/// Plans the build script, unless an existing one already generates the types.
///
/// # Errors
/// If there is another build script.
pub(super) fn plan(project: &mut Project, name: &str) -> Result<(), Failure> {
    let existing = project.read(name)?;
    if existing.trim().is_empty() {
        project.write_later(name, TEXT);
        return Ok(());
    }
    if without_comments(&existing).contains("runcomfy_codegen") {
        project.keep(name);
        return Ok(());
    }
    Err(Failure::input(format!(
        "{name} is another build script; nothing was written. Add `runcomfy_codegen::Builder::new().build_script();` to its `main` and run the command again"
    )))
}

fn without_comments(text: &str) -> String {
    let mut code = String::new();
    let mut depth = 0_u32;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let mut length = c.len_utf8();
        if depth == 0 && rest.starts_with("//") {
            length = rest.find('\n').unwrap_or(rest.len());
        } else if rest.starts_with("/*") {
            depth += 1;
            length = 2;
        } else if depth > 0 && rest.starts_with("*/") {
            depth -= 1;
            length = 2;
        } else if depth == 0 {
            code.push(c);
        }
        rest = &rest[length..];
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_removed() {
        assert_eq!(
            without_comments("a // b\n/* c /* d */\n// e */ f / g * h\n//! i"),
            "a \n f / g * h\n"
        );
    }
}

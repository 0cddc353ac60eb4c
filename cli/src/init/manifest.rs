//! A project's `Cargo.toml`, of which only single lines are added: its author's order and comments
//! stay.

use std::path::Path;

use crate::failure::Failure;

pub(super) struct Manifest {
    text: String,
    changed: bool,
}

const DEPENDENCIES: &str = "dependencies";
const BUILD_DEPENDENCIES: &str = "build-dependencies";

impl Manifest {
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            let what = format!("could not read {}: {error}", path.display());
            Failure::unreadable(what).advised("Make a project first: cargo new NAME")
        })?;
        if !text.lines().any(|line| header(line) == Some("package")) {
            return Err(
                Failure::input(format!("{} has no [package]", path.display()))
                    .advised("Name a member of the workspace with --dir."),
            );
        }
        Ok(Self {
            text,
            changed: false,
        })
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn is_changed(&self) -> bool {
        self.changed
    }

    /// What the program and the build script lean on; by version, or in the checkout at `crates`.
    pub(super) fn add_crates(&mut self, crates: Option<&Path>, needs_json: bool) {
        let own = |folder: &str| match crates {
            None => "\"0.1\"".to_owned(),
            // A path in TOML has no backslashes to escape.
            Some(path) => {
                let path = path.join(folder).display().to_string().replace('\\', "/");
                format!("{{ path = \"{path}\" }}")
            }
        };
        self.add(DEPENDENCIES, "runcomfy", &own(""));
        if needs_json {
            self.add(DEPENDENCIES, "serde_json", "\"1\"");
        }
        let tokio = "{ version = \"1\", features = [\"macros\", \"rt\"] }";
        self.add(DEPENDENCIES, "tokio", tokio);
        self.add(BUILD_DEPENDENCIES, "runcomfy-codegen", &own("codegen"));
    }

    /// Adds a line at the end of a section, unless it is there in any form.
    fn add(&mut self, section: &str, name: &str, value: &str) {
        let end = match self.find(section, name) {
            Found::There => return,
            Found::Section(end) => Some(end),
            Found::Nothing => None,
        };
        let line_end = if self.text.contains("\r\n") {
            "\r\n"
        } else {
            "\n"
        };
        let mut lines: Vec<String> = self.text.lines().map(str::to_owned).collect();
        let line = format!("{name} = {value}");
        match end {
            Some(end) => lines.insert(end, line),
            None => lines.extend([String::new(), format!("[{section}]"), line]),
        }
        self.text = lines.join(line_end) + line_end;
        self.changed = true;
    }

    fn find(&self, section: &str, name: &str) -> Found {
        let table = format!("{section}.{name}");
        let mut inside = false;
        let mut end = None;
        for (number, line) in self.text.lines().enumerate() {
            if let Some(header) = header(line) {
                inside = header == section;
                if header == table {
                    return Found::There;
                }
            }
            if inside {
                let key = line.split(['=', '.']).next().unwrap_or_default();
                if key.trim().trim_matches(['"', '\'']) == name {
                    return Found::There;
                }
                // Behind the last line that says something.
                if !line.trim().is_empty() {
                    end = Some(number + 1);
                }
            }
        }
        end.map_or(Found::Nothing, Found::Section)
    }
}

enum Found {
    /// The dependency.
    There,
    /// Its section, with the line at which the section ends.
    Section(usize),
    Nothing,
}

/// `dependencies` for `[dependencies]`.
fn header(line: &str) -> Option<&str> {
    let line = line.split('#').next()?.trim();
    let inside = line.strip_prefix('[')?.strip_suffix(']')?;
    Some(inside.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(text: &str) -> String {
        let mut manifest = Manifest {
            text: text.to_owned(),
            changed: false,
        };
        manifest.add_crates(None, false);
        let once = manifest.text.clone();
        manifest.changed = false;
        manifest.add_crates(Some(Path::new("/elsewhere")), false);
        assert!(!manifest.changed, "a second time changes nothing");
        once
    }

    #[test]
    fn lines_are_added_where_they_belong() {
        let tokio = "tokio = { version = \"1\", features = [\"macros\", \"rt\"] }";
        let build = "\n[build-dependencies]\nruncomfy-codegen = \"0.1\"\n";
        assert_eq!(
            added("[package]\nname = \"x\"\n\n[dependencies]\n"),
            format!(
                "[package]\nname = \"x\"\n\n[dependencies]\nruncomfy = \"0.1\"\n{tokio}\n{build}"
            )
        );
        assert_eq!(
            added("[dependencies]\nserde = \"1\" # needed\n\n[dev-dependencies]\ntokio = \"1\"\n"),
            format!(
                "[dependencies]\nserde = \"1\" # needed\nruncomfy = \"0.1\"\n{tokio}\n\n[dev-dependencies]\ntokio = \"1\"\n{build}"
            )
        );
        let own = "[dependencies]\r\nruncomfy.path = \"..\"\r\n[dependencies.tokio]\r\nversion = \"1\"\r\n";
        assert_eq!(added(own), own.to_owned() + &build.replace('\n', "\r\n"));
    }
}

//! The `Cargo.toml` of a project, and the dependencies added to it. Order and comments are preserved.

use std::path::{Path, PathBuf};

use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, TableLike, Value, value};

use crate::failure::Failure;

/// A `Cargo.toml` that can be edited.
pub(super) struct Manifest {
    folder: PathBuf,
    document: DocumentMut,
    /// The text as read.
    original: String,
}

const DEPENDENCIES: &str = "dependencies";
const BUILD_DEPENDENCIES: &str = "build-dependencies";
const MAIN: &str = "src/main.rs";

impl Manifest {
    /// Reads the manifest of the package in a folder.
    ///
    /// # Errors
    /// If there is none, or it is not the manifest of a package.
    pub(super) fn read(folder: &Path) -> Result<Self, Failure> {
        let path = folder.join("Cargo.toml");
        let text = std::fs::read_to_string(&path).map_err(|error| {
            let what = format!("could not read {}: {error}", path.display());
            Failure::unreadable(what).with_advice("Create a project first: cargo new NAME")
        })?;
        let manifest = Self::parse(folder, text)
            .map_err(|why| Failure::input(format!("{} is not TOML: {why}", path.display())))?;
        if manifest.package().is_none() {
            return Err(
                Failure::input(format!("{} has no [package]", path.display()))
                    .with_advice("Select a member of the workspace with --dir."),
            );
        }
        Ok(manifest)
    }

    fn parse(folder: &Path, original: String) -> Result<Self, toml_edit::TomlError> {
        Ok(Self {
            folder: folder.to_owned(),
            document: original.parse()?,
            original,
        })
    }

    /// Returns the edited text, with the line endings of the original.
    pub(super) fn text(&self) -> String {
        let text = self.document.to_string();
        if self.original.contains("\r\n") {
            text.replace("\r\n", "\n").replace('\n', "\r\n")
        } else {
            text
        }
    }

    /// Returns `true` if the text was edited.
    pub(super) fn is_changed(&self) -> bool {
        self.text() != self.original
    }

    fn package(&self) -> Option<&dyn TableLike> {
        self.document.get("package")?.as_table_like()
    }

    fn of_package(&self, key: &str) -> Option<&Item> {
        self.package()?.get(key)
    }

    /// Returns `true` if cargo discovers targets of a kind, such as `autobins`.
    pub(super) fn finds(&self, targets: &str) -> bool {
        self.of_package(targets).and_then(Item::as_bool) != Some(false)
    }

    /// Checks the edition: `async` is a keyword since 2018.
    ///
    /// # Errors
    /// If the package has the edition 2015.
    pub(super) fn check_edition(&self) -> Result<(), Failure> {
        let edition = match self.of_package("edition") {
            None => Some("2015".to_owned()),
            Some(item) => match item.as_str() {
                Some(edition) => Some(edition.to_owned()),
                None => self.edition_of_workspace(),
            },
        };
        if edition.as_deref() != Some("2015") {
            return Ok(());
        }
        Err(
            Failure::input("the package has the edition 2015, expected 2018 or a newer one")
                .with_advice("Set `edition = \"2024\"` below [package]."),
        )
    }

    /// Returns the edition of the workspace in a parent folder, if there is one.
    fn edition_of_workspace(&self) -> Option<String> {
        let folder = std::path::absolute(&self.folder).ok()?;
        let above = folder.ancestors().skip(1);
        let manifests =
            above.filter_map(|folder| std::fs::read_to_string(folder.join("Cargo.toml")).ok());
        let mut documents = manifests.filter_map(|text| text.parse::<DocumentMut>().ok());
        let root = documents.find(|document| document.contains_key("workspace"))?;
        let package = root.get("workspace")?.get("package")?;
        Some(package.get("edition")?.as_str()?.to_owned())
    }

    /// Returns the path of the build script, which need not exist.
    ///
    /// # Errors
    /// If the manifest disables build scripts.
    pub(super) fn build_script(&self) -> Result<String, Failure> {
        match self.of_package("build") {
            None => Ok("build.rs".to_owned()),
            Some(item) => match (item.as_str(), item.as_bool()) {
                (Some(path), _) => Ok(path.to_owned()),
                (_, Some(true)) => Ok("build.rs".to_owned()),
                _ => Err(Failure::input(format!(
                    "found `build ={}` below [package], expected the path of a build script",
                    item.to_string().trim_end()
                ))
                .with_advice("Remove that line, so that cargo uses build.rs.")),
            },
        }
    }

    /// Returns `true` if the package has a library.
    pub(super) fn is_library(&self) -> bool {
        self.document.contains_key("lib") || self.folder.join("src/lib.rs").exists()
    }

    /// Returns the command that runs `src/main.rs`, if it is a program of the package.
    pub(super) fn run_of_main(&self) -> Option<String> {
        let package = self.of_package("name")?.as_str()?;
        let bins = tables(self.document.get("bin"));
        let name = match bins.iter().find(|bin| path_of(**bin, package) == MAIN) {
            Some(bin) => bin.get("name")?.as_str()?,
            None if bins.iter().any(|bin| name_of(*bin) == Some(package)) => return None,
            None if self.finds("autobins") => package,
            None => return None,
        };
        let run = match self.of_package("default-run").and_then(Item::as_str) {
            Some(default) => default == name,
            None => !self.has_other_programs(),
        };
        Some(if run {
            "cargo run".to_owned()
        } else {
            format!("cargo run --bin {name}")
        })
    }

    /// Returns `true` if the package has programs other than `src/main.rs`.
    pub(super) fn has_other_programs(&self) -> bool {
        let package = self.of_package("name").and_then(Item::as_str);
        let bins = tables(self.document.get("bin"));
        let is_other = |bin: &&dyn TableLike| path_of(*bin, package.unwrap_or_default()) != MAIN;
        let found = || {
            let files = std::fs::read_dir(self.folder.join("src/bin"));
            let mut files = files.into_iter().flatten().flatten();
            files.any(|file| {
                let path = file.path();
                path.extension().is_some_and(|end| end == "rs") || path.join("main.rs").exists()
            })
        };
        bins.iter().any(is_other) || (self.finds("autobins") && found())
    }

    /// Adds the dependencies of the program and the build script, by version or in the checkout at
    /// `crates`.
    ///
    /// # Errors
    /// If one of them is an optional dependency already.
    pub(super) fn add_crates(
        &mut self,
        crates: Option<&Path>,
        needs_json: bool,
    ) -> Result<(), Failure> {
        let path = |folder: &str| match folder {
            "" => crates.map(|path| path.display().to_string()),
            folder => crates.map(|path| path.join(folder).display().to_string()),
        };
        self.add_own(DEPENDENCIES, "runcomfy", path(""))?;
        if needs_json {
            self.dependency(DEPENDENCIES, "serde_json", || value("1"))?;
        }
        let tokio = self.dependency(DEPENDENCIES, "tokio", || value("1"))?;
        add_features(tokio, &["macros", "rt"]);
        self.add_own(BUILD_DEPENDENCIES, "runcomfy-codegen", path("codegen"))
    }

    /// Adds a crate of this workspace, with its path if one is given.
    fn add_own(&mut self, section: &str, name: &str, path: Option<String>) -> Result<(), Failure> {
        let item = self.dependency(section, name, || value("0.1"))?;
        // An existing path is kept.
        if let Some(path) = path
            && item.is_str()
        {
            let mut table = InlineTable::new();
            table.insert("path", path.into());
            replace(item, table);
        }
        Ok(())
    }

    /// Returns a dependency, and adds it if it does not exist in any form.
    fn dependency(
        &mut self,
        section: &str,
        name: &str,
        new: impl FnOnce() -> Item,
    ) -> Result<&mut Item, Failure> {
        if !self.document.contains_key(section) {
            self.add_section(section);
        }
        let item = &mut self.document[section];
        let what = item.type_name();
        let table = item.as_table_like_mut().ok_or_else(|| {
            Failure::input(format!("found {what} as `{section}`, expected a table"))
        })?;
        let item = table.entry(name).or_insert_with(new);
        let optional = item.get("optional").and_then(Item::as_bool);
        if optional == Some(true) {
            return Err(Failure::input(format!(
                "the dependency `{name}` is optional, but the program requires it"
            ))
            .with_advice("Remove `optional = true` from it and run the command again."));
        }
        Ok(item)
    }

    /// Adds a section at the end, after the comments there.
    fn add_section(&mut self, section: &str) {
        let mut table = Table::new();
        let trailing = self.document.trailing().as_str().unwrap_or_default();
        table.decor_mut().set_prefix(format!("{trailing}\n"));
        self.document.set_trailing("");
        self.document.insert(section, Item::Table(table));
    }
}

/// Returns the tables of `[[bin]]` or of an inline array.
fn tables(item: Option<&Item>) -> Vec<&dyn TableLike> {
    match item {
        Some(Item::ArrayOfTables(tables)) => tables.iter().map(|t| t as &dyn TableLike).collect(),
        Some(Item::Value(Value::Array(list))) => list
            .iter()
            .filter_map(|value| value.as_inline_table())
            .map(|table| table as &dyn TableLike)
            .collect(),
        _ => Vec::new(),
    }
}

fn name_of(bin: &dyn TableLike) -> Option<&str> {
    bin.get("name")?.as_str()
}

/// Returns the path of the source of a `[[bin]]`.
fn path_of(bin: &dyn TableLike, package: &str) -> String {
    match (bin.get("path").and_then(Item::as_str), name_of(bin)) {
        (Some(path), _) => path.trim_start_matches("./").to_owned(),
        (None, Some(name)) if name != package => format!("src/bin/{name}.rs"),
        _ => MAIN.to_owned(),
    }
}

/// Adds features to a dependency, and keeps its own.
fn add_features(item: &mut Item, features: &[&str]) {
    if let Some(version) = item.as_str().map(str::to_owned) {
        let mut table = InlineTable::new();
        table.insert("version", version.into());
        replace(item, table);
    }
    let Some(table) = item.as_table_like_mut() else {
        return;
    };
    let list = table
        .entry("features")
        .or_insert_with(|| value(Array::new()));
    let Some(list) = list.as_array_mut() else {
        return;
    };
    let has = |list: &Array, name: &str| list.iter().any(|item| item.as_str() == Some(name));
    for feature in features {
        if !has(list, feature) && !has(list, "full") {
            list.push(*feature);
        }
    }
}

/// Replaces a version by a table, and keeps the white space and comments around it.
fn replace(item: &mut Item, table: InlineTable) {
    let mut new = Value::InlineTable(table);
    if let Some(old) = item.as_value() {
        *new.decor_mut() = old.decor().clone();
    }
    *item = Item::Value(new);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(text: &str) -> Manifest {
        Manifest::parse(Path::new("/nowhere"), text.to_owned()).unwrap()
    }

    fn added(text: &str) -> String {
        let mut once = manifest(text);
        once.add_crates(None, false).unwrap();
        let text = once.text();
        let mut twice = manifest(&text);
        twice.add_crates(None, false).unwrap();
        assert_eq!(twice.text(), text, "a second edit changes nothing");
        text
    }

    const TOKIO: &str = "tokio = { version = \"1\", features = [\"macros\", \"rt\"] }\n";
    const BUILD: &str = "\n[build-dependencies]\nruncomfy-codegen = \"0.1\"\n";

    #[test]
    fn dependencies_are_added_to_their_sections() {
        let package = "[package]\nname = \"x\"\n";
        let all = format!("\n[dependencies]\nruncomfy = \"0.1\"\n{TOKIO}{BUILD}");
        assert_eq!(added(package), format!("{package}{all}"));
        let empty = format!("{package}\n[dependencies]\n");
        assert_eq!(added(&empty), format!("{package}{all}"));
        assert_eq!(
            added(
                "[dependencies]\nserde = \"1\" # needed\n\n# For tests alone.\n[dev-dependencies]\ntokio = \"1\"\n# The end.\n"
            ),
            format!(
                "[dependencies]\nserde = \"1\" # needed\nruncomfy = \"0.1\"\n{TOKIO}\n# For tests alone.\n[dev-dependencies]\ntokio = \"1\"\n# The end.\n{BUILD}"
            )
        );
        let own = "[dependencies]\r\nruncomfy.path = \"..\"\r\n[dependencies.tokio]\r\nversion = \"1\"\r\nfeatures = [\"full\"]\r\n";
        assert_eq!(added(own), own.to_owned() + &BUILD.replace('\n', "\r\n"));
    }

    #[test]
    fn dependency_in_any_form_gets_its_features() {
        for tokio in [
            "[dependencies]\ntokio = \"1\" # ours",
            "[dependencies]\ntokio = { version = \"1\", features = [\"rt\"] }",
            "[dependencies]\ntokio.workspace = true",
            "[dependencies.tokio]\nversion = \"1\"\nfeatures = [\n    \"net\", # for us\n]",
            "dependencies.tokio = \"1\"",
            "dependencies.serde = \"1\"\npackage.name = \"x\"",
            "dependencies = { tokio = { version = \"1\" } }",
        ] {
            let text = added(&format!("{tokio}\n"));
            let document: DocumentMut = text.parse().unwrap();
            let features = document["dependencies"]["tokio"]["features"].as_array();
            let has = |name| features.unwrap().iter().any(|item| item.as_str() == name);
            assert!(has(Some("macros")) && has(Some("rt")), "{text}");
            let version = document["dependencies"]["runcomfy"].as_str();
            assert_eq!(version, Some("0.1"), "{text}");
            for comment in ["# ours", "# for us"] {
                assert_eq!(tokio.contains(comment), text.contains(comment), "{text}");
            }
        }
        let mut optional = manifest("[dependencies]\ntokio = { version = \"1\", optional = true }");
        assert!(optional.add_crates(None, false).is_err());
    }

    #[test]
    fn edition_may_come_from_the_workspace() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("crates/x");
        let text = "[package]\nedition.workspace = true\n".to_owned();
        let package = Manifest::parse(&folder, text).unwrap();
        for (edition, is_fine) in [("2015", false), ("2024", true)] {
            let text = format!("[workspace.package]\nedition = \"{edition}\"\n");
            std::fs::write(root.path().join("Cargo.toml"), text).unwrap();
            assert_eq!(package.check_edition().is_ok(), is_fine);
        }
    }

    #[test]
    fn checkout_may_have_any_path() {
        let path = "/a \"folder\"/it's";
        for before in ["", "[dependencies]\nruncomfy = \"0.1\"\n"] {
            let mut manifest = manifest(before);
            manifest.add_crates(Some(Path::new(path)), true).unwrap();
            let document: DocumentMut = manifest.text().parse().unwrap();
            let at = |section: &str, name: &str| document[section][name]["path"].as_str();
            assert_eq!(at("dependencies", "runcomfy"), Some(path));
            let codegen = Path::new(path).join("codegen").display().to_string();
            assert_eq!(
                at("build-dependencies", "runcomfy-codegen"),
                Some(&*codegen)
            );
        }
    }

    #[test]
    fn program_among_others_is_run_by_name() {
        let package = "[package]\nname = \"x\"\n";
        let bin = |lines: &str| format!("{package}[[bin]]\n{lines}\n");
        for (text, run) in [
            (package.to_owned(), Some("cargo run")),
            (bin("name = \"x\""), Some("cargo run")),
            (
                bin("name = \"y\"\npath = \"./src/main.rs\""),
                Some("cargo run"),
            ),
            (
                bin("name = \"y\"\npath = \"src/app.rs\""),
                Some("cargo run --bin x"),
            ),
            (bin("name = \"x\"\npath = \"src/app.rs\""), None),
            (format!("{package}autobins = false"), None),
            (
                format!("{package}default-run = \"y\""),
                Some("cargo run --bin x"),
            ),
        ] {
            assert_eq!(manifest(&text).run_of_main().as_deref(), run, "{text}");
        }
    }
}

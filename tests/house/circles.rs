//! The files of a crate lie in layers: none names a thing of a file that uses it, however many are between.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::tree::{files, root};

/// The path of a module, or of an item in one, from the root of its crate.
type Path = Vec<String>;

/// Beginnings of attributes whose items are no part of the program.
const LEFT_OUT: [&str; 4] = ["[cfg(test)", "[cfg(all(test", "[cfg(doc)", "[cfg(all(doc"];

/// Maximum number of modules that hand a name on to the next.
const MAX_EXPORTS: usize = 8;

/// The files of a crate, and the paths that they name.
#[derive(Default)]
struct Source {
    /// Files by their modules.
    files: BTreeMap<Path, String>,
    /// Paths that files name, with the module in which each is.
    names: Vec<(Path, Path)>,
    /// Paths that modules hand on with `pub use`, by module and name.
    exports: BTreeMap<(Path, String), Path>,
}

impl Source {
    /// Reads files with their paths in the folder `src`.
    fn read<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut source = Self::default();
        for (path, text) in files {
            let stem = path.trim_end_matches(".rs");
            let module: Path = match stem {
                "lib" | "main" => Vec::new(),
                stem => stem.split('/').map(str::to_owned).collect(),
            };
            let tokens: TokenStream = text.parse().unwrap();
            source.files.insert(module.clone(), path.to_owned());
            source.walk(tokens, &module, &[], false);
        }
        source
    }

    /// Adds the paths in the tokens of a module. Those in the braces of a `use` continue `start`.
    fn walk(&mut self, tokens: TokenStream, module: &Path, start: &[String], is_export: bool) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let texts: Vec<String> = tokens.iter().map(shown).collect();
        let text = |at: usize| texts.get(at).map_or("", |text| text);
        let mut is_export = is_export;
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            let word = text(at);
            at += 1;
            match token {
                TokenTree::Group(group) => self.walk(group.stream(), module, start, is_export),
                TokenTree::Punct(_) if word == "#" => {
                    let attribute = tokens.get(at).map(ToString::to_string);
                    let attribute = attribute.unwrap_or_default().replace(' ', "");
                    at += 1;
                    if LEFT_OUT.iter().any(|begin| attribute.starts_with(begin)) {
                        let ends = |at: &usize| {
                            text(*at) == ";" || text(*at) == "{" && text(at - 1) != ":"
                        };
                        at = (at..tokens.len()).find(ends).unwrap_or(at) + 1;
                    }
                }
                // A range, or a member of a value.
                TokenTree::Punct(_) if word == "." => at += 1,
                TokenTree::Punct(_) if word == ";" => is_export = false,
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
                TokenTree::Ident(_) if word == "pub" => {
                    at += usize::from(text(at) == "(");
                    is_export = text(at) == "use";
                }
                TokenTree::Ident(_) if word == "mod" => {
                    if let Some(TokenTree::Group(body)) = tokens.get(at + 1) {
                        let inner = [&module[..], &[text(at).to_owned()]].concat();
                        self.walk(body.stream(), &inner, &[], false);
                        at += 1;
                    }
                    at += 1;
                }
                TokenTree::Ident(_) => {
                    let mut path = [start, &[word.to_owned()]].concat();
                    while text(at) == ":" && text(at + 1) == ":" {
                        match tokens.get(at + 2) {
                            Some(TokenTree::Ident(next)) => path.push(next.to_string()),
                            Some(TokenTree::Group(list)) => {
                                self.walk(list.stream(), module, &path, is_export);
                                // The list has named all.
                                path.clear();
                            }
                            _ => {}
                        }
                        at += 3;
                    }
                    let mut name = path.last().cloned().unwrap_or_default();
                    if text(at) == "as" {
                        text(at + 1).clone_into(&mut name);
                        at += 2;
                    }
                    let is_macro = text(at) == "!" && path.len() == 2;
                    if is_export {
                        self.exports.insert((module.clone(), name), path);
                    } else if !is_macro {
                        self.names.push((module.clone(), path));
                    }
                }
            }
        }
    }

    /// Returns the module that a path in a module leads to, and the item in it, if both are of this crate.
    fn find(&self, module: &Path, path: &[String], depth: usize) -> Option<(Path, String)> {
        let is_file = |base: &Path, name: &String| {
            let child = [&base[..], std::slice::from_ref(name)].concat();
            self.files.contains_key(&child)
        };
        let (mut base, mut rest) = (module.clone(), path);
        match path.first()?.as_str() {
            "crate" => (base, rest) = (Vec::new(), &path[1..]),
            "self" | "super" => {}
            _ if path.len() > 1 && is_file(&base, &path[0]) => {}
            _ => return None,
        }
        while let Some(first) = rest.first() {
            match first.as_str() {
                "self" => {}
                "super" => drop(base.pop()),
                _ if is_file(&base, first) => base.push(first.clone()),
                _ => break,
            }
            rest = &rest[1..];
        }
        let item = rest.first().cloned().unwrap_or_default();
        match self.exports.get(&(base.clone(), item.clone())) {
            Some(target) if depth < MAX_EXPORTS => {
                let found = self.find(&base, target, depth + 1);
                // A thing of another crate is this module's.
                found.or(Some((base, item)))
            }
            _ => Some((base, item)),
        }
    }

    /// Returns the file that a module is in.
    fn file(&self, module: &[String]) -> &str {
        let whole = (0..=module.len()).rev();
        let mut files = whole.filter_map(|length| self.files.get(&module[..length]));
        files.next().map_or("", |file| file)
    }

    /// Returns the files that name each other, each circle with what ties it.
    fn circles(&self) -> Vec<String> {
        let mut arrows: BTreeMap<&str, BTreeMap<&str, BTreeSet<String>>> = BTreeMap::new();
        for (module, path) in &self.names {
            if let Some((target, item)) = self.find(module, path, 0) {
                let (from, to) = (self.file(module), self.file(&target));
                let named = arrows.entry(from).or_default().entry(to).or_default();
                named.insert(item);
            }
        }
        let below = |file: &str| {
            let mut found = BTreeSet::new();
            let mut open = vec![file];
            while let Some(file) = open.pop() {
                for (next, _) in arrows.get(file).into_iter().flatten() {
                    if *next != file && found.insert(*next) {
                        open.push(next);
                    }
                }
            }
            found
        };
        let layers: BTreeMap<&str, BTreeSet<&str>> =
            arrows.keys().map(|file| (*file, below(file))).collect();
        let lies_below = |a: &str, b: &str| layers.get(b).is_some_and(|files| files.contains(a));
        let tied = |a: &str, b: &str| lies_below(a, b) && lies_below(b, a);
        let mut circles: BTreeMap<&str, String> = BTreeMap::new();
        for (from, targets) in &arrows {
            for (to, names) in targets
                .iter()
                .filter(|(to, _)| from != *to && tied(from, to))
            {
                let first = arrows.keys().find(|file| tied(file, from)).unwrap_or(from);
                let names: Vec<&str> = names.iter().map(|name| &**name).collect();
                let arrow = format!("\n  {from} -> {to}: {}", names.join(", "));
                *circles.entry(first).or_default() += &arrow;
            }
        }
        circles.into_values().collect()
    }
}

/// Returns the text of a token, and of a group only its beginning.
fn shown(token: &TokenTree) -> String {
    match token {
        TokenTree::Group(group) => match group.delimiter() {
            Delimiter::Brace => "{".to_owned(),
            _ => "(".to_owned(),
        },
        other => other.to_string(),
    }
}

#[test]
fn no_file_names_a_file_above_it() {
    let files = files(&[".rs"]);
    let mut crates: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    for file in &files {
        let Some((folder, path)) = file.path.split_once("src/") else {
            continue;
        };
        let has_library = root().join(folder).join("src/lib.rs").exists();
        // Programs beside a library are crates of their own.
        let is_other = path.starts_with("bin/") || path == "main.rs" && has_library;
        if root().join(folder).join("Cargo.toml").exists() && !is_other {
            crates.entry(folder).or_default().push((path, &file.text));
        }
    }
    assert!(crates.len() > 10, "{} crates", crates.len());
    let circles: Vec<String> = crates
        .into_iter()
        .flat_map(|(folder, files)| {
            let circles = Source::read(files).circles().into_iter();
            circles.map(move |circle| format!("{folder}src:{circle}"))
        })
        .collect();
    assert!(
        circles.is_empty(),
        "files name each other in circles; move what ties them to a file below:\n{}",
        circles.join("\n")
    );
}

/// Returns the circles of a crate whose files are these.
fn circles(files: &[(&str, &str)]) -> Vec<String> {
    Source::read(files.iter().copied()).circles()
}

#[test]
fn circle_is_found_by_whatever_path_it_is_named() {
    for (child, arrow) in [
        ("use super::Thing;", "Thing"),
        (
            "use crate::a::{Other, inner::{self, Thing}};",
            "Other, inner",
        ),
        ("fn f() -> super::Thing { todo!() }", "Thing"),
        ("fn f() { println!(\"{}\", crate::a::thing()); }", "thing"),
        (
            "mod tests { fn f() -> super::super::Thing { todo!() } }",
            "Thing",
        ),
        ("const A: [u8; 1] = [super::THING.len()];", "THING"),
        ("use crate::Exported;", "Thing"),
    ] {
        let found = circles(&[
            ("lib.rs", "mod a; pub use a::Thing as Exported;"),
            ("a.rs", "mod b; use b::Part; pub struct Thing(Part);"),
            ("a/b.rs", child),
        ]);
        let expected = format!("\n  a.rs -> a/b.rs: Part\n  a/b.rs -> a.rs: {arrow}");
        assert_eq!(found, [expected], "{child}");
    }
}

#[test]
fn circle_of_three_files_is_one() {
    let found = circles(&[
        ("main.rs", "mod a; mod b; mod c; fn main() { a::run(); }"),
        ("a.rs", "use crate::b;"),
        ("b.rs", "use crate::c::C;"),
        ("c.rs", "use crate::a::run;"),
    ]);
    assert_eq!(
        found,
        ["\n  a.rs -> b.rs: \n  b.rs -> c.rs: C\n  c.rs -> a.rs: run"]
    );
}

#[test]
fn layers_tests_and_facades_are_no_circles() {
    let found = circles(&[
        ("lib.rs", "mod a; mod b; pub use a::Thing; pub use b::*;"),
        (
            "a.rs",
            "mod inner; pub(crate) use inner::Part; use inner::Part as P; use std::fmt; \
             #[cfg(doc)] use crate::b::{Other, More}; // use crate::b;\n\
             #[cfg(test)] mod tests { use crate::b::Other; } pub struct Thing; crate::b!(Thing);",
        ),
        (
            "a/inner.rs",
            "mod deep { fn f() -> super::Part { loop {} } } pub struct Part;",
        ),
        (
            "b.rs",
            "use crate::Thing; use crate::a::Part; pub struct Other(Thing, Part);",
        ),
    ]);
    assert_eq!(found, [""; 0]);
}

//! URLs of saved files, relative to the page.

use std::io;
use std::path::{self, Component, Path, PathBuf};

/// Folders of the page and of the saved files.
#[derive(Debug)]
pub(super) struct Location {
    /// Absolute path of the folder of the page.
    page: PathBuf,
    /// Absolute path of the folder of the files, in place of the one that a job names.
    files: Option<PathBuf>,
}

impl Location {
    pub(super) fn new(page: &Path, files: Option<&Path>) -> io::Result<Self> {
        Ok(Self {
            page: path::absolute(page)?,
            files: files.map(path::absolute).transpose()?,
        })
    }

    /// Returns the URL of a file that a job has saved in `folder`.
    pub(super) fn url(&self, folder: Option<&str>, name: &str) -> String {
        let folder = self.files.as_deref().or(folder.map(Path::new));
        match folder {
            Some(folder) => relative(&self.page, &folder.join(name)),
            None => relative(Path::new(""), Path::new(name)),
        }
    }
}

/// Returns the URL of `path` on a page in the folder `page`: relative where both have a common root.
fn relative(page: &Path, path: &Path) -> String {
    let (page, path) = (parts(page), parts(path));
    let common = page.iter().zip(&path).take_while(|(a, b)| a == b).count();
    if common == 0 && !page.is_empty() {
        let parts: Vec<String> = path.iter().map(|part| encoded(part)).collect();
        return format!("file:///{}", parts.join("/").trim_start_matches('/'));
    }
    let up = page[common..].iter().map(|_| "..".to_owned());
    let down = path[common..].iter().map(|part| encoded(part));
    // With a dot before it no name is taken for a scheme.
    let parts = [".".to_owned()].into_iter().chain(up).chain(down);
    parts.collect::<Vec<_>>().join("/")
}

/// Returns the parts of a path, its root included, without dots.
fn parts(path: &Path) -> Vec<String> {
    let mut parts = Vec::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if parts.len() > 1 => {
                parts.pop();
            }
            Component::RootDir => parts.push("/".to_owned()),
            other => parts.push(other.as_os_str().to_string_lossy().into_owned()),
        }
    }
    parts
}

/// Percent-encodes a part of a path, whatever is in it.
fn encoded(part: &str) -> String {
    let mut url = String::with_capacity(part.len());
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            url.push(byte.into());
        } else {
            url.push_str(&format!("%{byte:02X}"));
        }
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn files_are_found_from_the_page() {
        for (page, path, url) in [
            ("/home/a", "/home/a/boats/1.png", "./boats/1.png"),
            ("/home/a/out", "/home/a/boats/1.png", "./../boats/1.png"),
            ("/home/a", "/home/a/./b/../boats/1.png", "./boats/1.png"),
            ("/home", "/mnt/x/1.png", "./../mnt/x/1.png"),
            ("/a", "/a/x#2 \"ä\".png", "./x%232%20%22%C3%A4%22.png"),
            (
                "/a",
                "/a/javascript:alert(1)",
                "./javascript%3Aalert%281%29",
            ),
            ("", "a?b&c=<d>", "./a%3Fb%26c%3D%3Cd%3E"),
        ] {
            assert_eq!(relative(Path::new(page), Path::new(path)), url);
        }
    }

    #[test]
    fn folder_of_the_files_can_be_moved() {
        let location = Location::new(Path::new("a"), Some(Path::new("b"))).unwrap();
        assert_eq!(location.url(Some("/elsewhere"), "1.png"), "./../b/1.png");
        let location = Location::new(Path::new("a"), None).unwrap();
        assert_eq!(location.url(None, "1.png"), "./1.png");
    }
}

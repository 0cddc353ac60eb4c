//! Outputs on disk.

use std::io::Write;
use std::path::{Path, PathBuf};

use reqwest::Url;

use crate::transport::failed;
use crate::{Client, Error, ErrorKind};

/// Outputs live below these (seen).
const HOSTS: [&str; 2] = ["runcomfy.net", "runcomfy.com"];

/// Long enough for every real name, short enough for every file system.
const LONGEST_NAME: usize = 120;

impl Client {
    /// Downloads an output into a folder and gives the file's path.
    ///
    /// The file's name is the last part of the URL, made safe; an existing file is never
    /// overwritten, the new one gets a number. The file appears whole or not at all. The token is
    /// not sent.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when the URL is none or its host is not one of the service's;
    /// [`ErrorKind::File`] when the file cannot be written; else those of the network.
    pub async fn download(&self, url: &str, folder: &Path) -> Result<PathBuf, Error> {
        let url = self.download_url(url)?;
        let name = file_name(&url);
        let mut response = self.inner.downloads.get(url).send().await.map_err(failed)?;
        let status = response.status();
        if !status.is_success() {
            let message = format!("the output could not be fetched (HTTP {})", status.as_u16());
            let kind = if status.is_server_error() {
                ErrorKind::Unavailable
            } else {
                ErrorKind::NotFound
            };
            return Err(Error::new(kind, message).with_reply(status.as_u16(), String::new()));
        }
        std::fs::create_dir_all(folder).map_err(|e| Error::file("create the folder", folder, e))?;
        let mut part = Part::create(folder, &name)?;
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            part.write(&chunk)?;
        }
        part.finish(folder, &name)
    }

    fn download_url(&self, text: &str) -> Result<Url, Error> {
        let url = Url::parse(text).map_err(|e| {
            Error::configuration(format!("the output's address is unreadable: {e}"))
        })?;
        let host = url.host_str().unwrap_or_default();
        let own = self.inner.endpoint.host() == Some(host);
        let service = url.scheme() == "https"
            && HOSTS.iter().any(|known| {
                host == *known
                    || host
                        .strip_suffix(known)
                        .is_some_and(|rest| rest.ends_with('.'))
            });
        if own || service || self.inner.any_download_host {
            return Ok(url);
        }
        Err(Error::configuration(format!(
            "the output lies on `{host}`, which is not one of the service's hosts; allow it with `download_from_any_host`"
        )))
    }
}

/// A file in the making; removed unless it is finished.
struct Part {
    path: Option<PathBuf>,
    file: std::fs::File,
}

impl Part {
    fn create(folder: &Path, name: &str) -> Result<Self, Error> {
        let path = folder.join(format!(".{name}.{:08x}.part", fastrand::u32(..)));
        let file = std::fs::File::create_new(&path).map_err(|e| Error::file("create", &path, e))?;
        Ok(Self {
            path: Some(path),
            file,
        })
    }

    fn write(&mut self, chunk: &[u8]) -> Result<(), Error> {
        let path = self.path.clone().unwrap_or_default();
        self.file
            .write_all(chunk)
            .map_err(|e| Error::file("write", &path, e))
    }

    /// Gives the file the first name that is free.
    fn finish(mut self, folder: &Path, name: &str) -> Result<PathBuf, Error> {
        let part = self.path.clone().unwrap_or_default();
        self.file
            .sync_all()
            .map_err(|e| Error::file("write", &part, e))?;
        for number in 0.. {
            let target = folder.join(numbered(name, number));
            // A link fails where a file stands; a rename would replace it.
            match std::fs::hard_link(&part, &target) {
                Ok(()) => return Ok(target),
                Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(_) if !target.exists() => {
                    // File systems without hard links.
                    std::fs::rename(&part, &target)
                        .map_err(|e| Error::file("write", &target, e))?;
                    self.path = None;
                    return Ok(target);
                }
                Err(_) => {}
            }
        }
        unreachable!("the numbers never end")
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            // A leftover is harmless, and there is nobody to tell.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// `picture.png`, `picture-1.png`, `picture-2.png`, …
fn numbered(name: &str, number: u32) -> String {
    match (number, name.rsplit_once('.')) {
        (0, _) => name.to_owned(),
        (_, Some((stem, ending))) => format!("{stem}-{number}.{ending}"),
        (_, None) => format!("{name}-{number}"),
    }
}

/// The last part of the path, of harmless characters only.
fn file_name(url: &Url) -> String {
    let last = url
        .path_segments()
        .and_then(|mut segments| segments.next_back())
        .unwrap_or_default();
    let safe = |c: char| {
        if c.is_ascii_alphanumeric() || "-_.".contains(c) {
            c
        } else {
            '_'
        }
    };
    let name: String = last.chars().map(safe).collect();
    let name = name.trim_matches('.');
    let start = name.len().saturating_sub(LONGEST_NAME);
    match &name[start..] {
        "" => "output".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_harmless_and_never_taken() {
        for (url, name) in [
            ("https://x.runcomfy.net/a/b.png?sig=1", "b.png"),
            ("https://x.runcomfy.net/a/..%2f..%2fetc", "_2f.._2fetc"),
            ("https://x.runcomfy.net/", "output"),
            ("https://x.runcomfy.net/...", "output"),
            ("https://x.runcomfy.net/%E6%97%A5.png", "_E6_97_A5.png"),
        ] {
            assert_eq!(file_name(&Url::parse(url).unwrap()), name, "{url}");
        }
        assert_eq!(numbered("a.tar.gz", 2), "a.tar-2.gz");
        assert_eq!(numbered("a", 1), "a-1");
    }

    #[test]
    fn only_the_services_hosts_are_asked() {
        let client = Client::builder()
            .token("t")
            .base_url("http://127.0.0.1:9")
            .build()
            .unwrap();
        for good in [
            "https://a.runcomfy.net/x",
            "https://runcomfy.com/x",
            "http://127.0.0.1:9/x",
        ] {
            assert!(client.download_url(good).is_ok(), "{good}");
        }
        for bad in [
            "https://evilruncomfy.net/x",
            "http://a.runcomfy.net/x",
            "https://example.com",
            "file:///etc/passwd",
            "x",
        ] {
            assert!(client.download_url(bad).is_err(), "{bad}");
        }
    }
}

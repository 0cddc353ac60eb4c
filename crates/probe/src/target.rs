//! Checks which URLs may be fetched.

use std::net::IpAddr;

use reqwest::Url;

use crate::address::is_public;
use crate::error::{ProbeError, ProbeErrorKind};

/// A URL that passed the checks of its form, and the addresses that its host may have.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) url: Url,
    pub(crate) reach: Reach,
}

/// The addresses that a URL may lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Public addresses.
    Public,
    /// Loopback addresses of this machine.
    Loopback,
}

impl Reach {
    pub(crate) fn permits(self, address: IpAddr) -> bool {
        match self {
            Self::Public => is_public(address),
            Self::Loopback => address.is_loopback(),
        }
    }
}

impl Target {
    /// Checks a URL from outside.
    pub(crate) fn new(text: &str, loopback: bool) -> Result<Self, ProbeError> {
        let authority = authority(text).ok_or_else(not_absolute)?;
        check_spelling(text, Some(authority))?;
        Self::from_url(Url::parse(text).map_err(|_| not_absolute())?, loopback)
    }

    /// Checks the target of a redirect, relative to this URL.
    pub(crate) fn redirected(&self, location: &str, loopback: bool) -> Result<Self, ProbeError> {
        check_spelling(location, authority(location))?;
        Self::from_url(
            self.url.join(location).map_err(|_| not_absolute())?,
            loopback,
        )
    }

    pub(crate) fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// Returns the error for a host that is no permitted address, or whose name leads to none.
    pub(crate) fn no_address(&self) -> ProbeError {
        let host = self.host();
        let text = match self.reach {
            Reach::Public => format!(
                "no public address was found for `{host}`; put the media where everyone can fetch them"
            ),
            Reach::Loopback => format!(
                "`{host}` is not this machine; other hosts are fetched only by https on port 443"
            ),
        };
        ProbeError::new(ProbeErrorKind::Address, text)
    }

    fn from_url(url: Url, loopback: bool) -> Result<Self, ProbeError> {
        if !url.username().is_empty() || url.password().is_some() {
            return Err(ambiguous("a user name or password"));
        }
        let web = match url.scheme() {
            "https" => url.port_or_known_default() == Some(443),
            "http" => false,
            _ => {
                return Err(ProbeError::url(
                    "the URL is not https; expected one such as https://cdn.example/photo.jpg",
                ));
            }
        };
        // The parser normalizes every spelling of an address: `127.1`, `0x7f000001`, `①`.
        let host = url.host_str().unwrap_or_default();
        let address = host.trim_matches(['[', ']']).parse::<IpAddr>().ok();
        let this_machine = address.map_or(is_localhost(host), |address| address.is_loopback());
        let reach = if loopback && (this_machine || !web) {
            Reach::Loopback
        } else {
            Reach::Public
        };
        let target = Self { url, reach };
        let forbidden = match address {
            Some(address) => !reach.permits(address),
            None => this_machine && reach == Reach::Public,
        };
        if forbidden {
            return Err(target.no_address());
        }
        if !web && reach == Reach::Public {
            return Err(ProbeError::url(
                "the URL is not https on port 443; expected one such as https://cdn.example/photo.jpg",
            ));
        }
        Ok(target)
    }
}

/// Returns the text between `//` and the path; `None` if no `//` follows the scheme.
fn authority(text: &str) -> Option<&str> {
    let scheme = text
        .find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '+' | '-' | '.'))
        .filter(|end| text[*end..].starts_with(':'))
        .map_or(0, |end| end + 1);
    let rest = text[scheme..].strip_prefix("//")?;
    rest.split(['/', '?', '#']).next()
}

/// Refuses characters that parsers treat differently: one skips them, another ends the host there.
/// The service that fetches the URL later may see another host than the one that was checked.
fn check_spelling(text: &str, authority: Option<&str>) -> Result<(), ProbeError> {
    if text.contains(|c: char| c.is_control() || c == '\\') {
        return Err(ambiguous(
            "a backslash, tab, line break or control character",
        ));
    }
    if text.trim() != text {
        return Err(ambiguous("white space around it"));
    }
    match authority {
        Some("") => Err(not_absolute()),
        Some(authority) if authority.contains('@') => Err(ambiguous("a user name or password")),
        Some(authority) if authority.contains('%') => Err(ambiguous("an escape in its host")),
        _ => Ok(()),
    }
}

/// Returns `true` for names that mean this machine by definition (RFC 6761), without a lookup.
fn is_localhost(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    name == "localhost" || name.ends_with(".localhost")
}

fn not_absolute() -> ProbeError {
    ProbeError::url("the URL is invalid; expected one such as https://cdn.example/photo.jpg")
}

fn ambiguous(found: &str) -> ProbeError {
    ProbeError::url(format!(
        "the URL has {found}, which other parsers may read differently; expected one such as https://cdn.example/photo.jpg"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &str, loopback: bool) -> Result<Reach, ProbeErrorKind> {
        Target::new(text, loopback)
            .map(|target| target.reach)
            .map_err(|error| error.kind())
    }

    #[test]
    fn only_https_on_port_443_is_fetched() {
        for good in [
            "https://cdn.example/photo.jpg",
            "HTTPS://CDN.example:443/a?b=c@d#e@f",
            "https://cdn.example",
            "https://bücher.example/a b.png",
            "https://8.8.8.8/",
            "https://[2606:4700::1111]/",
        ] {
            assert_eq!(kind(good, false), Ok(Reach::Public), "{good}");
            assert_eq!(kind(good, true), Ok(Reach::Public), "{good}");
        }
        for bad in [
            "http://cdn.example/",
            "https://cdn.example:8443/",
            "https://cdn.example:80/",
            "http://cdn.example:443/",
            "ftp://cdn.example/",
            "file:///etc/passwd",
            "data:image/png;base64,AAAA",
            "",
            "cdn.example/photo.jpg",
            "//cdn.example/photo.jpg",
        ] {
            assert_eq!(kind(bad, false), Err(ProbeErrorKind::Url), "{bad}");
        }
    }

    #[test]
    fn loopback_is_reached_only_once_it_is_allowed() {
        for url in [
            "http://127.0.0.1:8080/",
            "https://127.255.0.1:1/",
            "http://[::1]/",
            "http://localhost:3000/",
            "http://LOCALHOST./",
            "http://a.localhost/",
            "https://localhost/",
        ] {
            assert_eq!(kind(url, true), Ok(Reach::Loopback), "{url}");
            assert_eq!(kind(url, false), Err(ProbeErrorKind::Address), "{url}");
        }
        // A name is resolved, and must lead to this machine.
        assert_eq!(kind("http://a.example:81/", true), Ok(Reach::Loopback));
        for url in [
            "http://8.8.8.8/",
            "http://10.0.0.1:81/",
            "https://10.0.0.1/",
            "http://[::ffff:127.0.0.1]/",
            "http://0.0.0.0:81/",
            "http://[::]:81/",
        ] {
            assert_eq!(kind(url, true), Err(ProbeErrorKind::Address), "{url}");
        }
    }

    #[test]
    fn ambiguous_url_is_refused_as_written() {
        let base = Target::new("https://a.example/b", false).unwrap();
        for text in [
            "https://a.example\\@10.0.0.1/",
            "https://10.0.0.1\\a.example/",
            "https:\\\\a.example/",
            "https://user@a.example/",
            "https://user:pass@a.example/",
            "https://@a.example/",
            "https://:@a.example/",
            "https://a.example@b.example@c.example/",
            "https://a.example%2f@b.example/",
            "https://a%2eexample/",
            "https://a.example%00.b.example/",
            "https://a.exa\tmple/",
            "https://a.example/\n",
            "ht\ntps://a.example/",
            "https://a.example\r\n/",
            " https://a.example/",
            "https://a.example/ ",
            "\u{a0}https://a.example/",
            "https://a.example/\u{7f}",
            "https:///a.example/",
            "https:////a.example/",
        ] {
            assert_eq!(kind(text, false), Err(ProbeErrorKind::Url), "{text:?}");
            let hop = base.redirected(text, false).unwrap_err();
            assert_eq!(hop.kind(), ProbeErrorKind::Url, "{text:?}");
        }
        for text in ["https:a.example", "https:/a.example", "https:a@b.example"] {
            assert_eq!(kind(text, false), Err(ProbeErrorKind::Url), "{text:?}");
        }
    }

    #[test]
    fn user_name_without_slashes_is_found() {
        let base = Target::new("http://127.0.0.1/", true).unwrap();
        let error = base.redirected("https:user@a.example/", true).unwrap_err();
        assert_eq!(error.kind(), ProbeErrorKind::Url);
    }

    #[test]
    fn redirects_may_be_relative_and_are_checked() {
        let base = Target::new("https://a.example/b/c?d", false).unwrap();
        for (location, url) in [
            ("/e?f=@", "https://a.example/e?f=@"),
            ("e@f", "https://a.example/b/e@f"),
            ("//g.example/h", "https://g.example/h"),
            ("https://i.example/", "https://i.example/"),
        ] {
            let hop = base.redirected(location, false).unwrap();
            assert_eq!(hop.url.as_str(), url);
        }
        for (location, kind) in [
            ("http://a.example/", ProbeErrorKind::Url),
            ("//a.example:8080/", ProbeErrorKind::Url),
            ("//user@a.example/", ProbeErrorKind::Url),
            ("///a.example/", ProbeErrorKind::Url),
            ("//127.1/", ProbeErrorKind::Address),
            ("//localhost/", ProbeErrorKind::Address),
            ("https://[::1]/", ProbeErrorKind::Address),
            ("http://169.254.169.254/", ProbeErrorKind::Address),
            ("javascript:alert(1)", ProbeErrorKind::Url),
        ] {
            let error = base.redirected(location, false).unwrap_err();
            assert_eq!(error.kind(), kind, "{location}");
        }
    }
}

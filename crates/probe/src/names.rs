//! Where a name leads.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::target::Reach;

/// How names are looked up.
#[derive(Clone, Default)]
pub(crate) enum Lookup {
    /// As the system does.
    #[default]
    System,
    /// By this alone.
    Given(Arc<Given>),
}

type Given = dyn Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync;

impl Lookup {
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        match self {
            Self::System => {
                let found = tokio::net::lookup_host((name, 0)).await?;
                Ok(found.map(|address| address.ip()).collect())
            }
            Self::Given(lookup) => lookup(name),
        }
    }
}

impl fmt::Debug for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::System => "System",
            Self::Given(_) => "Given(…)",
        })
    }
}

/// Gives the connector those addresses of a name that may be dialled. It is asked at every
/// connect, so a name cannot change between the check and the dial.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    pub(crate) lookup: Lookup,
    /// `None` for the connections to a proxy, whose name its user has set.
    pub(crate) reach: Option<Reach>,
}

impl Names {
    pub(crate) async fn permitted(&self, name: &str) -> Result<Vec<IpAddr>, NoAddress> {
        let mut addresses = self.lookup.addresses(name).await.map_err(|_| NoAddress)?;
        if let Some(reach) = self.reach {
            addresses.retain(|address| reach.permits(*address));
        }
        if addresses.is_empty() {
            return Err(NoAddress);
        }
        Ok(addresses)
    }
}

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let names = self.clone();
        Box::pin(async move {
            let permitted = names.permitted(name.as_str()).await?;
            // Port 0 stands for that of the URL.
            let dialled = permitted.into_iter().map(|ip| SocketAddr::new(ip, 0));
            Ok(Box::new(dialled) as Addrs)
        })
    }
}

/// A name is unknown, or leads nowhere that may be dialled: one answer for both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoAddress;

impl NoAddress {
    /// Whether it is why a request failed.
    pub(crate) fn caused(error: &reqwest::Error) -> bool {
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
        while let Some(error) = cause {
            if error.is::<Self>() {
                return true;
            }
            cause = error.source();
        }
        false
    }
}

impl fmt::Display for NoAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no address that may be dialled")
    }
}

impl std::error::Error for NoAddress {}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn addresses(list: &str) -> Vec<IpAddr> {
        list.split_whitespace()
            .map(|address| address.parse().unwrap())
            .collect()
    }

    fn names(reach: Reach, answers: &'static [&'static str]) -> Names {
        let asked = AtomicUsize::new(0);
        let lookup = move |_: &str| Ok(addresses(answers[asked.fetch_add(1, Ordering::SeqCst)]));
        Names {
            lookup: Lookup::Given(Arc::new(lookup)),
            reach: Some(reach),
        }
    }

    #[tokio::test]
    async fn only_permitted_addresses_are_dialled() {
        for (reach, found, dialled) in [
            (Reach::Public, "8.8.8.8 10.0.0.1", "8.8.8.8"),
            (
                Reach::Public,
                "::1 fd00::1 2606:4700::1111",
                "2606:4700::1111",
            ),
            (
                Reach::Public,
                "127.0.0.1 169.254.169.254 8.8.4.4",
                "8.8.4.4",
            ),
            (
                Reach::Public,
                "64:ff9b::a00:1 64:ff9b::808:808",
                "64:ff9b::808:808",
            ),
            (
                Reach::Loopback,
                "8.8.8.8 127.0.0.1 ::1 10.0.0.1",
                "127.0.0.1 ::1",
            ),
        ] {
            let names = names(reach, Box::leak(Box::new([found])));
            assert_eq!(
                names.permitted("a").await,
                Ok(addresses(dialled)),
                "{found}"
            );
        }
        for (reach, found) in [
            (Reach::Public, "10.0.0.1"),
            (Reach::Public, "127.0.0.1 ::1 0.0.0.0 :: ::ffff:8.8.8.8"),
            (Reach::Public, ""),
            (Reach::Loopback, "8.8.8.8 10.0.0.1 0.0.0.0 ::ffff:127.0.0.1"),
        ] {
            let names = names(reach, Box::leak(Box::new([found])));
            assert_eq!(names.permitted("a").await, Err(NoAddress), "{found}");
        }
    }

    #[tokio::test]
    async fn each_connect_looks_the_name_up_and_checks_it_anew() {
        let names = names(Reach::Public, &["8.8.8.8", "127.0.0.1", "8.8.8.8 10.0.0.1"]);
        assert_eq!(names.permitted("a").await, Ok(addresses("8.8.8.8")));
        assert_eq!(names.permitted("a").await, Err(NoAddress));
        assert_eq!(names.permitted("a").await, Ok(addresses("8.8.8.8")));
    }

    #[tokio::test]
    async fn a_failed_look_up_is_told_as_a_forbidden_address() {
        let names = Names {
            lookup: Lookup::Given(Arc::new(|_| Err(io::Error::other("inner-dns-7 said no")))),
            reach: Some(Reach::Public),
        };
        assert_eq!(names.permitted("a").await, Err(NoAddress));
    }
}

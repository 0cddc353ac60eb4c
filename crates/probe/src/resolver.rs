//! Resolves host names to permitted addresses.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::{fmt, io};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::target::Reach;

/// The source of the addresses of host names.
#[derive(Clone, Default)]
pub(crate) enum Lookup {
    /// Resolves names as the system does.
    #[default]
    System,
    /// Resolves names with the caller's function.
    Custom(Arc<CustomLookup>),
}

type CustomLookup = dyn Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync;

impl Lookup {
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        match self {
            Self::System => {
                let found = tokio::net::lookup_host((name, 0)).await?;
                Ok(found.map(|address| address.ip()).collect())
            }
            Self::Custom(lookup) => lookup(name),
        }
    }
}

impl fmt::Debug for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::System => "System",
            Self::Custom(_) => "Custom(…)",
        })
    }
}

/// Returns only permitted addresses of a name to the connector.
///
/// The connector calls it for every connection, so a name cannot change between the check and the
/// connection.
#[derive(Clone, Debug)]
pub(crate) struct GuardedResolver {
    pub(crate) lookup: Lookup,
    /// Permitted addresses; `None` for connections to a proxy, whose name the user has set.
    pub(crate) reach: Option<Reach>,
}

impl GuardedResolver {
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

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            let permitted = resolver.permitted(name.as_str()).await?;
            // Port 0 means the port of the URL.
            let addresses = permitted.into_iter().map(|ip| SocketAddr::new(ip, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}

/// The error for an unknown name and for a name without permitted addresses: both look alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoAddress;

impl NoAddress {
    /// Returns `true` if it is the cause of a failed request.
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
        f.write_str("the name has no permitted address")
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

    fn resolver(reach: Reach, lookups: &'static [&'static str]) -> GuardedResolver {
        let count = AtomicUsize::new(0);
        let lookup = move |_: &str| Ok(addresses(lookups[count.fetch_add(1, Ordering::SeqCst)]));
        GuardedResolver {
            lookup: Lookup::Custom(Arc::new(lookup)),
            reach: Some(reach),
        }
    }

    #[tokio::test]
    async fn only_permitted_addresses_are_returned() {
        for (reach, found, permitted) in [
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
            let resolver = resolver(reach, Box::leak(Box::new([found])));
            assert_eq!(
                resolver.permitted("a").await,
                Ok(addresses(permitted)),
                "{found}"
            );
        }
        for (reach, found) in [
            (Reach::Public, "10.0.0.1"),
            (Reach::Public, "127.0.0.1 ::1 0.0.0.0 :: ::ffff:8.8.8.8"),
            (Reach::Public, ""),
            (Reach::Loopback, "8.8.8.8 10.0.0.1 0.0.0.0 ::ffff:127.0.0.1"),
        ] {
            let resolver = resolver(reach, Box::leak(Box::new([found])));
            assert_eq!(resolver.permitted("a").await, Err(NoAddress), "{found}");
        }
    }

    #[tokio::test]
    async fn every_connection_resolves_and_checks_the_name() {
        let resolver = resolver(Reach::Public, &["8.8.8.8", "127.0.0.1", "8.8.8.8 10.0.0.1"]);
        assert_eq!(resolver.permitted("a").await, Ok(addresses("8.8.8.8")));
        assert_eq!(resolver.permitted("a").await, Err(NoAddress));
        assert_eq!(resolver.permitted("a").await, Ok(addresses("8.8.8.8")));
    }

    #[tokio::test]
    async fn failed_lookup_looks_like_a_forbidden_address() {
        let resolver = GuardedResolver {
            lookup: Lookup::Custom(Arc::new(|_| Err(io::Error::other("inner-dns-7 said no")))),
            reach: Some(Reach::Public),
        };
        assert_eq!(resolver.permitted("a").await, Err(NoAddress));
    }
}

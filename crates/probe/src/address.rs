//! Decides which IP addresses are public.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A network: its base address and the number of its leading bits.
type Range4 = (Ipv4Addr, u32);
type Range6 = (Ipv6Addr, u32);

/// Networks that the IANA special-purpose registry does not list as globally reachable, and
/// multicast. The few reachable addresses within 192.0.0.0/24 are anycast services, not media.
const NOT_PUBLIC_4: [Range4; 15] = [
    (Ipv4Addr::UNSPECIFIED, 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// Network of all global unicast addresses. Outside of it are the mapped and compatible forms of v4
/// addresses and the ranges for local-use NAT64, discard, segment routing, unique local,
/// link-local, site-local and multicast.
const GLOBAL_UNICAST: Range6 = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// Networks within [`GLOBAL_UNICAST`] that are not public: protocol assignments with Teredo,
/// benchmarking and ORCHID; documentation; 6to4; documentation again. Teredo and 6to4 contain v4
/// addresses, but nobody serves media there, so all of them are refused.
const NOT_PUBLIC_6: [Range6; 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// Network through which v6-only networks reach the v4 Internet; the last 32 bits are the v4
/// address.
const NAT64: Range6 = (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);

/// Returns `true` if an address belongs to the public Internet, judged by its value alone.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_4(address),
        IpAddr::V6(address) if within_6(address, NAT64) => {
            let [.., a, b, c, d] = address.octets();
            is_public_4(Ipv4Addr::new(a, b, c, d))
        }
        IpAddr::V6(address) => {
            within_6(address, GLOBAL_UNICAST)
                && !NOT_PUBLIC_6.iter().any(|range| within_6(address, *range))
        }
    }
}

fn is_public_4(address: Ipv4Addr) -> bool {
    !NOT_PUBLIC_4.iter().any(|range| within_4(address, *range))
}

fn within_4(address: Ipv4Addr, (base, bits): Range4) -> bool {
    (address.to_bits() ^ base.to_bits()) >> (Ipv4Addr::BITS - bits) == 0
}

fn within_6(address: Ipv6Addr, (base, bits): Range6) -> bool {
    (address.to_bits() ^ base.to_bits()) >> (Ipv6Addr::BITS - bits) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Entries of the registries that are not globally reachable, multicast, and withdrawn ranges.
    /// They are copied from the registries, not from the tables above.
    const REFUSED_4: &str = "0.0.0.0/8 0.0.0.0/32 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 \
        169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.0.0/29 192.0.0.8/32 192.0.0.9/32 \
        192.0.0.10/32 192.0.0.170/32 192.0.0.171/32 192.0.2.0/24 192.88.99.0/24 192.88.99.2/32 \
        192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 \
        255.255.255.255/32";
    const REFUSED_6: &str = "::/128 ::1/128 ::/96 ::ffff:0:0/96 64:ff9b:1::/48 100::/64 \
        100:0:0:1::/64 2001::/23 2001::/32 2001:1::1/128 2001:1::2/128 2001:1::3/128 2001:2::/48 \
        2001:3::/32 2001:4:112::/48 2001:10::/28 2001:20::/28 2001:30::/28 2001:db8::/32 2002::/16 \
        3fff::/20 5f00::/16 fc00::/7 fe80::/10 fec0::/10 ff00::/8";

    /// Addresses just outside of the refused ranges, and those that the registries list as globally
    /// reachable.
    const PUBLIC: &str = "1.0.0.0 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 \
        126.255.255.255 128.0.0.0 169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 \
        191.255.255.255 192.0.1.0 192.0.1.255 192.0.3.0 192.88.98.255 192.88.100.0 \
        192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 198.51.99.255 198.51.101.0 \
        203.0.112.255 203.0.114.0 223.255.255.255 192.31.196.1 192.52.193.1 192.175.48.1 \
        8.8.8.8 2000:: 2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff 2001:200:: \
        2001:db7:ffff:ffff:ffff:ffff:ffff:ffff 2001:db9:: \
        2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff 2003:: 3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff \
        3fff:1000:: 2620:4f:8000::1 2606:4700::1111 64:ff9b::808:808 64:ff9b::100:0";

    fn ends(range: &str) -> [IpAddr; 2] {
        let (base, bits) = range.split_once('/').unwrap();
        let bits: u32 = bits.parse().unwrap();
        match base.parse().unwrap() {
            IpAddr::V4(base) => {
                let rest = u32::MAX.checked_shr(bits).unwrap_or(0);
                [base, (base.to_bits() | rest).into()].map(IpAddr::V4)
            }
            IpAddr::V6(base) => {
                let rest = u128::MAX.checked_shr(bits).unwrap_or(0);
                [base, (base.to_bits() | rest).into()].map(IpAddr::V6)
            }
        }
    }

    #[test]
    fn ends_of_special_ranges_are_not_public() {
        for range in REFUSED_4.split(' ').chain(REFUSED_6.split(' ')) {
            for address in ends(range) {
                assert!(!is_public(address), "{address} of {range}");
            }
        }
    }

    #[test]
    fn neighbours_of_special_ranges_are_public() {
        for address in PUBLIC.split(' ') {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn embedded_v4_address_is_judged_or_refused() {
        for range in REFUSED_4.split(' ') {
            for address in ends(range) {
                let IpAddr::V4(inner) = address else {
                    unreachable!()
                };
                let low = u128::from(inner.to_bits());
                for outer in [
                    low,                                                           // compatible
                    0xffff << 32 | low,                                            // mapped
                    0x0064_ff9b << 96 | low,                                       // NAT64
                    0x0064_ff9b_0001 << 80 | low,                                  // local NAT64
                    0x2002 << 112 | low << 80,                                     // 6to4
                    0x2001_0000 << 96 | low << 64, // Teredo's server
                    0x2001_0000 << 96 | (0x0808_0808 << 64) | (low ^ 0xffff_ffff), // its client
                ] {
                    let outer = Ipv6Addr::from_bits(outer);
                    assert!(!is_public(outer.into()), "{inner} in {outer}");
                }
            }
        }
    }
}

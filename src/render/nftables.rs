//! A ruleset for the pod's own network namespace. dnsmasq puts the addresses of listed names into its sets.

use super::{by_ports, joined};
use crate::site::Site;
use std::fmt::Write as _;

/// The user that dnsmasq runs as (`nobody`): the only one that may ask the resolvers.
pub const RESOLVER_UID: u32 = 65534;
/// Table that the sets are in.
pub const TABLE: &str = "guard_egress";

/// The name of the set for a group of ports.
pub fn set(ports: &[u16]) -> String {
    format!("ports_{}", joined(ports, "_"))
}

pub fn render(site: &Site) -> String {
    let mut out = format!("table inet {TABLE}\ndelete table inet {TABLE}\ntable inet {TABLE} {{\n");
    for (ports, _) in by_ports(site) {
        let _ = writeln!(out, "  set {} {{\n    type ipv4_addr\n  }}", set(&ports));
    }
    if site.metrics.is_some() {
        out.push_str("  set metrics {\n    type ipv4_addr\n  }\n");
    }
    out.push_str("  chain output {\n    type filter hook output priority filter; policy drop;\n    oifname \"lo\" accept\n    ct state established,related accept\n");
    // A listed name that suddenly points to the node's metadata service.
    out.push_str("    ip daddr 169.254.0.0/16 reject with icmpx admin-prohibited\n");
    if !site.resolvers.is_empty() {
        let to = joined(&site.resolvers, ", ");
        let _ = writeln!(out, "    meta skuid {RESOLVER_UID} ip daddr {{ {to} }} udp dport 53 accept\n    meta skuid {RESOLVER_UID} ip daddr {{ {to} }} tcp dport 53 accept");
    }
    for (ports, _) in by_ports(site) {
        let _ = writeln!(out, "    ip daddr @{} tcp dport {{ {} }} accept", set(&ports), joined(&ports, ", "));
    }
    if let Some((_, port)) = &site.metrics {
        let _ = writeln!(out, "    ip daddr @metrics tcp dport {port} accept");
    }
    for (address, port) in &site.api_servers {
        let _ = writeln!(out, "    ip daddr {address} tcp dport {port} accept");
    }
    for range in site.networks() {
        let _ = writeln!(out, "    ip daddr {} accept", range);
    }
    // An answer instead of silence: programs fail at once and say why.
    out.push_str("    reject with icmpx admin-prohibited\n  }\n}\n");
    out
}

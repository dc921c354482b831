//! squid: `CONNECT` to a listed name and port, nothing else. squid and not tinyproxy, as each name has its own ports.

use super::PROXY_PORT;
use crate::site::Site;
use std::fmt::Write as _;

pub fn render(site: &Site) -> String {
    let mut out = format!(
        "http_port {PROXY_PORT}\nacl CONNECT method CONNECT\n\
         # A listed name that suddenly points into this pod or to the node's metadata service.\n\
         acl inside dst 127.0.0.0/8 169.254.0.0/16 ::1/128 fe80::/10\nhttp_access deny inside\n"
    );
    for (n, one) in site.egress.destination.iter().enumerate() {
        let ports = super::joined(&one.ports, " ");
        match one.host.strip_prefix("*.") {
            // squid's `.domain` includes the domain itself, the list's `*.domain` does not.
            Some(domain) => {
                let _ = writeln!(out, "acl host{n} dstdomain -n .{domain}\nacl apex{n} dstdomain -n {domain}\nacl port{n} port {ports}\nhttp_access allow CONNECT host{n} !apex{n} port{n}");
            }
            None => {
                let _ = writeln!(out, "acl host{n} dstdomain -n {}\nacl port{n} port {ports}\nhttp_access allow CONNECT host{n} port{n}", one.host);
            }
        }
    }
    out.push_str("http_access deny all\n# Nothing is kept but what was asked for and what was answered.\ncache deny all\naccess_log stdio:/dev/stdout\ncache_log stdio:/dev/stderr\ncache_store_log none\npid_filename none\nforwarded_for delete\nvia off\nshutdown_lifetime 1 seconds\n");
    if !site.resolvers.is_empty() {
        let _ = writeln!(out, "dns_nameservers {}", super::joined(&site.resolvers, " "));
    }
    out
}

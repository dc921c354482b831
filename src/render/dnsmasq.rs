//! The resolver for `nftables`: listed names are asked of the site's resolvers and their addresses go into the sets; nothing else is asked.

use super::nftables::{TABLE, set};
use super::by_ports;
use crate::site::Site;
use std::collections::BTreeSet;
use std::fmt::Write as _;

pub fn render(site: &Site) -> String {
    let mut out = String::from(
        "# Every name that is not listed is answered here with \"no such name\" and asked of nobody, so that a question carries nothing out.\n\
         listen-address=127.0.0.1\nbind-interfaces\nno-resolv\nno-hosts\nuser=nobody\nfilter-AAAA\naddress=/#/\n",
    );
    for resolver in &site.resolvers {
        let _ = writeln!(out, "server=/svc.cluster.local/{resolver}");
    }
    if let Some((namespace, _)) = &site.metrics {
        let _ = writeln!(out, "nftset=/{namespace}.svc.cluster.local/4#inet#{TABLE}#metrics");
    }
    for (ports, hosts) in by_ports(site) {
        // A domain here includes the names below it: also for a destination without `*`, whose owner they have in common.
        let domains: BTreeSet<&str> = hosts.iter().map(|host| host.strip_prefix("*.").unwrap_or(host)).collect();
        for domain in domains {
            for resolver in &site.resolvers {
                let _ = writeln!(out, "server=/{domain}/{resolver}");
            }
            let _ = writeln!(out, "nftset=/{domain}/4#inet#{TABLE}#{}", set(&ports));
        }
    }
    out
}

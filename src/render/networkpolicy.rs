//! A NetworkPolicy. It knows no names: what has one goes through the proxy, and there is no DNS to carry anything out.

use super::{AGENT, PROXY, PROXY_PORT};
use crate::site::Site;
use std::fmt::Write as _;

pub fn render(site: &Site) -> String {
    let mut out = format!(
        "# Default-deny egress but for the proxy, the site's networks and the API server. Without it the proxy is only a suggestion.\n\
         apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: agent-egress\nspec:\n  podSelector:\n    matchLabels:\n      {}: {}\n  policyTypes: [Egress]\n  egress:\n    \
         - to:\n        - podSelector:\n            matchLabels:\n              {}: {}\n      ports:\n        - port: {PROXY_PORT}\n          protocol: TCP\n",
        AGENT.0, AGENT.1, PROXY.0, PROXY.1
    );
    for (address, port) in &site.api_servers {
        let _ = writeln!(out, "    - to:\n        - ipBlock:\n            cidr: {address}/32\n      ports:\n        - port: {port}\n          protocol: TCP");
    }
    if let Some((namespace, port)) = &site.metrics {
        let _ = writeln!(out, "    - to:\n        - namespaceSelector:\n            matchLabels:\n              kubernetes.io/metadata.name: {namespace}\n      ports:\n        - port: {port}\n          protocol: TCP");
    }
    for range in site.networks() {
        let _ = writeln!(out, "    - to:\n        - ipBlock:\n            cidr: {range}");
    }
    out
}

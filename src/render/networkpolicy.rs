//! NetworkPolicies, the agent's and the proxy's. They know no names: what has one goes through the proxy, and there is no DNS to carry anything out.

use super::{AGENT, PROXY, PROXY_PORT};
use crate::site::Site;
use std::fmt::Write as _;

/// What the agent's pod may reach.
pub fn agent(site: &Site) -> String {
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

/// Who may use the proxy, and what it may reach.
pub fn proxy(site: &Site) -> String {
    let mut out = format!(
        "# Who may use the proxy, and what it may reach: the cluster's DNS, and the ports of the list anywhere outside. Without it any pod\n\
         # of the cluster could use it.\n\
         apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: egress-proxy\nspec:\n  podSelector:\n    matchLabels:\n      {}: {}\n  \
         policyTypes: [Ingress, Egress]\n  ingress:\n    - from:\n        - podSelector:\n            matchLabels:\n              {}: {}\n      ports:\n        - port: {PROXY_PORT}\n          protocol: TCP\n  \
         egress:\n    - to:\n        - namespaceSelector:\n            matchLabels:\n              kubernetes.io/metadata.name: kube-system\n      ports:\n        - port: 53\n          protocol: UDP\n        - port: 53\n          protocol: TCP\n    \
         - to:\n        - ipBlock:\n            cidr: 0.0.0.0/0\n            except: [169.254.0.0/16]\n      ports:\n",
        PROXY.0, PROXY.1, AGENT.0, AGENT.1
    );
    let mut ports: Vec<u16> = site.egress.destination.iter().flat_map(|one| one.ports.iter().copied()).collect();
    ports.sort_unstable();
    ports.dedup();
    for port in ports {
        let _ = writeln!(out, "        - port: {port}\n          protocol: TCP");
    }
    out
}

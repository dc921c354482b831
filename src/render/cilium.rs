//! A CiliumNetworkPolicy. Cilium's `*` stands for one label; guard's for any number, so this is never wider than the list.

use super::{AGENT, by_ports};
use crate::site::Site;
use std::fmt::Write as _;

pub fn render(site: &Site) -> String {
    let mut out = format!(
        "# Default-deny egress with the allowed names. Names are learnt from the answers that Cilium's DNS proxy sees, and only listed names\n\
         # are answered. Without it every host of the internet is one command away.\n\
         apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata:\n  name: agent-egress\nspec:\n  endpointSelector:\n    matchLabels:\n      {}: {}\n  egress:\n",
        AGENT.0, AGENT.1
    );
    out.push_str("    - toEndpoints:\n        - matchLabels:\n            k8s:io.kubernetes.pod.namespace: kube-system\n            k8s-app: kube-dns\n      toPorts:\n        - ports:\n            - port: \"53\"\n              protocol: UDP\n            - port: \"53\"\n              protocol: TCP\n          rules:\n            dns:\n");
    for one in &site.egress.destination {
        let _ = writeln!(out, "              - {}", selector(&one.host));
    }
    out.push_str("              - matchPattern: \"*.*.svc.cluster.local\"\n");
    for (ports, hosts) in by_ports(site) {
        out.push_str("    - toFQDNs:\n");
        for host in hosts {
            let _ = writeln!(out, "        - {}", selector(host));
        }
        to_ports(&mut out, &ports);
    }
    out.push_str("    - toEntities: [kube-apiserver]\n");
    to_ports(&mut out, &api_ports(site));
    if let Some((namespace, port)) = &site.metrics {
        let _ = writeln!(out, "    - toEndpoints:\n        - matchLabels:\n            k8s:io.kubernetes.pod.namespace: {namespace}");
        to_ports(&mut out, &[*port]);
    }
    // API servers have a rule of their own above; only the site's networks are open on every port.
    let ranges: Vec<&str> = site.networks().collect();
    if !ranges.is_empty() {
        out.push_str("    - toCIDR:\n");
        for range in ranges {
            let _ = writeln!(out, "        - {range}");
        }
    }
    out
}

fn api_ports(site: &Site) -> Vec<u16> {
    let mut ports: Vec<u16> = site.api_servers.iter().map(|(_, port)| *port).chain([443, 6443]).collect();
    ports.sort_unstable();
    ports.dedup();
    ports
}

fn selector(host: &str) -> String {
    let kind = if host.starts_with('*') { "matchPattern" } else { "matchName" };
    format!("{kind}: \"{host}\"")
}

fn to_ports(out: &mut String, ports: &[u16]) {
    out.push_str("      toPorts:\n        - ports:\n");
    for port in ports {
        let _ = writeln!(out, "            - port: \"{port}\"\n              protocol: TCP");
    }
}

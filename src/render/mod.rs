//! The list of hosts → what enforces it. Each form is a text that names its source; `manifests/render.sh` writes the files.

mod cilium;
mod dnsmasq;
mod layer;
mod networkpolicy;
mod nftables;
mod proxy;

use crate::site::Site;

/// What enforces the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A CiliumNetworkPolicy.
    Cilium,
    /// A ruleset with sets that dnsmasq fills.
    Nftables,
    /// The resolver that answers listed names only.
    Dnsmasq,
    /// The configuration of squid.
    Proxy,
    /// The agent's NetworkPolicy: addresses and the proxy, as it knows no names.
    Networkpolicy,
    /// The proxy's own NetworkPolicy.
    Proxypolicy,
    /// `egress.toml` of the system layer, so that the hook judges by the same list.
    Layer,
}

impl Form {
    /// Every form, by its name on the command line.
    pub const ALL: [(&'static str, Form); 7] = [
        ("cilium", Form::Cilium),
        ("nftables", Form::Nftables),
        ("dnsmasq", Form::Dnsmasq),
        ("proxy", Form::Proxy),
        ("networkpolicy", Form::Networkpolicy),
        ("proxypolicy", Form::Proxypolicy),
        ("layer", Form::Layer),
    ];
}

/// Labels of the pod that is fenced in.
const AGENT: (&str, &str) = ("app.kubernetes.io/name", "secure-agent-pod");
/// Labels of the proxy's pods.
const PROXY: (&str, &str) = ("app.kubernetes.io/name", "egress-proxy");
/// The port that squid listens on.
const PROXY_PORT: u16 = 3128;

/// The whole text of one form.
pub fn render(form: Form, site: &Site) -> String {
    let name = Form::ALL.iter().find(|(_, f)| *f == form).map_or("", |(name, _)| name);
    let body = match form {
        Form::Cilium => cilium::render(site),
        Form::Nftables => nftables::render(site),
        Form::Dnsmasq => dnsmasq::render(site),
        Form::Proxy => proxy::render(site),
        Form::Networkpolicy => networkpolicy::agent(site),
        Form::Proxypolicy => networkpolicy::proxy(site),
        Form::Layer => layer::render(site),
    };
    format!("# Made by `guard egress render {name}` of rules/egress.toml and the site's values; do not edit, run manifests/render.sh.\n{body}")
}

/// Destinations by their set of ports, in the order of the list: one rule or set for each.
fn by_ports(site: &Site) -> Vec<(Vec<u16>, Vec<&str>)> {
    let mut groups: Vec<(Vec<u16>, Vec<&str>)> = Vec::new();
    for one in &site.egress.destination {
        let mut ports = one.ports.clone();
        ports.sort_unstable();
        ports.dedup();
        match groups.iter_mut().find(|(p, _)| *p == ports) {
            Some((_, hosts)) => hosts.push(&one.host),
            None => groups.push((ports, vec![&one.host])),
        }
    }
    groups
}

fn joined<T: ToString>(items: &[T], between: &str) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(between)
}

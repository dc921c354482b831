//! A site's own values: the `NAME=VALUE` file of an overlay, which kustomize reads too. Only what egress needs is read here.

use crate::egress::{Destination, Egress, Range};
use std::net::Ipv4Addr;

/// What a site adds to the list, and where its own servers are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Site {
    /// The built-in list and what the site adds.
    pub egress: Egress,
    /// Only what the site adds: the layer for the hook.
    pub added: Egress,
    /// Address and port of each API server, behind its Service: policies see addresses after translation.
    pub api_servers: Vec<(Ipv4Addr, u16)>,
    /// DNS servers that allowed names are asked of.
    pub resolvers: Vec<Ipv4Addr>,
    /// Namespace and port of the Pushgateway.
    pub metrics: Option<(String, u16)>,
}

impl Site {
    /// Reads the text of `file` on top of the built-in list. An error names file and line.
    pub fn read(builtin: &Egress, file: &str, text: &str) -> Result<Site, String> {
        let mut site = Site::default();
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let at = format!("{file}:{}", at + 1);
            let (name, value) = line.split_once('=').ok_or_else(|| format!("{at}: `{line}` is no NAME=VALUE"))?;
            site.set(name, value, &at).map_err(|what| format!("{at}: {what}"))?;
        }
        site.egress = builtin.clone();
        site.egress.destination.extend(site.added.destination.clone());
        site.egress.range.extend(site.added.range.clone());
        Ok(site)
    }

    /// The site's own networks, without the API servers: those have a port.
    pub fn networks(&self) -> impl Iterator<Item = &str> {
        let api = |cidr: &str| self.api_servers.iter().any(|(address, _)| cidr.strip_suffix("/32") == Some(&address.to_string()));
        self.egress.range.iter().map(|r| r.cidr.as_str()).filter(move |cidr| !api(cidr))
    }

    fn set(&mut self, name: &str, value: &str, at: &str) -> Result<(), String> {
        match name {
            "EGRESS_HOSTS" => {
                for word in value.split_whitespace() {
                    let (host, port) = with_port(word, 443)?;
                    let one = Destination { host: host.to_owned(), ports: vec![port], why: "a host of this site".into(), at: at.to_owned() };
                    one.check()?;
                    self.added.destination.push(one);
                }
            }
            "LAN_RANGE_1" | "LAN_RANGE_2" => self.range(value, "this site's network", at)?,
            "EGRESS_API_SERVERS" => {
                for word in value.split_whitespace() {
                    let (address, port) = with_port(word, 6443)?;
                    self.api_servers.push((ipv4(address)?, port));
                    self.range(&format!("{address}/32"), "the cluster's API server", at)?;
                }
            }
            "EGRESS_RESOLVERS" => self.resolvers = value.split_whitespace().map(ipv4).collect::<Result<_, _>>()?,
            "EGRESS_METRICS" => {
                let (namespace, port) = with_port(value, 9091)?;
                self.metrics = Some((namespace.to_owned(), port));
            }
            // A mistyped name would open or close nothing, silently.
            _ if name.starts_with("EGRESS_") && name != "EGRESS_PROXY" && name != "EGRESS_IMAGE" => return Err(format!("unknown name `{name}`")),
            _ => {}
        }
        Ok(())
    }

    fn range(&mut self, cidr: &str, why: &str, at: &str) -> Result<(), String> {
        let one = Range { cidr: cidr.to_owned(), why: why.to_owned(), at: at.to_owned() };
        one.octets()?;
        self.added.range.push(one);
        Ok(())
    }
}

fn ipv4(word: &str) -> Result<Ipv4Addr, String> {
    word.parse().map_err(|_| format!("`{word}` is no IPv4 address"))
}

fn with_port(word: &str, usual: u16) -> Result<(&str, u16), String> {
    match word.split_once(':') {
        None => Ok((word, usual)),
        Some((host, port)) => port.parse().map(|port| (host, port)).map_err(|_| format!("`{port}` is no port")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_and_mistakes_have_a_line() {
        let site = Site::read(&Egress::default(), "site.env", "# x\nNODE=a\nEGRESS_HOSTS=a.example b.example:8443\nLAN_RANGE_1=10.1.0.0/16\nEGRESS_API_SERVERS=10.1.0.2\n").expect("a site");
        assert_eq!(site.added.destination[1].ports, [8443]);
        assert_eq!(site.egress.range.len(), 2);
        for (bad, part) in [("NODE", "NAME=VALUE"), ("EGRESS_HOST=a.example", "unknown name"), ("EGRESS_HOSTS=1.2.3.4", "address"), ("LAN_RANGE_1=10.0.0.0/9", "no range"), ("EGRESS_RESOLVERS=x", "IPv4")] {
            let error = Site::read(&Egress::default(), "site.env", &format!("\n{bad}\n")).expect_err("a mistake");
            assert!(error.starts_with("site.env:2: ") && error.contains(part), "{error}");
        }
    }
}

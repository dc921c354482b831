//! What the site adds, as the hook reads it.

use crate::site::Site;
use std::fmt::Write as _;

pub fn render(site: &Site) -> String {
    let mut out = String::new();
    for one in &site.added.destination {
        let _ = writeln!(out, "[[destination]]\nhost  = \"{}\"\nports = [{}]\nwhy   = \"{}\"", one.host, super::joined(&one.ports, ", "), one.why);
    }
    for one in &site.added.range {
        let _ = writeln!(out, "[[range]]\ncidr = \"{}\"\nwhy  = \"{}\"", one.cidr, one.why);
    }
    out
}

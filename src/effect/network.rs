//! Hosts: who is at the other end of a URL, a device path, a remote operand.

use super::text::{Part, Text};

/// Whether a text begins as an address that is fetched.
pub(super) fn is_url(text: &Text) -> bool {
    ["http://", "https://", "ftp://"].iter().any(|scheme| text.prefix().starts_with(scheme))
}

/// The host of `/dev/tcp/HOST/PORT`.
pub fn device(path: &Text) -> Option<Text> {
    let rest = path.strip_prefix("/dev/tcp/").or_else(|| path.strip_prefix("/dev/udp/"))?;
    Some(rest.split_once("/").map_or(rest.clone(), |(host, _)| host))
}

/// The host of a URL, or of a bare `host/path` as curl takes it; lower case, without user, port and brackets.
/// `None` when nothing of it is known.
pub fn of_url(url: &Text) -> Option<Text> {
    let rest = match url.split_once("://") {
        Some((scheme, rest)) if scheme.as_known().is_some_and(|s| s.len() < 12 && !s.contains(['/', ' '])) => rest,
        _ => url.clone(),
    };
    authority(&rest)
}

/// Where the first unknown stretch of a URL stands, as a form of showing a credential: `url` when it is all there is, `userinfo`,
/// `path:BEGINNING` or `query:NAME`. `None` when nothing is unknown, or when it is part of the host.
pub fn place_of_unknown(url: &Text) -> Option<String> {
    let at = url.parts().iter().position(|p| *p == Part::Unknown)?;
    let before = url.prefix();
    if at == 0 {
        return (url.parts().len() == 1).then(|| "url".into());
    }
    let rest = before.split_once("://").map_or(before, |(_, rest)| rest);
    if let Some((_, query)) = rest.split_once('?') {
        let last = query.rsplit('&').next().unwrap_or(query);
        return last.split_once('=').map(|(name, _)| format!("query:{name}"));
    }
    if let Some((_, path)) = rest.split_once('/') {
        return Some(format!("path:/{path}"));
    }
    let after = url.parts().get(at + 1);
    matches!(after, Some(Part::Known(text)) if text.starts_with(['@', ':']) && text.contains('@')).then(|| "userinfo".into())
}

/// The host at the beginning of `rest`, up to the path.
fn authority(rest: &Text) -> Option<Text> {
    let mut host = Text::empty(rest.labels);
    'parts: for part in rest.parts() {
        match part {
            Part::Known(text) => {
                for c in text.chars() {
                    match c {
                        '/' | '?' | '#' | '\\' => break 'parts,
                        // What stands before an `@` is a user.
                        '@' => host = Text::empty(rest.labels),
                        '[' => {}
                        // What follows a bracketed address is a port.
                        ']' => break 'parts,
                        _ => host.push_str(&c.to_lowercase().to_string()),
                    }
                }
            }
            Part::Glob(glob) => host.push_str(glob),
            Part::Unknown => host.push_unknown(),
        }
    }
    let known = host.as_known().map(str::to_owned);
    if let Some(known) = known {
        let colons = known.matches(':').count();
        let bare = if colons == 1 { known.split(':').next().unwrap_or("") } else { &known };
        let bare = bare.trim_end_matches('.');
        if bare.is_empty() {
            return None;
        }
        return Some(Text::known(canonical(bare)).labelled(host.labels));
    }
    Some(host)
}

/// Numbers that mean an IPv4 address are written as one (`2130706433`, `0x7f.1`).
fn canonical(host: &str) -> String {
    let parts: Vec<&str> = host.split('.').collect();
    if parts.len() > 4 || parts.iter().any(|p| p.is_empty()) {
        return host.to_owned();
    }
    let number = |p: &str| -> Option<u64> {
        if let Some(hex) = p.strip_prefix("0x") {
            return u64::from_str_radix(hex, 16).ok();
        }
        if p.len() > 1 && p.starts_with('0') {
            return u64::from_str_radix(p, 8).ok();
        }
        p.parse().ok()
    };
    let Some(numbers) = parts.iter().map(|p| number(p)).collect::<Option<Vec<u64>>>() else { return host.to_owned() };
    let Some((last, first)) = numbers.split_last() else { return host.to_owned() };
    let mut address: u64 = 0;
    for n in first {
        if *n > 255 {
            return host.to_owned();
        }
        address = address << 8 | n;
    }
    let missing = 4 - u32::try_from(first.len()).unwrap_or(0);
    if *last >= 1u64 << (8 * missing) {
        return host.to_owned();
    }
    let address = (address << (8 * missing)) | last;
    std::net::Ipv4Addr::from(u32::try_from(address).unwrap_or(0)).to_string()
}

/// `host:path` of scp and rsync, and `rsync://host/path`; `None` for a local path.
pub fn remote(operand: &Text) -> Option<Text> {
    if operand.prefix().contains("://") {
        return of_url(operand);
    }
    let (host, _) = operand.split_once(":")?;
    if host.prefix().contains('/') || host.is_empty() || host.prefix().starts_with('.') {
        return None;
    }
    let host = match host.split_once("@") {
        Some((_, host)) => host,
        None => host,
    };
    match host.as_known() {
        Some(known) => Some(Text::known(known.to_lowercase())),
        None => Some(host),
    }
}

/// The host of a git remote: a URL, or `user@host:path`; `None` for a name (`origin`) or a local path.
pub fn of_git_remote(operand: &Text) -> Option<Text> {
    if operand.prefix().contains("://") {
        return of_url(operand);
    }
    remote(operand)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_urls() {
        for (url, host) in [
            ("https://u:p@Evil.Example:8443/x?y", "evil.example"),
            ("evil.example/x", "evil.example"),
            ("http://2130706433/", "127.0.0.1"),
            ("http://[::1]:80/", "::1"),
            ("https://good.example@evil.example", "evil.example"),
        ] {
            assert_eq!(of_url(&Text::known(url)).map(|h| h.to_string()).as_deref(), Some(host), "{url}");
        }
    }
}

//! The list of hosts, from the values of each overlay to what the hook is told.

use guard::effect::Text;
use guard::egress::{Egress, Range};
use guard::glob::{Subject, matches_host};
use guard::knowledge::Knowledge;
use guard::render::{Form, render};
use guard::rule::bundle::Bundle;
use guard::site::Site;
use guard::verdict::Certainty;

fn site(overlay: &str) -> Site {
    let file = format!("manifests/overlays/{overlay}/site/site.env");
    let text = std::fs::read_to_string(&file).expect("the values of an overlay");
    Site::read(&Knowledge::builtin_bundle().egress, &file, &text).expect("sound values")
}

/// A pattern of rules must say the same as the range it was made of: no look-alike name is in it.
#[test]
fn a_range_and_its_pattern_agree() {
    let range = |cidr: &str| Range { cidr: cidr.into(), why: "a test".into(), at: String::new() };
    for (cidr, host, inside) in [
        ("192.168.55.0/24", "192.168.55.9", true),
        ("192.168.55.0/24", "192.168.55.215", true),
        ("192.168.55.0/24", "192.168.56.9", false),
        ("192.168.55.0/24", "192.168.55.9.evil.example", false),
        ("192.168.55.0/24", "192.168.55.evil", false),
        ("192.168.55.0/24", "1192.168.55.9", false),
        ("10.0.0.0/8", "10.255.1.30", true),
        ("10.0.0.0/8", "100.1.1.1", false),
        ("192.0.2.7/32", "192.0.2.7", true),
        ("192.0.2.7/32", "192.0.2.70", false),
    ] {
        let list = Egress { range: vec![range(cidr)], ..Egress::default() };
        assert_eq!(list.decide(host, None).is_some(), inside, "{cidr} {host}");
        assert_eq!(matches_host(&range(cidr).pattern(), &Subject::new(&Text::known(host))) == Certainty::Yes, inside, "the pattern of {cidr} and {host}");
    }
}

/// The layer that is mounted into the pod is one that guard reads, and allows what the site added.
#[test]
fn the_hook_is_told_what_the_site_adds() {
    for overlay in ["homelab", "plain"] {
        let site = site(overlay);
        let (layer, mistakes) = Bundle::read("/etc/guard", &[("egress.toml".into(), render(Form::Layer, &site))], &[]);
        assert_eq!(mistakes, [], "{overlay}");
        let (added, told) = (&site.added, &layer.egress);
        assert_eq!(added.destination.iter().map(|d| (&d.host, &d.ports)).collect::<Vec<_>>(), told.destination.iter().map(|d| (&d.host, &d.ports)).collect::<Vec<_>>());
        assert_eq!(added.range.iter().map(|r| &r.cidr).collect::<Vec<_>>(), told.range.iter().map(|r| &r.cidr).collect::<Vec<_>>());
    }
}

/// Every listed host is in every form that knows names.
#[test]
fn no_form_forgets_a_host() {
    let site = site("homelab");
    for form in [Form::Cilium, Form::Dnsmasq, Form::Proxy] {
        let text = render(form, &site);
        for one in &site.egress.destination {
            assert!(text.contains(one.host.trim_start_matches("*.")), "{form:?} lacks {}", one.host);
        }
    }
    let ruleset = render(Form::Nftables, &site);
    assert!(ruleset.contains("policy drop") && ruleset.contains("192.168.55.0/24"));
}

/// The answer names the line that decides, or what to add.
#[test]
fn a_question_is_answered_with_the_line_that_decides() {
    for (target, code, part) in [
        ("api.anthropic.com:443", 0, "allowed by rules/egress.toml:"),
        ("codeload.github.com", 0, "*.github.com"),
        ("github.com:80", 1, "names github.com on [443, 22] only"),
        ("192.168.55.9:8080", 0, "allowed by manifests/overlays/homelab/site/site.env:"),
        ("evil-github.com", 1, "add a [[destination]]"),
        ("github.com:x", 2, "`x` is no port"),
    ] {
        let out = std::process::Command::new(env!("CARGO_BIN_EXE_guard"))
            .args(["egress", "--rules", "rules", "--site", "manifests/overlays/homelab/site/site.env", "check", target])
            .output()
            .expect("guard starts");
        let said = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
        assert!(out.status.code() == Some(code) && said.contains(part), "{target}: {said}");
    }
}

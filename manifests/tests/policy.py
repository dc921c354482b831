"""policy.py FILE INTERFACE LABEL=VALUE=ADDRESS...: the egress rules of a NetworkPolicy as a table of nftables, for what comes in from the
pod over INTERFACE. Peers that are selected by a label are at the named addresses. The part of a network plugin, in a test.
"""
import pathlib
import sys

import yaml


def main():
    file, interface, *peers = sys.argv[1:]
    address_of = {tuple(p.split("=")[:2]): p.split("=")[2] for p in peers}
    policy = yaml.safe_load(pathlib.Path(file).read_text())
    assert policy["spec"]["policyTypes"] == ["Egress"]
    lines = ["ct state established,related accept"]
    for rule in policy["spec"]["egress"]:
        targets = []
        for peer in rule["to"]:
            if "ipBlock" in peer:
                block = peer["ipBlock"]
                targets.append("ip daddr %s%s" % (block["cidr"], "".join(" ip daddr != " + one for one in block.get("except", []))))
            else:
                (selector,) = peer.values()
                targets += ["ip daddr " + address_of[pair] for pair in selector["matchLabels"].items()]
        for target in targets:
            lines += ["%s %s dport %s accept" % (target, p["protocol"].lower(), p["port"]) for p in rule.get("ports", [])] or [target + " accept"]
    # A policy denies what it does not name; neighbours must still find each other.
    lines += ["meta l4proto ipv6-icmp accept", "reject"]
    rules = "\n".join('    iifname "%s" %s' % (interface, line) for line in lines)
    print("table inet plugin {\n  chain input {\n    type filter hook input priority filter; policy accept;\n%s\n  }\n}" % rules)


main()

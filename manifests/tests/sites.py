"""What must hold of an overlay as it is listed, of its values, and of the files around it that name its objects."""
import re

import yaml

import checks

# The values that the design gives the homelab: object, path in it, value.
HOMELAB = [
    ("Deployment", "secure-agent-pod", "metadata.namespace", "secure-agent-pod"),
    ("Deployment", "secure-agent-pod", "spec.template.spec.nodeSelector", {"kubernetes.io/hostname": "gpu-1"}),
    ("PersistentVolumeClaim", "agent-home", "spec.storageClassName", "longhorn"),
    ("Service", "agent-ssh", "spec.loadBalancerIP", "192.168.55.215"),
    ("Service", "agent-ssh", "spec.ports.0.port", 22),
    ("Service", "agent-vibekanban", "spec.loadBalancerIP", "192.168.55.218"),
    ("Service", "agent-vibekanban", "spec.ports.0.port", 8081),
    ("Service", "agent-vibekanban", "spec.loadBalancerSourceRanges", ["192.168.55.0/24", "192.168.50.0/24"]),
    ("NetworkPolicy", "agent-ingress", "spec.ingress.0.from", [{"ipBlock": {"cidr": "192.168.55.0/24"}}, {"ipBlock": {"cidr": "192.168.50.0/24"}}]),
]
ELSEWHERE = ("cilium.io", "external-secrets.io", "longhorn")


def at(thing, path):
    for step in path.split("."):
        thing = thing[int(step)] if step.isdigit() else thing.get(step)
        if thing is None:
            return None
    return thing


def one(objects, kind, name):
    return next((o for o in objects if o["kind"] == kind and o["metadata"]["name"] == name), {})


def values(path):
    return dict(line.split("=", 1) for line in path.read_text().splitlines() if "=" in line and not line.startswith("#"))


def site(name, env, objects):
    """An overlay with the components that it lists."""
    out = []
    if name == "homelab":
        out += ["homelab: %s/%s has %s = %r" % (kind, which, path, at(one(objects, kind, which), path)) for kind, which, path, wanted in HOMELAB if at(one(objects, kind, which), path) != wanted]
    if name == "plain":
        out += ["plain: %s needs %s" % (checks.title(o), foreign) for o in objects for foreign in ELSEWHERE if foreign in o["apiVersion"] or foreign == at(o, "spec.storageClassName")]
    claim = one(objects, "PersistentVolumeClaim", "agent-home").get("spec", {})
    if claim.get("accessModes") != ["ReadWriteOnce"] or at(claim, "resources.requests.storage") != "50Gi":
        out.append("%s: the volume is not 50Gi for one node" % name)
    # What the scripts push to must be what the fence lets out, and found without DNS where there is none.
    host, port = re.fullmatch(r"http://([^:/]+):(\d+)", env["PUSHGATEWAY_URL"]).groups()
    space, _, metrics_port = env["EGRESS_METRICS"].partition(":")
    if port != metrics_port or (host.endswith(".svc.cluster.local") and host.split(".")[1] != space):
        out.append("%s: the Pushgateway is elsewhere than EGRESS_METRICS says" % name)
    resolvers = at(one(objects, "Deployment", "secure-agent-pod"), "spec.template.spec.dnsConfig.nameservers")
    if one(objects, "Deployment", "egress-proxy") and resolvers and not re.fullmatch(r"[\d.]+", host):
        out.append("%s: the Pushgateway has a name, and the pod has no DNS" % name)
    return out


def services(text, objects):
    """Addresses of Services in a text that no object answers to."""
    for name, space, port in re.findall(r"([a-z0-9-]+)\.([a-z0-9-]+)\.svc[a-z.]*:(\d+)", text):
        found = one(objects, "Service", name)
        if at(found, "metadata.namespace") != space or int(port) not in [p["port"] for p in found["spec"]["ports"]]:
            yield "%s.%s:%s is no Service" % (name, space, port)


def keys_used(objects):
    """Secret → keys that something reads: what the operator brings, and what it and the bridge need by hand."""
    used = {}
    for o in objects:
        if o["kind"] == "ExternalSecret":
            used.setdefault(o["spec"]["target"]["name"], set()).update(d["secretKey"] for d in o["spec"]["data"])
        if o["kind"] == "SecretStore":
            for ref in at(o, "spec.provider.infisical.auth.universalAuthCredentials").values():
                used.setdefault(ref["name"], set()).add(ref["key"])
    for _, spec, _ in checks.pods(objects):
        for c in checks.containers(spec):
            for ref in (v["valueFrom"]["secretKeyRef"] for v in c.get("env", []) if "secretKeyRef" in v.get("valueFrom", {})):
                used.setdefault(ref["name"], set()).add(ref["key"])
    return used


def around(folder, texts, objects):
    """Examples, templates and runbooks against the objects of the homelab; `texts` are the examples' contents by file name."""
    out = ["%s: %s" % (file, c) for file, text in texts.items() for c in services(text, objects)]
    application = yaml.safe_load(texts["argocd-application.yaml"])["spec"]
    if not (folder.parent / application["source"]["path"] / "kustomization.yaml").is_file():
        out.append("the Argo CD application's path is no overlay")
    if application["destination"]["namespace"] != at(one(objects, "Namespace", "secure-agent-pod"), "metadata.name"):
        out.append("the Argo CD application's namespace is another")
    template = {o["metadata"]["name"]: o["stringData"] for o in yaml.safe_load_all(texts["secrets.yaml.example"])}
    written = {name: set(data) for name, data in template.items()}
    if written != keys_used(objects):
        out.append("the template's Secrets are others than are read: %s, %s" % (written, keys_used(objects)))
    out += ["the template holds a value: %s" % key for data in template.values() for key, value in data.items() if not value.startswith("REPLACE")]
    rule = yaml.safe_load(texts["sops.yaml.example"])["creation_rules"][0]
    runbook = (folder / "runbooks/sops-secrets.md").read_text()
    if not any(re.search(rule["path_regex"], name) for name in re.findall(r"`sops[^`]* ([\w.]+)`", runbook)) or not re.fullmatch(rule["encrypted_regex"], "stringData"):
        out.append("what the runbook encrypts is not what the SOPS template names")
    return out

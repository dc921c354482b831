"""What must hold for the objects of one build, besides their schemas. Each check is a function: objects → complaints."""
import ipaddress
import json

import grafana

PRIVILEGED_INIT = {"egress-rules", "egress-resolver"}
BUILT_IN_ROLES = {"cluster-admin", "admin", "edit", "view"}
WORKLOADS = {"Deployment", "StatefulSet", "DaemonSet"}
ESCALATION = {"escalate", "bind", "impersonate", "*", "create", "update", "patch", "delete", "deletecollection"}


def named(objects, *kinds):
    return [o for o in objects if o["kind"] in kinds]


def title(o):
    return "%s/%s" % (o["kind"], o["metadata"]["name"])


def pods(objects):
    """(object, pod spec, labels) of every workload."""
    return [(o, o["spec"]["template"]["spec"], o["spec"]["template"]["metadata"]["labels"]) for o in named(objects, *WORKLOADS)]


def containers(spec):
    return spec.get("initContainers", []) + spec["containers"]


def restricted(objects):
    """Pod Security `restricted`; a namespace that says `privileged` excuses the named init containers, and nothing else."""
    level = next((n["metadata"].get("labels", {}).get("pod-security.kubernetes.io/enforce") for n in named(objects, "Namespace")), None)
    out = [] if level in ("restricted", "privileged") else ["the namespace enforces no Pod Security level"]
    deviating = False
    for o, spec, _ in pods(objects):
        pod = spec.get("securityContext", {})
        for key in ("hostNetwork", "hostPID", "hostIPC"):
            if spec.get(key):
                out.append("%s: %s" % (title(o), key))
        for volume in spec.get("volumes", []):
            if not set(volume) - {"name"} <= {"configMap", "secret", "emptyDir", "persistentVolumeClaim", "projected", "downwardAPI", "csi", "ephemeral"}:
                out.append("%s: volume %s is of a forbidden type" % (title(o), volume["name"]))
        for c in containers(spec):
            own = c.get("securityContext", {})
            get = lambda key: own.get(key, pod.get(key))
            wrong = []
            if own.get("privileged"):
                out.append("%s: %s is privileged" % (title(o), c["name"]))
            if own.get("allowPrivilegeEscalation") is not False:
                out.append("%s: %s may escalate" % (title(o), c["name"]))
            if own.get("capabilities", {}).get("drop") != ["ALL"]:
                out.append("%s: %s keeps capabilities" % (title(o), c["name"]))
            if (get("seccompProfile") or {}).get("type") != "RuntimeDefault":
                out.append("%s: %s has no seccomp profile" % (title(o), c["name"]))
            if own.get("readOnlyRootFilesystem") is not True:
                out.append("%s: %s may write its root" % (title(o), c["name"]))
            if own.get("capabilities", {}).get("add"):
                wrong.append("adds capabilities")
            if get("runAsNonRoot") is not True or get("runAsUser") == 0:
                wrong.append("may be root")
            if wrong and level == "privileged" and c["name"] in PRIVILEGED_INIT and c in spec.get("initContainers", []):
                deviating = True
            elif wrong:
                out.append("%s: %s %s" % (title(o), c["name"], " and ".join(wrong)))
    if level == "privileged" and not deviating:
        out.append("the namespace allows `privileged` and nothing needs it")
    return out


def images(objects):
    out = []
    for o, spec, _ in pods(objects):
        for c in containers(spec):
            tag = c["image"].rsplit("/", 1)[-1].partition(":")[2]
            if tag in ("", "latest") and "@sha256:" not in c["image"]:
                out.append("%s: image %s is not pinned" % (title(o), c["image"]))
    return out


def data(objects):
    """No Secret stands in a build, and nothing that carries data is empty."""
    out = ["%s: a Secret in a build" % title(o) for o in named(objects, "Secret")]
    for o in named(objects, "ConfigMap"):
        if not o.get("data"):
            out.append("%s has no data" % title(o))
    for o in named(objects, "ExternalSecret"):
        if not o["spec"].get("data") and not o["spec"].get("dataFrom"):
            out.append("%s has no data" % title(o))
    return out


def selected(objects, wanted):
    return [(o, spec) for o, spec, labels in pods(objects) if wanted.items() <= labels.items()]


def port_names(spec):
    return {p["name"]: p["containerPort"] for c in containers(spec) for p in c.get("ports", []) if "name" in p}


def has_port(spec, port):
    names = port_names(spec)
    return port in names or port in names.values()


def selectors(objects):
    """Selectors select something of this build, and the ports they name are there."""
    out = []
    for o, _, labels in pods(objects):
        if not o["spec"]["selector"]["matchLabels"].items() <= labels.items():
            out.append("%s does not select its own pods" % title(o))
    for o in named(objects, "Service"):
        found = selected(objects, o["spec"]["selector"])
        if not found:
            out.append("%s selects nothing" % title(o))
        for port in o["spec"]["ports"]:
            if found and not all(has_port(spec, port.get("targetPort", port["port"])) for _, spec in found):
                out.append("%s: no container has port %s" % (title(o), port.get("targetPort")))
    for o in named(objects, "NetworkPolicy", "CiliumNetworkPolicy"):
        key = "podSelector" if o["kind"] == "NetworkPolicy" else "endpointSelector"
        found = selected(objects, o["spec"][key].get("matchLabels", {}))
        if not found:
            out.append("%s selects nothing" % title(o))
        if o["kind"] != "NetworkPolicy":
            continue
        for rule in o["spec"].get("ingress", []):
            for port in rule.get("ports", []):
                if found and not all(has_port(spec, port["port"]) for _, spec in found):
                    out.append("%s: no container has port %s" % (title(o), port["port"]))
        for rule in o["spec"].get("ingress", []) + o["spec"].get("egress", []):
            for peer in rule.get("from", []) + rule.get("to", []):
                wanted = peer.get("podSelector", {}).get("matchLabels")
                if not wanted or "namespaceSelector" in peer:
                    continue
                found_peer = selected(objects, wanted)
                if not found_peer:
                    out.append("%s names the pods %s, which do not exist" % (title(o), wanted))
                for port in rule.get("ports", []) if "to" in rule else []:
                    if found_peer and not all(has_port(spec, port["port"]) for _, spec in found_peer):
                        out.append("%s: no container of the proxy has port %s" % (title(o), port["port"]))
    return out


def references(objects):
    """Every name that one object says of another resolves."""
    names = {(o["kind"], o["metadata"]["name"]) for o in objects}
    secrets = {o["spec"].get("target", {}).get("name", o["metadata"]["name"]) for o in named(objects, "ExternalSecret")}
    spaces = {o["metadata"].get("namespace") for o in objects if o["kind"] in WORKLOADS}
    out = []

    def need(o, kind, name, optional=False):
        if not optional and (kind, name) not in names and not (kind == "Secret" and name in secrets):
            out.append("%s names %s/%s, which does not exist" % (title(o), kind, name))

    keys = {o["metadata"]["name"]: o.get("data", {}) for o in named(objects, "ConfigMap")}
    for o, spec, _ in pods(objects):
        if spec.get("serviceAccountName", "default") != "default":
            need(o, "ServiceAccount", spec["serviceAccountName"])
        volumes = set()
        for volume in spec.get("volumes", []):
            volumes.add(volume["name"])
            if "configMap" in volume:
                what = volume["configMap"]
                need(o, "ConfigMap", what["name"], what.get("optional"))
                for item in what.get("items", []):
                    if item["key"] not in keys.get(what["name"], {}):
                        out.append("%s: ConfigMap/%s has no key %s" % (title(o), what["name"], item["key"]))
            if "secret" in volume:
                need(o, "Secret", volume["secret"]["secretName"], volume["secret"].get("optional"))
            if "persistentVolumeClaim" in volume:
                need(o, "PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"])
        for c in containers(spec):
            for mount in c.get("volumeMounts", []):
                if mount["name"] not in volumes:
                    out.append("%s: %s mounts %s, which is no volume" % (title(o), c["name"], mount["name"]))
            for source in c.get("envFrom", []):
                for key, kind in (("secretRef", "Secret"), ("configMapRef", "ConfigMap")):
                    if key in source:
                        need(o, kind, source[key]["name"], source[key].get("optional"))
            for variable in c.get("env", []):
                for key, kind in (("secretKeyRef", "Secret"), ("configMapKeyRef", "ConfigMap")):
                    if key in variable.get("valueFrom", {}):
                        one = variable["valueFrom"][key]
                        need(o, kind, one["name"], one.get("optional"))
            for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
                check = c.get(probe, {})
                port = (check.get("httpGet") or check.get("tcpSocket") or {}).get("port")
                if port is not None and not has_port(spec, port):
                    out.append("%s: the %s of %s names port %s" % (title(o), probe, c["name"], port))
    for o in named(objects, "RoleBinding", "ClusterRoleBinding"):
        ref = o["roleRef"]
        if ref["name"] not in BUILT_IN_ROLES:
            need(o, ref["kind"], ref["name"])
        for subject in o["subjects"]:
            need(o, subject["kind"], subject["name"])
            if subject.get("namespace") not in spaces:
                out.append("%s: subject in namespace %s" % (title(o), subject.get("namespace")))
    for o in named(objects, "ExternalSecret"):
        need(o, o["spec"]["secretStoreRef"]["kind"], o["spec"]["secretStoreRef"]["name"])
    for o in objects:
        if o["kind"] not in ("Namespace", "ClusterRole", "ClusterRoleBinding") and ("Namespace", o["metadata"].get("namespace")) not in names:
            out.append("%s is in namespace %s" % (title(o), o["metadata"].get("namespace")))
    return out


def workstation(objects):
    """The promises of the design about the pod itself."""
    out = []
    spec = next((spec for o, spec, _ in pods(objects) if o["metadata"]["name"] == "secure-agent-pod"), None)
    if spec is None:
        return ["there is no workstation"]
    deployment = next(o for o in named(objects, "Deployment") if o["metadata"]["name"] == "secure-agent-pod")
    (c,) = spec["containers"]
    wanted = [
        (deployment["spec"].get("replicas") == 1 and deployment["spec"]["strategy"] == {"type": "Recreate"}, "one replica, recreated"),
        (spec["securityContext"].get("runAsUser") == spec["securityContext"].get("runAsGroup") == spec["securityContext"].get("fsGroup") == 1000, "uid, gid and fsGroup 1000"),
        (spec["securityContext"].get("fsGroupChangePolicy") == "OnRootMismatch", "OnRootMismatch"),
        ("automountServiceAccountToken" in spec, "a stated choice about the token"),
        (c.get("livenessProbe", {}).get("exec", {}).get("command") == ["/opt/scripts/probe", "live"], "a probe that notices a silent guard"),
        (bool(c.get("resources", {}).get("limits", {}).get("memory")), "a memory limit"),
        (spec.get("terminationGracePeriodSeconds", 0) > 4, "a grace period longer than the supervisor's"),
        (any(m["mountPath"] == "/home/claude" for m in c["volumeMounts"]), "the volume at /home/claude"),
        (any("sizeLimit" in v.get("emptyDir", {}) for v in spec["volumes"]), "a limit for /tmp"),
    ]
    out += ["the workstation lacks %s" % what for holds, what in wanted if not holds]
    for volume in spec["volumes"]:
        if "secret" in volume and volume["secret"].get("optional") is not True:
            out.append("the workstation needs the Secret %s to start" % volume["secret"]["secretName"])
    board = next(o for o in named(objects, "Service") if o["metadata"]["name"] == "agent-vibekanban")
    if not board["spec"].get("loadBalancerSourceRanges"):
        out.append("anybody reaches the board")
    for o in named(objects, "Role", "ClusterRole"):
        for rule in o["rules"]:
            verbs = ESCALATION & set(rule["verbs"])
            if verbs or "secrets" in rule["resources"] or "*" in rule["resources"]:
                out.append("%s: %s on %s" % (title(o), sorted(rule["verbs"]), rule["resources"]))
    return out


def fenced(objects):
    """Exactly one thing enforces egress."""
    ways = []
    if named(objects, "CiliumNetworkPolicy"):
        ways.append("cilium")
    if any(o["metadata"]["name"] == "egress-proxy" for o in named(objects, "Deployment")):
        ways.append("proxy")
        if not any("Egress" in o["spec"]["policyTypes"] and o["metadata"]["name"] == "agent-egress" for o in named(objects, "NetworkPolicy")):
            ways.append("a proxy that nothing forces the agent to use")
    if any(c["name"] == "egress-rules" for _, spec, _ in pods(objects) for c in spec.get("initContainers", [])):
        ways.append("nftables")
    return [] if len(ways) == 1 else ["egress is enforced by %s" % (ways or "nothing")]


def private(cidr):
    network = ipaddress.ip_network(cidr)
    return network.is_private and network.prefixlen >= 8


def reachable(objects):
    """What the policies let out: the agent reaches the proxy, the site's own addresses and the Pushgateway, and no DNS; the proxy reaches
    DNS and the listed ports. That a plugin enforces it is not seen here."""
    out = []
    for o in named(objects, "NetworkPolicy"):
        if "Egress" not in o["spec"]["policyTypes"]:
            continue
        agent = o["metadata"]["name"] == "agent-egress"
        for rule in o["spec"].get("egress", []):
            ports = [p.get("port") for p in rule.get("ports", [])]
            if not rule.get("to"):
                out.append("%s: a rule without a peer lets everything out" % title(o))
            if agent and 53 in ports:
                out.append("%s: DNS carries out whatever is asked" % title(o))
            for peer in rule.get("to", []):
                block = peer.get("ipBlock", {})
                if agent and block and not private(block["cidr"]):
                    out.append("%s: %s is no address of the site" % (title(o), block["cidr"]))
                if agent and "podSelector" in peer and ports != [3128]:
                    out.append("%s: a pod is reached on %s, not on the proxy's port" % (title(o), ports))
                if not agent and block and (not ports or "169.254.0.0/16" not in block.get("except", [])):
                    out.append("%s: %s on every port, or with the nodes' credentials" % (title(o), block["cidr"]))
                if "namespaceSelector" in peer and not ports:
                    out.append("%s: a whole namespace on every port" % title(o))
                if not agent and "namespaceSelector" in peer and set(ports) != {53}:
                    out.append("%s: more than DNS in the cluster" % title(o))
    for o in named(objects, "CiliumNetworkPolicy"):
        for rule in o["spec"]["egress"]:
            if set(rule.get("toEntities", [])) - {"kube-apiserver"} or not all(map(private, rule.get("toCIDR", []))):
                out.append("%s: %s reaches more than the site" % (title(o), rule))
            if not rule.get("toCIDR") and not rule.get("toPorts"):
                out.append("%s: a rule without ports" % title(o))
            for names in (ports["rules"]["dns"] for ports in rule.get("toPorts", []) if "rules" in ports):
                if any(n.get("matchPattern") in ("*", "**") for n in names):
                    out.append("%s: every name is answered" % title(o))
    service = next((o for o in named(objects, "Service") if o["metadata"]["name"] == "egress-proxy"), None)
    if service:
        (c,) = next(spec for o, spec, _ in pods(objects) if o["metadata"]["name"] == "secure-agent-pod")["containers"]
        values = {v["name"]: v.get("value") for v in c["env"]}
        url = "http://$(EGRESS_PROXY):%d" % service["spec"]["ports"][0]["port"]
        if values.get("EGRESS_PROXY") != service["spec"]["clusterIP"] or not values.get("HTTPS_PROXY") == values.get("https_proxy") == url:
            out.append("the workstation looks for the proxy elsewhere than the Service is")
        elif list(values).index("EGRESS_PROXY") > list(values).index("HTTPS_PROXY"):
            out.append("EGRESS_PROXY stands behind what is made of it, and is not put in")
    return out


KNOWN_KEYS = {
    "CiliumNetworkPolicy": {"endpointSelector", "egress", "ingress", "description"},
    "ExternalSecret": {"refreshInterval", "secretStoreRef", "target", "data", "dataFrom"},
    "SecretStore": {"provider"},
    "PrometheusRule": {"groups"},
}


def keys(objects):
    """The published schemas of custom resources pass over fields that they do not know; a cluster drops them in silence."""
    out = []
    for o in objects:
        strange = set(o.get("spec", {})) - KNOWN_KEYS[o["kind"]] if o["kind"] in KNOWN_KEYS else set()
        if strange:
            out.append("%s: unknown fields %s" % (title(o), sorted(strange)))
    return out


def watched(objects):
    """Grafana's alerts ask what Prometheus' ask; panels of the dashboard have a number and a query of their own."""
    out, rules = [], {}
    for o in named(objects, "PrometheusRule"):
        rules = {r["alert"]: r["expr"] for g in o["spec"]["groups"] for r in g["rules"] if "expr" in r}
        for rule in (r for g in o["spec"]["groups"] for r in g["rules"]):
            if rule.get("labels", {}).get("severity") not in ("warning", "critical") or not rule.get("annotations", {}).get("description"):
                out.append("%s has no severity or no description" % rule["alert"])
    for o in named(objects, "ConfigMap"):
        for key, text in (o.get("data") or {}).items():
            if not key.endswith(".json"):
                continue
            try:
                content = json.loads(text)
            except ValueError as error:
                out.append("%s: %s is no JSON: %s" % (title(o), key, error))
                continue
            out += ["%s: %s: %s" % (title(o), key, c) for c in grafana.complaints(text)]
            if "groups" in content:
                asked = {r["title"]: r["data"][0]["model"]["expr"] for g in content["groups"] for r in g["rules"]}
                uids = [r["uid"] for g in content["groups"] for r in g["rules"]]
                if asked != rules:
                    out.append("%s: other alerts than Prometheus has: %s" % (title(o), sorted(set(asked.items()) ^ set(rules.items()))))
                if len(set(uids)) != len(uids) or any(len(u) > 40 for u in uids):
                    out.append("%s: uids are double or too long" % title(o))
            if "panels" in content:
                ids = [p["id"] for p in content["panels"]]
                if len(set(ids)) != len(ids) or not all(t.get("expr") for p in content["panels"] for t in p["targets"] or [{}]):
                    out.append("%s: double panels, or panels without a query" % title(o))
    return out


CHECKS = [keys, watched, restricted, images, data, selectors, references, workstation, fenced, reachable]

"""Broken twins: each change of a sound build must be noticed by the named check."""
import json


def get(objects, kind, name):
    return next(o for o in objects if o["kind"] == kind and o["metadata"]["name"] == name)


def pod(objects, name="secure-agent-pod"):
    return get(objects, "Deployment", name)["spec"]["template"]["spec"]


def main(objects):
    return pod(objects)["containers"][0]


def change(target, key, value):
    target[key] = value


def drop(objects, kind, name):
    objects.remove(get(objects, kind, name))


def rules(objects, kind, name):
    return get(objects, kind, name)["spec"]["egress"]


def rewrite(objects, name, breaks):
    """Changes the JSON that a ConfigMap carries."""
    data = get(objects, "ConfigMap", name)["data"]
    for key in data:
        content = json.loads(data[key])
        breaks(content)
        data[key] = json.dumps(content)


def alert(content):
    return content["groups"][0]["rules"][0]


# (what is broken, part of the check's name, the change)
TWINS = [
    ("a mistyped field", "schema", lambda o: change(get(o, "Deployment", "secure-agent-pod")["spec"], "replica", 1)),
    ("a field of the wrong type", "schema", lambda o: change(get(o, "Service", "agent-ssh")["spec"]["ports"][0], "port", "22")),
    ("a bad protocol in the Cilium policy", "custom", lambda o: change(get(o, "CiliumNetworkPolicy", "agent-egress")["spec"]["egress"][1]["toPorts"][0]["ports"][0], "protocol", "HTTP")),
    ("a mistyped key in the Cilium policy", "keys", lambda o: change(get(o, "CiliumNetworkPolicy", "agent-egress")["spec"], "egres", [])),
    ("an integer port in the Cilium policy", "custom", lambda o: change(get(o, "CiliumNetworkPolicy", "agent-egress")["spec"]["egress"][1]["toPorts"][0]["ports"][0], "port", 443)),
    ("a mistyped key in an ExternalSecret", "keys", lambda o: change(get(o, "ExternalSecret", "agent-configs")["spec"], "refreshIntervall", "1h")),
    ("a rule with a malformed duration", "custom", lambda o: change(get(o, "PrometheusRule", "agent-alerts")["spec"]["groups"][0]["rules"][0], "for", "soon")),
    ("an alert that only Prometheus has", "watched", lambda o: get(o, "PrometheusRule", "agent-alerts")["spec"]["groups"][0]["rules"][0].update(expr="vector(1)")),
    ("a dashboard that is no JSON", "watched", lambda o: change(get(o, "ConfigMap", "agent-dashboard")["data"], "dashboard.json", "{")),
    ("a panel with a field that Grafana does not know", "watched", lambda o: rewrite(o, "agent-dashboard", lambda c: change(c["panels"][0], "fieldConfigs", {}))),
    ("a panel with a field of the wrong type", "watched", lambda o: rewrite(o, "agent-dashboard", lambda c: change(c["panels"][0]["gridPos"], "w", "8"))),
    ("a variable of a kind that is none", "watched", lambda o: rewrite(o, "agent-dashboard", lambda c: change(c["templating"]["list"][0], "type", "queery"))),
    ("a query with an unknown field", "watched", lambda o: rewrite(o, "agent-dashboard", lambda c: change(c["panels"][0]["targets"][0], "expression", "up"))),
    ("a Grafana alert in a state that is none", "watched", lambda o: rewrite(o, "agent-grafana-alerts", lambda c: change(alert(c), "noDataState", "Okay"))),
    ("a Grafana alert whose condition is no query", "watched", lambda o: rewrite(o, "agent-grafana-alerts", lambda c: change(alert(c), "condition", "C"))),
    ("a Grafana group without a folder", "watched", lambda o: rewrite(o, "agent-grafana-alerts", lambda c: c["groups"][0].pop("folder"))),
    ("a custom resource without a schema", "custom", lambda o: change(get(o, "CiliumNetworkPolicy", "agent-egress"), "kind", "CiliumNetworkPolice")),
    ("a privileged container", "restricted", lambda o: change(main(o)["securityContext"], "privileged", True)),
    ("a container that may escalate", "restricted", lambda o: main(o)["securityContext"].pop("allowPrivilegeEscalation")),
    ("capabilities kept", "restricted", lambda o: main(o)["securityContext"].pop("capabilities")),
    ("a capability added", "restricted", lambda o: change(main(o)["securityContext"]["capabilities"], "add", ["NET_ADMIN"])),
    ("root", "restricted", lambda o: change(pod(o)["securityContext"], "runAsUser", 0)),
    ("no seccomp profile", "restricted", lambda o: pod(o)["securityContext"].pop("seccompProfile")),
    ("a root file system to write", "restricted", lambda o: change(main(o)["securityContext"], "readOnlyRootFilesystem", False)),
    ("the node's network", "restricted", lambda o: change(pod(o), "hostNetwork", True)),
    ("a folder of the node", "restricted", lambda o: pod(o)["volumes"].append({"name": "x", "hostPath": {"path": "/"}})),
    ("a namespace without a level", "restricted", lambda o: get(o, "Namespace", "secure-agent-pod")["metadata"].pop("labels")),
    ("a level that nothing needs", "restricted", lambda o: change(get(o, "Namespace", "secure-agent-pod")["metadata"]["labels"], "pod-security.kubernetes.io/enforce", "privileged")),
    ("the latest image", "images", lambda o: change(main(o), "image", "registry.example/x:latest")),
    ("an image without a tag, behind a port", "images", lambda o: change(main(o), "image", "registry.example:5000/x")),
    ("an empty ConfigMap", "data", lambda o: change(get(o, "ConfigMap", "agent-settings"), "data", {})),
    ("an ExternalSecret that brings nothing", "data", lambda o: change(get(o, "ExternalSecret", "agent-ssh-keys")["spec"], "data", [])),
    ("a Secret in the build", "data", lambda o: o.append({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x", "namespace": "secure-agent-pod"}})),
    ("a Service that selects nothing", "selectors", lambda o: change(get(o, "Service", "agent-ssh")["spec"], "selector", {"app": "x"})),
    ("a Service for a port that is not there", "selectors", lambda o: change(get(o, "Service", "agent-ssh")["spec"]["ports"][0], "targetPort", "sssh")),
    ("a policy for nobody", "selectors", lambda o: change(get(o, "CiliumNetworkPolicy", "agent-egress")["spec"]["endpointSelector"], "matchLabels", {"app": "x"})),
    ("a policy for a port that is not there", "selectors", lambda o: change(get(o, "NetworkPolicy", "agent-ingress")["spec"]["ingress"][0]["ports"][0], "port", "sssh")),
    ("a Deployment that does not select its pods", "selectors", lambda o: change(get(o, "Deployment", "secure-agent-pod")["spec"]["selector"], "matchLabels", {"app": "x"})),
    ("no ServiceAccount", "references", lambda o: drop(o, "ServiceAccount", "agent-sa")),
    ("no volume claim", "references", lambda o: drop(o, "PersistentVolumeClaim", "agent-home")),
    ("a mount without a volume", "references", lambda o: change(main(o)["volumeMounts"][0], "name", "hom")),
    ("a role that is not there", "references", lambda o: drop(o, "ClusterRole", "agent-viewer")),
    ("a subject in another namespace", "references", lambda o: change(get(o, "ClusterRoleBinding", "agent-viewer")["subjects"][0], "namespace", "default")),
    ("a store that is not there", "references", lambda o: drop(o, "SecretStore", "infisical")),
    ("a key that the ConfigMap lacks", "references", lambda o: next(c for c in o if c["kind"] == "ConfigMap" and c["metadata"]["name"].startswith("agent-egress"))["data"].pop("egress.toml")),
    ("two replicas", "workstation", lambda o: change(get(o, "Deployment", "secure-agent-pod")["spec"], "replicas", 2)),
    ("a probe that asks sshd alone", "workstation", lambda o: change(main(o)["livenessProbe"]["exec"], "command", ["/opt/scripts/probe", "ready"])),
    ("a Secret that must be there", "workstation", lambda o: [v["secret"].pop("optional") for v in pod(o)["volumes"] if "secret" in v]),
    ("a board for everybody", "workstation", lambda o: get(o, "Service", "agent-vibekanban")["spec"].pop("loadBalancerSourceRanges")),
    ("a role that reads Secrets", "workstation", lambda o: get(o, "ClusterRole", "agent-viewer")["rules"][0]["resources"].append("secrets")),
    ("a role that gives roles", "workstation", lambda o: get(o, "ClusterRole", "agent-viewer")["rules"][0]["verbs"].append("bind")),
    ("an object in another namespace", "references", lambda o: change(get(o, "Service", "agent-ssh")["metadata"], "namespace", "default")),
    ("an alert of no severity", "watched", lambda o: get(o, "PrometheusRule", "agent-alerts")["spec"]["groups"][0]["rules"][0].pop("labels")),
    ("two Grafana alerts of one uid", "watched", lambda o: rewrite(o, "agent-grafana-alerts", lambda c: change(alert(c), "uid", c["groups"][0]["rules"][1]["uid"]))),
    ("two panels of one number", "watched", lambda o: rewrite(o, "agent-dashboard", lambda c: change(c["panels"][0], "id", c["panels"][1]["id"]))),
    ("a stop that Kubernetes cuts short", "workstation", lambda o: change(pod(o), "terminationGracePeriodSeconds", 3)),
    ("a /tmp that fills the node", "workstation", lambda o: [v["emptyDir"].pop("sizeLimit") for v in pod(o)["volumes"] if "emptyDir" in v]),
    ("a pod that takes all memory", "workstation", lambda o: main(o)["resources"].pop("limits")),
    ("a token that nobody chose", "workstation", lambda o: pod(o).pop("automountServiceAccountToken")),
    ("a home that is not the volume", "workstation", lambda o: [change(m, "mountPath", "/home") for m in main(o)["volumeMounts"] if m["name"] == "home"]),
    ("no fence", "fenced", lambda o: drop(o, "CiliumNetworkPolicy", "agent-egress")),
    ("a Cilium policy for the world", "reachable", lambda o: rules(o, "CiliumNetworkPolicy", "agent-egress").append({"toEntities": ["world"], "toPorts": [{"ports": [{"port": "443", "protocol": "TCP"}]}]})),
    ("a Cilium policy with an address of the internet", "reachable", lambda o: rules(o, "CiliumNetworkPolicy", "agent-egress")[-1]["toCIDR"].append("203.0.112.0/20")),
    ("a Cilium policy for every port of a name", "reachable", lambda o: rules(o, "CiliumNetworkPolicy", "agent-egress")[1].pop("toPorts")),
    ("a Cilium policy that answers every name", "reachable", lambda o: rules(o, "CiliumNetworkPolicy", "agent-egress")[0]["toPorts"][0]["rules"]["dns"].append({"matchPattern": "*"})),
]
# The same for a build with the proxy.
PROXY_TWINS = [
    ("no policy for the agent", "fenced", lambda o: drop(o, "NetworkPolicy", "agent-egress")),
    ("a rule without a peer", "reachable", lambda o: rules(o, "NetworkPolicy", "agent-egress").append({"ports": [{"port": 443}]})),
    ("DNS for the agent", "reachable", lambda o: rules(o, "NetworkPolicy", "agent-egress").append({"to": [{"namespaceSelector": {}}], "ports": [{"port": 53, "protocol": "UDP"}]})),
    ("the internet for the agent", "reachable", lambda o: rules(o, "NetworkPolicy", "agent-egress").append({"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [{"port": 443}]})),
    ("another port of the proxy's pod", "reachable", lambda o: rules(o, "NetworkPolicy", "agent-egress")[0].pop("ports")),
    ("every port for the proxy", "reachable", lambda o: rules(o, "NetworkPolicy", "egress-proxy")[1].pop("ports")),
    ("every port of the cluster's DNS for the proxy", "reachable", lambda o: rules(o, "NetworkPolicy", "egress-proxy")[0].pop("ports")),
    ("a policy for a proxy that is not there", "selectors", lambda o: change(rules(o, "NetworkPolicy", "agent-egress")[0]["to"][0]["podSelector"], "matchLabels", {"app": "x"})),
    ("a policy for a port that the proxy has not", "selectors", lambda o: change(rules(o, "NetworkPolicy", "agent-egress")[0]["ports"][0], "port", 3129)),
    ("a probe of a port that is not there", "references", lambda o: change(pod(o, "egress-proxy")["containers"][0]["readinessProbe"]["tcpSocket"], "port", "prox")),
    ("the nodes' credentials for the proxy", "reachable", lambda o: rules(o, "NetworkPolicy", "egress-proxy")[1]["to"][0]["ipBlock"].pop("except")),
    ("the cluster for the proxy", "reachable", lambda o: rules(o, "NetworkPolicy", "egress-proxy")[0]["ports"].append({"port": 443})),
    ("a proxy without its port", "reachable", lambda o: [change(v, "value", "http://$(EGRESS_PROXY)/") for v in main(o)["env"] if v["name"].upper() == "HTTPS_PROXY"]),
    ("an address that is put in too late", "reachable", lambda o: main(o)["env"].sort(key=lambda v: v["name"] == "EGRESS_PROXY")),
    ("a proxy's policy for a port that is not there", "selectors", lambda o: change(get(o, "NetworkPolicy", "egress-proxy")["spec"]["ingress"][0]["ports"][0], "port", 3129)),
]


def put(texts, file, old, new):
    assert old in texts[file]
    texts[file] = texts[file].replace(old, new)


# (what is broken, the overlay, the change of its objects, its values, or the examples' texts)
SITE_TWINS = [
    ("the homelab on another address", "homelab", lambda o, v, t: change(get(o, "Service", "agent-ssh")["spec"], "loadBalancerIP", "192.168.55.1")),
    ("the homelab on any node", "homelab", lambda o, v, t: pod(o).pop("nodeSelector")),
    ("a plain cluster with Cilium", "plain", lambda o, v, t: o.append({"apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy", "metadata": {"name": "x"}})),
    ("a plain cluster with Longhorn", "plain", lambda o, v, t: change(get(o, "PersistentVolumeClaim", "agent-home")["spec"], "storageClassName", "longhorn")),
    ("a volume for many nodes", "plain", lambda o, v, t: change(get(o, "PersistentVolumeClaim", "agent-home")["spec"], "accessModes", ["ReadWriteMany"])),
    ("a Pushgateway in another namespace", "homelab", lambda o, v, t: change(v, "PUSHGATEWAY_URL", "http://pushgateway.other.svc.cluster.local:9091")),
    ("a Pushgateway on another port", "homelab", lambda o, v, t: change(v, "PUSHGATEWAY_URL", "http://pushgateway.monitoring.svc.cluster.local:9092")),
    ("a Pushgateway by name, where there is no DNS", "plain", lambda o, v, t: change(v, "PUSHGATEWAY_URL", "http://pushgateway.monitoring.svc.cluster.local:9091")),
    ("a contact point at another port", "homelab", lambda o, v, t: put(t, "alertmanager.json", ":8080", ":8081")),
    ("a contact point that is no Service", "homelab", lambda o, v, t: put(t, "grafana-contact-point.json", "//health-bridge.", "//bridge.")),
    ("an application of another folder", "homelab", lambda o, v, t: put(t, "argocd-application.yaml", "overlays/homelab", "overlays/home")),
    ("an application in another namespace", "homelab", lambda o, v, t: put(t, "argocd-application.yaml", "namespace: secure-agent-pod", "namespace: default")),
    ("a template without a Secret", "homelab", lambda o, v, t: put(t, "secrets.yaml.example", "name: agent-configs", "name: agent-config")),
    ("a template with a mistyped key", "homelab", lambda o, v, t: put(t, "secrets.yaml.example", "github-token", "token")),
    ("a template that holds a secret", "homelab", lambda o, v, t: put(t, "secrets.yaml.example", "clientId: REPLACE", "clientId: x")),
    ("a SOPS rule for other files", "homelab", lambda o, v, t: put(t, "sops.yaml.example", "\\.sops", "\\.enc")),
    ("a SOPS rule that leaves values plain", "homelab", lambda o, v, t: put(t, "sops.yaml.example", "data|stringData", "data")),
]

"""make.py prometheusrule|grafana: the same alerts in the form that the operator or Grafana reads, on standard output."""
import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).parent
MADE = "# Made by components/monitoring/make.py of alerts.yaml; do not edit, run manifests/render.sh.\n"


def source():
    """The rules, read without a YAML library: one alert per item, `key: value` lines, labels as a flow mapping."""
    rules, rule = [], None
    for line in (HERE / "alerts.yaml").read_text().splitlines():
        text = line.strip()
        if text.startswith("#") or not text:
            continue
        if text.startswith("- alert: "):
            rule = {"alert": text[9:], "annotations": {}, "for": "0s"}
            rules.append(rule)
        elif rule is not None:
            key, _, value = text.partition(": ")
            if key == "labels":
                rule["labels"] = dict(re.findall(r"(\w+): (\w+)", value))
            elif key in ("summary", "description"):
                rule["annotations"][key] = json.loads(value)
            elif key in ("expr", "for"):
                rule[key] = value
    return rules


def prometheusrule():
    text = (HERE / "alerts.yaml").read_text()
    groups = text[text.index("groups:"):].rstrip().replace("\n", "\n  ")
    head = "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata:\n  name: agent-alerts\nspec:\n"
    return MADE + "# Alerts for the Prometheus operator. Without it a dead cron, a broken chain or a silent guard stays unseen.\n" + head + "  " + groups


def grafana():
    """Grafana's provisioning file: query A, then `more than nothing came back` as condition B."""
    rules = []
    for rule in source():
        uid = "agent-" + re.sub(r"(?<!^)(?=[A-Z])", "-", rule["alert"]).lower()
        # Grafana names the query; functions on the value are Prometheus' own.
        annotations = {k: re.sub(r"\$value\b", "$values.A.Value", v) for k, v in rule["annotations"].items()}
        rules.append({
            "uid": uid[:40], "title": rule["alert"], "condition": "B", "for": rule["for"], "noDataState": "OK", "execErrState": "Error",
            "labels": rule["labels"], "annotations": annotations,
            "data": [
                {"refId": "A", "relativeTimeRange": {"from": 3600, "to": 0}, "datasourceUid": "prometheus", "model": {"refId": "A", "expr": rule["expr"], "instant": True}},
                # A series that comes back is a hit, whatever its value: the comparison stands in the expression.
                {"refId": "B", "relativeTimeRange": {"from": 3600, "to": 0}, "datasourceUid": "__expr__", "model": {"refId": "B", "type": "math", "expression": "is_number($A)"}},
            ],
        })
    provisioning = {"apiVersion": 1, "groups": [{"orgId": 1, "name": "agent-pod", "folder": "Agents", "interval": "1m", "rules": rules}]}
    body = json.dumps(provisioning, indent=2, ensure_ascii=False)
    head = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: agent-grafana-alerts\n  labels:\n    grafana_alert: \"1\"\ndata:\n  agent-alerts.json: |\n"
    return MADE + "# The same alerts for Grafana's own alerting; its sidecar loads what has the label. Without it only Prometheus knows them.\n" + head + "\n".join("    " + l for l in body.splitlines())


print({"prometheusrule": prometheusrule, "grafana": grafana}[sys.argv[1]]())

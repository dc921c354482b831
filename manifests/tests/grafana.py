"""Grafana's files against Grafana's own types: what its published SDK reads of them must be all that they hold, and of the right kind.

The SDK describes the API's objects; of the provisioning files around them only the frame is named here.
"""
import enum
import functools
import json
import re
import typing

import typeguard
from grafana_foundation_sdk.cog import encoder, plugins
from grafana_foundation_sdk.models import alerting, dashboard, expr, prometheus

plugins.register_default_plugins()
FRAME = {
    "groups": {"orgId": int, "name": str, "folder": str, "interval": str, "rules": list},
    "contactPoints": {"orgId": int, "name": str, "receivers": list},
}


def lost(given, read, where):
    """What is in `given` and not, or otherwise, in `read`: a name that Grafana does not know."""
    if isinstance(given, dict) and isinstance(read, dict):
        for key, value in given.items():
            if key in read:
                yield from lost(value, read[key], "%s.%s" % (where, key))
            else:
                yield "%s.%s is no field of Grafana's" % (where, key)
    elif isinstance(given, list) and isinstance(read, list) and len(given) == len(read):
        for n, (one, other) in enumerate(zip(given, read)):
            yield from lost(one, other, "%s[%d]" % (where, n))
    elif given != read:
        yield "%s is %r to Grafana" % (where, read)


def fits(value, hint):
    """Whether the value is of the kind that a field is declared with. The SDK reads the names of its enumerations as plain text."""
    kinds = typing.get_args(hint) or (hint,)
    if isinstance(value, str) and any(value in [one.value for one in k] for k in kinds if isinstance(k, enum.EnumType)):
        return True
    try:
        typeguard.check_type(value, hint)
    except typeguard.TypeCheckError:
        return False
    return True


def mistyped(thing, where):
    """Fields of the SDK's objects whose value is of another type."""
    if isinstance(thing, dict):
        for key, value in thing.items():
            yield from mistyped(value, "%s.%s" % (where, key))
    elif isinstance(thing, list):
        for n, value in enumerate(thing):
            yield from mistyped(value, "%s[%d]" % (where, n))
    elif type(thing).__module__.startswith("grafana_foundation_sdk.models"):
        hints = typing.get_type_hints(type(thing))
        for name, value in vars(thing).items():
            if not fits(value, hints.get(name, object)):
                yield "%s.%s is %r and must be %s" % (where, name, value, hints[name])
            yield from mistyped(value, "%s.%s" % (where, name))


def against(kind, given, where):
    try:
        read = kind.from_json(given)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        yield "%s cannot be read by Grafana: %r" % (where, error)
        return
    yield from lost(given, json.loads(json.dumps(read, cls=encoder.JSONEncoder)), where)
    yield from mistyped(read, where)


@functools.cache
def complaints(text):
    """Of a dashboard or a provisioning file, by what it holds."""
    content = json.loads(text)
    if "groups" in content:
        return list(rules(content))
    if "contactPoints" in content:
        return list(contacts(content))
    return list(against(dashboard.Dashboard, content, "dashboard"))


def frame(kind, content):
    if content.get("apiVersion") != 1:
        yield "apiVersion is not 1"
    for entry in content[kind]:
        strange = {k: v for k, v in entry.items() if not isinstance(v, FRAME[kind].get(k, ()))} or set(FRAME[kind]) - set(entry)
        if strange:
            yield "%s: %s" % (kind, strange)


def rules(content):
    """Rules, their queries, and that each refers to queries that are there."""
    yield from frame("groups", content)
    for rule in (r for g in content["groups"] for r in g["rules"]):
        where = "rule %s" % rule.get("title")
        outer = {**rule, "data": [{k: v for k, v in q.items() if k != "model"} for q in rule["data"]]}
        yield from against(alerting.Rule, outer, where)
        names = [q["refId"] for q in rule["data"]]
        if rule["condition"] not in names or len(set(names)) != len(names):
            yield "%s: its condition is none of its queries" % where
        for query in rule["data"]:
            kind = expr.TypeMath if query["datasourceUid"] == "__expr__" else prometheus.Dataquery
            yield from against(kind, query["model"], "%s, query %s" % (where, query["refId"]))
            if query["model"].get("refId") != query["refId"]:
                yield "%s: query %s calls itself otherwise" % (where, query["refId"])
        for key, text in rule["annotations"].items():
            if any(not re.fullmatch(r"\$labels\.\w+|\$values\.A\.Value( \| humanize(Duration)?)?", said) for said in re.findall(r"{{ (.*?) }}", text)):
                yield "%s: %s names a value that is not there" % (where, key)


def contacts(content):
    yield from frame("contactPoints", content)
    for receiver in (r for c in content["contactPoints"] for r in c["receivers"]):
        yield from against(alerting.ContactPoint, receiver, "contact point")

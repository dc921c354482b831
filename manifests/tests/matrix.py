"""Builds every overlay with every sensible set of components and holds the objects against schemas and checks.

matrix.py MANIFESTS CRDS.mjs. The environment names KUBECTL. Ends with the counts; any complaint is a failure.
"""
import ast
import copy
import itertools
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import kubernetes_validate
import yaml

import checks
import grafana
import sites
import twins

VERSIONS = ["1.37", "1.36", "1.35", "1.34"]  # the current one and the three before it
EGRESS = ["egress-cilium", "egress-proxy", "egress-nftables"]
OPTIONAL = ["external-secrets", "monitoring", "cluster-admin"]
OWN = ["site", "placement"]  # components that lie in the overlay itself


def combinations():
    for egress in EGRESS:
        for size in range(len(OPTIONAL) + 1):
            for chosen in itertools.combinations(OPTIONAL, size):
                yield [egress, "egress-hook", *chosen]


def build(folder, overlay, components=None):
    """The objects of an overlay; `components` replaces what its kustomization lists."""
    where = folder / "overlays" / overlay
    if components is not None:
        text = yaml.safe_load((where / "kustomization.yaml").read_text())
        own = [c for c in text["components"] if c in OWN]
        text["components"] = ["site", *("../../components/" + c for c in components), *(c for c in own if c != "site"), "../../components/site-values"]
        (where / "kustomization.yaml").write_text(yaml.safe_dump(text))
    run = subprocess.run([os.environ.get("KUBECTL", "kubectl"), "kustomize", str(where)], capture_output=True, text=True, check=False)
    if run.returncode:
        raise SystemExit("%s with %s does not build: %s" % (overlay, components, run.stderr))
    return [o for o in yaml.safe_load_all(run.stdout) if o]


def is_custom(o):
    group = o["apiVersion"].split("/")[0] if "/" in o["apiVersion"] else ""
    return "." in group and not group.endswith(".k8s.io")


def files(folder):
    """One object per file, under a header that says why it exists and, for an object, what breaks without it."""
    for path in sorted([*folder.glob("base/*.yaml"), *folder.glob("components/*/*.yaml"), *folder.glob("examples/*.yaml")]):
        text = path.read_text()
        header = [line for line in text.splitlines()[:6] if line.startswith("#") and not line.startswith("# Made by")]
        part = path.name == "kustomization.yaml" or path.name.startswith("patch-") or path.parent.name == "examples"
        if len("".join(header)) < 60 or not (part or "without" in "".join(header).lower()):
            yield "%s: the header does not say why it is there and what breaks without it" % path.relative_to(folder)
        if len([o for o in yaml.safe_load_all(text) if o]) != 1:
            yield "%s: more or less than one object" % path.relative_to(folder)


def phrases():
    """What the checks can complain of, as patterns: a check that no broken twin sets off may be one that cannot fail."""
    said = set()
    for node in ast.walk(ast.parse(pathlib.Path(checks.__file__).read_text())):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
            said.add(getattr(node.left, "value", ""))
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "append":
            said.add(getattr(node.args[0], "value", ""))
        elif isinstance(node, ast.Tuple) and len(node.elts) == 2 and not isinstance(node.elts[0], ast.Constant):
            said.add(getattr(node.elts[1], "value", ""))
    return [text for text in said if isinstance(text, str) and " " in text]


class Schemas:
    """Published schemas; an object that was held against them once is not held again."""

    def __init__(self, crds):
        self.crds, self.known = crds, {}

    def check(self, objects):
        key = lambda o: json.dumps(o, sort_keys=True)
        new = {key(o): o for o in objects if key(o) not in self.known}
        custom = {k: o for k, o in new.items() if is_custom(o)}
        if custom:
            run = subprocess.run(["node", self.crds], input=json.dumps(list(custom.values())), capture_output=True, text=True, check=True)
            for k, complaints in zip(custom, json.loads(run.stdout)):
                self.known[k] = [("custom", "%s: %s" % (checks.title(custom[k]), c)) for c in complaints]
        for k, o in new.items():
            if k in custom:
                continue
            self.known[k] = []
            for version in VERSIONS:
                try:
                    kubernetes_validate.validate(o, version, strict=True)
                except Exception as error:  # each kind of mistake has a class of its own there
                    self.known[k].append(("schema", "%s (Kubernetes %s): %s" % (checks.title(o), version, str(error).splitlines()[0])))
        return [c for o in objects for c in self.known[key(o)]]


def complaints(objects, schemas):
    return schemas.check(objects) + [(check.__name__, c) for check in checks.CHECKS for c in check(objects)]


def site_twins(folder, env, texts, listed):
    """Broken sites and examples; the number of those that are not noticed."""
    missed = 0
    for what, overlay, breaks in twins.SITE_TWINS:
        objects, own, around = copy.deepcopy(listed[overlay]), dict(env[overlay]), dict(texts)
        breaks(objects, own, around)
        if not sites.site(overlay, own, objects) and not (overlay == "homelab" and sites.around(folder, around, objects)):
            missed += 1
            print("broken twin not noticed: %s" % what)
    return missed


def file_twins(folder):
    """Files that break the habit of one object under a header that says something."""
    sound = "# An account of its own, so that an audit log can tell. Without it the pod would be nobody.\nkind: ServiceAccount\n"
    (folder / "base").mkdir(parents=True)
    missed = 0
    for what, text, wanted in [("a sound file", sound, 0), ("a file without a header", sound[sound.index("\n") + 1:], 1),
                               ("a header that does not say what breaks", sound.replace("Without", "With"), 1), ("two objects in one file", sound + "---\nkind: Role\n", 1)]:
        (folder / "base" / "one.yaml").write_text(text)
        if len(list(files(folder))) != wanted:
            missed += 1
            print("not judged right: %s" % what)
    return missed


def main():
    source, crds = sys.argv[1:]
    schemas = Schemas(crds)
    failed = builds = 0
    with tempfile.TemporaryDirectory() as work:
        folder = pathlib.Path(work, "manifests")
        shutil.copytree(source, folder, ignore=shutil.ignore_patterns("tests", "target"))
        for what in files(folder):
            failed += 1
            print(what)
        overlays = sorted(p.name for p in (folder / "overlays").iterdir())
        env = {o: sites.values(folder / "overlays" / o / "site" / "site.env") for o in overlays}
        listed = {}
        # As they are first: building a combination rewrites the copy.
        plan = [(o, None) for o in overlays] + [(o, c) for o in overlays for c in combinations()]
        for overlay, components in plan:
            objects = build(folder, overlay, components)
            builds += 1
            found = complaints(objects, schemas)
            if components is None:
                listed[overlay] = objects
                found += [("site", c) for c in sites.site(overlay, env[overlay], objects)]
            for check, what in found:
                failed += 1
                print("%s with %s: %s: %s" % (overlay, components or "its own components", check, what))
        texts = {p.name: p.read_text() for p in sorted((folder / "examples").iterdir())}
        for what in sites.around(folder, texts, listed["homelab"]):
            failed += 1
            print("examples: " + what)
        failed += site_twins(folder, env, texts, listed) + file_twins(pathlib.Path(work, "twins"))
        whole = build(folder, "homelab", ["egress-cilium", "egress-hook", "external-secrets", "monitoring"])
        proxied = build(folder, "homelab", ["egress-proxy", "egress-hook"])
        for path in sorted((folder / "examples").glob("*.yaml")):
            for check, what in schemas.check([o for o in yaml.safe_load_all(path.read_text()) if o]):
                failed += 1
                print("%s: %s: %s" % (path.name, check, what))
        for path in sorted((folder / "examples").glob("grafana-*.json")):
            for what in grafana.complaints(path.read_text()):
                failed += 1
                print("%s: %s" % (path.name, what))
    seen = []
    for sound, (what, check, breaks) in [(whole, t) for t in twins.TWINS] + [(proxied, t) for t in twins.PROXY_TWINS]:
        twin = copy.deepcopy(sound)
        breaks(twin)
        found = complaints(twin, schemas)
        seen += [text for _, text in found]
        if not any(name == check for name, _ in found):
            failed += 1
            print("broken twin not noticed by `%s`: %s" % (check, what))
    for phrase in phrases():
        if not any(re.search(re.escape(phrase).replace("%s", ".*").replace("%d", ".*"), text) for text in seen):
            failed += 1
            print("no broken twin makes the checks say: %s" % phrase)
    print("%d builds, %d objects against Kubernetes %s, %d broken twins: %d complaints" % (builds, len(schemas.known), ", ".join(VERSIONS), len(twins.TWINS + twins.PROXY_TWINS + twins.SITE_TWINS), failed))
    sys.exit(failed > 0)


main()

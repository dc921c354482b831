"""Builds every overlay with every sensible set of components and holds the objects against schemas and checks.

matrix.py MANIFESTS CRDS.mjs. The environment names KUBECTL. Ends with the counts; any complaint is a failure.
"""
import copy
import itertools
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import kubernetes_validate
import yaml

import checks
import grafana
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
        if len("".join(header)) < 60:
            yield "%s: the header says too little" % path.relative_to(folder)
        if len([o for o in yaml.safe_load_all(text) if o]) != 1:
            yield "%s: more or less than one object" % path.relative_to(folder)


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
        # As they are first: building a combination rewrites the copy.
        plan = [(o, None) for o in overlays] + [(o, c) for o in overlays for c in combinations()]
        for overlay, components in plan:
            objects = build(folder, overlay, components)
            builds += 1
            for check, what in complaints(objects, schemas):
                failed += 1
                print("%s with %s: %s: %s" % (overlay, components or "its own components", check, what))
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
    for sound, (what, check, breaks) in [(whole, t) for t in twins.TWINS] + [(proxied, t) for t in twins.PROXY_TWINS]:
        twin = copy.deepcopy(sound)
        breaks(twin)
        if not any(name == check for name, _ in complaints(twin, schemas)):
            failed += 1
            print("broken twin not noticed by `%s`: %s" % (check, what))
    print("%d builds, %d objects against Kubernetes %s, %d broken twins: %d complaints" % (builds, len(schemas.known), ", ".join(VERSIONS), len(twins.TWINS + twins.PROXY_TWINS), failed))
    sys.exit(failed > 0)


main()

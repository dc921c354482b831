"""as_deployed.py FILE CONTAINER [NAME=VALUE]: how a component's container is started, as arguments of `podman run`, one a line; IMAGE
stands for its image. With NAME=VALUE (what an overlay puts in) its variables instead, one a line, with $(NAME) put in as the kubelet does.
"""
import pathlib
import sys

import yaml

EMPTY_DIR = "--mount=type=tmpfs,tmpfs-mode=0777,destination=%s"


def main():
    file, name, *given = sys.argv[1:]
    spec = yaml.safe_load(pathlib.Path(file).read_text())["spec"]["template"]["spec"]
    c = next(c for c in [*spec.get("initContainers", []), *spec.get("containers", [])] if c["name"] == name)
    if given:
        known = dict(pair.split("=", 1) for pair in given)
        for variable in c["env"]:
            value = known.get(variable["name"], variable["value"])
            for other, text in known.items():
                value = value.replace("$(%s)" % other, text)
            known[variable["name"]] = value
            print("%s=%s" % (variable["name"], value))
        return
    security = {**spec.get("securityContext", {}), **c["securityContext"]}
    empty = {v["name"] for v in spec.get("volumes", []) if "emptyDir" in v}
    out = ["--user=%d:%d" % (security["runAsUser"], security["runAsGroup"])]
    out += ["--read-only"] * security["readOnlyRootFilesystem"]
    out += ["--security-opt=no-new-privileges"] * (not security["allowPrivilegeEscalation"])
    out += ["--cap-drop=" + one for one in security["capabilities"]["drop"]] + ["--cap-add=" + one for one in security["capabilities"].get("add", [])]
    out += [EMPTY_DIR % m["mountPath"] for m in c.get("volumeMounts", []) if m["name"] in empty]
    program, *arguments = c.get("command", [""])
    out += ["--entrypoint=" + program] if program else []
    print("\n".join([*out, "IMAGE", *arguments]))


main()

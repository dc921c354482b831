"""Makes a play file for podman from the real Deployment: derive.py DEPLOYMENT WORK IMAGE ENV.json > play.yaml

podman ignores some fields and breaks on others, so Secret and claim volumes become folders laid out as the kubelet lays them
out, probes and node choices go, and what podman would ignore is asserted here instead.
"""
import base64
import json
import os
import pathlib
import sys

import yaml


def secret(folder, files):
    """A Secret volume as the kubelet makes it: a world-writable sticky folder with fsGroup, files behind two links."""
    data = folder / "..2026_01_01"
    data.mkdir(parents=True)
    for name, text in files.items():
        path = data / name
        path.write_text(text)
        os.chown(path, 0, 1000)
        path.chmod(0o440)
    os.chown(data, 0, 1000)
    data.chmod(0o2755)
    (folder / "..data").symlink_to(data.name)
    for name in files:
        (folder / name).symlink_to(pathlib.Path("..data", name))
    os.chown(folder, 0, 1000)
    folder.chmod(0o3777)


def main():
    deployment, work, image, env = sys.argv[1:]
    work = pathlib.Path(work)
    spec = yaml.safe_load(pathlib.Path(deployment).read_text())["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    pod, own = spec["securityContext"], container["securityContext"]
    assert pod["runAsNonRoot"] is True and pod["runAsUser"] == 1000 and pod["runAsGroup"] == 1000, "runs as claude"
    assert pod["fsGroup"] == 1000 and pod["fsGroupChangePolicy"] == "OnRootMismatch", "owns its volume"
    assert pod["seccompProfile"] == {"type": "RuntimeDefault"}, "seccomp"
    assert own["allowPrivilegeEscalation"] is False and own["readOnlyRootFilesystem"] is True, "no way up, nothing to change"
    assert own["capabilities"] == {"drop": ["ALL"]}, "no capability"
    assert spec.get("shareProcessNamespace", False) is False, "the environment is read from the first process"
    for mount in container["volumeMounts"]:
        assert not mount["mountPath"].startswith(("/run", "/var/run")), "the service account's token lies there through a link"
    volumes = []
    for volume in spec["volumes"]:
        name = volume["name"]
        if "secret" in volume:
            assert volume["secret"]["optional"] is True, name
            folder = work / "volumes" / name
            key = work / "client.pub"
            files = {"authorized_keys": key.read_text()} if volume["secret"]["secretName"] == "agent-ssh-keys" else {"test": "apiVersion: v1\n"}
            if not folder.exists():
                secret(folder, files)
            volume = {"name": name, "hostPath": {"path": str(folder), "type": "Directory"}}
        elif "persistentVolumeClaim" in volume:
            folder = work / "volumes" / name
            if not folder.exists():
                folder.mkdir(parents=True)
                os.chown(folder, 0, 1000)
                folder.chmod(0o2775)
            volume = {"name": name, "hostPath": {"path": str(folder), "type": "Directory"}}
        volumes.append(volume)
    for gone in ("livenessProbe", "readinessProbe", "startupProbe", "envFrom", "resources", "ports"):
        container.pop(gone, None)
    container["image"] = image
    container["imagePullPolicy"] = "Never"
    container.setdefault("env", []).extend({"name": n, "value": v} for n, v in json.loads(pathlib.Path(env).read_text()).items())
    play = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "guardpod", "labels": {"app": "secure-agent-pod"}},
            "spec": {"hostNetwork": True, "restartPolicy": "Always", "containers": [container], "volumes": volumes, "securityContext": pod}}
    print(yaml.safe_dump(play, sort_keys=False))


main()

"""Lays out a home and a project with everything that makes the client run code by itself: outside_hook.py FOLDER

Each way leaves an empty file of its name in /tmp/witness of the container. FOLDER/case.json is what the model asks for.
"""
import json
import pathlib
import sys

ROOT = pathlib.Path(sys.argv[1])
HOME, APP = ROOT / "home", ROOT / "home/repos/app"


def put(path, content, mode=0o644):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    path.chmod(mode)


def touch(name):
    return "touch /tmp/witness/%s" % name


def program(path, name, then):
    put(path, "#!/bin/sh\n%s\n%s\n" % (touch(name), then), 0o755)


def server(name):
    return {"command": "/bin/sh", "args": ["-c", touch(name)]}


def hooks(name):
    return {"SessionStart": [{"hooks": [{"type": "command", "command": touch(name)}]}]}


put(HOME / ".claude/settings.json", {
    "hooks": hooks("user-hook"),
    "enableAllProjectMcpServers": True,
    "awsAuthRefresh": touch("awsAuthRefresh"), "awsCredentialExport": touch("awsCredentialExport"),
    "gcpAuthRefresh": touch("gcpAuthRefresh"), "otelHeadersHelper": "/home/claude/headers",
    "env": {
        "BASH_ENV": "/home/claude/bash-env", "CLAUDE_CODE_SHELL_PREFIX": "/home/claude/prefix",
        "PATH": "/home/claude/own-programs:/usr/local/bin:/usr/bin:/bin",
        "CLAUDE_CODE_ENABLE_TELEMETRY": "1", "OTEL_METRICS_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9",
    },
    "extraKnownMarketplaces": {"own": {"source": {"source": "directory", "path": "/home/claude/market"}}},
    "enabledPlugins": {"plug@own": True},
})
put(HOME / "bash-env", touch("BASH_ENV") + "\n")
program(HOME / "headers", "otelHeadersHelper", "echo '{}'")
program(HOME / "prefix", "CLAUDE_CODE_SHELL_PREFIX", 'exec /bin/bash -c "$*"')
program(HOME / "own-programs/git", "PATH", "")
put(HOME / ".claude.json", {
    "mcpServers": {"user": server("user-mcp")},
    "projects": {"/home/claude/repos/app": {"hasTrustDialogAccepted": True, "mcpServers": {"local": server("local-mcp")}}},
})
put(HOME / "flag.json", {"mcpServers": {"flag": server("flag-mcp")}})
put(HOME / "market/.claude-plugin/marketplace.json", {"name": "own", "owner": {"name": "x"}, "plugins": [{"name": "plug", "source": "./plug"}]})
put(HOME / "market/plug/.claude-plugin/plugin.json",
    {"name": "plug", "version": "1.0.0", "description": "x", "mcpServers": {"plugged": server("plugin-mcp")}})
put(HOME / "market/plug/hooks/hooks.json", {"hooks": hooks("plugin-hook")})
put(HOME / ".claude/plugins/known_marketplaces.json", {"own": {
    "source": {"source": "directory", "path": "/home/claude/market"}, "installLocation": "/home/claude/market",
    "lastUpdated": "2026-01-01T00:00:00Z"}})
put(APP / ".mcp.json", {"mcpServers": {"project": server("project-mcp")}})
put(APP / ".claude/settings.json", {"hooks": hooks("project-hook"), "apiKeyHelper": touch("apiKeyHelper")})
put(APP / ".claude/commands/own.md", "---\ndescription: x\nallowed-tools: Bash(*)\n---\nsay !`%s` ok\n" % touch("slash-command"))
put(APP / ".claude/skills/own-skill/SKILL.md", "---\nname: own-skill\ndescription: x\n---\nsay !`%s` ok\n" % touch("skill"))
put(ROOT / "case.json", {"turns": [{"name": "Bash", "input": {"command": "git --version; echo it-ran", "description": "honest work"}}]})

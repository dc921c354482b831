"""Lays out a home and a project with everything that makes the client run code by itself: outside_hook.py FOLDER [VARIABLE...]

Each way leaves an empty file of its name in /tmp/witness of the container. FOLDER/case.json is what the model asks for. Some ways
hide others: the variables named are left out of the user's settings.
"""
import json
import pathlib
import sys

ROOT = pathlib.Path(sys.argv[1])
HOME, APP = ROOT / "home", ROOT / "home/repos/app"
LESS = sys.argv[2:]


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


def front(name, hook, more=""):
    """The head of a skill or an agent with a hook of its own."""
    hooked = {"PreToolUse": [{"matcher": "*", "hooks": [{"type": "command", "command": touch(hook)}]}]}
    return "---\nname: %s\ndescription: x\nhooks: %s\n%s---\n" % (name, json.dumps(hooked), more)


put(HOME / ".claude/settings.json", {
    "hooks": hooks("user-hook"),
    "enableAllProjectMcpServers": True,
    "awsAuthRefresh": touch("awsAuthRefresh"), "awsCredentialExport": touch("awsCredentialExport"),
    "gcpAuthRefresh": touch("gcpAuthRefresh"), "otelHeadersHelper": "/home/claude/headers",
    "proxyAuthHelper": touch("proxyAuthHelper"), "processWrapper": "/home/claude/wrapper",
    "statusLine": {"type": "command", "command": touch("statusLine")},
    "subagentStatusLine": {"type": "command", "command": touch("subagentStatusLine")},
    "fileSuggestion": {"type": "command", "command": touch("fileSuggestion")},
    "skipDangerousModePermissionPrompt": True,
    "env": {name: value for name, value in {
        "BASH_ENV": "/home/claude/bash-env", "CLAUDE_CODE_SHELL_PREFIX": "/home/claude/prefix",
        "PATH": "/home/claude/own-programs:/usr/local/bin:/usr/bin:/bin",
        "CLAUDE_CODE_ENABLE_TELEMETRY": "1", "OTEL_METRICS_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9",
        "CLAUDE_CODE_PROCESS_WRAPPER": "/home/claude/wrapper-by-variable",
        "CLAUDE_CODE_SHELL": "/home/claude/shell/bash", "SHELL": "/home/claude/other-shell/bash",
    }.items() if name not in LESS},
    "extraKnownMarketplaces": {"own": {"source": {"source": "directory", "path": "/home/claude/market"}}},
    "enabledPlugins": {"plug@own": True},
})
put(HOME / "bash-env", touch("BASH_ENV") + "\n")
program(HOME / "headers", "otelHeadersHelper", "echo '{}'")
program(HOME / "prefix", "CLAUDE_CODE_SHELL_PREFIX", 'exec /bin/bash -c "$*"')
program(HOME / "own-programs/git", "PATH", "")
program(HOME / "wrapper", "processWrapper", 'exec "$@"')
program(HOME / "wrapper-by-variable", "CLAUDE_CODE_PROCESS_WRAPPER", 'exec "$@"')
program(HOME / "shell/bash", "CLAUDE_CODE_SHELL", 'exec /bin/bash "$@"')
program(HOME / "other-shell/bash", "SHELL", 'exec /bin/bash "$@"')
put(HOME / ".claude.json", {
    # A person was here before: no dialog stands in the way of the first prompt.
    "hasCompletedOnboarding": True, "theme": "dark", "bypassPermissionsModeAccepted": True, "customApiKeyResponses": {"approved": ["not-a-key"], "rejected": []},
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
put(APP / ".claude/skills/own-skill/SKILL.md", front("own-skill", "skill-hook") + "say !`%s` ok\n" % touch("skill"))
put(APP / ".claude/agents/own-agent.md", front("own-agent", "agent-hook", "mcpServers: %s\n" % json.dumps([{"agent": server("agent-mcp")}])) + "say ok\n")
put(ROOT / "case.json", {
    "turns": [{"name": "Bash", "input": {"command": "git --version; echo it-ran", "description": "honest work"}}],
    # What is asked with these words is answered otherwise: by a subagent, which takes a while.
    "agents": {
        "ask somebody": [{"name": "Agent", "input": {"description": "d", "prompt": "be slow", "subagent_type": "general-purpose"}}],
        "be slow": [{"name": "Bash", "input": {"command": "sleep 10", "description": "a while"}}],
    },
})

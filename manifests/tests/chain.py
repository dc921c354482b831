"""The chain for real, on loopback: guard metrics → Pushgateway → Prometheus → Alertmanager → health bridge → a mock of GitHub.

chain.py GUARD HEALTH_BRIDGE. Restarts each part in the middle, and runs every query of the dashboard against the real Prometheus. Prints
one line per row, name<TAB>passed|failed; exits with 1 when one failed.
"""
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent.parent
SECRET = "-".join(["visibly", "not", "a", "secret"])
DENIED = {"hook_event_name": "PreToolUse", "session_id": "s", "cwd": "/tmp", "tool_name": "Bash", "tool_input": {"command": "cat /etc/shadow"}}
PARTS = ["pushgateway", "prometheus", "alertmanager", "bridge", "github"]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Chain:
    def __init__(self, work, guard, bridge):
        self.work, self.guard, self.failed, self.running = work, guard, False, {}
        self.port = {name: free_port() for name in PARTS}
        at = {name: "127.0.0.1:%d" % port for name, port in self.port.items()}
        shutil.copy(HERE / "components/monitoring/alerts.yaml", work / "alerts.yaml")
        # The shipped rules, waiting shorter; and a rule with an issue of its own, as a site would add one.
        text = re.sub(r"for: \w+", "for: 1s", (work / "alerts.yaml").read_text())
        text += '      - {alert: SiteRule, expr: "site_trouble > 0", labels: {severity: warning, github_issue: "example-org/agent-config#7"}}\n'
        (work / "alerts.yaml").write_text(text)
        (work / "prometheus.yml").write_text(json.dumps({
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"}, "rule_files": [str(work / "alerts.yaml")],
            "alerting": {"alertmanagers": [{"static_configs": [{"targets": [at["alertmanager"]]}]}]},
            "scrape_configs": [{"job_name": "push", "honor_labels": True, "static_configs": [{"targets": [at["pushgateway"]]}]}]}))
        contact = json.loads((HERE / "examples/alertmanager.json").read_text())
        contact["route"].update(group_wait="1s", group_interval="1s", repeat_interval="5s")
        hook = contact["receivers"][0]["webhook_configs"][0]
        hook["url"] = "http://%s/alerts" % at["bridge"]
        hook["http_config"]["authorization"] = {"type": "Bearer", "credentials": SECRET}
        (work / "alertmanager.yml").write_text(json.dumps(contact))
        self.commands = {
            "pushgateway": ["prometheus-pushgateway", "--web.listen-address=" + at["pushgateway"], "--persistence.file=%s" % (work / "push"), "--persistence.interval=1s"],
            "prometheus": ["prometheus", "--config.file=%s" % (work / "prometheus.yml"), "--storage.tsdb.path=%s" % (work / "tsdb"), "--web.listen-address=" + at["prometheus"]],
            "alertmanager": ["prometheus-alertmanager", "--config.file=%s" % (work / "alertmanager.yml"), "--storage.path=%s" % (work / "am"), "--web.listen-address=" + at["alertmanager"], "--cluster.listen-address="],
            "bridge": [bridge],
            "github": [sys.executable, str(HERE / "tests/github.py"), str(self.port["github"]), str(work / "github.json")],
        }
        # No variable of this machine, so that no proxy stands in between; guard keeps its record in the test's own folder.
        self.env = {"PATH": os.environ["PATH"], "HOME": str(work), "LISTEN": at["bridge"], "WEBHOOK_SECRET": SECRET, "GITHUB_TOKEN": "not-a-real-token", "RETRY_PAUSE_MS": "50",
                    "GITHUB_API_URL": "http://" + at["github"], "REPOSITORIES": "example-org/*", "BUG_REPOSITORY": "example-org/agent-config"}

    def start(self, name):
        log = open(self.work / (name + ".log"), "ab")
        self.running[name] = subprocess.Popen(self.commands[name], env=self.env, stdout=log, stderr=log, cwd=self.work)
        self.wait(lambda: socket.create_connection(("127.0.0.1", self.port[name]), 1).close() or True, 20)

    def stop(self, name, how=signal.SIGTERM):
        process = self.running.pop(name)
        process.send_signal(how)
        process.wait(20)

    @staticmethod
    def wait(holds, seconds):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                if holds():
                    return True
            except (OSError, LookupError, StopIteration):
                pass
            time.sleep(0.2)
        return False

    def row(self, name, holds, seconds=0):
        good = self.wait(holds, seconds or 1)
        self.failed |= not good
        print("%s\t%s" % (name, "passed" if good else "failed"), flush=True)

    def http(self, part, path, body=None, method=None, headers=None):
        request = urllib.request.Request("http://127.0.0.1:%d%s" % (self.port[part], path), data=body, method=method, headers=headers or {})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def push(self, task, text):
        self.http("pushgateway", "/metrics/job/agent-pod/instance/p/task/" + task, text.encode(), "PUT")

    def hook(self, event):
        subprocess.run([self.guard, "hook"], input=json.dumps(event), text=True, env=self.env, stdout=subprocess.DEVNULL, check=True)

    def query(self, expr):
        return json.loads(self.http("prometheus", "/api/v1/query?" + urllib.parse.urlencode({"query": expr}))[1])["data"]["result"]

    def issue(self, number=None, title=None):
        issues = json.loads((self.work / "github.json").read_text())["issues"]["example-org/agent-config"]
        return issues[str(number)] if number else next(i for i in issues.values() if title in i["title"])

    def issues(self):
        state = self.work / "github.json"
        return json.loads(state.read_text())["issues"].get("example-org/agent-config", {}) if state.exists() else {}


def run(chain):
    now = int(time.time())
    for name in PARTS:
        chain.start(name)
    for _ in range(3):
        chain.hook(DENIED)
    chain.hook({**DENIED, "tool_input": {"command": "ls"}})
    metrics = subprocess.run([chain.guard, "metrics"], env=chain.env, capture_output=True, text=True, check=True).stdout
    promtool = subprocess.run(["promtool", "check", "metrics"], input=metrics, text=True, capture_output=True, check=False)
    chain.row("guard metrics pass promtool's conventions", lambda: promtool.returncode == 0 or print(promtool.stdout, promtool.stderr))
    pod = "# TYPE agent_pod_starts_total counter\nagent_pod_starts_total %d\n"
    chain.push("guard", metrics + pod % 1)
    chain.push("pod-startup_lines_refused", "# TYPE agent_pod_startup_lines_refused gauge\nagent_pod_startup_lines_refused 0\n")
    chain.push("audit-digest", "agent_job_last_success_timestamp_seconds %d\nagent_job_next_expected_timestamp_seconds %d\nagent_job_duration_seconds 1.5\n" % (now, now + 3600))
    chain.row("the denials of real hook calls arrive in Prometheus", lambda: float(chain.query('guard_calls_total{decision="deny"}')[0]["value"][1]) >= 3, 20)
    dashboard = json.loads((HERE / "components/monitoring/dashboard.json").read_text())
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            expr = target["expr"].replace("$instance", ".*")
            chain.row("dashboard: " + panel["title"], lambda expr=expr: bool(chain.query(expr)), 15)
    chain.row("no alert while all is well", lambda: not chain.query("ALERTS") and not chain.issues())

    chain.push("guard", metrics.replace("guard_chain_intact 1", "guard_chain_intact 0") + pod % 1)
    chain.push("site", "site_trouble 1\n")
    chain.row("a critical alert becomes one bug issue", lambda: chain.issue(title="GuardChainBroken")["state"] == "open", 30)
    chain.row("an alert with an issue becomes a comment and a label there", lambda: chain.issue(7)["labels"] == ["alert-firing"] and len(chain.issue(7)["comments"]) == 1, 30)
    for part in PARTS:
        how = signal.SIGKILL if part == "bridge" else signal.SIGTERM
        chain.stop(part, how)
        chain.start(part)
        time.sleep(7)  # longer than repeat_interval: the alert is sent again
        chain.row("nothing is told twice after a restart of " + part, lambda: len(chain.issues()) == 2 and len(chain.issue(7)["comments"]) == 1)

    chain.stop("github")
    chain.push("site", "site_trouble 0\n")
    time.sleep(4)
    chain.row("not ready without GitHub, but alive", lambda: (chain.http("bridge", "/readyz")[0], chain.http("bridge", "/healthz")[0]) == (503, 200))
    chain.start("github")
    chain.row("a resolution that GitHub missed is told when it is back", lambda: chain.issue(7)["labels"] == ["alert-resolved"] and len(chain.issue(7)["comments"]) == 2, 60)
    chain.row("ready again", lambda: chain.http("bridge", "/readyz")[0] == 200)
    chain.push("guard", metrics + pod % 1)
    chain.row("a resolved bug is commented on and closed", lambda: chain.issue(title="GuardChainBroken")["state"] == "closed" and len(chain.issue(title="GuardChainBroken")["comments"]) == 1, 60)

    bearer = {"authorization": "Bearer " + SECRET}
    retries(chain, bearer)
    before = json.dumps(chain.issues())
    # More connections than the bridge serves at once, each with a request that never becomes whole.
    slow = [socket.create_connection(("127.0.0.1", chain.port["bridge"])) for _ in range(100)]
    for n, one in enumerate(slow):
        one.settimeout(60)
        one.sendall(b"POST /alerts HTTP/1.1\r\ncontent-length: 9\r\n" + b"\r\n{" * (n % 2))
    chain.row("it answers while slow connections wait for more", lambda: chain.http("bridge", "/healthz")[0] == 200, 60)
    chain.row("a connection that never sends its request is closed", lambda: all(one.recv(99).startswith(b"HTTP/1.1 408") for one in slow))
    strange = {"status": "firing", "startsAt": "2026-01-01T00:00:00Z", "fingerprint": "ab"}
    send = lambda labels: chain.http("bridge", "/alerts", json.dumps({"alerts": [{**strange, "labels": labels}]}).encode(), "POST", bearer)[0]
    chain.row("a wrong secret is refused", lambda: chain.http("bridge", "/alerts", b"{}", "POST", {"authorization": "Bearer " + SECRET + "x"})[0] == 401)
    chain.row("no secret is refused", lambda: chain.http("bridge", "/alerts", b"{}", "POST")[0] == 401)
    chain.row("a body over the limit is refused", lambda: chain.http("bridge", "/alerts", b" " * 300_000, "POST", bearer)[0] == 413)
    chain.row("what is no webhook is refused", lambda: chain.http("bridge", "/alerts", b"[1]", "POST", bearer)[0] == 400)
    chain.row("a repository that is not named is passed over", lambda: send({"github_issue": "somebody/else#1"}) == 200)
    chain.row("a malformed issue is passed over", lambda: send({"github_issue": "example-org/../x#1"}) == 200 and send({"github_issue": "example-org/x#-1"}) == 200)
    chain.row("none of that reached GitHub", lambda: json.dumps(chain.issues()) == before)


def retries(chain, bearer):
    """GitHub in trouble, one delivery each: what can be had by trying again is, and nothing is told twice."""
    def send(fingerprint, status="firing", **labels):
        alert = {"status": status, "startsAt": "2026-01-01T00:00:00Z", "fingerprint": fingerprint, "labels": labels}
        return chain.http("bridge", "/alerts", json.dumps({"alerts": [alert]}).encode(), "POST", bearer)[0]

    def trouble(**what):
        chain.http("github", "/trouble", json.dumps(what).encode(), "POST", bearer)

    on = {"github_issue": "example-org/agent-config#9"}
    bug = {"alertname": "Lost", "severity": "critical"}
    bugs = lambda: [i for i in chain.issues().values() if "Lost" in i["title"]]
    trouble(busy=3)
    chain.row("a busy GitHub is asked again", lambda: send("a1", **on) == 200 and len(chain.issue(9)["comments"]) == 1)
    trouble(busy=4)
    chain.row("one that stays busy is left to the next delivery", lambda: send("a2", **on) == 502 and len(chain.issue(9)["comments"]) == 1)
    chain.row("which is told then", lambda: send("a2", **on) == 200 and len(chain.issue(9)["comments"]) == 2)
    trouble(denied=1)
    chain.row("a refusal is not asked again", lambda: send("a3", **on) == 502 and len(chain.issue(9)["comments"]) == 2)
    trouble(denied=0, lost=1)
    chain.row("a comment whose answer was lost is not made twice", lambda: send("a4", **on) == 200 and len(chain.issue(9)["comments"]) == 3)
    trouble(lost=1)
    chain.row("a bug whose answer was lost is not opened twice", lambda: send("b1", **bug) == 200 and len(bugs()) == 1)
    trouble(lost=1)
    chain.row("and is closed with one comment, though that answer was lost too", lambda: send("b1", "resolved", **bug) == 200 and [(i["state"], len(i["comments"])) for i in bugs()] == [("closed", 1)])


def main():
    guard, bridge = (str(pathlib.Path(p).resolve()) for p in sys.argv[1:])
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as work:
        chain = Chain(pathlib.Path(work), guard, bridge)
        try:
            run(chain)
        finally:
            for process in chain.running.values():
                process.kill()
                process.wait()
            if chain.failed:
                for name in PARTS:
                    print("--- %s\n%s" % (name, (chain.work / (name + ".log")).read_text()[-1500:]), file=sys.stderr)
    print("chain: %.0f s" % (time.monotonic() - began), file=sys.stderr)
    sys.exit(chain.failed)


main()

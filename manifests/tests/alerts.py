"""alerts.py: promtool's tests for every alert, firing ones included. Writes them to standard output; the driver runs promtool on them.

Each row: alert, the series that make it fire, the time it must fire at, the time at which it must not yet. promtool compares labels and
texts exactly; only that it fires is asked for here, so the tests are made over `ALERTS`.
"""
import json
import sys

FIRING = [
    ("AgentJobStale", 'agent_job_next_expected_timestamp_seconds{instance="p", task="t"}', "600x120", "50m", "30m"),
    ("AgentPodSilent", 'push_time_seconds{instance="p", job="agent-pod"}', "600x120", "50m", "30m"),
    ("GuardHookErrors", 'guard_errors_total{instance="p"}', "0x30 1x90", "35m", "29m"),
    ("GuardRecordGap", 'guard_journal_backlog_bytes{instance="p"}', "0x10 5000000x110", "30m", "20m"),
    ("GuardRecordGap", 'guard_last_record_timestamp_seconds{instance="p"}', "600x120", "60m", "45m"),
    ("GuardDenialBurst", 'guard_calls_total{instance="p", decision="deny"}', "0x30 0+10x90", "40m", "30m"),
    ("GuardChainBroken", 'guard_chain_intact{instance="p"}', "1x30 0x90", "32m", "30m"),
    ("AgentPodCrashLoop", 'agent_pod_starts_total{instance="p"}', "1x30 1+1x90", "40m", "30m"),
    ("AgentStartupLineRefused", 'agent_pod_startup_lines_refused{instance="p"}', "0x30 2x90", "32m", "30m"),
    ("GuardHookSlow", 'guard_hook_duration_seconds{instance="p", quantile="0.95"}', "0.01x30 0.9x90", "50m", "40m"),
]


def main():
    rules, quiet = sys.argv[1:]
    tests = []
    for alert, series, values, fires, waits in FIRING:
        count = lambda n: [{"labels": "{}", "value": n}] if n else []
        query = 'count(ALERTS{alertname="%s", alertstate="firing"})' % alert
        tests.append({
            "name": alert, "interval": "1m", "input_series": [{"series": series, "values": values}],
            "promql_expr_test": [{"expr": query, "eval_time": fires, "exp_samples": count(1)}, {"expr": query, "eval_time": waits, "exp_samples": count(0)}],
        })
    wanted = {line.split("alert: ")[1].strip() for line in open(rules, encoding="utf8") if "- alert: " in line}
    assert wanted == {row[0] for row in FIRING}, "alerts without a test that they fire: %s" % (wanted ^ {row[0] for row in FIRING})
    assert all("alertname: %s," % name in open(quiet, encoding="utf8").read() for name in wanted), "an alert without a test that it stays quiet"
    print(json.dumps({"rule_files": [rules], "evaluation_interval": "1m", "tests": tests}))


main()

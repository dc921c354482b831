"""A mock of the part of GitHub's API that the health bridge uses, on loopback: github.py PORT STATE.json. The state outlives a restart.

`POST /trouble` makes it fail: `{"busy": N}` answers the next N requests with 429 and 503 in turn; `{"lost": N}` makes the next N comments
and issues and answers 502, as when an answer is lost on its way; `{"denied": N}` answers the next N writes with 403.
"""
import http.server
import json
import pathlib
import re
import sys


def main():
    port, path = int(sys.argv[1]), pathlib.Path(sys.argv[2])
    state = json.loads(path.read_text()) if path.exists() else {"issues": {}}
    trouble = {"busy": 0, "lost": 0, "denied": 0}

    def strikes(kind):
        hit = trouble[kind] > 0
        trouble[kind] -= hit
        return hit

    class Mock(http.server.BaseHTTPRequestHandler):
        def handle_any(self):
            body = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)) or b"null")
            if not self.headers.get("authorization", "").startswith("Bearer "):
                return self.reply(401, {})
            if self.path == "/trouble":
                trouble.update(body)
                return self.reply(200, trouble)
            if strikes("busy"):
                return self.reply(503 if trouble["busy"] % 2 else 429, {})
            if self.command == "POST" and strikes("denied"):
                return self.reply(403, {})
            status, answer = self.work(self.command, self.path.partition("?"), body)
            # In one step: the test reads it at any time.
            new = path.with_suffix(".new")
            new.write_text(json.dumps(state))
            new.replace(path)
            if self.command == "POST" and self.path.endswith(("/comments", "/issues")) and strikes("lost"):
                return self.reply(502, {})
            return self.reply(status, answer)

        do_GET = do_POST = do_PATCH = do_DELETE = handle_any

        def work(self, method, target, body):
            where, _, query = target
            issues = state["issues"]
            first = not query or "page=1" in query.split("&")[-1:]
            if where == "/rate_limit":
                return 200, {}
            match = re.fullmatch(r"/repos/([^/]+/[^/]+)/issues(?:/(\d+)(?:/(comments|labels)(?:/([^/]+))?)?)?", where)
            if not match:
                return 404, {}
            repository, number, what, label = match.groups()
            mine = issues.setdefault(repository, {})
            if number is None and method == "GET":
                wanted = re.search(r"labels=([^&]+)", query)
                return 200, [i for i in mine.values() if not wanted or wanted[1] in i["labels"]] if first else []
            if number is None:
                number = str(100 + len(mine))
                mine[number] = {"number": int(number), "state": "open", "comments": [], "title": body["title"], "body": body["body"], "labels": body["labels"]}
                return 201, mine[number]
            issue = mine.setdefault(number, {"number": int(number), "state": "open", "comments": [], "title": "by a person", "body": "", "labels": []})
            if what == "comments" and method == "GET":
                return 200, issue["comments"] if first else []
            if what == "comments":
                issue["comments"].append({"body": body["body"]})
                return 201, {}
            if what == "labels" and method == "POST":
                issue["labels"] = sorted({*issue["labels"], *body["labels"]})
                return 200, issue["labels"]
            if what == "labels":
                if label not in issue["labels"]:
                    return 404, {}
                issue["labels"].remove(label)
                return 200, issue["labels"]
            issue["state"] = body["state"]
            return 200, issue

        def reply(self, status, answer):
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            pass

    http.server.HTTPServer(("127.0.0.1", port), Mock).serve_forever()


main()

"""A mock of the bot API on loopback: mock_telegram.py PORT LOG. Keeps every accepted message as one JSON line in LOG, with the seconds
between its tries as `pauses`.

The chat id says how it answers: `ok`; `flaky` refuses the first two tries of each text with 429 and 503; `markup` refuses
messages with a parse_mode; `down` answers 500 for ever; `gone` answers 403; `slow` answers after two seconds.
"""
import collections
import http.server
import json
import sys
import time

TRIES = collections.Counter()
ARRIVALS = collections.defaultdict(list)


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        message = json.loads(self.rfile.read(int(self.headers["content-length"])))
        chat = message["chat_id"]
        TRIES[message["text"]] += 1
        attempt = TRIES[message["text"]]
        arrivals = ARRIVALS[message["text"]]
        arrivals.append(time.monotonic())
        if len(message["text"].encode("utf-16-le")) // 2 > 4096:
            return self.answer(400, {"description": "Bad Request: message is too long"})
        if chat == "down":
            return self.answer(500, {"description": "Internal"})
        if chat == "gone":
            return self.answer(403, {"description": "Forbidden: bot was kicked"})
        if chat == "flaky" and attempt == 1:
            return self.answer(429, {"description": "Too Many Requests", "parameters": {"retry_after": 1}})
        if chat == "flaky" and attempt == 2:
            return self.answer(503, {"description": "later"})
        if chat == "slow":
            time.sleep(2)
        if chat == "markup" and "parse_mode" in message:
            return self.answer(400, {"description": "Bad Request: can't parse entities"})
        with open(sys.argv[2], "a") as log:
            log.write(json.dumps({"path": self.path, "tries": attempt, "pauses": [b - a for a, b in zip(arrivals, arrivals[1:])], **message}) + "\n")
        self.answer(200, {"ok": True})

    def answer(self, status, body):
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()

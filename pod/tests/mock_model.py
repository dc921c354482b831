"""Serves the model of a case to the client in the pod: mock_model.py PORT CASE.json. The API is the one of tests/client/."""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "client"))
import harness  # noqa: E402


class At(harness.Mock):
    def __init__(self, port, case):
        self.case, self.log, self.sent_at = case, [], {}
        harness.http.server.ThreadingHTTPServer.__init__(self, ("127.0.0.1", port), harness.Handler)


At(int(sys.argv[1]), json.loads(pathlib.Path(sys.argv[2]).read_text())).serve_forever()

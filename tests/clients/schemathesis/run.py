"""Runs schemathesis over the OpenAPI document of a server that this starts: requests that the document allows and
requests that it forbids, each answer compared with it."""

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "lib"))

from program import Program  # noqa: E402

# Never reached by a run, so that no answer is a refusal for having sent too much.
LIMIT = {"limit": 100_000, "window": "1 minute"}
# Valid ones, and as many invalid ones where an operation can be called so: 1,500 in all, and 10,000 in `make soak`.
CASES_OF_AN_OPERATION = {"test": 10, "soak": 65}
SEED = 20_271_101


class Session:
    """A person's session in the console."""

    def __init__(self, base, person):
        self.base = base
        self.headers = {}
        call = self.call
        call("POST", "/v2/accounts", person)
        request = urllib.request.Request(
            base + "/v2/sessions",
            json.dumps(person).encode(),
            {"Content-Type": "application/json"},
            method="POST",
        )
        with urllib.request.urlopen(request) as answer:
            csrf_token = json.load(answer)["data"]["csrf_token"]
            cookie = answer.headers["Set-Cookie"].partition(";")[0]
        self.headers = {"Cookie": cookie, "X-CSRF-Token": csrf_token, "Origin": base}

    def call(self, method, path, body, **headers):
        """What one request is answered, without its envelope."""
        headers = {"Content-Type": "application/json", **self.headers, **headers}
        request = urllib.request.Request(self.base + path, json.dumps(body).encode(), headers, method=method)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)["data"]

    def key_of_an_app(self, name):
        """A key of a live app of its own: a test app has a limit for the day."""
        app = self.call("POST", "/v2/apps", {"name": name})
        key = {"name": "schemathesis", "kind": "api", "rate_limit": LIMIT}
        return self.call("POST", "/v2/keys", key, **{"Timekit-App": app["slug"]})["key"]


def main(program, share, *more):
    """Runs schemathesis beside this interpreter, with further options for it, on a server of its own."""
    schemathesis = Path(sys.executable).with_name("schemathesis")
    with tempfile.TemporaryDirectory() as data, Program(program, data) as server:
        person = {"name": "Doc", "email": "doc@example.com", "password": "one point twenty-one"}
        session = Session(server.base, person)
        environment = {
            **os.environ,
            "SCHEMATHESIS_HOOKS": "hooks",
            "PYTHONPATH": str(HERE),
            "LATCHKEY_KEY": session.key_of_an_app("Explored"),
            "LATCHKEY_KEY_TO_END": session.key_of_an_app("Ended"),
        }
        command = [
            str(schemathesis),
            "--config-file",
            str(HERE / "schemathesis.toml"),
            "run",
            str(HERE.parents[2] / "docs" / "openapi.json"),
            "--url",
            server.base,
            "--seed",
            str(SEED),
            "--max-examples",
            str(CASES_OF_AN_OPERATION[share]),
            "--continue-on-failure",
            *more,
        ]
        return subprocess.run(command, env=environment, cwd=data).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

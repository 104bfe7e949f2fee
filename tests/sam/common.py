"""What the checks of the functions share: a store that they reach, with a demo that nobody has changed, and what they ask."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / "tests/clients/lib"), str(ROOT / "tests/clients/walk")]
import walk
from program import Program

PATIENCE_S = 120
# Those that no function has, those below one that has one, and the root.
UNKNOWN_PATHS = ["/", "/nothing", "/nothing/", "/v2/nothing", "/v2/nothing/", "/v2/bookings/a/b/c", "/v2/bookings/a/b/c/"]

ENVIRONMENT = json.loads((ROOT / "events/env.json").read_text())["Parameters"]
# The status of the response to each event, by operation.
EXPECTED = {
    facts.parent.name: json.loads(facts.read_text())["status"] for facts in sorted(ROOT.glob("events/*/operation.json"))
}
# Where a container reaches this machine.
BRIDGE = urlsplit(ENVIRONMENT["DYNAMODB_ENDPOINT"]).hostname


def event(operation):
    return json.loads((ROOT / f"events/{operation}/event.json").read_text())


class Demo:
    """The program, and the demo that it makes on an empty folder."""

    def __init__(self, program, scratch):
        self.program, self.scratch, self.data = program, scratch, Path(scratch, "demo")
        # With a port, so that the secret of the ports is in the folder, and in every copy of it.
        with Program(program, str(self.data), "--store-listen", "127.0.0.1:0") as server:
            self.key = server.key
        os.environ.update(credentials(self.data))


def credentials(data):
    """What the README exports, for the ports of the server on this folder."""
    token = Path(data, "port-secret").read_text()
    return {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_SESSION_TOKEN": token}


def free_ports(host, count):
    with contextlib.ExitStack() as open_together:
        listeners = [open_together.enter_context(socket.socket()) for _ in range(count)]
        for listener in listeners:
            listener.bind((host, 0))
        return [listener.getsockname()[1] for listener in listeners]


class Place:
    """Two addresses for a store and its secret, and the environment that tells functions of them."""

    def __init__(self, demo, host):
        self.demo = demo
        store, secret = (f"{host}:{port}" for port in free_ports(host, 2))
        self.listening = ["--store-listen", store, "--secret-listen", secret]
        at = {"DYNAMODB_ENDPOINT": f"http://{store}", "SECRETS_MANAGER_ENDPOINT": f"http://{secret}"}
        self.environment = ENVIRONMENT | at | credentials(demo.data)

    @contextlib.contextmanager
    def with_demo(self):
        """A server on a copy of the demo, so that nobody finds what somebody else has changed."""
        with tempfile.TemporaryDirectory(dir=self.demo.scratch) as data:
            shutil.copytree(self.demo.data, data, dirs_exist_ok=True)
            with Program(self.demo.program, data, *self.listening) as server:
                yield server


def wait_for(port, process, log):
    """Until somebody listens there."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise SystemExit(f"nothing came to listen: {Path(log).read_text()}")


def unknown_paths(url):
    """Nobody's paths are answered as the functions answer what they do not know. Answers what was not."""
    wrong = []
    for path in UNKNOWN_PATHS:
        try:
            with urllib.request.urlopen(url + path, timeout=PATIENCE_S) as answer:
                status, body = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, body = error.code, error.read()
        try:
            ours = json.loads(body)["code"] == "not_found"
        except (ValueError, LookupError, TypeError):
            ours = False
        if status != 404 or not ours:
            wrong.append(f"GET {path} was answered {status}: {body.decode(errors='replace')}")
    return wrong


def walks(url, place):
    """The README's walk, without slashes behind paths and with them, and unknown paths. Answers the number of steps, and a
    sentence for each that went wrong."""
    steps, wrong = len(UNKNOWN_PATHS), []
    for slash in [False, True]:
        with place.with_demo():
            taken, failed = walk.take(url, place.demo.key, slash)
            steps, wrong = steps + taken, wrong + failed
    with place.with_demo():
        return steps, wrong + unknown_paths(url)


class Phase:
    """Says how long something took."""

    def __init__(self, what):
        self.what = what

    def __enter__(self):
        self.begun = time.monotonic()

    def __exit__(self, *_):
        print(f"{self.what}: {time.monotonic() - self.begun:.0f} s", flush=True)

"""The library of PyPI and the samples for Python, PHP and the shell over every delivery, and over changes of it."""

import base64
import binascii
import http.server
import json
import re
import subprocess
import tempfile
import threading
import time
from datetime import datetime
from pathlib import Path

import standardwebhooks.webhooks as library

HERE = Path(__file__).resolve().parent
PAGE = (HERE.parents[2] / "docs/WEBHOOKS.md").read_text()
FACTS = json.loads((HERE / "deliveries.json").read_text())
NOW = FACTS["now"]


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


class Clock(datetime):
    """Reads the time at which the deliveries were signed."""

    shift = 0

    @classmethod
    def now(cls, tz=None):
        return datetime.fromtimestamp(NOW + cls.shift, tz)


library.datetime = Clock
time.time = lambda: NOW + Clock.shift


def by_library(secret, headers, body):
    library.Webhook(secret).verify(body, headers)


sample = {}
exec(compile(blocks("python")[0], "docs/WEBHOOKS.md", "exec"), sample)
VERIFIERS = {"the library": by_library, "the sample": sample["verify"]}


def changes(text: bytes):
    """Every text that differs in one bit."""
    for bit in range(len(text) * 8):
        changed = bytearray(text)
        changed[bit // 8] ^= 1 << bit % 8
        yield bytes(changed)


def same_bytes(signature: bytes, other: bytes) -> bool:
    """Whether two signatures are two texts for the same bytes, of the same version."""
    try:
        (version, code), (other_version, other_code) = signature.split(b",", 1), other.split(b",", 1)
        return version == other_version and base64.b64decode(code) == base64.b64decode(other_code)
    except (ValueError, binascii.Error):
        return False


def changed(delivery):
    """The headers and bodies of a delivery with one bit changed."""
    headers, body = delivery["headers"], delivery["body"].encode()
    for other in changes(body):
        yield headers, other
    for name in ["webhook-id", "webhook-timestamp"]:
        for other in changes(headers[name].encode()):
            yield headers | {name: other.decode("latin1")}, body
    # A signature of several is enough, so each is changed where it stands alone.
    own = headers["webhook-signature"].split(" ")[0].encode()
    for other in changes(own):
        if not same_bytes(own, other):
            yield headers | {"webhook-signature": other.decode("latin1")}, body


def accepts(verify, secret, headers, body) -> bool:
    try:
        verify(secret, headers, body)
    except Exception:  # Each refuses in its own way; that nothing else is wrong is shown by what it accepts.
        return False
    return True


def check_python() -> None:
    refused = 0
    for name, verify in VERIFIERS.items():
        for delivery in FACTS["deliveries"]:
            secret, headers, body = delivery["secret"], delivery["headers"], delivery["body"].encode()
            verify(secret, headers, body)
            for other_headers, other_body in changed(delivery):
                assert not accepts(verify, secret, other_headers, other_body), (name, other_headers, other_body)
                refused += 1
            for Clock.shift in [-301, 301]:
                assert not accepts(verify, secret, headers, body), (name, Clock.shift)
            Clock.shift = 0
    print(f"webhooks: PyPI's library and the sample for Python accept all and refuse {refused} changes")


def some_changes(delivery):
    """A delivery as it is, and some that are not: a program is started for each."""
    headers, body = delivery["headers"], delivery["body"]
    yield True, headers, body
    yield False, headers, body + " "
    yield False, headers, body.replace("t", "u", 1)
    yield False, headers | {"webhook-id": headers["webhook-id"][:-1] + "x"}, body
    yield False, headers | {"webhook-timestamp": str(NOW - 1)}, body
    yield False, headers | {"webhook-timestamp": str(NOW - 301)}, body
    yield False, headers | {"webhook-signature": headers["webhook-signature"].split(" ")[0][:-2] + "x="}, body
    yield False, headers | {"webhook-signature": ""}, body


PHP = """namespace sample {
function time() { return %d; }
%s
$asked = json_decode(stream_get_contents(STDIN), true);
try { verify($asked['secret'], $asked['headers'], $asked['body']); exit(0); } catch (\\RuntimeException) { exit(3); }
}"""


def php(delivery, headers, body, folder) -> bool:
    source = PHP % (NOW, blocks("php")[0].replace("new RuntimeException", "new \\RuntimeException"))
    asked = json.dumps({"secret": delivery["secret"], "headers": headers, "body": body})
    ended = subprocess.run(["php", "-r", source], input=asked, text=True, capture_output=True)
    assert ended.returncode in (0, 3), ended
    return ended.returncode == 0


def shell_says(script: str, arguments: list[str]) -> bool:
    stub = f"date() {{ echo {NOW}; }}\n"
    ended = subprocess.run(["bash", "-c", stub + script, "bash", *arguments], text=True, capture_output=True)
    assert not ended.stderr and ended.returncode in (0, 1), ended
    return ended.returncode == 0


def shell(delivery, headers, body, folder) -> bool:
    file = Path(folder) / "body.json"
    file.write_bytes(body.encode())
    names = ["webhook-id", "webhook-timestamp", "webhook-signature"]
    arguments = [delivery["secret"], *(headers[name] for name in names), str(file)]
    return shell_says(blocks("sh")[0] + 'verify "$@"', arguments)


def check_programs() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, says in {"PHP": php, "shell": shell}.items():
            for delivery in FACTS["deliveries"]:
                for right, headers, body in some_changes(delivery):
                    assert says(delivery, headers, body, folder) is right, (name, right, headers, body)
        for delivery in FACTS["deliveries"]:
            file = Path(folder) / "body.json"
            signature, secret = delivery["headers"]["x-timekit-signature"], FACTS["app_secret"]
            script = blocks("sh")[2] + 'verify_timekit "$@"'
            file.write_bytes(delivery["body"].encode())
            assert shell_says(script, [secret, signature, str(file)]), delivery
            file.write_bytes(delivery["body"].encode() + b" ")
            assert not shell_says(script, [secret, signature, str(file)]), delivery
    print("webhooks: the samples for PHP and the shell agree, and the shell's for Timekit's signature")


def check_curl() -> None:
    """What the page sends with curl is accepted by the library."""
    arrived = []

    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            arrived.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    secret = FACTS["deliveries"][0]["secret"]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "body.json").write_text(FACTS["deliveries"][0]["body"])
        lines = f"set -e\ndate() {{ echo {NOW}; }}\nSECRET={secret} RECEIVER=http://127.0.0.1:{server.server_port}/\n"
        script = lines + blocks("sh")[0] + blocks("sh")[1]
        subprocess.run(["bash", "-c", script], cwd=folder, check=True, capture_output=True)
    (headers, body), = arrived
    by_library(secret, headers, body)
    print("webhooks: what the page sends with curl is accepted")


check_python()
check_programs()
check_curl()

"""Calls the built functions through the SAM CLI's emulators, over a local server's store: every example event by itself,
and the README's walk through an API. What a REST API sends instead is among the tests of `make test`.

Arguments: the folder that `sam build` wrote, the program, and the processors that the functions were built for."""

import contextlib
import hashlib
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import get_context
from pathlib import Path

import samcli.commands.local.invoke.cli
from samcli.cli.main import cli as sam_cli
from samcli.yamlhelper import yaml_parse

from common import BRIDGE, EXPECTED, PATIENCE_S, ROOT, Demo, Phase, Place, Program
from common import credentials, event, free_ports, wait_for, walks

# Each is busy with the SAM CLI for the most part.
AT_ONCE = os.cpu_count()

# What workers answer to what wakes them.
WORKERS = {"dispatcher": {"batchItemFailures": []}, "sender": {"batchItemFailures": []}, "clock": {}}


def answer_of(command, variables={}):
    """What a function answers to a call, or what is said instead."""
    variables = {**os.environ, **variables}
    ended = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=PATIENCE_S)
    try:
        return json.loads(ended.stdout)
    except ValueError:
        return {"said": ended.stdout + ended.stderr}


class Sam:
    """The SAM CLI on the built functions."""

    def __init__(self, folder, architecture):
        self.template = Path(folder, "template.yaml")
        self.options = ["--template", str(self.template), "--skip-pull-image"]
        self.options += ["--parameter-overrides", f"Architecture={architecture}"]
        self.routes = {}
        for name, resource in yaml_parse(self.template.read_text())["Resources"].items():
            if resource["Type"] == "AWS::Serverless::Function":
                for route in resource["Properties"]["Events"].values():
                    if route["Type"] == "HttpApi":
                        method, path = route["Properties"]["Method"], route["Properties"]["Path"]
                        self.routes[f"{method} {path}"] = name

    def function(self, event):
        return self.routes[event["routeKey"]]

    def invoke(self, demo, operation):
        """The answer of one `sam local invoke` on a demo that nobody has changed, in a process that may end with it.

        To load the SAM CLI takes longer than all it does here, so this process's copy of it is called."""
        place = Place(demo, BRIDGE)
        arguments = ["local", "invoke", self.function(event(operation)), *self.options]
        arguments += ["--event", f"events/{operation}/event.json", "--env-vars", str(env_file(place))]
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as log, place.with_demo():
            os.dup2(output.fileno(), 1)
            os.dup2(log.fileno(), 2)
            with contextlib.suppress(SystemExit):
                sam_cli(arguments)
            sys.stdout.flush()
            said = [file.read().decode() for file in [output, log] if file.seek(0) == 0]
        try:
            return json.loads(said[0])
        except ValueError:
            return {"said": "".join(said)}

    def invoke_worker(self, worker, place):
        """The answer of one `sam local invoke` of a worker on what wakes it."""
        command = ["sam", "local", "invoke", f"{worker.capitalize()}Function", *self.options]
        return answer_of([*command, "--event", f"events/{worker}.json", "--env-vars", str(env_file(place))])

    @contextlib.contextmanager
    def gateway(self, env_file, log):
        """`sam local start-api` with a container for each function; answers its port."""
        [port] = free_ports("127.0.0.1", 1)
        command = ["sam", "local", "start-api", *self.options, "--port", str(port), "--env-vars", str(env_file)]
        command += ["--warm-containers", "EAGER"]
        with open(log, "w") as output, subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output) as process:
            try:
                wait_for(port, process, log)
                yield port
            finally:
                # As Ctrl-C: it stops its containers then.
                process.send_signal(signal.SIGINT)
                try:
                    process.wait(PATIENCE_S)
                except subprocess.TimeoutExpired:
                    process.kill()


class Queue(BaseHTTPRequestHandler):
    """As much of SQS as workers need: it takes every message and keeps its body."""

    taken = []

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        taken = []
        for entry in request["Entries"]:
            Queue.taken.append((entry["MessageGroupId"], json.loads(entry["MessageBody"])))
            digest = hashlib.md5(entry["MessageBody"].encode()).hexdigest()
            taken.append({"Id": entry["Id"], "MessageId": entry["Id"], "MD5OfMessageBody": digest})
        answer = json.dumps({"Successful": taken, "Failed": []}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/x-amz-json-1.0")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


def wakes_the_workers(sam, demo):
    """What is wrong with how the workers answer what wakes them. The clock finds what the demo's changes have told."""
    wrong = []
    with ThreadingHTTPServer((BRIDGE, 0), Queue) as queue:
        threading.Thread(target=queue.serve_forever, daemon=True).start()
        place = Place(demo, BRIDGE)
        place.environment["SQS_ENDPOINT"] = f"http://{BRIDGE}:{queue.server_port}"
        with place.with_demo():
            for worker, expected in WORKERS.items():
                answer = sam.invoke_worker(worker, place)
                if answer != expected:
                    wrong.append(f"events/{worker}.json, sam local invoke: expected {expected}, got {answer}")
        queue.shutdown()
    record = json.loads((ROOT / "events/sender.json").read_text())["Records"][0]
    told = record["attributes"]["MessageGroupId"], json.loads(record["body"])
    if told not in Queue.taken:
        wrong.append(f"the dispatcher must have sent {told}, and the queue got {Queue.taken}")
    return wrong


def as_the_readme_says(sam, demo, check):
    """The README's own two lines: a server on its ports, and the one call."""
    readme = (ROOT / "README.md").read_text()
    options = re.search(
        r'^make run ARGS="(--store-listen \S+ --secret-listen \S+)".*\nexport .*\n.*\n(sam local invoke .*)$', readme, re.M
    )
    if options is None:
        raise SystemExit("README.md no longer says how to run `sam local invoke`: change as_the_readme_says in tests/sam/check.py")
    listening, command = options[1].split(), shlex.split(options[2])
    command[-1] = sam.options[-1]
    # The rest of what the other calls say, which is about this check.
    elsewhere = {"SAM_TEMPLATE_FILE": str(sam.template), "SAM_SKIP_PULL_IMAGE": "true"}
    with tempfile.TemporaryDirectory(dir=demo.scratch) as data, Program(demo.program, data, *listening):
        return check("list_bookings", answer_of(command, elsewhere | credentials(data)), options[2])


def takes_a_secret_from_elsewhere(folder):
    """What is wrong if a function over AWS's own tables, which is a deployed one, starts with a secret of another place."""
    variables = {"TABLE_PREFIX": "latchkey-", "SECRETS_MANAGER_ENDPOINT": "http://127.0.0.1:1"}
    binary = Path(folder, "BookingsFunction", "bootstrap")
    ended = subprocess.run([binary], env=variables, capture_output=True, text=True, timeout=PATIENCE_S)
    if ended.returncode != 0 and "SECRETS_MANAGER_ENDPOINT" in ended.stderr:
        return []
    return [f"a function over AWS's tables must refuse SECRETS_MANAGER_ENDPOINT, and said: {ended.stderr}"]


def env_file(place):
    """A file like events/env.json for this place."""
    file = Path(tempfile.mkdtemp(dir=place.demo.scratch), "env.json")
    file.write_text(json.dumps({"Parameters": place.environment}))
    return file


def main():
    folder, program, architecture = sys.argv[1:]
    sam = Sam(folder, architecture)
    wrong = []

    def fail(sentences):
        wrong.extend(sentences)
        for sentence in sentences:
            print(f"sam: FAILED: {sentence}", file=sys.stderr, flush=True)

    def check(operation, answer, how):
        """One if the answer is as expected, else none."""
        if answer.get("statusCode") == EXPECTED[operation]:
            return 1
        fail([f"events/{operation}, {how}: expected {EXPECTED[operation]}, got {answer}"])
        return 0

    fail(takes_a_secret_from_elsewhere(folder))

    with tempfile.TemporaryDirectory(prefix="latchkey-sam-") as scratch:
        demo = Demo(program, scratch)
        with Phase("sam local invoke as the README says"):
            as_the_readme_says(sam, demo, check)

        with Phase("sam local invoke of every event"), get_context("fork").Pool(AT_ONCE, maxtasksperchild=1) as workers:
            answers = workers.imap(partial(sam.invoke, demo), EXPECTED)
            events = sum(check(*answered, "sam local invoke") for answered in zip(EXPECTED, answers))

        with Phase("sam local invoke of the workers"):
            fail(wakes_the_workers(sam, demo))

        place = Place(demo, BRIDGE)
        with Phase("the walk through sam local start-api"):
            with sam.gateway(env_file(place), f"{scratch}/api.log") as port:
                steps, failed = walks(f"http://127.0.0.1:{port}", place)
                fail(failed)

    print(f"{events} of {len(EXPECTED)} events, {steps - len(failed)} of {steps} walk steps")
    sys.exit(1 if wrong else 0)


main()

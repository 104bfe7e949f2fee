"""Runs the functions as cargo-lambda does: the README's walk through `cargo lambda watch`, an event of each function by
`cargo lambda invoke`, and `cargo lambda deploy --dry` of each function.

Arguments: the program, and the target that the functions were built for."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from common import EXPECTED, PATIENCE_S, ROOT, Demo, Phase, Place, event, free_ports, wait_for, walks

# One event of each function, by its name.
EVENTS = {
    "accounts": "list_apps",
    "availability": "list_available_slots",
    "bookings": "list_bookings",
    "console": "get_openapi_document",
    "credentials": "list_credentials",
    "keys": "get_me",
    "pages": "show_booking_page",
    "projects": "list_projects",
    "resources": "list_resources",
    "webhooks": "list_webhook_events",
}
HERE = "127.0.0.1"
ROLE = "arn:aws:iam::123456789012:role/latchkey-dev-{}"


@contextlib.contextmanager
def watch(place, target, scratch):
    """`cargo lambda watch` with the variables that the README gives it, which starts each function when it is first called;
    answers its port."""
    [port] = free_ports(HERE, 1)
    log = Path(scratch, "watch.log")
    said = re.search(r"^cargo lambda watch --env-vars (\S+)$", (ROOT / "README.md").read_text(), re.M)
    if said is None:
        raise SystemExit("README.md no longer says how to run `cargo lambda watch`: change watch in tests/sam/cargo_lambda.py")
    names = [variable.split("=")[0] for variable in said[1].split(",")]
    variables = ",".join(f"{name}={place.environment[name]}" for name in names)
    command = ["cargo", "lambda", "watch", "--env-vars", variables, "--ignore-changes", "--locked", "--target", target]
    command += ["--invoke-address", HERE, "--invoke-port", str(port)]
    # A session of its own, so that the functions it starts end with it.
    with open(log, "w") as output, subprocess.Popen(
        command, cwd=ROOT, stdout=output, stderr=output, start_new_session=True
    ) as process:
        try:
            wait_for(port, process, log)
            yield port
        finally:
            os.killpg(process.pid, signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(PATIENCE_S)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def invoke(port, function, operation):
    """What is wrong with the answer of one `cargo lambda invoke`, if anything is."""
    command = ["cargo", "lambda", "invoke", "--invoke-address", HERE, "--invoke-port", str(port), function]
    command += ["--data-file", f"events/{operation}/event.json"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S)
    with contextlib.suppress(ValueError, LookupError):
        if json.loads(ended.stdout)["statusCode"] == EXPECTED[operation]:
            return []
    return [f"cargo lambda invoke {function}, events/{operation}: {ended.stdout}{ended.stderr}"]


def deploy_dry(function):
    """What is wrong with what would be deployed, if anything is."""
    role = ROLE.format(function)
    command = ["cargo", "lambda", "deploy", "--dry", "--output-format", "json", "--binary-name", function]
    command += ["--role", role, "--merge-env", "--alias", "live", f"latchkey-dev-{function}"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S)
    with contextlib.suppress(ValueError, LookupError):
        would = json.loads(ended.stdout[ended.stdout.index("{") :])
        if (would["name"], would["files"], would["config"]["role"]) == (function, ["bootstrap"], role):
            return []
    return [f"cargo lambda deploy --dry of {function}: {ended.stdout}{ended.stderr}"]


def main():
    program, target = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="latchkey-cargo-lambda-") as scratch:
        demo = Demo(program, scratch)
        place = Place(demo, HERE)
        with watch(place, target, scratch) as port:
            with Phase("the walk through cargo lambda watch"):
                steps, failed = walks(f"http://{HERE}:{port}", place)
            with Phase("cargo lambda invoke of an event of each function"), place.with_demo():
                invoked = [found for function, operation in EVENTS.items() for found in invoke(port, function, operation)]
    with Phase("cargo lambda deploy --dry of each function"), ThreadPoolExecutor(os.cpu_count()) as workers:
        deployed = [found for wrong in workers.map(deploy_dry, EVENTS) for found in wrong]

    wrong = failed + invoked + deployed
    for sentence in wrong:
        print(f"cargo-lambda: FAILED: {sentence}", file=sys.stderr)
    print(
        f"cargo-lambda: {steps - len(failed)} of {steps} walk steps, {len(EVENTS) - len(invoked)} of {len(EVENTS)} events, "
        f"{len(EVENTS) - len(deployed)} of {len(EVENTS)} functions to deploy"
    )
    sys.exit(1 if wrong else 0)


main()

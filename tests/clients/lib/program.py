"""The program on a folder of its own, from Python."""

import re
import subprocess
import threading

PATIENCE_S = 60


class Program:
    """A running `latchkey serve`. `base` is where it listens; on a folder that was empty, `key` is the demo's API key."""

    def __init__(self, program, data, *more):
        arguments = [program, "serve", "--port", "0", "--data", data, *more]
        self.process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        # A server that does not come up is not waited for.
        patience = threading.Timer(PATIENCE_S, self.process.kill)
        patience.start()
        for line in self.process.stdout:
            if found := re.match(r"Latchkey is listening on (\S+)", line):
                self.base = found[1]
            if found := re.match(r"  curl --user :(\S+) ", line):
                self.key = found[1]
            # What it says last, the first time and later.
            if re.match(r"  curl |Keys are shown once", line):
                break
        else:
            raise SystemExit("the server did not start")
        patience.cancel()

    def stop(self):
        self.process.terminate()
        self.process.wait(PATIENCE_S)
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

"""`tally witness` as a process, and what the tests of witnesses need again and again."""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "api"))
from api_world import NO_BODY, TALLY, Client, World, leftovers, run  # noqa: E402, F401 (tests take them from here)
from c2sp import COSIGNATURE, Key  # noqa: E402


def tally(*arguments, **options):
    return subprocess.run([TALLY, *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False,
                          **options)


class Directory:
    """A place of a test's own, which goes with it."""

    def __init__(self):
        self.path = tempfile.mkdtemp(prefix="tally-witness-")
        leftovers.directory(self.path)

    def file(self, name, text=None):
        path = os.path.join(self.path, name)
        if text is not None:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        return path

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)


class Witness:
    """One witness with its key and state; it can be stopped, killed and started again on the same port."""

    def __init__(self, place, name, logs):
        self.place, self.name = place, name
        self.key_file = place.file(f"{name}.key")
        self.state = place.file(f"{name}.state")
        made = tally("witness", "keygen", "--name", f"{name}.example", "--key", self.key_file)
        assert made.returncode == 0, made.stderr
        self.key = Key.parse(made.stdout.strip())
        assert self.key.kind == COSIGNATURE
        self.logs_file = place.file(f"{name}.logs")
        self.serve_logs(logs)
        self.port = 0
        self.process = None
        self.log_file = place.file(f"{name}.log")

    def serve_logs(self, vkeys):
        self.place.file(f"{self.name}.logs", "logs/v0\n" + "".join(f"vkey {vkey}\n" for vkey in vkeys))

    @property
    def arguments(self):
        return ["--key", self.key_file, "--logs", self.logs_file, "--state", self.state]

    def start(self, *options, **environment):
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(
                [TALLY, "witness", *self.arguments, "--listen", f"127.0.0.1:{self.port}", *options],
                stdout=subprocess.PIPE, stderr=log, env={**os.environ, **environment})
        line = self.process.stdout.readline().decode()
        found = re.search(r"https?://127\.0\.0\.1:(\d+)", line)
        assert found, f"the witness did not start: {line!r} {self.log_text()}"
        self.port = int(found.group(1))
        self.client = Client(self.port)
        return self

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        status = self.process.wait(60)
        self.process.stdout.close()
        self.process = None
        assert number == signal.SIGKILL or status == 0, f"the witness ended with {status}: {self.log_text()}"

    def log_text(self):
        with open(self.log_file, encoding="utf-8", errors="replace") as file:
            return file.read()[-4000:]

    def add(self, body):
        return Client(self.port).ask("POST", "/add-checkpoint", body, Content_Type="text/plain")

    def page(self, log):
        return Client(self.port).get(log.page)

    def __enter__(self):
        return self.start() if self.process is None else self

    def __exit__(self, kind, *_):
        if kind:
            sys.stderr.write(self.log_text())
        if self.process:
            self.stop(signal.SIGKILL if kind else signal.SIGTERM)

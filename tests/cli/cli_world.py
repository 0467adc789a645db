"""A server and the command line before it: every command is run as a process of its own, with a state directory and an
environment that no other test sees."""
import json
import os
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "api"))
from api_world import Client, World, run  # noqa: E402, F401 (tests take run from here)

TALLY = os.environ.get("TALLY", "build/tally")
ROOT = Path(__file__).resolve().parent.parent.parent
SHARED = Path(os.environ.get("TALLY_SHARED", ROOT.parent / "shared"))
CI_SIGNS = ("GITHUB_ACTIONS", "GITLAB_CI", "JENKINS_URL", "BUILDKITE", "TF_BUILD")


class Result:
    def __init__(self, code, out, err):
        self.code = code
        self.out = out.decode()
        self.err = err.decode()

    @property
    def json(self):
        return json.loads(self.out)

    def __repr__(self):
        return f"exit {self.code}\n--- out\n{self.out[-3000:]}\n--- err\n{self.err[-3000:]}"


class CliWorld(World):
    def environment(self, **more):
        """What a command sees: nothing of ours but what is needed. None takes a variable away."""
        names = {name: value for name, value in os.environ.items()
                 if not name.startswith("TALLY") and name not in CI_SIGNS and not name.lower().endswith("_proxy")}
        names |= {"TALLY_URL": f"http://127.0.0.1:{self.port}", "TALLY_TOKEN": self.admin_token,
                  "XDG_STATE_HOME": os.path.join(self.dir, "state")}
        names |= more
        return {name: value for name, value in names.items() if value is not None}

    def begin(self, *words, **environment):
        """The command as a process that is not waited for."""
        return subprocess.Popen([TALLY, *map(str, words)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, env=self.environment(**environment), cwd=self.dir)

    def tally(self, *words, **environment):
        process = self.begin(*words, **environment)
        out, err = process.communicate(timeout=120)
        return Result(process.returncode, out, err)

    def done(self, *words, **environment):
        """A command that must succeed."""
        result = self.tally(*words, **environment)
        assert result.code == 0, result
        return result

    def start_on(self, port):
        """The server again, where its clients look for it."""
        self.log = open(self.path("log"), "ab")
        self.process = subprocess.Popen([TALLY, "serve", "--data", self.data, "--listen", f"127.0.0.1:{port}"],
                                        stdout=subprocess.PIPE, stderr=self.log)
        assert self.process.stdout.readline(), self.log_text()
        self.port = port
        self.admin = self.client(self.admin_token)

    def path(self, name):
        return os.path.join(self.dir, name)

    def shop(self, seats=2, name="cad/render"):
        """A licence with that many seats, made by commands."""
        product, feature = name.split("/")
        self.done("product", "create", product, "--feature", feature)
        self.done("organisation", "create", "acme")
        self.done("license", "create", "--product", product, "--holder", "acme", "--feature", f"{feature}={seats}")

    def entries_of(self, kind):
        return [entry for _, entry in self.admin.entries() if entry["type"] == kind]


def wait_for(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def finish(process, timeout=60):
    out, err = process.communicate(timeout=timeout)
    return Result(process.returncode, out, err)


class Between:
    """A server between client and server that may change answers: change(method, path, status, body) gives another
    (status, body)."""

    def __init__(self, port, change):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def forward(self):
                length = int(self.headers.get("Content-Length", 0))
                headers = {name: value for name, value in self.headers.items()
                           if name.lower() in ("authorization", "content-type", "prefer", "idempotency-key")}
                client = Client(port)
                answer = client.ask(self.command, self.path, *([self.rfile.read(length)] if length else []),
                                    **{name.replace("-", "_"): value for name, value in headers.items()})
                client.close()
                status, body = change(self.command, self.path, answer.status, answer.body)
                self.send_response(status)
                self.send_header("Content-Type", answer.headers.get("content-type", "text/plain"))
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                try:
                    self.wfile.write(body)
                except ConnectionError:  # who has seen enough goes
                    pass

            do_GET = do_POST = do_DELETE = forward

            def log_message(self, *arguments):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda request, address: None  # clients may go whenever they have seen enough
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.server.shutdown()
        self.server.server_close()

"""A server and the command line before it: every command is run as a process of its own, with a state directory and an
environment that no other test sees."""
import collections
import json
import os
import random
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "api"))
from api_world import Client, World, leftovers, run  # noqa: E402, F401 (tests take them from here)

TALLY = os.environ.get("TALLY", "build/tally")
ROOT = Path(__file__).resolve().parent.parent.parent
SHARED = Path(os.environ.get("TALLY_SHARED", ROOT.parent / "shared"))
RESULTS_SHOWN = 5  # of the last commands, when a test failed
CI_SIGNS = ("GITHUB_ACTIONS", "GITLAB_CI", "JENKINS_URL", "BUILDKITE", "TF_BUILD")


class Result:
    def __init__(self, code, out, err, words=()):
        self.words = words
        self.code = code
        self.out = out.decode()
        self.err = err.decode()

    @property
    def json(self):
        return json.loads(self.out)

    def __repr__(self):
        return f"{' '.join(map(str, self.words))}: exit {self.code}\n--- out\n{self.out[-3000:]}\n--- err\n{self.err[-3000:]}"


class CliWorld(World):
    def __init__(self, *options):
        self.results = collections.deque(maxlen=RESULTS_SHOWN)
        super().__init__(*options)

    def tell(self):
        super().tell()
        for result in self.results:
            print(f"--- {result}", file=sys.stderr)

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
        result = finish(process, 120)
        self.results.append(result)
        return result

    def done(self, *words, **environment):
        """A command that must succeed."""
        result = self.tally(*words, **environment)
        assert result.code == 0, result
        return result

    def start(self, **environment):
        """Always on the same port, where its clients look for it."""
        self.steady_port = getattr(self, "steady_port", None) or steady_port()
        self.begin_server([TALLY, "serve", "--data", self.data, "--listen", f"127.0.0.1:{self.steady_port}",
                           *self.options], **environment)
        self.steady_port = self.port

    def commands(self):
        """The words of every command that `tally help` lists."""
        text = self.done("help").out.split("\nSettings")[0]
        listed = [line.split("  ")[1].strip() for line in text.split("\n") if line.startswith("  ")]
        assert len(listed) > 40, listed
        return listed

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


def steady_port():
    """A port that is still free after its server was down for a while: none of those that the system gives to whoever
    asks for any, and to clients."""
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
        first, last = map(int, file.read().split())
    ports = [port for port in range(10000, 32000) if not first <= port <= last]
    for port in random.sample(ports, 20) if len(ports) > 20 else ():
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass  # somebody has it
    return 0


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"it did not happen within {seconds} s"
        time.sleep(0.02)


def finish(process, timeout=60):
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        raise AssertionError(f"it did not end within {timeout} s: "
                             f"{Result(None, *process.communicate(), process.args[1:])}") from None
    return Result(process.returncode, out, err, process.args[1:])


class Patient(ThreadingHTTPServer):
    request_queue_size = 128  # clients that ask for much at once are not made to try again
    daemon_threads = True


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

        self.server = Patient(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda request, address: None  # clients may go whenever they have seen enough
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.server.shutdown()
        self.server.server_close()

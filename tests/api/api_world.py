"""A real server for the tests of the API: `tally init` and `tally serve` in a directory of their own, and clients.

Plain claims: a test is a function whose name says what holds; `run(globals())` runs those that a module defines, each
on the server that it makes for itself, and ends with status 1 when one failed. Only Python's standard library.
"""
import base64
import calendar
import concurrent.futures
import hashlib
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from leftovers import Leftovers  # noqa: E402

TALLY = os.environ.get("TALLY", "build/tally")
NO_BODY = object()
STOP_MAX_S = PATIENCE_S = 60  # then it is taken for dead
LOG_SHOWN_BYTES = 16384  # of a failed test's server
LINE_SHOWN = 2000  # characters of what a failed test knew
leftovers = Leftovers()


class Answer:
    def __init__(self, response, body):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = body

    @property
    def text(self):
        return self.body.decode("utf-8")

    @property
    def json(self):
        return json.loads(self.body, object_pairs_hook=members_once)

    @property
    def lines(self):
        return [json.loads(line, object_pairs_hook=members_once) for line in self.body.splitlines()]

    def __repr__(self):
        return f"{self.status} {self.body[:600]!r}"


def members_once(pairs):
    names = [name for name, _ in pairs]
    assert len(names) == len(set(names)), f"a member is there twice: {names}"
    return dict(pairs)


class Client:
    """One principal's requests, over one connection that is kept."""

    def __init__(self, port, token=None):
        self.port = port
        self.token = token
        self.connection = None

    def ask(self, method, path, body=NO_BODY, **headers):
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token and "Authorization" not in names:
            names["Authorization"] = "Bearer " + self.token
        data = None
        if body is not NO_BODY:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            names.setdefault("Content-Type", "application/json")
        if not self.connection:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            self.connection.request(method, path, body=data, headers=names)
            response = self.connection.getresponse()
            answer = Answer(response, response.read())
        except (ConnectionError, http.client.HTTPException):
            self.close()
            raise
        if response.will_close:
            self.close()
        return answer

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def get(self, path, **headers):
        return self.ask("GET", path, **headers)

    def post(self, path, body=NO_BODY, **headers):
        return self.ask("POST", path, body, **headers)

    def delete(self, path, **headers):
        return self.ask("DELETE", path, **headers)

    def made(self, path, body, **headers):
        """POST that must do something; gives the answer's JSON."""
        answer = self.post(path, body, **headers)
        assert answer.status in (200, 201, 202), answer
        return answer.json

    def batch(self, lines, **headers):
        body = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
        answer = self.post("/v1/batch", body.encode(), Content_Type="application/x-ndjson", **headers)
        assert answer.status == 200, answer
        return answer.lines

    def entries(self, after=-1):
        """The ledger's entries behind an index, as (index, entry)."""
        found = []
        while True:
            page = self.get(f"/v1/audit?after={after}&limit=1000").json
            found += [(row["index"], json.loads(row["entry"])) for row in page["entries"]]
            if page["next"] == after:
                return found
            after = page["next"]

    def size(self):
        """How many entries the ledger has."""
        return self.entries()[-1][0] + 1


class World:
    def __init__(self, *options):
        self.dir = tempfile.mkdtemp(prefix="tally-api-")
        leftovers.directory(self.dir)
        self.data = os.path.join(self.dir, "data")
        self.options = options
        self.process = None
        self.fault_file = os.path.join(self.dir, "faults")
        try:
            self._init(os.path.join(self.dir, "token"))
            self.start()
            self.published(3)  # a server that has just begun has signed nothing yet
        except BaseException:
            shutil.rmtree(self.dir, ignore_errors=True)
            raise

    def _init(self, token_file):
        done = subprocess.run([TALLY, "init", "--data", self.data, "--admin-token-file", token_file], check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert done.returncode == 0, f"tally init ended with {done.returncode}: {done.stdout.decode()}"
        with open(token_file, encoding="ascii") as file:
            self.admin_token = file.read().strip()

    def start(self, **environment):
        self.begin_server([TALLY, "serve", "--data", self.data, "--listen", "127.0.0.1:0", *self.options], **environment)

    def begin_server(self, words, **environment):
        self.log = open(os.path.join(self.dir, "log"), "ab")
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=self.log,
                                        env={**os.environ, **environment})
        line = self.process.stdout.readline().decode()
        found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        assert found, f"the server did not start: {line!r} {self.log_text()}"
        self.port = int(found.group(1))
        self.admin = self.client(self.admin_token)

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        try:
            status = self.process.wait(STOP_MAX_S)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the server did not end within {STOP_MAX_S} s: {self.threads()}") from None
        self.process.stdout.close()
        self.log.close()
        self.process = None
        assert number == signal.SIGKILL or status == 0, f"the server ended with {status}: {self.log_text()}"

    def threads(self):
        """Where the server's threads are, for a server that hangs."""
        places = []
        for task in sorted(os.listdir(f"/proc/{self.process.pid}/task")):
            for name in ("comm", "wchan", "stack"):
                try:
                    with open(f"/proc/{self.process.pid}/task/{task}/{name}", encoding="ascii") as file:
                        places.append(file.read().strip())
                except OSError:
                    pass
        return places

    def plan_faults(self, text):
        """Fault points (base/fault) of a server that was started with TALLY_FAULT_FILE=self.fault_file: they count
        when this returns, for the server removes the file that it has read."""
        with open(self.fault_file + ".new", "w", encoding="ascii") as file:
            file.write(text)
        os.rename(self.fault_file + ".new", self.fault_file)
        self.process.send_signal(signal.SIGUSR2)
        end = time.monotonic() + PATIENCE_S
        while os.path.exists(self.fault_file):
            assert self.process.poll() is None and time.monotonic() < end, "the server did not read its faults"
            time.sleep(0.001)

    def restart(self, number=signal.SIGTERM):
        self.stop(number)
        self.start()

    def log_text(self):
        with open(os.path.join(self.dir, "log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def client(self, token=None):
        return Client(self.port, token)

    def close(self):
        if self.process:
            self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind:
            self.tell()
            if self.process:
                self.process.kill()
                self.process.wait()
                self.process = None
        self.close()

    def tell(self):
        """What is worth knowing of a test that failed."""
        ended = self.process.poll() if self.process else "by the test"
        print(f"--- the server {'runs' if ended is None else f'ended: {ended}'}; its log", file=sys.stderr)
        print(self.log_text()[-LOG_SHOWN_BYTES:], file=sys.stderr)

    def published(self, size):
        """The ledger's answer once a checkpoint covers `size` entries; those are made once a second."""
        end = time.monotonic() + PATIENCE_S
        while True:
            ledger = self.admin.get("/v1/ledger").json
            if ledger["size"] >= size:
                return ledger
            assert time.monotonic() < end, f"no checkpoint of {size} entries: {ledger}"
            time.sleep(0.02)

    # ---- What tests need again and again ----

    def product(self, name="cad", features=("render",)):
        return self.admin.made("/v1/products", {"name": name, "features": [{"name": f} for f in features]})

    def organisation(self, name="Acme"):
        return self.admin.made("/v1/organisations", {"name": name})["id"]

    def license(self, holder="Acme", limit=2, product="cad", feature="render", **more):
        terms = {"feature": feature, "model": "floating", "limit": limit}
        terms.update(more.pop("terms", {}))
        return self.admin.made("/v1/licenses", {"product": product, "holder": holder, "entitlements": [terms], **more})

    def user(self, name, organisation=None, role="member", scopes=("all",), kind="users"):
        """A new principal's client; its id is `client.id`."""
        body = {"name": name, "role": role}
        if organisation:
            body["organisation"] = organisation
        made = self.admin.made("/v1/" + kind, body)
        token = self.admin.made("/v1/api-tokens",
                                {"owner": made["id"], "scopes": list(scopes), "expires_at": later(30)})
        client = self.client(token["token"])
        client.id = made["id"]
        client.token_id = token["id"]
        return client

    def seats(self, limit=2):
        """cad/render with that many seats of Acme, and one of its members."""
        self.product()
        organisation = self.organisation()
        self.license(limit=limit)
        return self.user("joe", organisation)


def ask_all(client, requests):
    """Answers of (method, path, body or NO_BODY), asked side by side: what is refused often is answered with a roll-up,
    up to a second later."""
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        return list(pool.map(lambda request: Client(client.port, client.token).ask(*request), requests))


def later(days):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + days * 86400))


def unix(text):
    return calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S"))


# ---- RFC 6962, from the RFC alone ----

def leaf_hash(leaf):
    return hashlib.sha256(b"\0" + leaf).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def tree_root(leaves):
    """The Merkle tree hash of leaf hashes."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(tree_root(leaves[:split]), tree_root(leaves[split:]))


def root_by_path(index, size, leaf, path):
    """The root that an inclusion path leads to (RFC 9162 section 2.1.3.2)."""
    fn, sn, root = index, size - 1, leaf
    for step in path:
        assert sn > 0, "the path is too long"
        if fn & 1 or fn == sn:
            root = node_hash(step, root)
            while fn and not fn & 1:
                fn >>= 1
                sn >>= 1
        else:
            root = node_hash(root, step)
        fn >>= 1
        sn >>= 1
    assert sn == 0, "the path is too short"
    return root


def roots_by_consistency(older, newer, old_root, proof):
    """The two roots that a consistency proof leads to (RFC 9162 section 2.1.4.2), for 0 < older < newer."""
    proof = ([old_root] if older & (older - 1) == 0 else []) + proof
    fn, sn = older - 1, newer - 1
    while fn & 1:
        fn >>= 1
        sn >>= 1
    first = second = proof[0]
    for step in proof[1:]:
        assert sn > 0, "the proof is too long"
        if fn & 1 or fn == sn:
            first, second = node_hash(step, first), node_hash(step, second)
            while fn and not fn & 1:
                fn >>= 1
                sn >>= 1
        else:
            second = node_hash(second, step)
        fn >>= 1
        sn >>= 1
    assert sn == 0, "the proof is too short"
    return first, second


def proof_parts(text):
    """A tlog-proof's index, path, and its checkpoint's size and root."""
    head, _, note = text.partition("\n\n")
    lines = head.split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1", lines[0]
    start = 1 + lines[1].startswith("extra ")
    path = [base64.b64decode(line) for line in lines[start + 1:]]
    note_lines = note.split("\n")
    return int(lines[start].split()[1]), path, int(note_lines[1]), base64.b64decode(note_lines[2])


def proof_holds(text, index, entry):
    """Whether the proof leads from the entry's exact text to the root that its checkpoint tells."""
    at, path, size, root = proof_parts(text)
    return at == index and root_by_path(index, size, leaf_hash(entry.encode()), path) == root


# ---- Running ----

def failure_print():
    """The way to the failure, and what each function on it knew."""
    told = traceback.TracebackException(*sys.exc_info(), capture_locals=True)
    del told.stack[0]  # run() itself
    for part in told.format():
        for line in part.rstrip("\n").split("\n"):
            print(line[:LINE_SHOWN], file=sys.stderr)


def signals_reset():
    """Who runs us in the background may ignore SIGINT, and a shell that begins so can't trap it: our children begin as
    those of a terminal do."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


def run(module):
    words = sys.argv[1:]
    signals_reset()
    failed = passed = 0
    for name, test in list(module.items()):
        if getattr(test, "__module__", None) != module["__name__"] or isinstance(test, type) or name.startswith("_"):
            continue
        if test.__code__.co_argcount or (words and not any(word in name for word in words)):
            continue
        begun = time.monotonic()
        try:
            test()
            passed += 1
            print(f"ok    {name} ({time.monotonic() - begun:.1f} s)", flush=True)
        except Exception:
            failed += 1
            print(f"FAILED {name} ({time.monotonic() - begun:.1f} s)", flush=True)
            failure_print()
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)

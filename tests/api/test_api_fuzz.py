"""Hostile requests at every route, made from /openapi.json: wrong types, unknown members, figures out of range, deep nesting,
bad UTF-8, ids of nothing and of others, wrong methods, headers that contradict. Whatever comes, the answer is one that the
document tells, the server lives without a sanitizer's report, and its ledger verifies.

TEST_SEED repeats a run's requests; TALLY_NIGHTLY=1 makes it long. Requests are pipelined, since what is refused often is answered
with a roll-up, up to a second later."""
import json
import os
import random
import re
import socket
import subprocess
import threading
import time

from api_world import TALLY, World, later, run

SEED = int(os.environ.get("TEST_SEED", time.time_ns() % 1_000_000_000))
SECONDS = 240 if os.environ.get("TALLY_NIGHTLY") == "1" else 12
THREADS = 48
PIPELINE = 12
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "FOO", "get")
NONE = "0" * 26
BODILESS = (204, 304)
# What is right for a text that its schema does not tell.
RIGHT = {"product": ["cad"], "holder": ["Acme"], "owner": ["usr", "svc"], "principal": ["usr", "svc"],
         "scopes": ["lease.take", "catalog.read"], "host": ["ws-17"], "user": ["joe"]}


class Closed(Exception):
    pass


class Request:
    """One request as bytes, with what is known about it."""

    def __init__(self, method, target, headers, body, operation):
        self.method = method
        self.operation = operation
        lines = [b"%s %s HTTP/1.1" % (method.encode(), target)] + [n + b": " + v for n, v in headers]
        self.bytes = b"\r\n".join(lines) + b"\r\n\r\n" + body

    def __repr__(self):
        return f"{self.operation and self.operation['name']}: {self.bytes[:1500]!r}"


def _read_answer(stream, method):
    line = stream.readline(65536)
    while line.startswith(b"HTTP/1.1 100"):
        assert stream.readline(65536) == b"\r\n"
        line = stream.readline(65536)
    if not line:
        raise Closed
    status = int(re.fullmatch(rb"HTTP/1\.1 (\d{3}) [^\r\n]+\r\n", line).group(1))
    headers = {}
    while (line := stream.readline(65536)) != b"\r\n":
        name, _, value = line.decode("ascii").rstrip("\r\n").partition(": ")
        assert name and name.lower() not in headers, line
        headers[name.lower()] = value
    length = 0 if method == "HEAD" or status in BODILESS else int(headers["content-length"])
    body = stream.read(length)
    assert len(body) == length, "the answer is cut off"
    return status, headers, body


class Pipe:
    """Many requests on one connection; those behind one that ends it are sent again on another."""

    def __init__(self, port):
        self.port = port

    def ask(self, requests):
        answers = []
        while len(answers) < len(requests):
            answers += self._ask(requests[len(answers):])
        return answers

    def _ask(self, requests):
        answers = []
        with socket.create_connection(("127.0.0.1", self.port), 60) as connection:
            writer = threading.Thread(target=self._send, args=(connection, b"".join(r.bytes for r in requests)))
            writer.start()
            with connection.makefile("rb") as stream:
                for request in requests:
                    try:
                        answers.append(_read_answer(stream, request.method))
                    except (Closed, ConnectionError):
                        break
                    if answers[-1][1].get("connection") == "close":
                        break
            connection.close()
            writer.join()
        assert answers, f"no answer to {requests[0]!r}"
        return answers

    @staticmethod
    def _send(connection, data):
        try:
            connection.sendall(data)
        except OSError:
            pass  # the server has closed: what it answered before is there to be read


class Maker:
    """Makes requests, each wrong in some way or none, out of the document and of ids that are there."""

    def __init__(self, seed, document, tokens, ids):
        self.chance = random.Random(seed)
        self.tokens = tokens
        self.ids = ids
        self.lines = [(line["properties"]["op"]["const"], line["x-members"])
                      for line in document["components"]["schemas"]["BatchLine"]["oneOf"]]
        self.operations = []
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                content = operation.get("requestBody", {}).get("content", {})
                self.operations.append({
                    "name": f"{method.upper()} {path}", "method": method.upper(), "path": path,
                    "parameters": operation["parameters"], "type": next(iter(content), None),
                    "schema": content.get("application/json", {}).get("schema"),
                    "statuses": {int(status) for status in operation["responses"] if status != "default"}})
        self.by_name = {operation["name"]: operation for operation in self.operations}

    def one_in(self, n):
        return self.chance.randrange(n) == 0

    # ---- Values ----

    def id_of(self, kind):
        choices = [self.chance.choice(self.ids.get(kind) or [kind + "_" + NONE])] * 6
        choices += [kind + "_" + NONE, kind + "_7" + "z" * 25, kind + "_8" + "z" * 25, kind, kind + "_", "",
                    self.chance.choice(sum(self.ids.values(), ["x"])), (kind + "_" + NONE).upper(),
                    kind + "_" + "".join(self.chance.choices("0123456789abcdefghjkmnpqrstvwxyz", k=26))]
        return self.chance.choice(choices)

    def text(self, least, most):
        pick = self.chance.choice
        return pick(["", "x", "x" * least, "x" * most, "x" * (most + 1), "x" * 70000, "a/b", "cad/render", "cad", "render",
                     "Acme", "\u0000", "a\nb", "\x7f", "é" * (most // 2 + 1), "\u202e", "\U0001f600", "\\", '"', "../../x",
                     "%00", "null", " ", "-", "\ufeff", "x" * self.chance.randint(0, most)])

    def number(self, schema):
        least, most = schema.get("minimum", 0), schema.get("maximum", 2 ** 63 - 1)
        return self.chance.choice([least, most, least - 1, most + 1, 0, -1, 1, 2, 2 ** 31, 2 ** 32, 2 ** 53, 2 ** 63, 2 ** 64,
                                   -2 ** 63, 10 ** 400, 1.5, -0.0, 1e308, self.chance.randint(least, most)])

    def wrong(self):
        deep = self.chance.choice([1, 5, 40, 400])
        nest = None
        for _ in range(deep):
            nest = [nest] if self.one_in(2) else {"a": nest}
        return self.chance.choice([None, True, False, 0, -1, 1.5, 2 ** 65, "", "x", [], {}, [[]], [None] * 2000, {"": ""}, nest,
                                   {"x" * 300: 1}, {str(n): n for n in range(300)}])

    def right(self, name):
        if name in ("name", "to", "features"):
            return f"n{self.chance.randrange(10 ** 9)}"
        if name == "feature":
            return self.chance.choice(["cad/render", "render"])
        pick = self.chance.choice(RIGHT.get(name, ["x y"]))
        return self.chance.choice(self.ids[pick]) if pick in self.ids else pick

    def value(self, schema, hostile=True, name=None):
        if hostile and self.one_in(6):
            return self.wrong()
        if "const" in schema or "enum" in schema:
            return self.chance.choice(schema.get("enum", [schema.get("const")]) + (["x", ""] if hostile else []))
        kind = schema.get("type")
        if kind == "object":
            return self.object(schema, hostile)
        if kind == "array":
            count = self.chance.choice([0, 1, 1, 2, 3, 70] if hostile else [1, 2])
            return [self.value(schema["items"], hostile, name)
                    for _ in range(max(count, 0 if hostile else schema.get("minItems", 0)))]
        if kind == "integer":
            return self.number(schema) if hostile else self.chance.randint(schema.get("minimum", 0),
                                                                            min(schema.get("maximum", 99), 99))
        if kind == "boolean":
            return self.one_in(2)
        return self.string(schema, hostile, name)

    def string(self, schema, hostile, name):
        if schema.get("format") == "date-time":
            times = [later(1), later(400), "2030-01-01T00:00:00Z"]
            return self.chance.choice(times + (["1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2030-02-30T00:00:00Z", "x",
                                                "2030-01-01T00:00:00.123456789+14:00", "-1"] if hostile else []))
        pattern = schema.get("pattern", "")
        if re.match(r"\^[a-z]{3}_", pattern):
            kind = pattern[1:4]
            return self.id_of(kind) if hostile else self.chance.choice(self.ids.get(kind) or [kind + "_" + NONE])
        if "[0-9a-f]" in pattern:
            digits = schema.get("maxLength", 32)
            return "".join(self.chance.choices("0123456789abcdef", k=digits + (self.chance.randint(-1, 1) if hostile else 0)))
        least, most = schema.get("minLength", 1), schema.get("maxLength", 512)
        if not hostile or self.one_in(4):
            return self.right(name)
        return self.text(least, most) if self.one_in(2) else self.id_of(self.chance.choice(list(self.ids)))

    def object(self, schema, hostile):
        properties, found = schema.get("properties", {}), {}
        for name, member in properties.items():
            needed = name in schema.get("required", ())
            if needed and not (hostile and self.one_in(20)) or not needed and self.one_in(2 if hostile else 5):
                found[name] = self.value(member, hostile and self.one_in(3), name)
        if not properties and schema.get("additionalProperties"):
            found = {self.chance.choice(["user", "host", "job", "", "x" * 65]): self.text(1, 512) for _ in range(3)}
        if hostile and self.one_in(12):
            found[self.chance.choice(["bogus", "", "id", "\u0000", "x" * 5000])] = self.wrong()
        return found

    # ---- Bodies ----

    def damaged(self, body):
        at = self.chance.randrange(len(body) + 1)
        junk = self.chance.choice([b"\x00", b"\xff", b"\xc3\x28", b"\xed\xa0\x80", b'"', b"}", b"{", b",", b"\\ud800", b"\\u0000",
                                   b"1e999", b"//", b"\xef\xbb\xbf", b"[" * 3000, bytes(self.chance.randrange(256) for _ in range(9))])
        return self.chance.choice([body[:at], body[:at] + junk + body[at:], body + junk, junk + body, body + body, junk,
                                   body.decode("utf-8", "replace").encode("utf-16"),
                                   body[:-1] + b',"feature":"a","feature":"b"}'])

    def json(self, schema, hostile):
        body = json.dumps(self.value(schema, hostile), ensure_ascii=self.one_in(2)).encode("utf-8", "surrogatepass")
        return self.damaged(body) if hostile and self.one_in(6) else body

    def batch(self, hostile):
        lines = []
        for _ in range(self.chance.choice([0, 1, 3, 20] if hostile else [1, 3])):
            op, schema = self.chance.choice(self.lines)
            line = {"op": op if not hostile or not self.one_in(9) else self.wrong(), **self.object(schema, hostile)}
            data = json.dumps(line).encode()
            lines.append(self.damaged(data).replace(b"\n", b"") if hostile and self.one_in(8) else data)
        return self.chance.choice([b"\n", b"\n", b"\n", b"\r\n"]).join(lines) + self.chance.choice([b"\n", b""])

    # ---- The rest of a request ----

    def path(self, operation, hostile):
        path = operation["path"].replace("{rest*}", self.chance.choice(
            ["0/000.p/1", "entries/000.p/1", "0/000", "9/999", "0/x000/001", "0/000.p/256", "entries/x001/x234/067", "-1/0"]))
        path = path.replace("{index}", self.chance.choice(["0", "1", "7", "99999999", "-1", "18446744073709551616", "x"]
                                                          if hostile else ["0", "1", "7"]))
        kinds = {"leases": "lse", "tickets": "tkt", "products": "prd", "licenses": "lic", "pools": "pol", "teams": "tem",
                 "organisations": "org", "users": "usr", "services": "svc", "api-tokens": "tok"}
        first = path.split("/")[2] if path.count("/") > 1 else ""
        for name, kind in (("{id}", kinds.get(first)), ("{user}", "usr")):
            if name in path:
                path = path.replace(name, self.id_of(kind) if hostile else self.chance.choice(
                    self.ids.get(kind) or [kind + "_" + NONE]))
        path = path.encode()
        if hostile and self.one_in(8):
            path = self.chance.choice([path + b"/", path + b"/x", path.replace(b"/", b"//", 1), path + b"%00", path + b"%2f",
                                       path + b"%zz", path + b"%ff", path + b"/..", b"/v1/../" + path, path.upper(), b"*",
                                       path + b"/" + b"x" * 3000, b"http://h" + path, b"http://" + path, path + b";a=b"])
        return path

    def query(self, operation, hostile):
        members = []
        for parameter in operation["parameters"]:
            if parameter["in"] != "query" or self.one_in(2):
                continue
            name, schema = parameter["name"], parameter["schema"]
            if name == "wait_s":
                value = self.chance.choice(["0", "1", "-1", "31", "x"] if hostile else ["0"])
            elif name == "dry_run" and not hostile:
                value = self.chance.choice(["true", "false"])
            elif name == "head":
                value = self.chance.choice(["0" * 64, "x" * 64, "0" * 63])
            elif hostile and self.one_in(3):
                value = self.chance.choice(["", "x", "-1", "%00", "%", "%ff", "1%2c2", "9" * 30, "+1", "true", "1e3", "x" * 2000])
            else:
                value = str(self.value(schema, False)).lower()
            members.append(f"{name}={value}")
        if hostile and self.one_in(10):
            members.append(self.chance.choice(["bogus=1", "limit=1", "=", "&", "a", "%61fter=1", "limit=1&limit=1", "after"]))
        return ("?" + "&".join(members)).encode() if members else b""

    def headers(self, operation, hostile):
        token = self.chance.choice(self.tokens)
        found = [(b"Host", b"x")]
        if not hostile or not self.one_in(15):
            found.append((b"Authorization", b"Bearer " + token.encode()))
        else:
            found.append((b"Authorization", self.chance.choice([b"", b"Bearer", b"Basic eA==", b"Bearer x", b"bearer  " + token.encode(),
                                                                 b"Bearer " + token.encode()[:-1], b"Bearer " + b"a" * 9000])))
        if operation["method"] == "POST" and self.one_in(3):
            found.append((b"Idempotency-Key", self.chance.choice(
                [b"a-key-that-is-used-again", b"%032x" % self.chance.getrandbits(128)] +
                ([b"short", b"x" * 256, b"with a space in the key", b"", b"\xc3\xa9" * 16] if hostile else []))))
        if self.one_in(8):
            found.append((b"Prefer", self.chance.choice([b"receipt", b"receipt, wait=1", b"x", b"", b",,,"])))
        if hostile and self.one_in(12):
            found.append(self.chance.choice([(b"Expect", b"100-continue"), (b"Expect", b"x"), (b"Connection", b"close"),
                                             (b"Upgrade", b"h2c"), (b"Host", b"y"), (b"Authorization", b"Bearer y"),
                                             (b"X", b"y" * 12000), (b"If-None-Match", b"*"), (b"Range", b"bytes=0-1"),
                                             (b"X-Many", b"1"), (b" X", b"y"), (b"X ", b"y"), (b"X", b"a\r\n b"), (b"X", b"\x01")]))
        return found

    def request(self):
        operation = self.chance.choice(self.operations)
        hostile = not self.one_in(3)
        method = self.chance.choice(METHODS) if hostile and self.one_in(12) else operation["method"]
        target = self.path(operation, hostile) + self.query(operation, hostile)
        headers = self.headers(operation, hostile)
        body = b""
        if operation["type"] or hostile and self.one_in(20):
            body = self.batch(hostile) if operation["type"] == "*/*" else self.json(operation["schema"] or {"type": "object"},
                                                                                     hostile)
            kind = operation["type"] or "application/json"
            headers.append((b"Content-Type", (self.chance.choice([kind, "text/plain", "", "application/json; charset=x"])
                                              if hostile and self.one_in(15) else kind).encode()))
            if hostile and self.one_in(10):
                headers.append((b"Transfer-Encoding", b"chunked"))
                body = self.chunked(body)
            else:
                headers.append((b"Content-Length", b"%d" % len(body)))
        return Request(method, target, headers, body, self.by_name.get(f"{method} {operation['path']}"))

    def chunked(self, body):
        at = self.chance.randrange(len(body) + 1)
        parts = [part for part in (body[:at], body[at:]) if part]
        end = self.chance.choice([b"0\r\n\r\n"] * 6 + [b"0\r\nX: y\r\n\r\n", b"0;a=b\r\n\r\n", b"00\r\n\r\n", b"g\r\n\r\n",
                                                       b"0\n\n", b"-1\r\n\r\n", b"ffffffffffffffffff\r\n\r\n"])
        return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + end


class Judge:
    """What an answer may be: a success that the document tells of the operation, or a problem that it tells at all."""

    def __init__(self, document):
        self.problems = {}
        for row in document["x-problems"]:
            self.problems.setdefault(row["code"], set()).add(row["status"])
        self.done = {}
        self.codes = {}

    def look(self, request, answer):
        status, headers, body = answer
        if status < 400:
            assert request.operation or request.method == "HEAD", (request, answer)
            if request.operation:
                assert status in request.operation["statuses"], (request, answer)
                self.done[request.operation["name"]] = self.done.get(request.operation["name"], 0) + 1
            if headers.get("content-type") == "application/json" and body:
                json.loads(body)
            elif headers.get("content-type") == "application/x-ndjson":
                for line in body.splitlines():
                    self.line(request, json.loads(line))
            return
        if request.method == "HEAD" or headers.get("content-type", "").startswith("text/plain"):
            assert status != 500, (request, answer)
            return
        assert headers["content-type"] == "application/problem+json", (request, answer)
        problem = json.loads(body)
        assert problem["status"] == status and problem["detail"], (request, answer)
        self.code(request, problem)

    def line(self, request, line):
        if line["status"] >= 400:
            self.code(request, line)

    def code(self, request, problem):
        assert problem["code"] in self.problems and problem["status"] in self.problems[problem["code"]], (request, problem)
        assert problem["status"] != 500, (request, problem)
        self.codes[problem["code"]] = self.codes.get(problem["code"], 0) + 1


def _clients(world, organisation):
    evil = world.organisation("Evil")
    made = [world.user(f"u{i}", organisation) for i in range(4)]
    made += [world.user(f"s{i}", organisation, kind="services") for i in range(2)]
    made += [world.user("boss", organisation, role="admin"), world.user("eve", evil, role="admin"), world.user("ann", role="auditor"),
             world.user("watcher", role="observer", kind="services"), world.user("scoped", role="admin", scopes=["lease.take"])]
    made += [world.user(f"root{i}", role="admin") for i in range(6)]
    return made


def _ids(world, held, kept):
    """Some ids of each kind; of those who ask, most are not among them, so that there is somebody left who may."""
    found = {"lse": [lease["id"] for lease in held], "tkt": []}
    for path, name, kind in (("products", "products", "prd"), ("licenses", "licenses", "lic"), ("pools", "pools", "pol"),
                             ("organisations", "organisations", "org"), ("users", "users", "usr"), ("teams", "teams", "tem"),
                             ("services", "services", "svc"), ("api-tokens?all=true", "tokens", "tok")):
        found[kind] = [row["id"] for row in world.admin.get("/v1/" + path).json[name]]
    own = world.admin.get("/v1/me").json
    for client_id, token_id in [(own["id"], own["token"])] + [(client.id, client.token_id) for client in kept]:
        found["tok"].remove(token_id)
        for kind in ("usr", "svc"):
            found[kind] = [known for known in found[kind] if known != client_id or len(found[kind]) == 1]
    return found


def _work(world, maker, judge, until, failures):
    try:
        pipe = Pipe(world.port)
        while time.monotonic() < until and not failures:
            requests = [maker.request() for _ in range(PIPELINE)]
            for request, answer in zip(requests, pipe.ask(requests)):
                judge.look(request, answer)
                _learn(maker, answer)
    except BaseException as failure:
        failures.append(failure)


def _learn(maker, answer):
    """Ids of what was made just now are asked for, too."""
    for found in re.findall(rb'"id":"((lse|tkt|lic|tem)_[0-9a-z]{26})"', answer[2] if answer[0] in (201, 202) else b""):
        known = maker.ids[found[1].decode()]
        known[:] = (known + [found[0].decode()])[-50:]


def whatever_comes_is_answered_as_the_document_says_and_the_ledger_verifies():
    print(f"seed {SEED}", flush=True)
    with World() as world:
        joe = world.seats(limit=8)
        organisation = world.admin.get(f"/v1/users/{joe.id}").json["organisation"]
        world.admin.made("/v1/teams", {"name": "t", "organisation": organisation})
        held = [joe.made("/v1/leases", {"feature": "cad/render"}) for _ in range(5)]
        clients = _clients(world, organisation)
        world.product("tool", ["one"])
        world.license(product="tool", feature="one", limit=1)
        held.append(joe.made("/v1/leases", {"feature": "tool/one"}))
        ticket = joe.made("/v1/leases", {"feature": "tool/one", "wait_s": 600})["id"]
        tokens = [client.token for client in clients] + [client.token for client in clients[-6:]] * 3 + [joe.token] * 12
        document = world.admin.get("/openapi.json").json
        judge, failures, ids = Judge(document), [], _ids(world, held, clients[3:] + [joe])
        ids["tkt"].append(ticket)
        until = time.monotonic() + SECONDS
        threads = [threading.Thread(target=_work, args=(world, Maker(SEED + i, document, tokens, ids), judge, until, failures))
                   for i in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(SECONDS + 120)
        if failures:
            raise failures[0]
        assert world.client().get("/healthz").status == 200
        world.restart()
        assert world.admin.get("/v1/ledger").status == 200
        world.stop()
        log = world.log_text()
        assert "Sanitizer" not in log and "runtime error" not in log, log
        verified = subprocess.run([TALLY, "verify", world.data], capture_output=True, check=False, text=True, timeout=120,
                                  env={**os.environ, "XDG_STATE_HOME": os.path.join(world.dir, "state")})
        assert verified.returncode == 0 and verified.stdout.startswith("ok"), verified
        print(f"{sum(judge.done.values())} done at {len(judge.done)} routes; problems: {dict(sorted(judge.codes.items()))}")
        assert len(judge.done) > 40, "most requests were refused: what was reached is not much"


if __name__ == "__main__":
    run(globals())

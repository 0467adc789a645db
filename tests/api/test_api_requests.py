"""What is wrong with a request is said by name, recorded, and changes nothing; /openapi.json says what is right."""
import json
import os
import re
import socket

from api_world import NO_BODY, World, ask_all, run

_ID = "01h455vb4pex5vsknk084sn02q"
_KINDS = {"leases": "lse_", "tickets": "tkt_", "products": "prd_", "licenses": "lic_", "pools": "pol_", "teams": "tem_",
          "organisations": "org_", "users": "usr_", "services": "svc_", "api-tokens": "tok_"}


def _filled(path):
    parts = path.split("/")
    kind = _KINDS.get(parts[2], "") if len(parts) > 2 else ""
    return (path.replace("{rest*}", "0/000.p/1").replace("{index}", "0").replace("{user}", "usr_" + _ID)
            .replace("{id}", kind + _ID))


def _operations(document):
    return [(method.upper(), path, operation) for path, methods in document["paths"].items()
            for method, operation in methods.items()]


def _sample(schema):
    """A value that the schema allows, with everything that is required."""
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type")
    if kind == "object":
        return {name: _sample(schema["properties"][name]) for name in schema.get("required", ())}
    if kind == "array":
        return [_sample(schema["items"])] * max(1, schema.get("minItems", 0))
    if kind == "integer":
        return schema.get("minimum", 1)
    if kind == "boolean":
        return True
    if schema.get("format") == "date-time":
        return "2030-01-01T00:00:00Z"
    pattern = schema.get("pattern", "")
    if pattern.startswith("^") and "_" in pattern[:6]:
        return pattern[1:5] + _ID
    least = schema.get("minLength", 1)
    return "x" * (1 if least == 1 else min(4 * least, schema["maxLength"]))


def _body_schema(operation):
    content = operation.get("requestBody", {}).get("content", {})
    return content.get("application/json", {}).get("schema")


def the_document_describes_every_route_and_nothing_else():
    with World() as world:
        document = world.client().get("/openapi.json").json
        assert document["openapi"] == "3.1.0" and document["info"]["version"]
        operations = _operations(document)
        requests = [(method, _filled(path), {} if method == "POST" and "/batch" not in path else NO_BODY)
                    for method, path, _ in operations]
        for (method, path, _), answer in zip(operations, ask_all(world.client(), requests)):
            assert answer.json["code"] != "ROUTE_NOT_FOUND" if answer.status == 404 else answer.status != 405, path
            assert answer.status in (200, 401, 404), (method, path, answer)
        for method, path in (("GET", "/v1/nothing"), ("PUT", "/v1/leases"), ("PATCH", "/v1/me")):
            assert world.admin.ask(method, path).status in (404, 405)
        for _, path, operation in operations:
            assert operation["summary"] and operation["tags"] and "default" in operation["responses"], path
            told = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
            assert told == {part.strip("{}*") for part in path.split("/") if part.startswith("{")}, path
        assert {row["type"] for row in document["x-entries"]} >= {"lease.granted", "lease.denied", "data.read"}
        assert {row["code"]: row["status"] for row in document["x-problems"]}["IDEMPOTENCY_CONFLICT"] == 422


def docs_api_md_has_every_route_and_no_other():
    with open(os.path.join(os.path.dirname(__file__), "..", "..", "docs", "api.md"), encoding="utf-8") as file:
        text = file.read()
    with World() as world:
        operations = _operations(world.client().get("/openapi.json").json)
    wanted = {f"| `{method} {path}` | {operation['x-permission']} | {operation['summary']} |"
              for method, path, operation in operations}
    rows = [line for line in text.splitlines() if re.match(r"\| `[A-Z]+ /", line)]
    assert len(rows) == len(set(rows)) and set(rows) == wanted, "\n".join(sorted(wanted ^ set(rows)))
    routes = {(method, path) for method, path, _ in operations}
    asked = [(found[1] or ("POST" if re.search(r" (-d|--data-binary) ", found[3]) else "GET"), found[2])
             for found in re.finditer(r'(?:ask|curl) (?:-X (\w+) +)?"?\$URL(/[^\s";?]+)([^\n]*)', text)]
    asked += re.findall(r"`(GET|POST|DELETE) (/[^\s`?]+)", text)
    told = {(method, re.sub(r"/[a-z]{3}_…", "/{id}", re.sub(r"^/tile/.*", "/tile/{rest*}", re.sub(r"/\d+", "/{index}", path))))
            for method, path in asked}
    assert len(told) > 30 and told <= routes, told - routes


def every_answer_has_the_members_that_the_document_promises():
    with World() as world:
        joe = world.seats()
        lease = joe.made("/v1/leases", {"feature": "cad/render"})
        document = world.admin.get("/openapi.json").json
        paths = {"/v1/ledger": "/v1/ledger", "/v1/audit": "/v1/audit", "/v1/audit/{index}": "/v1/audit/3",
                 "/v1/audit/consistency": "/v1/audit/consistency?from=1&to=2", "/v1/me": "/v1/me", "/v1/roles": "/v1/roles",
                 "/v1/why": "/v1/why?feature=render", "/v1/observations": "/v1/observations?head=" + "0" * 64,
                 "/v1/leases/{id}": f"/v1/leases/{lease['id']}", "/v1/pools/{id}": f"/v1/pools/{lease['pool']}",
                 "/v1/licenses/{id}": f"/v1/licenses/{lease['license']}"}
        for name in ("pools", "licenses", "products", "organisations", "users", "teams", "services", "api-tokens", "leases"):
            paths[f"/v1/{name}"] = f"/v1/{name}"
        for path, filled in paths.items():
            schemas = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]["anyOf"]
            answer = world.admin.get(filled).json
            _check(schemas[0], answer, path)
        granted = document["paths"]["/v1/leases"]["post"]["responses"]["201"]["content"]["application/json"]["schema"]
        for part in granted["anyOf"][0]["allOf"]:
            _check(part, lease, "POST /v1/leases", open_object=True)


def _check(schema, value, where, open_object=False):
    kind = schema.get("type")
    if kind == "object":
        assert isinstance(value, dict), (where, value)
        for name in schema.get("required", ()):
            assert name in value, (where, name, value)
        for name, member in value.items():
            if name in schema.get("properties", {}):
                _check(schema["properties"][name], member, f"{where} {name}")
            else:
                assert open_object or where in ("/v1/why",), (where, name)
    elif kind == "array":
        for item in value:
            _check(schema["items"], item, where + "[]")
    elif kind == "integer":
        assert isinstance(value, int) and not isinstance(value, bool), (where, value)
    elif kind == "boolean":
        assert isinstance(value, bool), (where, value)
    else:
        assert isinstance(value, str) and ("enum" not in schema or value in schema["enum"]), (where, value)


def every_route_refuses_unknown_parameters_and_members_by_name_and_records_it():
    with World() as world:
        document = world.admin.get("/openapi.json").json
        operations = _operations(document)
        requests = []
        for method, path, operation in operations:
            schema = _body_schema(operation)
            requests.append((method, _filled(path) + "?bogus=1", _sample(schema) if schema else NO_BODY))
        size = world.admin.size()
        for (method, path, _), answer in zip(operations, ask_all(world.admin, requests)):
            assert (answer.status, answer.json.get("member")) == (400, "bogus"), (method, path, answer)
            assert answer.json["index"] >= size, (method, path)
        bodies = [(method, _filled(path), {**_sample(_body_schema(operation)), "bogus": 1})
                  for method, path, operation in operations if _body_schema(operation)]
        for request, answer in zip(bodies, ask_all(world.admin, bodies)):
            assert (answer.status, answer.json.get("member")) == (400, "bogus"), (request, answer)
        counted = 0
        for _, entry in world.admin.entries(size - 1):
            assert entry["type"] in ("request.rejected", "request.rejections"), entry
            assert "bogus" not in json.dumps(entry), "a client's text has no place in a leaf"
            counted += entry["data"].get("count", 1)
        assert counted == len(requests) + len(bodies)


def every_member_of_every_request_refuses_what_does_not_fit():
    with World() as world:
        document = world.admin.get("/openapi.json").json
        requests, wanted = [], []
        for method, path, operation in _operations(document):
            schema = _body_schema(operation)
            if not schema:
                continue
            sample = _sample(schema)
            for name, member in schema["properties"].items():
                wrong = [None, 1.5, {"a": {}} if member.get("type") != "object" else 7]
                wrong += [member["minimum"] - 1] if "minimum" in member else []
                wrong += [member["maximum"] + 1] if "maximum" in member else []
                wrong += ["x" * (member["maxLength"] + 1)] if "maxLength" in member else []
                wrong += ["\u0000", "bad\nline", 5] if member.get("type") == "string" else []
                wrong += [[], "x"] if member.get("type") == "array" and member.get("minItems") else []
                for value in wrong:
                    requests.append((method, _filled(path), {**sample, name: value}))
                    wanted.append(name)
            for name in schema.get("required", ()):
                requests.append((method, _filled(path), {k: v for k, v in sample.items() if k != name}))
                wanted.append(name)
        assert len(requests) > 200
        size = world.admin.size()
        for request, name, answer in zip(requests, wanted, ask_all(world.admin, requests)):
            assert answer.status == 400 and answer.json["code"] == "BAD_REQUEST", (request, answer)
            said = answer.json.get("member", "") + answer.json["detail"]
            assert name in said or "NUL" in said or "u0000" in said, (request, answer)
        types = {entry["type"] for _, entry in world.admin.entries(size - 1)}
        assert types <= {"request.rejected", "request.rejections"}, types


def an_id_of_zeros_names_nothing_and_is_no_absent_one():
    """Inside the program the zero id is "none": a path with it had shown a whole list, a body's pool had been any."""
    none = "0" * 26
    with World() as world:
        joe = world.seats()
        document = world.admin.get("/openapi.json").json
        paths, bodies, members = [], [], []
        for method, path, operation in _operations(document):
            filled, schema = _filled(path).replace(_ID, none), _body_schema(operation)
            if none in filled:
                paths.append((method, filled, _sample(schema) if schema else NO_BODY))
            for name, member in (schema["properties"].items() if schema else ()):
                kind = member.get("pattern", "")[1:5]
                if len(kind) == 4 and kind.endswith("_"):
                    bodies.append((method, _filled(path), {**_sample(schema), name: kind + none}))
                    members.append(name)
        assert len(paths) > 20 and set(members) >= {"license", "pool", "organisation", "user"}, members
        for request, answer in zip(paths, ask_all(world.admin, paths)):
            assert (answer.status, answer.json["code"]) == (404, "NOT_FOUND"), (request, answer)
        for request, member, answer in zip(bodies, members, ask_all(world.admin, bodies)):
            assert (answer.status, answer.json["member"]) == (400, member), (request, answer)
        lines = joe.batch([{"op": "lease.create", "feature": "cad/render", "pool": "pol_" + none},
                           {"op": "lease.heartbeat", "lease": "lse_" + none}])
        assert [line["status"] for line in lines] == [400, 400], lines
        for holder in ("org_" + none, "usr_" + none):
            answer = world.admin.post("/v1/licenses", {"product": "cad", "holder": holder, "entitlements": [
                {"feature": "render", "model": "floating", "limit": 1}]})
            assert (answer.status, answer.json["member"]) == (404, "holder"), answer
        assert world.admin.get("/v1/pools").json["pools"][0]["used"] == 0


def query_parameters_refuse_what_does_not_fit():
    with World() as world:
        cases = ["/v1/audit?after=-2", "/v1/audit?after=x", "/v1/audit?limit=0", "/v1/audit?limit=1001", "/v1/pools?limit=",
                 "/v1/audit?limit=1&limit=2", "/v1/leases?all=maybe", "/v1/why?feature=render&quantity=0",
                 "/v1/tickets/tkt_" + _ID + "?wait_s=31", "/v1/pools?after=99999999999999999999", "/v1/pools?limit=%zz"]
        for path, answer in zip(cases, ask_all(world.admin, [("GET", path, NO_BODY) for path in cases])):
            assert answer.status == 400 and answer.json["code"] == "BAD_REQUEST", (path, answer)


def what_http_itself_refuses_of_a_known_principal_is_recorded():
    with World() as world:
        joe = world.seats()
        size = world.admin.size()
        large = joe.post("/v1/leases", {"feature": "x" * 70000})
        assert large.status == 413 and large.json["index"] == size, large
        kind = joe.post("/v1/leases", b"<lease/>", Content_Type="text/xml")
        assert kind.status == 415 and kind.headers["accept"] == "application/json", kind
        entries = [entry for _, entry in world.admin.entries(size - 1)]
        assert [e["type"] for e in entries] == ["request.rejected"] * 2 and entries[0]["actor"]["id"] == joe.id
        assert entries[0]["data"]["route"] == "POST /v1/leases"


def hostile_json_is_an_error_and_nothing_worse():
    with World() as world:
        joe = world.seats()
        deep = b'{"feature":' + b"[" * 5000 + b"]" * 5000 + b"}"
        cases = [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b'{"feature":"\xc3"}', b'{"feature":"a","feature":"b"}',
                 b'{"feature":"\\u0000"}', b'{"feature":"\\ud800"}', b'{"feature":"cad/render","quantity":1e9}',
                 b'{"feature":"cad/render","quantity":99999999999999999999}', b'{"feature":"cad/render"} x',
                 b'{"feature":"cad/render",}', deep[:4000], b'{"feature":"cad/render","asserted":{"a":{"b":1}}}',
                 b'{"feature":"cad/render","asserted":{' + b",".join(b'"k%d":"v"' % n for n in range(40)) + b"}}",
                 b'{"feature":"cad/render","asserted":{"user":"' + b"u" * 600 + b'"}}', b"\x00" * 100]
        for body, answer in zip(cases, ask_all(joe, [("POST", "/v1/leases", body) for body in cases])):
            assert answer.status == 400 and answer.json["detail"], (body[:60], answer)
        assert world.admin.get("/v1/pools").json["pools"][0]["used"] == 0
        assert joe.post("/v1/leases", {"feature": "cad/render"}).status == 201


def hostile_bytes_on_the_socket_never_end_the_server():
    with World() as world:
        cases = [b"\x00" * 4000, b"GET / HTTP/1.1\n\n", b"POST /v1/leases HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
                 b"Content-Length: 6\r\n\r\nhello", b"GET /v1/me HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00\x01",
                 b"GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /v1/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " +
                 b"a" * 20000 + b"\r\n\r\n"]
        for bytes_ in cases:
            with socket.create_connection(("127.0.0.1", world.port), 10) as connection:
                connection.sendall(bytes_)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):
                    pass
        assert world.client().get("/healthz").status == 200


def a_pipeline_of_requests_is_answered_in_its_order():
    with World() as world:
        joe = world.seats(limit=100)
        head = f"Host: x\r\nAuthorization: Bearer {joe.token}\r\nContent-Type: application/json\r\n"
        body = json.dumps({"feature": "cad/render"})
        one = f"POST /v1/leases HTTP/1.1\r\n{head}Content-Length: {len(body)}\r\n\r\n{body}"
        with socket.create_connection(("127.0.0.1", world.port), 20) as connection:
            connection.sendall((one * 50).encode())
            connection.shutdown(socket.SHUT_WR)
            received = b""
            while part := connection.recv(65536):
                received += part
        used = [int(part.split(b",")[0]) for part in received.split(b'"used":')[1:]]
        assert used == list(range(1, 51)), used


if __name__ == "__main__":
    run(globals())

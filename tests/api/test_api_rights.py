"""Who may do what (DESIGN section 6; P1, P5): credentials, permissions, roles, scopes, organisations."""
import concurrent.futures
import json

from api_world import NO_BODY, Client, World, ask_all, later, run

# Each route's permission, said once more and by hand: a slip in the route table must not go unnoticed.
PERMISSIONS = {
    "GET /healthz": "public", "GET /readyz": "public", "GET /metrics": "server", "GET /openapi.json": "public",
    "POST /v1/clock/confirm": "server", "POST /v1/backups": "server", "POST /v1/demo": "server",
    "POST /v1/key-backups": "server", "GET /v1/audit/{index}/private": "people.read",
    "POST /v1/users/{id}/erase": "people.write", "POST /v1/users/{id}/hold": "people.write",
    "POST /v1/users/{id}/release-hold": "people.write",
    "GET /v1/ledger": "any", "GET /checkpoint": "any", "GET /tile/{rest*}": "any",
    "GET /v1/ledger/witnessed": "any", "POST /v1/cosignatures": "server", "GET /v1/ledger/facts": "server",
    "GET /v1/audit": "audit.read", "GET /v1/audit/{index}": "audit.read", "GET /v1/audit/{index}/proof": "any",
    "GET /v1/audit/consistency": "any",
    "POST /v1/leases": "lease.take", "GET /v1/leases": "any", "GET /v1/leases/{id}": "any",
    "POST /v1/leases/{id}/heartbeat": "lease.take", "DELETE /v1/leases/{id}": "lease.take",
    "POST /v1/leases/{id}/revoke": "lease.revoke", "POST /v1/heartbeats": "lease.take", "POST /v1/batch": "any",
    "GET /v1/tickets": "lease.take", "GET /v1/tickets/{id}": "lease.take", "POST /v1/tickets/{id}/claim": "lease.take",
    "DELETE /v1/tickets/{id}": "lease.take", "GET /v1/why": "lease.take",
    "POST /v1/products": "catalog.write", "GET /v1/products": "catalog.read", "GET /v1/products/{id}": "catalog.read",
    "POST /v1/licenses": "license.write", "GET /v1/licenses": "license.read", "GET /v1/licenses/{id}": "license.read",
    "POST /v1/licenses/{id}/suspend": "license.write", "POST /v1/licenses/{id}/reinstate": "license.write",
    "POST /v1/licenses/{id}/revoke": "license.write", "POST /v1/licenses/{id}/change": "license.write",
    "GET /v1/pools": "catalog.read", "GET /v1/pools/{id}": "catalog.read",
    "POST /v1/organisations": "people.write", "GET /v1/organisations": "people.read",
    "GET /v1/organisations/{id}": "people.read", "POST /v1/users": "people.write", "GET /v1/users": "people.read",
    "GET /v1/users/{id}": "people.read", "POST /v1/teams": "people.write", "GET /v1/teams": "people.read",
    "GET /v1/teams/{id}": "people.read", "POST /v1/teams/{id}/members": "people.write",
    "DELETE /v1/teams/{id}/members/{user}": "people.write", "POST /v1/services": "people.write",
    "GET /v1/services": "people.read", "GET /v1/services/{id}": "people.read", "GET /v1/roles": "any",
    "POST /v1/roles": "people.write", "POST /v1/api-tokens": "people.write", "GET /v1/api-tokens": "any",
    "GET /v1/api-tokens/{id}": "any", "DELETE /v1/api-tokens/{id}": "any", "GET /v1/me": "any",
    "GET /v1/observations": "observe",
}
ROLES = {
    "member": {"lease.take", "catalog.read"},
    "auditor": {"audit.read", "lease.read", "catalog.read", "license.read", "people.read"},
    "observer": {"observe", "catalog.read"},
}
WORDS = ["lease.take", "lease.read", "lease.revoke", "catalog.read", "catalog.write", "license.read", "license.write",
         "people.read", "people.write", "audit.read", "observe", "server"]


def _filled(path):
    return (path.replace("{rest*}", "0/000.p/1").replace("{index}", "0").replace("{user}", "usr_" + _ID)
            .replace("{id}", _kind(path) + _ID))


def _request(route):
    method, path = route.split(" ", 1)
    body = {"reason": "because"} if path.endswith(("/erase", "hold")) else {}
    return method, _filled(path), body if method == "POST" and path != "/v1/batch" else NO_BODY


_ID = "01h455vb4pex5vsknk084sn02q"


def _kind(path):
    kinds = {"leases": "lse_", "tickets": "tkt_", "products": "prd_", "licenses": "lic_", "pools": "pol_", "teams": "tem_",
             "organisations": "org_", "users": "usr_", "services": "svc_", "api-tokens": "tok_"}
    return kinds.get(path.split("/")[2] if path.count("/") > 1 else "", "")


def the_route_table_is_the_one_that_was_meant():
    with World() as world:
        document = world.admin.get("/openapi.json").json
        found = {f"{method.upper()} {path}": operation["x-permission"]
                 for path, methods in document["paths"].items() for method, operation in methods.items()}
        assert found == PERMISSIONS, set(found.items()) ^ set(PERMISSIONS.items())


def every_route_asks_for_its_permission_of_every_role_and_of_every_scope():
    with World() as world:
        organisation = world.organisation()
        clients = {}
        for role, holds in ROLES.items():
            clients[role] = (world.user(role, role=role), holds)
            clients[role + " of an organisation"] = (world.user(role + "2", organisation, role=role), holds)
        clients["admin of an organisation"] = (world.user("boss", organisation, role="admin"),
                                               set(WORDS) - {"catalog.write", "license.write", "server"})
        clients["admin with a token for leases"] = (world.user("a1", role="admin", scopes=["lease.take"]), {"lease.take"})
        clients["admin with a token for the server"] = (world.user("a2", role="admin", scopes=["server"]), {"server"})
        clients["service"] = (world.user("s", kind="services", scopes=["lease.take", "observe"]), {"lease.take"})
        denied = {}
        routes = {route: permission for route, permission in PERMISSIONS.items() if route != "GET /metrics"}
        routes["DELETE /v1/api-tokens/{id}"] = "people.write"  # of somebody else's token, as decide() says
        for name, (client, holds) in clients.items():
            answers = ask_all(client, [_request(route) for route in routes])
            for (route, permission), answer in zip(routes.items(), answers):
                if permission in ("public", "any") or permission in holds:
                    assert answer.status != 403, (name, route, answer)
                    continue
                assert (answer.status, answer.json["code"]) == (403, "FORBIDDEN"), (name, route, answer)
                denied[client.id] = denied.get(client.id, 0) + 1
        recorded = {}
        for _, entry in world.admin.entries():
            if entry["type"] in ("access.denied", "access.denials"):
                who = entry["actor"]["id"]
                recorded[who] = recorded.get(who, 0) + entry["data"].get("count", 1)
        assert recorded == denied, (recorded, denied)


def nobody_gives_what_it_does_not_have():
    with World() as world:
        organisation = world.organisation()
        scoped = world.user("boss", role="admin", scopes=["people.write", "lease.take"])
        own = world.user("local", organisation, role="admin")
        body = {"owner": scoped.id, "expires_at": later(1)}
        assert scoped.made("/v1/api-tokens", {**body, "scopes": ["lease.take"]})["token"].startswith("tlyp_")
        more = scoped.post("/v1/api-tokens", {**body, "scopes": ["server"]})
        assert (more.status, more.json["member"]) == (403, "scopes"), more
        assert scoped.post("/v1/users", {"name": "x", "role": "admin"}).status == 403
        assert own.post("/v1/organisations", {"name": "Mine"}).status == 403
        assert own.post("/v1/backups", {"to": "b"}).status == 403
        mine = own.made("/v1/users", {"name": "bob"})
        assert world.admin.get(f"/v1/users/{mine['id']}").json["organisation"] == organisation


def credentials_that_do_not_count_are_refused_and_recorded():
    with World() as world:
        joe = world.seats()
        size = world.admin.size()
        cases = [None, "Bearer", "Bearer x", "Basic " + joe.token, "Bearer " + joe.token[:-1] + ("B" if joe.token[-1] == "A" else "A"),
                 "Bearer tlyp_" + "a" * 36]
        client = world.client()
        for header in cases:
            answer = client.get("/v1/me", **({"Authorization": header} if header else {}))
            assert answer.status == 401 and answer.headers["www-authenticate"] == "Bearer", answer
            assert answer.json["code"] == "UNAUTHORIZED" and answer.json["index"] >= size, answer
        world.admin.delete(f"/v1/api-tokens/{joe.token_id}")
        gone = joe.get("/v1/me")
        assert (gone.status, gone.json["reason"]) == (401, "token_revoked"), gone
        failures = [entry for _, entry in world.admin.entries(size - 1) if entry["type"] == "auth.failed"]
        assert len(failures) == len(cases) + 1
        assert failures[-1]["on"]["credential"] == joe.token_id and failures[-1]["actor"]["level"] == "A0"
        sources = {entry["src"] for entry in failures}
        assert len(sources) == 1 and sources.pop().startswith("ali_"), "one network has one alias"


def an_observer_tells_what_it_saw_and_takes_nothing():
    """A program that reads another server's log need not be an admin, and its token is good for nothing else."""
    with World() as world:
        world.seats()
        seen = {"op": "observe.out", "product": "ansys", "feature": "solver", "user": "joe", "host": "ws-17", "line": 1}
        observer = world.user("flexnet", role="observer", kind="services")
        member = world.user("ci", kind="services")
        lines = observer.batch([seen, {"op": "lease.create", "feature": "cad/render"},
                                {"op": "observe.read", "head": "0" * 64, "offset": 80, "line": 1}])
        assert [line["status"] for line in lines] == [201, 403, 200], lines
        assert observer.get("/v1/observations?head=" + "0" * 64).json["offset"] == 80
        assert [line["status"] for line in member.batch([seen])] == [403]
        pools = {pool["feature"]: pool["used"] for pool in observer.get("/v1/pools").json["pools"]}
        assert pools == {"ansys/solver": 1, "cad/render": 0}, pools
        assert [row["role"] for row in observer.get("/v1/roles").json["roles"]][-1] == "observer"


def a_revoked_token_acts_in_no_entry_after_its_revocation():
    """A thousand commands wait in the queue while the token is revoked (drill of DESIGN section 13)."""
    with World() as world:
        joe = world.seats(limit=1000000)
        body = (json.dumps({"op": "lease.create", "feature": "cad/render"}) + "\n").encode() * 1000
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            asked = [pool.submit(Client(world.port, joe.token).post, "/v1/batch", body) for _ in range(4)]
            revoked = world.admin.delete(f"/v1/api-tokens/{joe.token_id}").json["index"]
        answers = [one.result() for one in asked]
        lines = [line for answer in answers if answer.status == 200 for line in answer.lines]
        assert {answer.status for answer in answers} <= {200, 401} and {line["status"] for line in lines} <= {201, 401}
        assert all(line["index"] < revoked for line in lines if line["status"] == 201)
        for _, entry in world.admin.entries(revoked):
            acted = entry["actor"].get("cred") == joe.token_id
            assert not acted or entry["type"] in ("auth.failed", "auth.failures"), entry


def organisations_do_not_exist_for_each_other():
    with World() as world:
        joe = world.seats()
        lease = joe.made("/v1/leases", {"feature": "cad/render"})
        licence = world.admin.get("/v1/licenses").json["licenses"][0]
        team = world.admin.made("/v1/teams", {"name": "t", "organisation": licence["holder"]})["id"]
        evil = world.organisation("Evil")
        eve = world.user("eve", evil, role="admin")
        paths = [("GET", f"/v1/organisations/{licence['holder']}"), ("GET", f"/v1/licenses/{licence['id']}"),
                 ("GET", f"/v1/pools/{lease['pool']}"),
                 ("GET", f"/v1/leases/{lease['id']}"), ("DELETE", f"/v1/leases/{lease['id']}"),
                 ("POST", f"/v1/leases/{lease['id']}/heartbeat"), ("POST", f"/v1/leases/{lease['id']}/revoke"),
                 ("GET", f"/v1/users/{joe.id}"), ("GET", f"/v1/teams/{team}"),
                 ("DELETE", f"/v1/teams/{team}/members/{joe.id}"), ("GET", f"/v1/api-tokens/{joe.token_id}"),
                 ("DELETE", f"/v1/api-tokens/{joe.token_id}"), ("GET", f"/v1/audit/{lease['index']}"),
                 ("GET", "/tile/entries/000.p/1")]
        for (method, path), answer in zip(paths, ask_all(eve, [(m, p, NO_BODY) for m, p in paths])):
            assert (answer.status, answer.json["code"]) == (404, "NOT_FOUND"), (method, path, answer)
        bodies = [("/v1/users", {"name": "spy", "organisation": licence["holder"]}),
                  (f"/v1/teams/{team}/members", {"user": eve.id}), ("/v1/roles", {"principal": joe.id, "role": "auditor"}),
                  ("/v1/api-tokens", {"owner": joe.id, "scopes": ["all"], "expires_at": later(1)})]
        for (path, _), answer in zip(bodies, ask_all(eve, [("POST", p, b) for p, b in bodies])):
            assert (answer.status, answer.json["code"]) == (404, "NOT_FOUND"), (path, answer)
        for path, name, mine in (("/v1/organisations", "organisations", [evil]), ("/v1/licenses", "licenses", []),
                                 ("/v1/pools", "pools", []), ("/v1/leases?all=true", "leases", []),
                                 ("/v1/users", "users", [eve.id]), ("/v1/teams", "teams", []),
                                 ("/v1/services", "services", []), ("/v1/api-tokens?all=true", "tokens", [eve.token_id])):
            assert [row["id"] for row in eve.get(path).json[name]] == mine, path
        about = [json.loads(row["entry"]) for row in eve.get("/v1/audit?limit=1000").json["entries"]]
        assert about and all(licence["holder"] not in json.dumps(e) and joe.id not in json.dumps(e) for e in about)
        assert joe.post(f"/v1/leases/{lease['id']}/heartbeat").status == 200


def _things(world, joe, lease):
    """One id of each kind, all Acme's."""
    licence = world.admin.get("/v1/licenses").json["licenses"][0]
    team = world.admin.made("/v1/teams", {"name": "t", "organisation": licence["holder"]})["id"]
    world.admin.made(f"/v1/teams/{team}/members", {"user": joe.id})
    service = world.user("ci", licence["holder"], kind="services")
    ticket = joe.made("/v1/leases", {"feature": "cad/render", "quantity": 2, "wait_s": 600})["id"]
    return {text[:4]: text for text in (lease["id"], lease["pool"], licence["id"], licence["holder"], team, joe.id, service.id,
                                        joe.token_id, ticket)}


def whatever_is_anothers_is_answered_as_if_it_were_not_there():
    """On every route that names something by id, in its path or its body: the same status, code, reason and sentence."""
    with World() as world:
        joe = world.seats()
        things = _things(world, joe, joe.made("/v1/leases", {"feature": "cad/render"}))
        eve = world.user("eve", world.organisation("Evil"), role="admin")
        asked = [(method, path, {"user": eve.id} if path.endswith("/members") else body) for route in PERMISSIONS for method, path, body in [_request(route)]
                 if "{id}" in route and _kind(path) in things]
        team = eve.made("/v1/teams", {"name": "mine"})["id"]
        asked += [("POST", path, body) for path, body in (
            ("/v1/leases", {"feature": "cad/render", "pool": "pol_" + _ID}), ("/v1/users", {"name": "x", "organisation": "org_" + _ID}),
            ("/v1/leases", {"feature": "cad/render", "license": "lic_" + _ID}), ("/v1/heartbeats", {"leases": ["lse_" + _ID]}),
            ("/v1/roles", {"principal": "usr_" + _ID, "role": "auditor"}), (f"/v1/teams/{team}/members", {"user": "usr_" + _ID}),
            ("/v1/api-tokens", {"owner": "svc_" + _ID, "scopes": ["lease.take"], "expires_at": later(1)}))]
        assert len(asked) > 25, asked
        for client in (eve, world.user("mallory", eve.get("/v1/me").json["organisation"])):
            real = [_with(things, request) for request in asked]
            answers = ask_all(client, asked + real)
            for request, missing, anothers in zip(real, answers, answers[len(asked):]):
                assert _told(missing) == _told(anothers), (request, missing, anothers)
                assert missing.status in (403, 404) or request[1] == "/v1/heartbeats", (request, missing)


def _with(things, request):
    """The request with ids that are there in place of those that are not."""
    method, path, body = request
    text = json.dumps([path, None if body is NO_BODY else body])
    for kind, thing in things.items():
        text = text.replace(kind + _ID, thing)
    path, real = json.loads(text)
    return method, path, NO_BODY if body is NO_BODY else real


def _told(answer):
    if answer.status == 200:
        return (200, [(row["status"], row["code"]) for row in answer.json["results"]])
    return (answer.status, *(answer.json.get(name) for name in ("code", "reason", "member", "detail")))


def nobody_in_an_organisation_writes_licences_or_the_catalogue():
    """A holder that could would grant itself its seats."""
    with World() as world:
        joe = world.seats()
        licence = world.admin.get("/v1/licenses").json["licenses"][0]
        boss = world.user("boss", licence["holder"], role="admin")
        one = {"feature": "render", "model": "floating", "limit": 1000}
        bodies = [("/v1/licenses", {"product": "cad", "holder": licence["holder"], "entitlements": [one]}),
                  (f"/v1/licenses/{licence['id']}/change", {"entitlements": [{"feature": "render", "limit": 1000}]}),
                  (f"/v1/licenses/{licence['id']}/reinstate", {}), (f"/v1/licenses/{licence['id']}/suspend", {}),
                  (f"/v1/licenses/{licence['id']}/revoke", {}), ("/v1/products", {"name": "p", "features": [{"name": "f"}]})]
        for path, body in bodies:
            answer = boss.post(path, body)
            assert (answer.status, answer.json["code"], answer.json["reason"]) == (403, "FORBIDDEN", "role"), (path, answer)
        assert [row["id"] for row in boss.get("/v1/licenses").json["licenses"]] == [licence["id"]], "it sees its own"
        assert boss.get("/v1/pools").json["pools"][0]["limit"] == 2
        assert not {"license.write", "catalog.write", "server"} & set(boss.get("/v1/me").json["permissions"])
        token = boss.made("/v1/api-tokens", {"owner": joe.id, "scopes": ["all"], "expires_at": later(1)})["token"]
        assert world.client(token).post("/v1/leases", {"feature": "cad/render"}).status == 201, "what it rules, it rules"
        assert boss.made("/v1/users", {"name": "deputy", "role": "admin"})["role"] == "admin"


def reading_others_data_is_recorded_before_it_is_answered():
    with World() as world:
        joe = world.seats()
        lease = joe.made("/v1/leases", {"feature": "cad/render"})
        size = world.admin.size()
        assert [row["principal"] for row in joe.get("/v1/leases").json["leases"]] == [joe.id]
        assert joe.get(f"/v1/leases/{lease['id']}").status == 200
        assert [entry["type"] for _, entry in world.admin.entries(size - 1)] == [], "one's own is no entry"
        assert joe.get("/v1/leases?all=true").status == 403
        for path, scope in (("/v1/leases?all=true", "leases"), (f"/v1/leases/{lease['id']}", "leases"),
                            ("/v1/users", "users"), ("/v1/organisations", "organisations"), ("/v1/licenses", "licenses"),
                            ("/v1/api-tokens?all=true", "tokens")):
            size = world.admin.size()
            assert world.admin.get(path).status == 200
            entries = [entry for _, entry in world.admin.entries(size - 1)]
            assert [(e["type"], e["data"]["scope"]) for e in entries] == [("data.read", scope)], (path, entries)


def the_audit_log_is_read_under_one_entry_an_hour():
    with World() as world:
        auditor = world.user("ann", role="auditor")
        for _ in range(5):
            assert auditor.get("/v1/audit?limit=2").status == 200
            assert auditor.get("/v1/audit/0").status == 200
            assert auditor.get("/tile/entries/000.p/1").status == 200
        reads = [e for _, e in world.admin.entries() if e["type"] == "data.read" and e["actor"]["id"] == auditor.id]
        assert [e["data"]["scope"] for e in reads] == ["audit"], reads


def members_of_a_team_take_from_its_pools():
    with World() as world:
        world.product()
        team = world.admin.made("/v1/teams", {"name": "renderers"})["id"]
        world.license(holder=team)
        ann, bob = world.user("ann"), world.user("bob")
        assert world.admin.post(f"/v1/teams/{team}/members", {"user": ann.id}).status == 200
        assert ann.post("/v1/leases", {"feature": "cad/render"}).status == 201
        assert bob.post("/v1/leases", {"feature": "cad/render"}).json["code"] == "NOT_LICENSED"
        assert world.admin.get(f"/v1/teams/{team}").json["members"] == [ann.id]
        assert world.admin.delete(f"/v1/teams/{team}/members/{ann.id}").status == 200
        assert ann.post("/v1/leases", {"feature": "cad/render"}).json["code"] == "NOT_LICENSED"


def a_role_that_is_changed_counts_at_once():
    with World() as world:
        ann = world.user("ann")
        assert ann.get("/v1/audit").status == 403
        changed = world.admin.made("/v1/roles", {"principal": ann.id, "role": "auditor", "reason": "audits"})
        assert changed["user"] == ann.id and changed["role"] == "auditor"
        assert ann.get("/v1/audit").status == 200
        me = ann.get("/v1/me").json
        assert me["role"] == "auditor" and me["name"] == "ann" and "audit.read" in me["permissions"], me


if __name__ == "__main__":
    run(globals())

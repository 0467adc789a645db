"""Taking, keeping and giving back seats over the API (issue's surface; P1, P4, P6)."""
import json
import signal

from api_world import World, proof_holds, run, unix


def a_seat_is_taken_kept_and_given_back():
    with World() as world:
        joe = world.seats()
        lease = joe.post("/v1/leases", {"feature": "cad/render"})
        assert lease.status == 201, lease
        lease = lease.json
        for member in ("id", "license", "pool", "feature", "quantity", "granted_at", "expires_at", "proven_until", "used",
                       "limit", "index"):
            assert member in lease, member
        assert (lease["feature"], lease["quantity"], lease["used"], lease["limit"]) == ("cad/render", 1, 1, 2)
        assert unix(lease["expires_at"]) - unix(lease["granted_at"]) == 300
        assert unix(lease["proven_until"]) - unix(lease["granted_at"]) == 3600
        beat = joe.post(f"/v1/leases/{lease['id']}/heartbeat")
        assert beat.status == 200 and beat.json["id"] == lease["id"], beat
        assert beat.json["expires_at"] >= lease["expires_at"]
        end = joe.delete(f"/v1/leases/{lease['id']}")
        assert end.status == 200 and end.json["state"] == "released", end
        assert joe.delete(f"/v1/leases/{lease['id']}").json == end.json
        ended = joe.post(f"/v1/leases/{lease['id']}/heartbeat")
        assert (ended.status, ended.json["code"], ended.json["reason"]) == (409, "LEASE_ENDED", "owner"), ended
        assert ended.json["ended_index"] == end.json["index"]


def the_answer_is_covered_by_the_entry_it_names():
    with World() as world:
        joe = world.seats()
        lease = joe.made("/v1/leases", {"feature": "render", "asserted": {"user": "joe", "host": "h1", "job": "7"},
                                        "project": "a secret project", "nonce": "00112233445566778899aabbccddeeff"})
        row = world.admin.get(f"/v1/audit/{lease['index']}").json
        entry = json.loads(row["entry"])
        assert entry["type"] == "lease.granted" and entry["on"]["lease"] == lease["id"]
        assert entry["actor"]["id"] == joe.id and entry["actor"]["level"] == "A1"
        assert entry["data"]["nonce"] == "00112233445566778899aabbccddeeff"
        assert entry["on"]["user_alias"].startswith("ali_") and entry["private"].startswith("sha256:")
        assert "secret" not in row["entry"] and "joe" not in row["entry"] and '"h1"' not in row["entry"]


def the_same_asserted_user_has_the_same_alias_over_a_restart():
    with World() as world:
        joe = world.seats()

        def aliases():
            lease = joe.made("/v1/leases", {"feature": "cad/render", "asserted": {"user": "u", "host": "h"}})
            entry = json.loads(world.admin.get(f"/v1/audit/{lease['index']}").json["entry"])
            return entry["on"]["user_alias"], entry["on"]["host_alias"]

        before = aliases()
        world.restart()
        joe = world.client(joe.token)
        assert aliases() == before and before[0] != before[1]


def a_full_pool_denies_with_the_reason_and_the_covering_entry():
    with World() as world:
        joe = world.seats(limit=1)
        lease = joe.made("/v1/leases", {"feature": "cad/render"})
        denied = joe.post("/v1/leases", {"feature": "cad/render"})
        assert denied.status == 409 and denied.headers["content-type"] == "application/problem+json", denied
        problem = denied.json
        assert problem["code"] == "NO_SEATS" and problem["reason"] == "no_seats"
        assert (problem["used"], problem["limit"], problem["queued"], problem["pool"]) == (1, 1, 0, lease["pool"])
        assert abs(unix(problem["next_free"]) - unix(lease["expires_at"])) <= 1
        assert "1 of 1 seats of cad/render" in problem["detail"], problem
        entry = json.loads(world.admin.get(f"/v1/audit/{problem['index']}").json["entry"])
        assert entry["type"] == "lease.denied" and entry["actor"]["id"] == joe.id
        too_many = joe.post("/v1/leases", {"feature": "cad/render", "quantity": 5}).json
        assert too_many["reason"] == "limit", too_many


def denials_say_what_is_wrong():
    with World() as world:
        joe = world.seats()
        world.product("pdm", ("render", "vault"))
        world.product("others", ("render",))
        world.license(product="pdm")
        stranger = world.user("eve", world.organisation("Evil"))
        cases = [
            (joe, {"feature": "cad/none"}, 404, "NOT_FOUND", "feature"),
            (joe, {"feature": "pdm/vault"}, 409, "NOT_LICENSED", None),
            (joe, {"feature": "render"}, 409, "AMBIGUOUS", "feature"),
            (stranger, {"feature": "cad/render"}, 409, "NOT_LICENSED", None),
            (joe, {"feature": "cad/render", "pool": "pol_01h455vb4pex5vsknk084sn02q"}, 404, "NOT_FOUND", "pool"),
            (joe, {"feature": "cad/render", "license": "lic_01h455vb4pex5vsknk084sn02q"}, 404, "NOT_FOUND", "license"),
        ]
        for who, body, status, code, member in cases:
            answer = who.post("/v1/leases", body)
            assert (answer.status, answer.json["code"], answer.json.get("member")) == (status, code, member), answer
            assert "index" in answer.json


def a_suspended_licence_denies_and_its_leases_get_409_until_it_is_put_back():
    with World() as world:
        joe = world.seats()
        lease = joe.made("/v1/leases", {"feature": "cad/render"})
        license_id = lease["license"]
        moved = world.admin.made(f"/v1/licenses/{license_id}/suspend", {"reason": "not paid"})
        assert moved["state"] == "suspended" and moved["pools"][0]["over"] == 1
        beat = joe.post(f"/v1/leases/{lease['id']}/heartbeat")
        assert (beat.status, beat.json["code"], beat.json["reason"]) == (409, "LEASE_ENDED", "suspended"), beat
        denied = joe.post("/v1/leases", {"feature": "cad/render"})
        assert (denied.json["code"], denied.json["reason"]) == ("NOT_LICENSED", "suspended")
        assert world.admin.post(f"/v1/licenses/{license_id}/suspend").json["code"] == "WRONG_STATE"
        assert world.admin.made(f"/v1/licenses/{license_id}/reinstate", {})["state"] == "active"
        assert joe.post(f"/v1/leases/{lease['id']}/heartbeat").status == 200


def a_revoked_licence_ends_its_leases_at_once():
    with World() as world:
        joe = world.seats()
        lease = joe.made("/v1/leases", {"feature": "cad/render"})
        world.admin.made(f"/v1/licenses/{lease['license']}/revoke", {})
        assert joe.post(f"/v1/leases/{lease['id']}/heartbeat").json["reason"] in ("revoked",)
        assert world.admin.get(f"/v1/pools/{lease['pool']}").json["limit"] == 0


def changed_terms_lower_the_limit_and_list_what_is_over():
    with World() as world:
        joe = world.seats(limit=2)
        leases = [joe.made("/v1/leases", {"feature": "cad/render"}) for _ in range(2)]
        change = world.admin.made(f"/v1/licenses/{leases[0]['license']}/change",
                                  {"entitlements": [{"feature": "render", "limit": 1}], "ending": "revoke"})
        assert change["pools"][0] | {"limit": 1, "over": 1, "ending": "revoke"} == change["pools"][0], change
        assert [lease["id"] for lease in joe.get("/v1/leases").json["leases"]] == [leases[0]["id"]]


def an_admin_takes_a_lease_back():
    with World() as world:
        joe = world.seats()
        lease = joe.made("/v1/leases", {"feature": "cad/render"})
        assert joe.post(f"/v1/leases/{lease['id']}/revoke", {}).status == 403
        assert world.admin.made(f"/v1/leases/{lease['id']}/revoke", {"reason": "needed"})["state"] == "revoked"
        ended = joe.delete(f"/v1/leases/{lease['id']}")
        assert (ended.status, ended.json["state"]) == (200, "revoked")


def a_repeat_under_the_same_key_is_answered_the_same_over_crashes():
    with World() as world:
        joe = world.seats()
        key = "key-of-sixteen-or-more"
        body = {"feature": "cad/render", "quantity": 2}
        first = joe.post("/v1/leases", body, Idempotency_Key=key)
        assert first.status == 201
        again = joe.post("/v1/leases", body, Idempotency_Key=key)
        assert (again.status, again.json) == (201, first.json)
        other = joe.post("/v1/leases", {"feature": "cad/render"}, Idempotency_Key=key)
        assert (other.status, other.json["code"]) == (422, "IDEMPOTENCY_CONFLICT"), other
        assert world.admin.post("/v1/leases", body, Idempotency_Key=key).json["code"] == "NO_SEATS"
        denied = joe.post("/v1/leases", {"feature": "cad/render"}, Idempotency_Key="another-key-of-16")
        world.restart(signal.SIGKILL)
        joe = world.client(joe.token)
        again = joe.post("/v1/leases", body, Idempotency_Key=key)
        assert (again.status, again.json) == (201, first.json)
        repeated = joe.post("/v1/leases", {"feature": "cad/render"}, Idempotency_Key="another-key-of-16")
        once = {name: value for name, value in denied.json.items() if name != "holders"}  # who that is changes
        assert (repeated.status, repeated.json) == (409, once), (repeated, denied)
        assert world.admin.get("/v1/pools").json["pools"][0]["used"] == 2


def a_repeated_creation_is_the_first_one_and_its_name_is_taken_for_others():
    with World() as world:
        first = world.admin.post("/v1/organisations", {"name": "Acme"}, Idempotency_Key="0123456789abcdef")
        again = world.admin.post("/v1/organisations", {"name": "Acme"}, Idempotency_Key="0123456789abcdef")
        assert (first.status, again.status, again.json) == (201, 201, first.json)
        taken = world.admin.post("/v1/organisations", {"name": "Acme"})
        assert (taken.status, taken.json["code"], taken.json["member"]) == (409, "NAME_TAKEN", "name"), taken
        world.restart()
        again = world.admin.post("/v1/organisations", {"name": "Acme"}, Idempotency_Key="0123456789abcdef")
        assert (again.status, again.json) == (201, first.json)
        owner = world.admin.get("/v1/me").json["id"]
        body = {"owner": owner, "scopes": ["server"], "expires_at": "2030-01-01T00:00:00Z"}
        token = world.admin.post("/v1/api-tokens", body, Idempotency_Key="token-0123456789").json
        repeat = world.admin.post("/v1/api-tokens", body, Idempotency_Key="token-0123456789").json
        assert "token" in token and "token" not in repeat and repeat["id"] == token["id"]


def keys_that_are_too_short_or_not_printable_are_refused():
    with World() as world:
        joe = world.seats()
        for key in ("short", "x" * 256, "with a space in it"):
            answer = joe.post("/v1/leases", {"feature": "cad/render"}, Idempotency_Key=key)
            assert (answer.status, answer.json["member"]) == (400, "Idempotency-Key"), answer
        assert world.admin.get("/v1/pools").json["pools"][0]["used"] == 0


def a_dry_run_tells_and_changes_nothing():
    with World() as world:
        joe = world.seats()
        size = world.admin.size()
        would = joe.post("/v1/leases?dry_run=true", {"feature": "cad/render", "asserted": {"user": "new"}}).json
        assert would["would"][0]["type"] == "lease.granted"
        assert would["would"][0]["on"]["pool"] in would["affected"]
        missing = joe.post("/v1/leases?dry_run=true", {"feature": "cad/none"})
        assert (missing.status, missing.json["code"]) == (404, "NOT_FOUND")
        license_id = world.admin.get("/v1/licenses").json["licenses"][0]["id"]
        for path, body in ((f"/v1/licenses/{license_id}/suspend", {}), ("/v1/organisations", {"name": "New"}),
                           ("/v1/users", {"name": "ann"}), ("/v1/backups", {"to": "b"}),
                           ("/v1/products", {"name": "new", "features": [{"name": "f"}]})):
            answer = world.admin.post(path + "?dry_run=true", body)
            assert answer.status == 200 and answer.json["would"], (path, answer)
        types = [entry["type"] for _, entry in world.admin.entries(size - 1)]
        assert types == ["data.read"], types  # of the licences; the audit's own reading is covered for an hour
        assert world.admin.post("/v1/organisations", {"name": "New"}).status == 201


def a_dry_run_names_the_leases_that_a_fallen_limit_would_end():
    with World() as world:
        joe = world.seats(limit=3)
        leases = [joe.made("/v1/leases", {"feature": "cad/render"}) for _ in range(3)]
        path = f"/v1/licenses/{leases[0]['license']}/change?dry_run=true"
        would = world.admin.made(path, {"entitlements": [{"feature": "render", "limit": 1}]})
        assert {leases[1]["id"], leases[2]["id"], joe.id} <= set(would["affected"]), would
        assert leases[0]["id"] not in would["affected"]
        reads = [entry["data"]["scope"] for _, entry in world.admin.entries() if entry["type"] == "data.read"]
        assert "leases" in reads, "whose seats they are is others' data"
        assert len(joe.get("/v1/leases").json["leases"]) == 3


def a_receipt_proves_the_entry_that_comes_with_it():
    with World() as world:
        joe = world.seats(limit=40)
        answers = [joe.post("/v1/leases", {"feature": "cad/render"}, Prefer="receipt") for _ in range(10)]
        for answer in answers:
            assert answer.status == 201 and answer.headers["preference-applied"] == "receipt"
            lease = answer.json
            assert proof_holds(lease["receipt"], lease["index"], lease["entry"])
            assert json.loads(lease["entry"])["on"]["lease"] == lease["id"]
            later = joe.get(f"/v1/audit/{lease['index']}/proof")
            assert later.status == 200 and proof_holds(later.text, lease["index"], lease["entry"])
        plain = joe.made("/v1/leases", {"feature": "cad/render"})
        assert "receipt" not in plain and "entry" not in plain
        proof = joe.get(f"/v1/audit/{plain['index']}/proof")  # at once: it is waited for
        assert proof.status == 200, proof


def heartbeats_keep_many_leases_and_tell_of_each():
    with World() as world:
        joe = world.seats(limit=5)
        leases = [joe.made("/v1/leases", {"feature": "cad/render"})["id"] for _ in range(3)]
        joe.delete(f"/v1/leases/{leases[1]}")
        unknown = "lse_01h455vb4pex5vsknk084sn02q"
        results = joe.made("/v1/heartbeats", {"leases": leases + [unknown]})["results"]
        assert [row["lease"] for row in results] == leases + [unknown]
        assert [row["status"] for row in results] == [200, 409, 200, 404]
        assert results[1]["code"] == "LEASE_ENDED" and "expires_at" in results[0] and "proven_until" in results[0]
        assert joe.post("/v1/heartbeats", {"leases": []}).status == 400


def a_batch_is_decided_and_answered_in_its_order():
    with World() as world:
        joe = world.seats(limit=1)
        lines = [{"op": "lease.create", "feature": "cad/render"}, {"op": "lease.create", "feature": "cad/render"},
                 "nonsense", {"op": "lease.create", "feature": "cad/render", "ttl": 5}, {"op": "dance"},
                 {"op": "lease.release", "lease": "lse_01h455vb4pex5vsknk084sn02q"},
                 {"op": "observe.restart", "product": "x", "line": 1}]
        answers = joe.batch(lines)
        assert [a["status"] for a in answers] == [201, 409, 400, 400, 400, 404, 403], answers
        assert answers[3]["member"] == "ttl" and answers[4]["member"] == "op"
        assert all("index" in a for a in answers)
        lease = answers[0]["id"]
        answers = joe.batch([{"op": "lease.heartbeat", "lease": lease}, {"op": "lease.release", "lease": lease},
                             {"op": "lease.create", "feature": "cad/render"}, {"op": "lease.release", "lease": lease}])
        assert [a["status"] for a in answers] == [200, 200, 201, 200]
        assert answers[1] == answers[3]


def a_batch_repeated_under_its_key_repeats_each_line():
    with World() as world:
        joe = world.seats(limit=10)
        lines = [{
    "op" : "lease.create", "feature" : "cad/render", "quantity" : n} for n in (1, 2, 3)]
        first = joe.batch(lines, Idempotency_Key="batch-0123456789")
        assert joe.batch(lines, Idempotency_Key="batch-0123456789") == first
        assert world.admin.get("/v1/pools").json["pools"][0]["used"] == 6
        swapped = joe.batch([lines[1], lines[0], lines[2]], Idempotency_Key="batch-0123456789")
        assert [a["status"] for a in swapped] == [422, 422, 201]


def a_batch_has_a_thousand_lines_at_most():
    with World() as world:
        joe = world.seats(limit=1000)
        line = {"op": "lease.create", "feature": "cad/render"}
        answers = joe.batch([line] * 1000)
        assert [a["used"] for a in answers] == list(range(1, 1001))
        body = (json.dumps(line) + "\n").encode() * 1001
        assert joe.post("/v1/batch", body).status == 400
        assert joe.post("/v1/batch", b"").status == 400


def a_lapsed_lease_gives_its_seat_back():
    with World() as world:
        joe = world.seats(limit=1)
        lease = joe.made("/v1/leases", {"feature": "cad/render", "ttl_s": 10, "quantity": 1})
        waiting = joe.made("/v1/leases", {"feature": "cad/render", "wait_s": 60})
        offered = joe.get(f"/v1/tickets/{waiting['id']}?wait_s=20").json
        assert offered["place"] == 0, offered
        ended = joe.post(f"/v1/leases/{lease['id']}/heartbeat").json
        assert (ended["code"], ended["reason"], ended["state"]) == ("LEASE_ENDED", "silent", "lapsed")


if __name__ == "__main__":
    run(globals())

"""The ledger as its readers see it: pages, proofs, tiles, checkpoints, and who may see them (P3, DESIGN section 4)."""
import base64
import hashlib
import json

from api_world import World, leaf_hash, proof_holds, roots_by_consistency, run, tree_root


def the_hashes_of_all_entries_are_the_published_root():
    with World() as world:
        joe = world.seats(limit=300)
        joe.batch([{"op": "lease.create", "feature": "cad/render"}] * 300)
        ledger = world.published(300)
        rows = world.admin.get("/v1/audit?after=-1&limit=1000").json["entries"]
        leaves = [leaf_hash(row["entry"].encode()) for row in rows]
        assert [base64.b64decode(row["hash"]) for row in rows] == leaves
        assert [row["index"] for row in rows] == list(range(len(rows)))
        assert tree_root(leaves[:ledger["size"]]) == base64.b64decode(ledger["root"])
        assert ledger["vkey"].startswith(ledger["origin"] + "+")


def pages_follow_each_other_and_end_by_echoing():
    with World() as world:
        joe = world.seats()
        joe.made("/v1/leases", {"feature": "cad/render"})
        whole = world.admin.get("/v1/audit?limit=1000").json
        rows, after = [], -1
        while True:
            page = world.admin.get(f"/v1/audit?after={after}&limit=3").json
            if not page["entries"]:
                break
            rows += page["entries"]
            assert page["next"] == page["entries"][-1]["index"]
            after = page["next"]
        assert rows == whole["entries"] and page["next"] == after
        assert world.admin.get("/v1/audit?after=1000000").json == {"entries": [], "next": 1000000}
        assert world.admin.get(f"/v1/audit/{rows[4]['index']}").json == rows[4]
        assert world.admin.get("/v1/audit/1000000").status == 404
        assert world.admin.get("/v1/audit/x").status == 404
        assert world.admin.get("/v1/audit/9223372036854775807").status == 404
        assert world.admin.get("/v1/audit?after=9223372036854775807").json["member"] == "after"


def every_entry_has_a_proof_and_any_two_sizes_are_consistent():
    with World() as world:
        joe = world.seats(limit=300)
        joe.batch([{"op": "lease.create", "feature": "cad/render"}] * 270)
        ledger = world.published(280)
        rows = world.admin.get("/v1/audit?limit=1000").json["entries"][:ledger["size"]]
        leaves = [leaf_hash(row["entry"].encode()) for row in rows]
        for index in (0, 1, 6, 255, 256, 257, len(rows) - 1):
            proof = joe.get(f"/v1/audit/{index}/proof")
            assert proof.status == 200 and proof.headers["content-type"].startswith("text/plain")
            assert proof_holds(proof.text, index, rows[index]["entry"]), index
        assert joe.get("/v1/audit/1000000/proof").json["code"] == "NOT_FOUND"
        for older, newer in ((1, 2), (3, 7), (4, 8), (255, 256), (256, 257), (200, len(rows))):
            answer = joe.get(f"/v1/audit/consistency?from={older}&to={newer}").json
            hashes = [base64.b64decode(text) for text in answer["hashes"]]
            roots = roots_by_consistency(older, newer, tree_root(leaves[:older]), hashes)
            assert roots == (tree_root(leaves[:older]), tree_root(leaves[:newer])), (older, newer)
        assert joe.get("/v1/audit/consistency?from=4").json["to"] >= len(rows)
        assert joe.get("/v1/audit/consistency?from=0&to=5").json["hashes"] == []
        assert joe.get("/v1/audit/consistency?from=5&to=4").json["member"] == "from"
        assert joe.get("/v1/audit/consistency?from=5&to=1000000").status == 404
        assert joe.get("/v1/audit/consistency").json["member"] == "from"


def tiles_and_bundles_are_those_of_the_log():
    with World() as world:
        joe = world.seats(limit=600)
        joe.batch([{"op": "lease.create", "feature": "cad/render"}] * 550)
        world.published(560)
        rows = world.admin.get("/v1/audit?limit=1000").json["entries"]
        leaves = [leaf_hash(row["entry"].encode()) for row in rows]
        full = joe.get("/tile/0/000")
        assert full.status == 200 and "immutable" in full.headers["cache-control"], full.headers
        assert full.body == b"".join(leaves[:256])
        assert joe.get("/tile/0/001.p/7").body == b"".join(leaves[256:263])
        assert joe.get("/tile/1/000.p/2").body == tree_root(leaves[:256]) + tree_root(leaves[256:512])
        bundle, texts = world.admin.get("/tile/entries/001").body, []
        while bundle:
            length = int.from_bytes(bundle[:2], "big")
            texts.append(bundle[2:2 + length].decode())
            bundle = bundle[2 + length:]
        assert texts == [row["entry"] for row in rows[256:512]]
        for path in ("/tile/0/003", "/tile/5/000", "/tile/0/0", "/tile/0/000.p/256", "/tile/x/000", "/tile/0/../0"):
            answer = joe.get(path)
            assert answer.status in (400, 404), (path, answer)


def on_loopback_hashes_are_public_and_entries_are_not():
    with World() as world:
        world.published(5)
        nobody = world.client()
        note = nobody.get("/checkpoint")
        assert note.status == 200 and note.text.split("\n")[0] == world.admin.get("/v1/ledger").json["origin"]
        assert nobody.get("/tile/0/000.p/3").status == 200 and nobody.get("/metrics").status == 200
        assert nobody.get("/tile/entries/000.p/3").status == 401
        assert world.user("member").get("/tile/entries/000.p/3").status == 403
        assert world.user("auditor", role="auditor").get("/tile/entries/000.p/3").status == 200
        assert nobody.get("/v1/ledger").status == 401


def what_is_public_can_be_less():
    for public, checkpoint, tile in (("checkpoint", 200, 401), ("none", 401, 401)):
        with World("--public", public) as world:
            world.published(5)
            nobody, member = world.client(), world.user("member")
            assert nobody.get("/checkpoint").status == checkpoint
            assert nobody.get("/tile/0/000.p/3").status == tile and nobody.get("/metrics").status == tile
            assert member.get("/checkpoint").status == 200 and member.get("/tile/0/000.p/3").status == 200
            assert member.get("/metrics").status == 403 and world.admin.get("/metrics").status == 200


def health_readiness_and_metrics_answer():
    with World() as world:
        joe = world.seats(limit=3)
        joe.made("/v1/leases", {"feature": "cad/render", "quantity": 2})
        nobody = world.client()
        assert nobody.get("/healthz").text == "ok\n" and nobody.get("/readyz").text == "ready\n"
        lines = world.admin.get("/metrics").text.splitlines()
        values = {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines if line[0] != "#"}
        assert values["tally_leases"] == 1 and values["tally_ready"] == 1
        pool = world.admin.get("/v1/pools").json["pools"][0]["id"]
        labels = f'{{app="cad",name="render",pool="{pool}"}}'
        assert values["flexlm_feature_used" + labels] == 2 and values["flexlm_feature_issued" + labels] == 3
        assert "flexlm" not in nobody.get("/metrics").text, "features are not everybody's business"
        assert len([line for line in lines if line.startswith("# TYPE")]) == len(
            {line.split()[2] for line in lines if line.startswith("# TYPE")})


def a_backup_is_made_recorded_and_holds_the_ledger():
    with World() as world:
        world.seats()
        made = world.admin.post("/v1/backups", {"to": "monday.db"})
        assert made.status == 201 and made.json["to"] == "monday.db", made
        entry = json.loads(world.admin.get(f"/v1/audit/{made.json['index']}").json["entry"])
        assert entry["type"] == "backup.made" and entry["data"]["size"] == made.json["size"] >= 10
        with open(world.data + "/backups/monday.db", "rb") as file:
            copy = file.read()
        assert copy.startswith(b"SQLite format 3\0")
        assert made.json["sha256"] == entry["data"]["sha256"] == hashlib.sha256(copy).hexdigest(), made
        leaves = [leaf_hash(world.admin.get(f"/v1/audit/{at}").json["entry"].encode()) for at in range(made.json["size"])]
        assert made.json["root"] == tree_root(leaves).hex(), made
        would = world.admin.made("/v1/backups?dry_run=true", {"to": "none.db"})["would"][0]["data"]
        assert "sha256" not in would and "root" in would, would
        again = world.admin.post("/v1/backups", {"to": "monday.db"})
        assert (again.status, again.json["code"], again.json["member"]) == (409, "NAME_TAKEN", "to"), again
        for name in ("../evil", "a/b", ".hidden", "", "x" * 65, "sp ace"):
            answer = world.admin.post("/v1/backups", {"to": name})
            assert (answer.status, answer.json["member"]) == (400, "to"), answer


def a_page_of_rows_with_long_lists_ends_early_and_the_next_goes_on():
    with World() as world:
        names = [f"suite{n}" for n in range(70)]
        for name in names:
            world.product(name, [f"f{n}" for n in range(256)])
        found, pages, after = [], 0, 0
        while after is not None:
            page = world.admin.get(f"/v1/products?limit=1000&after={after}").json
            found += [(row["name"], len(row["features"])) for row in page["products"]]
            after, pages = page.get("next"), pages + 1
        assert found == [(name, 256) for name in names] and pages == 2, (pages, found)


def a_clock_that_did_not_jump_is_not_confirmed():
    with World() as world:
        answer = world.admin.post("/v1/clock/confirm")
        assert (answer.status, answer.json["code"]) == (409, "WRONG_STATE"), answer
        assert answer.json["detail"] == "the clock did not jump: there is nothing to confirm", answer


def lists_are_paged_and_cursors_lead_through_all_rows():
    with World() as world:
        world.organisation()
        world.product("cad", [f"f{n}" for n in range(30)])
        for n in range(30):
            world.license(feature=f"f{n}", limit=n)
        seen, after = [], 0
        while True:
            page = world.admin.get(f"/v1/pools?limit=7&after={after}").json
            assert len(page["pools"]) <= 7
            seen += page["pools"]
            if "next" not in page:
                break
            after = page["next"]
        assert [pool["limit"] for pool in seen] == list(range(30))
        one = world.admin.get(f"/v1/pools/{seen[3]['id']}?min_index=5").json
        assert one == seen[3] and one["holder_name"] == "Acme"
        licence = world.admin.get(f"/v1/licenses/{one['license']}").json
        assert licence["entitlements"][0]["pool"] == one["id"] and licence["holder_name"] == "Acme"
        assert [f["name"] for f in world.admin.get("/v1/products").json["products"][0]["features"]][:2] == ["f0", "f1"]
        assert world.admin.get("/v1/pools?after=4000000000").json == {"pools": []}


def why_tells_what_would_happen_and_what_did():
    with World() as world:
        joe = world.seats(limit=1)
        assert joe.get("/v1/why?feature=cad/render").json["answer"] == "granted"
        joe.made("/v1/leases", {"feature": "cad/render"})
        denied = joe.post("/v1/leases", {"feature": "cad/render"}).json
        why = joe.get("/v1/why?feature=cad/render").json
        assert (why["answer"], why["code"], why["reason"]) == ("denied", "NO_SEATS", "no_seats"), why
        assert why["last_denials"][0]["index"] == denied["index"] and why["would"][0]["data"]["used"] == 1
        assert joe.get("/v1/why?feature=cad/none").json["code"] == "NOT_FOUND"
        assert joe.get("/v1/why").json["member"] == "feature"


def what_was_observed_is_told_and_goes_on_where_it_stopped():
    with World() as world:
        robot = world.user("lmgrd", kind="services", role="admin", scopes=["observe"])
        out = {"op": "observe.out", "product": "ansys", "feature": "solver", "user": "u", "host": "h", "line": 3,
               "occurred_at": "2020-01-02T03:04:05Z"}
        head = "ab" * 32
        lines = [out, out, {**out, "op": "observe.in", "line": 4}, {**out, "op": "observe.in", "user": "x", "line": 5},
                 {**out, "op": "observe.denied", "line": 6},
                 {"op": "observe.limit", "product": "ansys", "feature": "solver", "limit": 1},
                 {"op": "observe.restart", "product": "ansys", "line": 7},
                 {"op": "observe.read", "head": head, "offset": 1234, "line": 7}]
        answers = robot.batch(lines, Idempotency_Key="observe-01234567")
        assert [a["status"] for a in answers] == [201, 201, 200, 200, 200, 200, 200, 200], answers
        assert (answers[0]["used"], answers[1]["used"], answers[2]["used"], answers[6]["count"]) == (1, 2, 1, 1)
        assert answers[2]["id"] == answers[0]["id"] and answers[3]["unmatched"] == "true"
        assert robot.batch(lines, Idempotency_Key="observe-01234567") == answers
        entry = json.loads(world.admin.get(f"/v1/audit/{answers[0]['index']}").json["entry"])
        assert entry["type"] == "observe.out" and entry["occurred_at"] == "2020-01-02T03:04:05.000Z"
        assert (entry["source"], entry["actor"]["via"], entry["actor"]["level"]) == ("import", "observation", "A0")
        mark = robot.get(f"/v1/observations?head={head}").json
        assert mark == {"head": head, "offset": 1234, "line": 7}
        assert robot.get("/v1/observations?head=" + "cd" * 32).json["offset"] == 0
        assert robot.get("/v1/observations?head=xyz").json["member"] == "head"


if __name__ == "__main__":
    run(globals())

"""A denial for want of seats names who has them, as far as the caller may know, and reading that is recorded (P1)."""
from api_world import World, run


def _full(world, limit=3):
    """Acme's pool, full: two of joe's seats and one of ann's."""
    joe = world.seats(limit=limit)
    organisation = world.admin.get(f"/v1/users/{joe.id}").json["organisation"]
    ann = world.user("ann", organisation)
    leases = [joe.made("/v1/leases", {"feature": "cad/render", "quantity": limit - 1}),
              ann.made("/v1/leases", {"feature": "cad/render"})]
    return organisation, joe, ann, leases


def _reads(world, after, client):
    return [entry["data"]["scope"] for _, entry in world.admin.entries(after)
            if entry["type"] == "data.read" and entry["actor"]["id"] == client.id]


def who_may_list_leases_is_told_who_has_the_seats_and_that_is_recorded():
    with World() as world:
        organisation, joe, ann, leases = _full(world)
        boss = world.user("boss", organisation, role="admin")
        size = world.admin.size()
        denied = boss.post("/v1/leases", {"feature": "cad/render"})
        assert (denied.status, denied.json["code"]) == (409, "NO_SEATS"), denied
        told = [(row["lease"], row["principal"], row["principal_name"], row["quantity"]) for row in denied.json["holders"]]
        assert told == [(leases[0]["id"], joe.id, "joe", 2), (leases[1]["id"], ann.id, "ann", 1)], denied
        assert all(row["granted_at"] < row["expires_at"] for row in denied.json["holders"]), denied
        assert _reads(world, size - 1, boss) == ["leases"]
        why = boss.get("/v1/why?feature=cad/render").json
        assert why["holders"] == denied.json["holders"] and _reads(world, size - 1, boss) == ["leases"] * 2, why


def who_may_not_is_told_of_its_own_leases_alone():
    with World() as world:
        organisation, joe, ann, leases = _full(world)
        bob = world.user("bob", organisation)
        scoped = world.user("scoped", organisation, role="admin", scopes=["lease.take"])
        size = world.admin.size()
        for client in (bob, scoped):
            denied = client.post("/v1/leases", {"feature": "cad/render"})
            assert denied.json["code"] == "NO_SEATS" and "holders" not in denied.json, denied
            assert client.get("/v1/why?feature=cad/render").json["holders"] == []
        denied = joe.post("/v1/leases", {"feature": "cad/render"}).json
        assert [(row["lease"], row["principal"]) for row in denied["holders"]] == [(leases[0]["id"], joe.id)], denied
        assert ann.id not in str(joe.get("/v1/why?feature=cad/render").json)
        assert not [client for client in (bob, scoped, joe) if _reads(world, size - 1, client)], "nothing of others was read"


def sixteen_holders_are_named_at_most_and_the_oldest():
    with World() as world:
        joe = world.seats(limit=20)
        leases = [line["id"] for line in joe.batch([{"op": "lease.create", "feature": "cad/render"}] * 20)]
        denied = joe.post("/v1/leases", {"feature": "cad/render"}).json
        assert [row["lease"] for row in denied["holders"]] == leases[:16], denied
        assert joe.batch([{"op": "lease.create", "feature": "cad/render"}])[0].get("holders") is None, "a line is short"


def a_repeat_and_a_rolled_up_denial_name_nobody_and_record_no_read():
    with World() as world:
        organisation, *_ = _full(world)
        boss = world.user("boss", organisation, role="admin")
        key = {"Idempotency_Key": "holders-of-a-repeat"}
        first = boss.post("/v1/leases", {"feature": "cad/render"}, **key)
        size = world.admin.size()
        again = boss.post("/v1/leases", {"feature": "cad/render"}, **key)
        assert first.json["holders"] and again.json["index"] == first.json["index"] and "holders" not in again.json, again
        assert _reads(world, size - 1, boss) == []
        answers = [boss.post("/v1/leases", {"feature": "cad/render"}).json for _ in range(12)]
        assert {answer["code"] for answer in answers} == {"NO_SEATS"} and "holders" not in answers[-1], answers
        assert len(_reads(world, size - 1, boss)) == len([answer for answer in answers if "holders" in answer]) < 12


if __name__ == "__main__":
    run(globals())

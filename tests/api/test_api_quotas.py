"""Quotas: nobody uses up what is there for all; the refusal says which one it was, and when to come again (P9)."""
import json

from api_world import World, run

TICKETS = 1000  # PERSON_TICKETS_MAX of base/limits.h, and as many lines as a batch may have


def _queue(client):
    body = (json.dumps({"op": "lease.create", "feature": "cad/render", "wait_s": 600}) + "\n").encode() * TICKETS
    return client.post("/v1/batch", body).lines


def one_member_leaves_room_in_the_queue_for_the_others():
    with World() as world:
        world.product()
        organisation = world.organisation()
        world.license(limit=1)
        joe, ann = world.user("joe", organisation), world.user("ann", organisation)
        ci = world.user("ci", organisation, kind="services")
        wish = {"feature": "cad/render", "wait_s": 600}
        ann.made("/v1/leases", {"feature": "cad/render"})
        tickets = _queue(joe)
        assert {line["status"] for line in tickets} == {202}, tickets[0]
        assert [client.post("/v1/leases", wish).status for client in (joe, ann, ci)] == [429, 202, 202]
        assert joe.delete(f"/v1/tickets/{tickets[0]['id']}").status == 200
        assert [joe.post("/v1/leases", wish).status for _ in range(2)] == [202, 429]


def a_refusal_by_a_quota_names_it_and_says_when_to_come_again():
    with World() as world:
        joe = world.seats(limit=1)
        joe.made("/v1/leases", {"feature": "cad/render"})
        _queue(joe)
        refused = joe.post("/v1/leases", {"feature": "cad/render", "wait_s": 600})
        assert refused.status == 429 and refused.json["code"] == "TICKET_QUOTA", refused
        assert 0 < int(refused.headers["retry-after"]) <= 60, refused.headers
        leaf = dict(world.admin.entries(refused.json["index"] - 1))[refused.json["index"]]
        assert leaf["type"] == "request.rejected" and leaf["data"]["problem"] == "TICKET_QUOTA", leaf
        flooded = _queue(joe)
        assert {(line["status"], line["code"]) for line in flooded} == {(429, "TICKET_QUOTA")}, flooded[0]
        assert len({line["index"] for line in flooded}) <= 11, "the ledger does not grow by refusals"


if __name__ == "__main__":
    run(globals())

"""Waiting for a seat (ENTRY.md, "Ticket")."""
import json
import threading
import time

from api_world import World, run


def _full(world, limit=1):
    joe = world.seats(limit=limit)
    return joe, joe.made("/v1/leases", {"feature": "cad/render", "quantity": limit})


def a_full_pool_gives_a_ticket_and_its_turn_is_claimed():
    with World() as world:
        joe, lease = _full(world)
        ticket = joe.post("/v1/leases", {"feature": "cad/render", "wait_s": 60})
        assert ticket.status == 202 and ticket.json["place"] == 1, ticket
        ticket = ticket.json
        early = joe.post(f"/v1/tickets/{ticket['id']}/claim")
        assert (early.status, early.json["code"]) == (409, "NOT_OFFERED"), early
        joe.delete(f"/v1/leases/{lease['id']}")
        now = joe.get(f"/v1/tickets/{ticket['id']}").json
        assert now["place"] == 0, now
        claimed = joe.post(f"/v1/tickets/{ticket['id']}/claim", {})
        assert claimed.status == 201 and claimed.json["used"] == 1, claimed
        gone = joe.get(f"/v1/tickets/{ticket['id']}")
        assert (gone.status, gone.json["code"], gone.json["state"]) == (409, "TICKET_ENDED", "claimed"), gone


def a_claims_nonce_is_in_the_leases_leaf():
    with World() as world:
        joe, lease = _full(world)
        nonce = "00112233445566778899aabbccddeeff"
        ticket = joe.made("/v1/leases", {"feature": "cad/render", "wait_s": 60, "nonce": "f" * 32})["id"]
        joe.delete(f"/v1/leases/{lease['id']}")
        for wrong in (nonce[:-1], nonce + "00", "x" * 32, 7, None):
            answer = joe.post(f"/v1/tickets/{ticket}/claim", {"nonce": wrong})
            assert (answer.status, answer.json["member"]) == (400, "nonce"), (wrong, answer)
        claimed = joe.post(f"/v1/tickets/{ticket}/claim", {"nonce": nonce}, Prefer="receipt")
        assert claimed.status == 201 and claimed.json["nonce"] == nonce, claimed
        assert json.loads(claimed.json["entry"])["data"]["nonce"] == nonce, claimed


def a_held_poll_is_woken_by_its_turn():
    with World() as world:
        joe, lease = _full(world)
        ticket = joe.made("/v1/leases", {"feature": "cad/render", "wait_s": 60})
        found = {}

        def poll():
            begun = time.monotonic()
            found["answer"] = world.client(joe.token).get(f"/v1/tickets/{ticket['id']}?wait_s=30")
            found["seconds"] = time.monotonic() - begun

        thread = threading.Thread(target=poll)
        thread.start()
        while "tally_waiting_requests 1" not in world.admin.get("/metrics").text:
            time.sleep(0.02)
        joe.delete(f"/v1/leases/{lease['id']}")
        thread.join(20)
        assert found["answer"].json["place"] == 0 and found["seconds"] < 25, found


def many_held_polls_are_woken_each_in_its_turn():
    with World() as world:
        joe, lease = _full(world)
        tickets = [joe.made("/v1/leases", {"feature": "cad/render", "wait_s": 60}) for _ in range(5)]
        assert [ticket["place"] for ticket in tickets] == [1, 2, 3, 4, 5]
        order = []

        def take(number):
            client = world.client(joe.token)
            while client.get(f"/v1/tickets/{tickets[number]['id']}?wait_s=30").json["place"]:
                pass
            got = client.made(f"/v1/tickets/{tickets[number]['id']}/claim", {})
            order.append(number)
            client.delete(f"/v1/leases/{got['id']}")

        threads = [threading.Thread(target=take, args=(number,)) for number in range(5)]
        for thread in threads:
            thread.start()
        joe.delete(f"/v1/leases/{lease['id']}")
        for thread in threads:
            thread.join(30)
        assert order == [0, 1, 2, 3, 4], order


def a_held_poll_ends_with_its_time():
    with World() as world:
        joe, _ = _full(world)
        ticket = joe.made("/v1/leases", {"feature": "cad/render", "wait_s": 60})
        begun = time.monotonic()
        answer = joe.get(f"/v1/tickets/{ticket['id']}?wait_s=1")
        assert answer.json["place"] == 1 and 0.7 < time.monotonic() - begun < 25, answer


def a_cancelled_ticket_wakes_its_poll_and_stays_cancelled():
    with World() as world:
        joe, _ = _full(world)
        ticket = joe.made("/v1/leases", {"feature": "cad/render", "wait_s": 60})
        found = []
        thread = threading.Thread(
            target=lambda: found.append(world.client(joe.token).get(f"/v1/tickets/{ticket['id']}?wait_s=30")))
        thread.start()
        while "tally_waiting_requests 1" not in world.admin.get("/metrics").text:
            time.sleep(0.02)
        ended = joe.delete(f"/v1/tickets/{ticket['id']}")
        assert (ended.status, ended.json["state"]) == (200, "cancelled"), ended
        thread.join(20)
        assert found[0].json["code"] == "TICKET_ENDED", found
        assert joe.delete(f"/v1/tickets/{ticket['id']}").json == ended.json


def a_server_that_stops_answers_those_who_wait():
    with World() as world:
        joe, _ = _full(world)
        ticket = joe.made("/v1/leases", {"feature": "cad/render", "wait_s": 600})
        found = []
        thread = threading.Thread(
            target=lambda: found.append(world.client(joe.token).get(f"/v1/tickets/{ticket['id']}?wait_s=30")))
        thread.start()
        while "tally_waiting_requests 1" not in world.admin.get("/metrics").text:
            time.sleep(0.02)
        begun = time.monotonic()
        world.stop()
        thread.join(20)
        assert found[0].status == 200 and time.monotonic() - begun < 25, found
        world.start()
        assert world.client(joe.token).get(f"/v1/tickets/{ticket['id']}").json["place"] == 1


def a_ticket_is_its_owners_alone():
    with World() as world:
        joe, _ = _full(world)
        ticket = joe.made("/v1/leases", {"feature": "cad/render", "wait_s": 60})
        ann = world.user("ann")
        for answer in (ann.get(f"/v1/tickets/{ticket['id']}"), ann.post(f"/v1/tickets/{ticket['id']}/claim"),
                       ann.delete(f"/v1/tickets/{ticket['id']}"), world.admin.get(f"/v1/tickets/{ticket['id']}")):
            assert (answer.status, answer.json["code"]) == (404, "NOT_FOUND"), answer
        assert [row["id"] for row in joe.get("/v1/tickets").json["tickets"]] == [ticket["id"]]
        assert ann.get("/v1/tickets").json["tickets"] == []


if __name__ == "__main__":
    run(globals())

"""Floods: what comes too often is counted exactly, by one entry a second, and every answer names the entry that covers it
(P1, P9, DESIGN section 4)."""
import concurrent.futures
import http.client
import json
import signal
import threading

from api_world import Client, World, run


def _side_by_side(count, work):
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return [item for part in pool.map(work, range(count)) for item in part]


def fifty_thousand_denials_are_counted_to_the_last_one():
    with World() as world:
        joe = world.seats(limit=1)
        joe.made("/v1/leases", {"feature": "cad/render"})
        body = (json.dumps({"op": "lease.create", "feature": "cad/render"}) + "\n").encode() * 1000
        size = world.admin.size()

        def flood(_):
            client = Client(world.port, joe.token)
            lines = []
            for _ in range(10):
                for line in client.post("/v1/batch", body).lines:
                    while line["status"] == 503:  # the queue was full: it was not decided, and is asked again
                        line = client.post("/v1/batch", body[:len(body) // 1000]).lines[0]
                    lines.append(line)
            return lines

        answers = _side_by_side(5, flood)
        assert len(answers) == 50000
        assert {(a["status"], a["code"], a["reason"]) for a in answers} == {(409, "NO_SEATS", "no_seats")}
        counts = {}
        for index, entry in world.admin.entries(size - 1):
            if entry["type"] in ("lease.denied", "lease.denials"):
                counts[index] = entry["data"].get("count", 1)
        told = {}
        for answer in answers:
            told[answer["index"]] = told.get(answer["index"], 0) + 1
        assert sum(counts.values()) == 50000 and told == counts, (sum(counts.values()), told == counts)
        assert len(counts) < 1000, "the ledger does not grow by the flood"


def failed_credentials_of_one_network_are_counted_together():
    with World() as world:
        size = world.admin.size()

        def guess(number):
            client = Client(world.port, f"tlyp_{number:036d}")
            return [client.get("/v1/me") for _ in range(5)]

        answers = _side_by_side(40, guess)
        assert {a.status for a in answers} == {401}
        told = {}
        for answer in answers:
            told[answer.json["index"]] = told.get(answer.json["index"], 0) + 1
        counts = {index: entry["data"].get("count", 1) for index, entry in world.admin.entries(size - 1)
                  if entry["type"] in ("auth.failed", "auth.failures")}
        assert told == counts and sum(counts.values()) == 200, (told, counts)
        single = [i for i, e in world.admin.entries(size - 1) if e["type"] == "auth.failed"]
        assert len(single) == 10, single


def a_server_that_is_killed_in_a_flood_has_answered_nothing_that_it_forgot():
    with World() as world:
        joe = world.seats(limit=1)
        joe.made("/v1/leases", {"feature": "cad/render"})
        told = []

        def deny():
            client = Client(world.port, joe.token)
            try:
                while True:
                    told.append(client.post("/v1/leases", {"feature": "cad/render"}).json["index"])
            except (OSError, http.client.HTTPException):
                pass  # the server is gone: what it had not answered does not count

        threads = [threading.Thread(target=deny) for _ in range(8)]
        for thread in threads:
            thread.start()
        while len(told) < 30:
            threads[0].join(0.05)
        world.stop(signal.SIGKILL)
        for thread in threads:
            thread.join()
        world.start()
        entries = dict(world.admin.entries())
        for index in set(told):
            entry = entries[index]
            assert entry["type"] in ("lease.denied", "lease.denials"), entry
            assert told.count(index) <= entry["data"].get("count", 1), (index, entry)


if __name__ == "__main__":
    run(globals())

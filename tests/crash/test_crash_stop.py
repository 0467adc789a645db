"""A server that is told to stop ends: soon, in good order, and however long nobody asked it anything."""
import http.client
import random
import threading
import time

from crash_world import NIGHTLY, NO_ANSWER, SEED, Client, CrashWorld, run

ROUNDS = 40 if NIGHTLY else 4
IDLE_S = (0, 0.3, 5, 12, 22, 31) if NIGHTLY else (0, 0.3, 1.5)
STOP_S = 20  # ten for clients that do not read, and a snapshot


def _stop_timed(world):
    begun = time.monotonic()
    world.stop()  # fails with the places of its threads when it hangs
    return time.monotonic() - begun


def _poll(client, ticket):
    try:
        client.get(f"/v1/tickets/{ticket}?wait_s=30")
    except NO_ANSWER:
        pass  # the server is gone


def an_idle_server_ends_when_it_is_told_to():
    rng = random.Random(SEED)
    with CrashWorld() as world:
        world.make(2, limit=1)
        for number in range(ROUNDS):
            silent = http.client.HTTPConnection("127.0.0.1", world.port, timeout=60)
            silent.connect()  # says nothing and stays
            Client(world.port, world.people[0].token).get("/v1/me")
            idle_s = rng.choice(IDLE_S)
            time.sleep(idle_s)
            spent_s = _stop_timed(world)
            assert spent_s < STOP_S, (number, idle_s, spent_s)
            silent.close()
            world.start()


def a_server_with_requests_that_are_held_ends_when_it_is_told_to():
    with CrashWorld() as world:
        world.make(2, limit=1)
        holder, waiter = world.people
        holder.made("/v1/leases", {"feature": "cad/render"})
        ticket = waiter.made("/v1/leases", {"feature": "cad/render", "wait_s": 3600})["id"]
        for number in range(ROUNDS):
            thread = threading.Thread(target=_poll, args=(Client(world.port, waiter.token), ticket))
            thread.start()
            time.sleep(0.05 * (number % 4))
            spent_s = _stop_timed(world)
            thread.join()
            assert spent_s < STOP_S, (number, spent_s)
            world.start()


if __name__ == "__main__":
    run(globals())

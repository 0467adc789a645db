"""A loaded server is killed, again and again: nothing acknowledged is lost, no seat is given twice, and it is ready
again by itself (P1, P4)."""
import sys
import time

from crash_world import NIGHTLY, SEED, CrashWorld, Person, check_seats, check_told, is_linearizable, random, run, wait_for

ROUNDS = 200 if NIGHTLY else 20
PEOPLE = 6
SEATS = 4
READY_S = 10


def a_checker_that_accepts_everything_would_prove_nothing():
    taken = [(0.0, 1.0, 1, True)]
    assert is_linearizable([taken, [(0.5, 1.5, 1, False)]], 1)
    assert not is_linearizable([taken, [(2.0, 3.0, 1, True)]], 1)  # a seat too many
    assert not is_linearizable([taken + [(2.0, 3.0, -1, True)], [(4.0, 5.0, 1, False)]], 1)  # denied beside a free seat
    assert is_linearizable([taken + [(2.0, 3.0, -1, True)], [(2.5, 5.0, 1, False)]], 1)
    assert not is_linearizable([[(0.0, 9.0, 1, True)], [(1.0, 2.0, 1, False), (3.0, 4.0, 1, True)]], 1)


def _grants_known(people):
    return sum(happened and change > 0 for person in people for *_, change, happened in list(person.history))


def nothing_acknowledged_is_lost_however_often_the_server_is_killed():
    chance = random.Random(SEED)
    with CrashWorld() as world:
        world.make(PEOPLE, SEATS)
        people = [Person(world, client, chance.random()) for client in world.people]
        for person in people:
            person.start()
        slowest, known = 0, []
        for _ in range(ROUNDS):
            time.sleep(chance.uniform(0.05, 0.4))
            world.kill()
            slowest = max(slowest, world.start_timed())
            told = [list(person.told) for person in people]
            known += world.leaves(len(known) - 1)
            for person, before in zip(people, told):
                check_told([type("Told", (), {"told": before})], known)
                assert not person.failure, person.failure
        wait_for(lambda: _grants_known(people) > ROUNDS, what="a load worth killing")
        for person in people:
            person.stop()
        leaves = world.leaves()
        assert leaves[:len(known)] == known, "what a client has read has changed"
        acknowledged = check_told(people, leaves)
        grants = check_seats(leaves)
        assert slowest < READY_S, f"ready after {slowest:.1f} s"
        assert grants > ROUNDS and acknowledged > 2 * ROUNDS, "the load was none"
        assert is_linearizable([person.history for person in people], SEATS), "no order explains what was answered"
        world.stop()
        world.verify()
        tries = sum(person.tries for person in people)
        print(f"seed {SEED}: {ROUNDS} kills, {len(leaves)} entries, {grants} grants, {acknowledged} acknowledgements "
              f"kept, {tries} tries, ready again after {slowest:.2f} s at most")


def grants_are_linearizable():
    with CrashWorld() as world:
        world.make(PEOPLE, SEATS)
        people = [Person(world, client, SEED + i) for i, client in enumerate(world.people)]
        for person in people:
            person.start()

        def done():
            history = [action for person in people for action in list(person.history)]
            return len(history), sum(not happened for *_, happened in history)

        time.sleep(10 if NIGHTLY else 2)
        wait_for(lambda: done()[0] > 100 and done()[1] > 0, what="a load with denials in it")
        for person in people:
            person.stop()
        actions, denials = done()
        assert is_linearizable([person.history for person in people], SEATS), "no order explains what was answered"
        check_told(people, world.leaves())
        print(f"{actions} actions, {denials} of them denials, in one order")


if __name__ == "__main__":
    sys.setswitchinterval(0.001)
    run(globals())

/*
 * core/decide_license, core/decide_change, core/decide_catalog: what licences do to pools, over their whole life.
 */
#include "core_check.h"
#include "core_world.h"
#include "test.h"

static void a_licence_makes_a_pool_with_its_limit(void)
{
    AUTO(struct world *, world_free) world = world_new(1);
    struct who acme = world_organisation(world);
    struct pool *pool;

    world_product(world, "cad", "render mesh");
    world_license(world, acme, "cad/render", 8);
    pool = world_pool(world, acme, "cad/render");
    CHECK_INT(pool->limit, 8);
    CHECK_INT(pool->entitled, 8);
    CHECK_INT(pool->terms_end_ms, 0);
    CHECK_INT(world->count, 4); /* license, pool, entitlement, limit */
    CHECK(facts_check(&world->facts));
}

static const struct test tests[] = {
    TEST(a_licence_makes_a_pool_with_its_limit),
};
TEST_MAIN(tests)

/*
 * tests/license_scene: a vendor's usual world, for the tests about licences: a product "cad" with "render" and "mesh",
 * a customer with a user, one licence of the customer's for "cad/render".
 */
#ifndef TESTS_LICENSE_SCENE_H
#define TESTS_LICENSE_SCENE_H

#include "core_check.h"
#include "core_world.h"
#include "test.h"

struct scene {
    struct world *world;
    struct who acme;
    struct who ann; /* of acme */
    struct id license;
};

static inline void scene_free(struct scene *scene)
{
    CHECK(facts_check(&scene->world->facts));
    world_free(&scene->world);
}

static inline struct scene scene_new(int64_t limit)
{
    struct scene scene = { .world = world_new(7) };

    world_product(scene.world, "cad", "render mesh");
    scene.acme = world_organisation(scene.world);
    scene.ann = world_user(scene.world, scene.acme, ROLE_MEMBER);
    scene.license = world_license(scene.world, scene.acme, "cad/render", limit);
    return scene;
}
#define SCENE(name, limit) AUTO(struct scene, scene_free) name = scene_new(limit)

static inline struct pool *render(const struct scene *scene)
{
    return world_pool(scene->world, scene->acme, "cad/render");
}

static inline struct lease *lease_of(const struct scene *scene, struct id id)
{
    uint32_t place = lease_find(&scene->world->facts, id);

    return place == NONE ? NULL : lease_at(&scene->world->facts, place);
}

static inline struct command about(struct scene *scene, enum command_kind kind)
{
    struct command command = world_as(scene->world, scene->world->admin, kind);

    if (kind == COMMAND_LICENSE_CHANGE)
        command.license_change.license = scene->license;
    else
        command.license = scene->license;
    return command;
}

static inline void doing(struct scene *scene, enum command_kind kind)
{
    struct command command = about(scene, kind);

    world_done(scene->world, &command);
}

static inline void limit_set(struct scene *scene, int64_t limit, enum ending ending)
{
    struct command command = about(scene, COMMAND_LICENSE_CHANGE);
    struct entitlement_terms terms = { .feature = STR("render"), .limit = limit };

    command.license_change.entitlements = &terms;
    command.license_change.entitlement_count = 1;
    command.license_change.ending = ending;
    world_done(scene->world, &command);
}

static inline struct id license_of(struct scene *scene, int64_t starts_ms, int64_t ends_ms)
{
    struct command command = world_as(scene->world, scene->world->admin, COMMAND_LICENSE_CREATE);
    struct entitlement_terms terms = { .feature = STR("render"), .limit = 3 };
    struct entry entry;

    command.license_create.product = STR("cad");
    command.license_create.holder = scene->acme;
    command.license_create.starts_ms = starts_ms;
    command.license_create.ends_ms = ends_ms;
    command.license_create.entitlements = &terms;
    command.license_create.entitlement_count = 1;
    world_entry(scene->world, world_done(scene->world, &command), &entry);
    return entry.on[ON_LICENSE].id;
}

static inline enum license_state state_of(const struct scene *scene, struct id license)
{
    const struct facts *facts = &scene->world->facts;

    return license_at(facts, license_find(facts, license))->state;
}

#endif

/*
 * api/list: live lists, read from the facts on the engine's thread (docs/decisions/0003): pages of rows, copied into
 * the call's arena there and written as JSON on the loop.
 *
 * The engine is held for a slice of the table at a time, whatever the page costs. A page whose rows are somebody else's
 * is recorded before it is answered (P1), as a read of the kind's scope.
 */
#ifndef API_LIST_H
#define API_LIST_H

#include "api/call.h"
#include "core/visible.h"

#define SLICE_PLACES 16384 /* of a table, looked at in one turn of the engine: well below a millisecond */
#define SLICES_MAX   256   /* of one request; its answer then ends early */

/* What a row is read from; on the engine's thread. */
struct view {
    const struct facts *facts;
    const struct principal *viewer;
    uint32_t viewer_place;
    int64_t now_ms;
    struct arena *arena; /* for texts and lists of the row: what is in the facts must be copied */
    bool all;            /* others' too */
    bool foreign;        /* set by a row that is somebody else's */
    bool failed;         /* set when the arena has no room */
    size_t listed;       /* members of rows' own lists so far: a page of large teams ends early */
};

struct list_kind {
    const char *name;          /* of the list's member: "pools" */
    enum id_kind id;           /* of its rows */
    const char *scope;         /* of the record of a read; NULL: reading is not recorded */
    enum permission all_needs; /* for ?all=true; PERM_UNSET: the kind has no such parameter */
    const struct table *(*table)(const struct facts *facts); /* its records begin with their id */
    uint32_t (*find)(const struct facts *facts, struct id id);
    size_t row_size;
    const struct shape *shape; /* of one row */
    /* False: there is nothing there for this viewer. */
    bool (*read)(struct view *view, uint32_t place, void *ret_row);
    /* On the loop: fills in names from the register; NULL: there are none. */
    void (*name_fill)(struct call *call, void *row);
};

extern const struct list_kind products_kind, licenses_kind, pools_kind, leases_kind, tickets_kind;
extern const struct list_kind organisations_kind, users_kind, teams_kind, services_kind, tokens_kind;

void list_handle(struct exchange *exchange, const struct list_kind *kind);
/* The one that the path's parameter names; 404 when the viewer may not know of it. */
void list_one_handle(struct exchange *exchange, const struct list_kind *kind);

/* For read functions. Failures set view->failed. */
struct str view_copy(struct view *view, struct str text);
void *view_new(struct view *view, size_t count, size_t size);
struct who view_who(const struct view *view, uint32_t principal);
/* For name functions: empty when the register has none. */
struct str list_name(struct call *call, struct id id);

#endif

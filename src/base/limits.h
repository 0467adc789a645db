/*
 * base/limits: every maximum of the program with its reason (P9). A room's own maxima that nobody else needs stay
 * there.
 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

/* Ledger */
#define ENTRY_MAX_BYTES        4096        /* one leaf; DESIGN section 4; far below the 65,535 of a C2SP bundle */
#define ORIGIN_MAX_BYTES       255         /* ML-DSA cosignatures can't sign longer origins */
#define TREE_MAX_LEAVES        (INT64_MAX) /* other implementations use int64 */
#define PROOF_MAX_HASHES       63          /* a tree of 2^63 leaves has no longer path */
#define NOTE_MAX_BYTES         (64 * 1024) /* an ML-DSA signature line is 3.3 kB, and 16 signatures must be accepted */
#define NOTE_MAX_SIGNATURES    100         /* golang.org/x/mod refuses more */
#define CHECKPOINT_EVERY_MS    1000        /* a checkpoint at least each second */
#define CHECKPOINT_COALESCE_MS 20 /* and at most every 20 ms, so that the signer's fsync stays below 50 a second */

/* Licensing */
#define NAME_MAX_BYTES       64         /* a product's, feature's, user's, team's, organisation's name */
#define FEATURE_MAX_BYTES    129        /* product "/" feature */
#define TEXT_MAX_BYTES       512        /* a reason, a project, one asserted value */
#define QUANTITY_MAX         1000000    /* seats in one check-out */
#define LIMIT_MAX            1000000000 /* seats of one entitlement; the sum of a pool still fits in 53 bits */
#define TTL_MIN_S            10         /* shorter would make heartbeats a load of their own */
#define TTL_MAX_S            86400
#define TTL_DEFAULT_S        300
#define WAIT_MAX_S           604800 /* a ticket waits a week at most */
#define TICKET_TTL_S         60     /* a waiting client that does not ask for a minute has left */
#define OFFER_S              10     /* how long a seat is held for a ticket at its turn */
#define POLL_MAX_S           30     /* the longest a request is held open */
#define ENTITLEMENTS_MAX     64     /* in one licence request */
#define FEATURES_MAX         256    /* in one product request */
#define CHANGE_MAX_ENTRIES   1024   /* entries that one command may write, all in one commit */
#define TICKETS_PER_POOL_MAX 10000  /* waiting in one queue */
#define TOKEN_DAYS_DEFAULT   90
#define TOKEN_DAYS_MAX       3650    /* a token without an end is a token nobody looks after */
#define GRACE_MAX_S          2592000 /* offline grace keeps a silent holder's seat: a month at most */
#define TEAMS_PER_USER_MAX   256     /* a check-out looks at the pools of each */

/* Facts */
#define PRINCIPALS_MAX  (1u << 24)
#define MEMBERSHIPS_MAX (1u << 24)
#define CREDENTIALS_MAX (1u << 24)
#define PRODUCTS_MAX    (1u << 20) /* an observer adds what its logs name, so the catalogue needs a bound, too */
#define CATALOG_MAX     (1u << 22) /* features of all products */
#define LICENSES_MAX    (1u << 26)
#define ENTITLED_MAX    (1u << 27) /* entitlements of all licences */
#define POOLS_MAX       (1u << 26)
#define LEASES_MAX      (1u << 26)
#define TICKETS_MAX     (1u << 24)
#define WATERMARKS_MAX  (1u << 16) /* observed logs */
#define IDEM_MAX        (1u << 22) /* remembered keyed commands; DESIGN section 4 */
#define IDEM_HOURS      24
#define ALIASES_MAX     (1u << 22)

/*
 * Quotas: what one principal may have and do (core/quota). An honest one does not meet them: a person may start an
 * array of ten thousand jobs, a service thousands of jobs an hour, each on a machine that nobody has seen before. One
 * that is out of bounds takes years to fill what is there for all, where it took minutes.
 */
#define PERSON_LEASES_MAX      10000   /* live at once */
#define SERVICE_LEASES_MAX     1000000 /* about 100 MB of memory, and a gateway for a whole company */
#define PERSON_TICKETS_MAX     1000    /* a tenth of one queue */
#define SERVICE_TICKETS_MAX    5000    /* half of one: there is always a place for somebody else */
#define PERSON_ENTRIES_MAX     20000   /* at once: ten thousand check-outs and what belongs to them */
#define PERSON_ENTRY_EVERY_US  50000   /* then 20 a second: a gigabyte a day at most */
#define SERVICE_ENTRIES_MAX    2000000 /* what the fastest client writes in half a minute; 2 GB */
#define SERVICE_ENTRY_EVERY_US 10000   /* then 100 a second: eight million check-outs a day */
#define PERSON_NAMES_MAX       2000    /* the nodes of a cluster, seen for the first time */
#define PERSON_NAME_EVERY_US   12000000
#define SERVICE_NAMES_MAX      20000
#define SERVICE_NAME_EVERY_US  1000000 /* 3,600 new machines an hour; ALIASES_MAX lasts 48 days of that */
#define NETWORK_NAMES_MAX      10000   /* networks from which credentials failed, all together */
#define NETWORK_NAME_EVERY_US  10000000

/* Engine */
#define QUEUE_MAX_COMMANDS       8192 /* full: 503 with Retry-After; a second of work at the budgeted rate is far more */
#define BATCH_MAX_COMMANDS       1024 /* one group commit */
#define BATCH_MAX_BYTES          (8 * 1024 * 1024)
#define CARRIED_MIN_COMMANDS     256 /* waking a second thread for fewer costs more than deciding them later */
#define BUNDLE_MAX_ENTRIES       256 /* entries in one stored row, and in one tile */
#define FLOOD_FIRST              10 /* like denials or failures of one source a minute that get an entry of their own */
#define FLOOD_WINDOW_S           60
#define FLOOD_SOURCES_MAX        4096 /* sources counted apart */
#define FLOOD_SHARED_MAX         1024 /* objects (pools) for which the further sources share a counter */
#define ROLLUP_MS                1000 /* an answer waits this long at most for the roll-up that counts it */
#define SNAPSHOT_EVERY_ENTRIES   (1u << 20)
#define SNAPSHOT_EVERY_MS        60000
#define BALLAST_BYTES            (64 * 1024 * 1024)
#define GRANTS_STOP_BYTES        (32 * 1024 * 1024) /* free; below, taking seats stops before anything else does */
#define CLOCK_JUMP_FORWARD_MS    60000              /* P7 */
#define CLOCK_JUMP_BACK_MS       1000
#define CLOCK_START_FORWARD_DAYS 30 /* a start later than this after the last entry is a jump */

/* Vault */
#define VAULT_KEEP_DAYS     1096 /* private texts: what licence terms are usually argued about lies within three years */
#define VAULT_KEEP_DAYS_MAX 36500
#define KEY_BACKUP_DAYS     30 /* a backup of keys; also how long an erasure takes to be complete everywhere */
#define KEY_BACKUP_DAYS_MAX 365

/* HTTP */
#define HTTP_HEAD_MAX_BYTES   16384
#define HTTP_HEADERS_MAX      64
#define HTTP_BODY_MAX_BYTES   1048576 /* the largest any route may allow: /v1/batch */
#define HTTP_CONNECTIONS_MAX  10000
#define HTTP_PIPELINE_MAX     64    /* requests of one connection under way at once */
#define HTTP_HEAD_TIMEOUT_MS  10000 /* slow-client time-outs */
#define HTTP_BODY_TIMEOUT_MS  30000
#define HTTP_IDLE_TIMEOUT_MS  75000
#define HTTP_WRITE_TIMEOUT_MS 30000
#define HTTP_OUT_MAX_BYTES    4194304 /* unread answers of one connection before it is no longer read */
#define BATCH_LINES_MAX       1000
#define HEARTBEATS_MAX        1000
#define PAGE_MAX              1000 /* rows of one answer */
#define PAGE_DEFAULT          100
#define IDEM_KEY_MIN_BYTES    16
#define IDEM_KEY_MAX_BYTES    255
#define JSON_MAX_DEPTH        16

#endif

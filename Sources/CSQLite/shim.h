#include <sqlite3.h>
#include <sys/prctl.h>

/* Both are variadic in C, which Swift cannot call. */

/* Of the calling thread, at most 15 bytes. */
static inline void millstream_sqlite_name_thread(const char *name)
{
    prctl(PR_SET_NAME, name, 0, 0, 0);
}

/* SQLite counts its memory for nobody here, under one lock that all threads pass twice for each allocation. Has no effect once a
   connection was opened. */
static inline int millstream_sqlite_forgo_statistics(void)
{
    return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

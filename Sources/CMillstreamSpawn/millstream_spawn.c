/* Process spawning for workers; see millstream_spawn.h. */

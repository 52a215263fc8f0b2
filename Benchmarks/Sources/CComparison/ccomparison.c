#define _GNU_SOURCE 1

#include "ccomparison.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

int comparison_cores(uint64_t *cores)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return errno;
    *cores = 0;
    for (int core = 0; core < 64; core++)
        if (CPU_ISSET(core, &set))
            *cores |= (uint64_t)1 << core;
    return 0;
}

int comparison_run_on(uint64_t cores)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    for (int core = 0; core < 64; core++)
        if (cores & ((uint64_t)1 << core))
            CPU_SET(core, &set);
    return sched_setaffinity(0, sizeof set, &set) == 0 ? 0 : errno;
}

static int set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t defaults, none;
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGINT);
    sigaddset(&defaults, SIGTERM);
    sigaddset(&defaults, SIGHUP);
    sigaddset(&defaults, SIGPIPE);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &defaults);
    posix_spawnattr_setpgroup(attributes, 0);
    return posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
}

int comparison_spawn(char *const *arguments, char *const *environment, const char *directory, const char *output, pid_t *started)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    int result = set_attributes(&attributes);
    if (result == 0)
        result = posix_spawn_file_actions_addchdir_np(&actions, directory);
    if (result == 0)
        result = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    if (result == 0)
        result = posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (result == 0)
        result = posix_spawn_file_actions_adddup2(&actions, 1, 2);
    if (result == 0)
        result = posix_spawn(started, arguments[0], &actions, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return result;
}

struct comparison_spinner {
    atomic_bool is_stopped;
};

struct comparison_spinner *comparison_spinner_new(void) { return calloc(1, sizeof(struct comparison_spinner)); }

static void *spin(void *argument)
{
    struct comparison_spinner *spinner = argument;
    while (!atomic_load_explicit(&spinner->is_stopped, memory_order_relaxed)) {
#if defined(__x86_64__)
        __builtin_ia32_pause();
#elif defined(__aarch64__)
        __asm__ volatile("yield");
#endif
    }
    return NULL;
}

int comparison_spinner_start(struct comparison_spinner *spinner, int core, pthread_t *thread)
{
    struct sched_param parameters = {0};
    pthread_attr_t attributes;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    pthread_attr_init(&attributes);
    int result = pthread_attr_setaffinity_np(&attributes, sizeof set, &set);
    if (result == 0)
        result = pthread_create(thread, &attributes, spin, spinner);
    if (result == 0)
        result = pthread_setschedparam(*thread, SCHED_IDLE, &parameters);
    pthread_attr_destroy(&attributes);
    return result;
}

void comparison_spinner_stop(struct comparison_spinner *spinner) { atomic_store(&spinner->is_stopped, true); }

void comparison_spinner_free(struct comparison_spinner *spinner) { free(spinner); }

int comparison_device_of(const char *path, unsigned *major_number, unsigned *minor_number)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return errno;
    *major_number = major(status.st_dev);
    *minor_number = minor(status.st_dev);
    return 0;
}

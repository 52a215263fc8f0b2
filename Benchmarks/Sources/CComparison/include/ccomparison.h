#pragma once

#include <pthread.h>
#include <stdint.h>
#include <sys/types.h>

/* What Swift's Glibc does not show, because it is behind _GNU_SOURCE: processor affinity, and the working directory of a spawned
 * program. Results are 0 or an errno.
 */

/* The cores of the calling thread, bit i for core i; cores beyond 63 are left out. */
int comparison_cores(uint64_t *cores);

/* Puts the calling thread, and the children that it will start, on these cores. */
int comparison_run_on(uint64_t cores);

/* Threads that spin on a core each, in the class SCHED_IDLE, until they are told to stop; who started them joins them, and only
 * then frees.
 */
struct comparison_spinner;
struct comparison_spinner *comparison_spinner_new(void);
int comparison_spinner_start(struct comparison_spinner *spinner, int core, pthread_t *thread);
void comparison_spinner_stop(struct comparison_spinner *spinner);
void comparison_spinner_free(struct comparison_spinner *spinner);

/* Starts a program as the leader of a process group of its own, with no standard input and both outputs to one file. Signals are as
 * a shell would set them. `arguments` and `environment` end with NULL.
 */
int comparison_spawn(char *const *arguments, char *const *environment, const char *directory, const char *output, pid_t *started);

/* The device that a file is on, as /sys/dev/block names it. 0 or an errno. */
int comparison_device_of(const char *path, unsigned *major_number, unsigned *minor_number);

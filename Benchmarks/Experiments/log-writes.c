/* What would it bring to write a commit's pages into the write-ahead log with one call? SQLite writes each page with two, the frame's
 * head (24 bytes) and the page (4,096). The same bytes to the same file both ways, in turn, fdatasync(2) after each commit. Prints CPU
 * time of a commit's writes and of its sync.
 *
 *   log-writes FILE PAGES COMMITS        log-writes /var/tmp/log 14 300
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { HEAD = 24, PAGE = 4096, FRAME = HEAD + PAGE, PAGES_MAX = 256, LOG_BYTES = 8 << 20, STEP = 64 << 10 };

static char log_bytes[LOG_BYTES];
static char gathered[PAGES_MAX * FRAME];

static void check(ssize_t result, const char *what)
{
    if (result >= 0)
        return;
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
}

static double cpu_us(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static void write_apart(int file, int pages, off_t offset)
{
    for (int page = 0; page < pages; page++, offset += FRAME) {
        check(pwrite(file, log_bytes, HEAD, offset), "pwrite");
        check(pwrite(file, log_bytes + HEAD, PAGE, offset + HEAD), "pwrite");
    }
}

static void write_gathered(int file, int pages, off_t offset)
{
    for (int page = 0; page < pages; page++) {
        memcpy(gathered + page * FRAME, log_bytes, HEAD);
        memcpy(gathered + page * FRAME + HEAD, log_bytes + HEAD, PAGE);
    }
    check(pwrite(file, gathered, (size_t)pages * FRAME, offset), "pwrite");
}

int main(int count, char **words)
{
    int pages = count == 4 ? atoi(words[2]) : 0;
    int commits = count == 4 ? atoi(words[3]) : 0;
    if (pages < 1 || pages > PAGES_MAX || commits < 1) {
        fprintf(stderr, "usage: log-writes FILE PAGES COMMITS\n");
        return 2;
    }
    int file = open(words[1], O_RDWR | O_CREAT | O_EXCL, 0600);
    check(file, words[1]);
    memset(log_bytes, 1, sizeof log_bytes);
    /* In steps, as the journal lengthens its log: the kernel keeps what is written at once in folios as large. */
    for (off_t offset = 0; offset < LOG_BYTES; offset += STEP)
        check(pwrite(file, log_bytes, STEP, offset), "pwrite");
    for (int is_gathered = 0; is_gathered < 2; is_gathered++) {
        double writing = 0, syncing = 0;
        off_t offset = 0;
        for (int commit = 0; commit < commits; commit++) {
            double start = cpu_us();
            (is_gathered ? write_gathered : write_apart)(file, pages, offset);
            double written = cpu_us();
            check(fdatasync(file), "fdatasync");
            writing += written - start;
            syncing += cpu_us() - written;
            offset += (off_t)pages * FRAME;
            if (offset + (off_t)PAGES_MAX * FRAME > LOG_BYTES)
                offset = 0;
        }
        printf("%s: %.1f us to write %d pages, %.1f us to sync\n", is_gathered ? "one call" : "two calls a page",
            writing / commits, pages, syncing / commits);
    }
    unlink(words[1]);
    return 0;
}

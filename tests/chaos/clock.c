/* A clock that is set while programs run, for LD_PRELOAD.

   The file that RINGTAPE_CHAOS_CLOCK names holds nanoseconds (int64) by which the clock of the day
   is wrong. It is read anew at each call. Waits until a time of that clock end when the clock that
   is shown reaches it, as the system's do after its clock was set. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000LL
#define SLICE 5000000LL

static volatile long long *wrong;

__attribute__((constructor)) static void open_clock(void) {
    const char *path = getenv("RINGTAPE_CHAOS_CLOCK");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *page = mmap(0, sizeof(long long), PROT_READ, MAP_SHARED, file, 0);
    if (page != MAP_FAILED) wrong = page;
    close(file);
}

static int real_clock(clockid_t id, struct timespec *at) {
    static int (*call)(clockid_t, struct timespec *);
    if (!call) call = dlsym(RTLD_NEXT, "clock_gettime");
    return call(id, at);
}

static long long shown(clockid_t id) {
    struct timespec at;
    real_clock(id, &at);
    return at.tv_sec * SECOND + at.tv_nsec + (wrong ? *wrong : 0);
}

static void put(struct timespec *at, long long ns) {
    at->tv_sec = ns / SECOND;
    at->tv_nsec = ns % SECOND;
}

int clock_gettime(clockid_t id, struct timespec *at) {
    int failed = real_clock(id, at);
    if (!failed && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) put(at, shown(id));
    return failed;
}

int gettimeofday(struct timeval *at, void *zone) {
    long long ns = shown(CLOCK_REALTIME);
    (void)zone;
    at->tv_sec = ns / SECOND;
    at->tv_usec = ns % SECOND / 1000;
    return 0;
}

time_t time(time_t *at) {
    time_t seconds = shown(CLOCK_REALTIME) / SECOND;
    if (at) *at = seconds;
    return seconds;
}

int sem_timedwait(sem_t *semaphore, const struct timespec *until) {
    long long end = until->tv_sec * SECOND + until->tv_nsec;
    for (;;) {
        if (!sem_trywait(semaphore)) return 0;
        if (errno != EAGAIN) return -1;
        long long left = end - shown(CLOCK_REALTIME);
        if (left <= 0) {
            errno = ETIMEDOUT;
            return -1;
        }
        struct timespec slice;
        real_clock(CLOCK_MONOTONIC, &slice);
        put(&slice, slice.tv_sec * SECOND + slice.tv_nsec + (left < SLICE ? left : SLICE));
        if (!sem_clockwait(semaphore, CLOCK_MONOTONIC, &slice)) return 0;
        if (errno != ETIMEDOUT) return -1;
    }
}

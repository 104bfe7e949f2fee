// Loaded before a program, shifts the time of day that it reads by SHIFTED_CLOCK_SECONDS; how fast time goes stays.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

int clock_gettime(clockid_t clock, struct timespec *time) {
    static int (*original)(clockid_t, struct timespec *);
    static long shift;
    if (!original) {
        const char *text = getenv("SHIFTED_CLOCK_SECONDS");
        shift = text ? atol(text) : 0;
        original = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    }
    int answer = original(clock, time);
    if (answer == 0 && clock == CLOCK_REALTIME) time->tv_sec += shift;
    return answer;
}

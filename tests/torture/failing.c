/* Lets the k-th write of a process fail, as a full or broken disk would. Loaded with LD_PRELOAD;
 * armed by torture_arm(). Writes to pipes and terminals do not count. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static long countdown, seen; /* calls until the failing one; 0 while not armed */
static int code, lasting;    /* errno; whether all later ones fail too */

void torture_arm(long k, int error, int for_good) { seen = 0, code = error, lasting = for_good, countdown = k; }
long torture_disarm(void) { countdown = 0; return seen; }

static int refused(void) {
    if (!countdown) return 0;
    seen++;
    if (seen < countdown || (seen > countdown && !lasting)) return 0;
    errno = code;
    return 1;
}

static int on_disk(int file) {
    struct stat status;
    return countdown && !fstat(file, &status) && (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode));
}

#define REAL(name) __typeof__(name) *real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)
#define FILED(type, name, params, args) \
    type name params { REAL(name); return on_disk(fd) && refused() ? -1 : real args; }
#define NAMED(name, params, args) \
    int name params { REAL(name); return refused() ? -1 : real args; }

FILED(ssize_t, write, (int fd, const void *b, size_t n), (fd, b, n))
FILED(ssize_t, writev, (int fd, const struct iovec *v, int n), (fd, v, n))
FILED(ssize_t, pwrite, (int fd, const void *b, size_t n, off_t o), (fd, b, n, o))
FILED(ssize_t, pwrite64, (int fd, const void *b, size_t n, off64_t o), (fd, b, n, o))
FILED(ssize_t, sendfile, (int fd, int in, off_t *o, size_t n), (fd, in, o, n))
FILED(ssize_t, sendfile64, (int fd, int in, off64_t *o, size_t n), (fd, in, o, n))
FILED(int, ftruncate, (int fd, off_t n), (fd, n))
FILED(int, ftruncate64, (int fd, off64_t n), (fd, n))
FILED(int, fsync, (int fd), (fd))
FILED(int, fdatasync, (int fd), (fd))
NAMED(rename, (const char *a, const char *b), (a, b))
NAMED(mkdir, (const char *p, mode_t m), (p, m))

#define OPENED(name) \
    int name(const char *path, int flags, ...) { \
        REAL(name); \
        va_list more; va_start(more, flags); mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0; va_end(more); \
        return flags & O_CREAT && refused() ? -1 : real(path, flags, mode); \
    }
OPENED(open)
OPENED(open64)

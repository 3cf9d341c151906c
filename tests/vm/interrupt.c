// Preloaded: what a signal in the wrong moment does to AF_VSOCK. The first accept4() of the process says EINTR and leaves the connection
// where it is; the first connect() to a vsock address says EINTR, and its socket is good for nothing any more, as after the kernel gave
// the connection up. Each is told in a line on stderr.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

static atomic_int accepts, connects;

static int interrupted(const char *what, size_t size) {
  (void)!write(2, what, size);
  errno = EINTR;
  return -1;
}

int accept4(int fd, struct sockaddr *from, socklen_t *size, int flags) {
  static const char kWhat[] = "interrupted accept4\n";
  if (atomic_fetch_add(&accepts, 1) == 0) return interrupted(kWhat, sizeof kWhat - 1);
  int (*next)(int, struct sockaddr *, socklen_t *, int);
  *(void **)&next = dlsym(RTLD_NEXT, "accept4");
  return next(fd, from, size, flags);
}

int connect(int fd, const struct sockaddr *to, socklen_t size) {
  static const char kWhat[] = "interrupted connect\n";
  if (to->sa_family == AF_VSOCK && atomic_fetch_add(&connects, 1) == 0) {
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    dup3(nothing, fd, O_CLOEXEC);
    close(nothing);
    return interrupted(kWhat, sizeof kWhat - 1);
  }
  int (*next)(int, const struct sockaddr *, socklen_t);
  *(void **)&next = dlsym(RTLD_NEXT, "connect");
  return next(fd, to, size);
}

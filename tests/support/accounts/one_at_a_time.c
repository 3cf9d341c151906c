// Preloaded before libnss_wrapper (1.1.12), which reads its files anew in whichever threads come first, without a lock: of
// two first look-ups at a time one finds no account, or crashes. glibc's own functions are safe; behind this lock so are
// the wrapper's.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <grp.h>
#include <pthread.h>
#include <pwd.h>
#include <stdlib.h>

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

// next is the wrapper's function of the name. Without one there is nothing to go on with.
static void *next(const char *name) {
  void *found = dlsym(RTLD_NEXT, name);
  if (found == NULL) abort();
  return found;
}

// IN_TURN calls the next function NAME with these arguments while no other look-up runs, and leaves its errno as it is.
#define IN_TURN(NAME, ...)                                  \
  do {                                                      \
    __typeof__(&NAME) function = next(#NAME);               \
    pthread_mutex_lock(&turn);                              \
    __typeof__(NAME(__VA_ARGS__)) got = function(__VA_ARGS__); \
    const int error = errno;                                \
    pthread_mutex_unlock(&turn);                            \
    errno = error;                                          \
    return got;                                             \
  } while (0)

int getpwnam_r(const char *name, struct passwd *entry, char *buffer, size_t size, struct passwd **found) {
  IN_TURN(getpwnam_r, name, entry, buffer, size, found);
}

int getpwuid_r(uid_t uid, struct passwd *entry, char *buffer, size_t size, struct passwd **found) {
  IN_TURN(getpwuid_r, uid, entry, buffer, size, found);
}

int getgrnam_r(const char *name, struct group *entry, char *buffer, size_t size, struct group **found) {
  IN_TURN(getgrnam_r, name, entry, buffer, size, found);
}

int getgrgid_r(gid_t gid, struct group *entry, char *buffer, size_t size, struct group **found) {
  IN_TURN(getgrgid_r, gid, entry, buffer, size, found);
}

int getgrouplist(const char *name, gid_t primary, gid_t *groups, int *count) {
  IN_TURN(getgrouplist, name, primary, groups, count);
}

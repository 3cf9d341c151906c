// look-up NAME...: looks all accounts up at the same moment, one in each thread. Exit status: how many were not found.
#include <pthread.h>
#include <pwd.h>
#include <stdatomic.h>
#include <stddef.h>

enum { kMost = 64 };

static pthread_barrier_t all;
static atomic_int missing;

static void *look_up(void *name) {
  struct passwd entry, *found = NULL;
  char buffer[4096];
  pthread_barrier_wait(&all);
  if (getpwnam_r(name, &entry, buffer, sizeof buffer, &found) != 0 || found == NULL) missing++;
  return NULL;
}

int main(int argc, char **argv) {
  pthread_t threads[kMost];
  const int count = argc - 1;
  if (count < 1 || count > kMost || pthread_barrier_init(&all, NULL, (unsigned)count) != 0) return 255;
  for (int i = 0; i < count; ++i)
    if (pthread_create(&threads[i], NULL, look_up, argv[i + 1]) != 0) return 255;
  for (int i = 0; i < count; ++i) pthread_join(threads[i], NULL);
  return missing;
}

/* A directory for tests: a service of the name service switch that has dora and the group "crew", with alice and dora
 * in it, and answers as the file $NSS_GATEHOUSE says:
 *
 *   ok                it works
 *   ECONNREFUSED ...  it is down, and says so in errno
 *   groups-silently   asked for an account's groups it fails without a word; asked for a group it says that it is down
 *   groups-aloud      asked for an account's groups it says that it is down; asked for a group it works
 */
#include <errno.h>
#include <grp.h>
#include <nss.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { kDora = 9000, kCrew = 9001 };

static void read_mode(char* mode, size_t size) {
  const char* path = getenv("NSS_GATEHOUSE");
  FILE* file = path ? fopen(path, "r") : NULL;
  mode[0] = '\0';
  if (!file) return;
  if (!fgets(mode, (int)size, file)) mode[0] = '\0';
  fclose(file);
}

/* The errno value that the file tells to fail with, or 0. */
static int failure(const char* mode) {
  if (strcmp(mode, "ECONNREFUSED") == 0) return ECONNREFUSED;
  if (strcmp(mode, "ETIMEDOUT") == 0) return ETIMEDOUT;
  if (strcmp(mode, "EIO") == 0) return EIO;
  if (strcmp(mode, "EAGAIN") == 0) return EAGAIN;
  return 0;
}

enum nss_status _nss_gatehouse_getpwnam_r(const char* name, struct passwd* out, char* buffer, size_t size, int* error) {
  char mode[32];
  static const char text[] = "dora\0x\0/\0/bin/sh";
  read_mode(mode, sizeof(mode));
  if (failure(mode)) {
    *error = failure(mode);
    return NSS_STATUS_UNAVAIL;
  }
  if (strcmp(name, "dora") != 0) return NSS_STATUS_NOTFOUND;
  if (size < sizeof(text)) {
    *error = ERANGE;
    return NSS_STATUS_TRYAGAIN;
  }
  memcpy(buffer, text, sizeof(text));
  out->pw_name = buffer;
  out->pw_passwd = buffer + 5;
  out->pw_gecos = out->pw_dir = buffer + 7;
  out->pw_shell = buffer + 9;
  out->pw_uid = out->pw_gid = kDora;
  return NSS_STATUS_SUCCESS;
}

enum nss_status _nss_gatehouse_getgrnam_r(const char* name, struct group* out, char* buffer, size_t size, int* error) {
  char mode[32];
  (void)name, (void)out, (void)buffer, (void)size;
  read_mode(mode, sizeof(mode));
  *error = strcmp(mode, "groups-silently") == 0 ? ENETDOWN : failure(mode);
  return *error ? NSS_STATUS_UNAVAIL : NSS_STATUS_NOTFOUND;
}

enum nss_status _nss_gatehouse_initgroups_dyn(const char* name, gid_t primary, long* start, long* size, gid_t** groups,
                                              long limit, int* error) {
  char mode[32];
  (void)primary;
  read_mode(mode, sizeof(mode));
  if (strcmp(mode, "groups-silently") == 0) return NSS_STATUS_UNAVAIL;
  if (strcmp(mode, "groups-aloud") == 0) strcpy(mode, "EIO");
  if (failure(mode)) {
    *error = failure(mode);
    return NSS_STATUS_UNAVAIL;
  }
  if (strcmp(name, "dora") != 0 && strcmp(name, "alice") != 0) return NSS_STATUS_NOTFOUND;
  if (*start == *size) {
    if (limit > 0 && *size >= limit) return NSS_STATUS_SUCCESS;
    gid_t* more = realloc(*groups, (size_t)(*size * 2) * sizeof(gid_t));
    if (!more) return NSS_STATUS_TRYAGAIN;
    *groups = more;
    *size *= 2;
  }
  (*groups)[(*start)++] = kCrew;
  return NSS_STATUS_SUCCESS;
}

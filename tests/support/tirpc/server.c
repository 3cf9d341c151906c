/* tirpc-server: an RPC server made with libtirpc, behind the gateway in tests.
 *
 *   tirpc-server (--unix PATH | --tcp ADDRESS PORT) [--program N] [--versions LOW HIGH]
 *
 * It listens on one socket, prints "ready" and serves each connection in a process of its own, so that a slow call keeps
 * nobody else waiting. Children end with their parent. It tells no rpcbind about itself.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "peer.h"

struct options {
  const char *unix_path;
  const char *address;
  int port;
  rpcprog_t program;
  rpcvers_t low, high;
};

static char peer_name[64] = "unix";

static void die(const char *what) {
  perror(what);
  exit(1);
}

static void answer_who(struct svc_req *request, SVCXPRT *transport) {
  struct who who = {.flavor = (u_int)request->rq_cred.oa_flavor, .machine = (char *)"", .peer = peer_name};
  if (request->rq_cred.oa_flavor == AUTH_SYS) {
    struct authunix_parms *claim = (struct authunix_parms *)request->rq_clntcred;
    who.stamp = (u_int)claim->aup_time;
    who.machine = claim->aup_machname;
    who.uid = claim->aup_uid;
    who.gid = claim->aup_gid;
    who.gids.count = claim->aup_len;
    who.gids.values = (u_int *)claim->aup_gids;
  }
  svc_sendreply(transport, (xdrproc_t)xdr_who, &who);
}

static void answer_echo(SVCXPRT *transport) {
  struct blob blob = {0, NULL};
  if (!svc_getargs(transport, (xdrproc_t)xdr_blob, &blob))
    svcerr_decode(transport);
  else
    svc_sendreply(transport, (xdrproc_t)xdr_blob, &blob);
  svc_freeargs(transport, (xdrproc_t)xdr_blob, &blob);
}

static void answer_slow(SVCXPRT *transport) {
  u_int milliseconds = 0;
  if (!svc_getargs(transport, (xdrproc_t)xdr_u_int, &milliseconds)) {
    svcerr_decode(transport);
    return;
  }
  struct timespec left = {milliseconds / 1000, (long)(milliseconds % 1000) * 1000000};
  nanosleep(&left, NULL);
  svc_sendreply(transport, (xdrproc_t)xdr_u_int, &milliseconds);
}

static void dispatch(struct svc_req *request, SVCXPRT *transport) {
  switch (request->rq_proc) {
    case PEER_NULL: svc_sendreply(transport, (xdrproc_t)xdr_void, NULL); break;
    case PEER_WHO: answer_who(request, transport); break;
    case PEER_ECHO: answer_echo(transport); break;
    case PEER_SLOW: answer_slow(transport); break;
    default: svcerr_noproc(transport);
  }
}

static void serve(int fd, const struct options *options) {
  SVCXPRT *transport = svc_fd_create(fd, 0, 0);
  if (transport == NULL) die("svc_fd_create");
  for (rpcvers_t version = options->low; version <= options->high; ++version)
    if (!svc_reg(transport, options->program, version, dispatch, NULL)) die("svc_reg");
  while (FD_ISSET(fd, &svc_fdset)) {
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    if (poll(&ready, 1, -1) > 0) svc_getreq_common(fd);
  }
}

static int listen_unix(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) {
    fprintf(stderr, "%s: too long for a unix socket\n", path);
    exit(1);
  }
  strcpy(address.sun_path, path);
  unlink(path);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) || listen(fd, 1024)) die(path);
  return fd;
}

static int listen_tcp(const char *name, int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  int one = 1;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0 || inet_pton(AF_INET, name, &address.sin_addr) != 1) die(name);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(fd, (struct sockaddr *)&address, sizeof address) || listen(fd, 1024)) die(name);
  return fd;
}

static void note_peer(int fd) {
  struct sockaddr_in address;
  socklen_t length = sizeof address;
  char text[INET_ADDRSTRLEN];
  int one = 1;
  if (getpeername(fd, (struct sockaddr *)&address, &length) || address.sin_family != AF_INET) return;
  snprintf(peer_name, sizeof peer_name, "%s:%u", inet_ntop(AF_INET, &address.sin_addr, text, sizeof text), ntohs(address.sin_port));
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

static struct options parse(int count, char **words) {
  struct options options = {.program = PEER_PROGRAM, .low = PEER_LOW, .high = PEER_HIGH};
  for (int at = 1; at < count; ++at) {
    int left = count - at - 1;
    if (!strcmp(words[at], "--unix") && left >= 1) {
      options.unix_path = words[++at];
    } else if (!strcmp(words[at], "--tcp") && left >= 2) {
      options.address = words[++at];
      options.port = atoi(words[++at]);
    } else if (!strcmp(words[at], "--program") && left >= 1) {
      options.program = (rpcprog_t)strtoul(words[++at], NULL, 0);
    } else if (!strcmp(words[at], "--versions") && left >= 2) {
      options.low = (rpcvers_t)strtoul(words[++at], NULL, 0);
      options.high = (rpcvers_t)strtoul(words[++at], NULL, 0);
    } else {
      fprintf(stderr, "unknown or incomplete option %s\n", words[at]);
      exit(2);
    }
  }
  if (!options.unix_path == !options.address) {
    fprintf(stderr, "usage: tirpc-server (--unix PATH | --tcp ADDRESS PORT) [--program N] [--versions LOW HIGH]\n");
    exit(2);
  }
  return options;
}

int main(int count, char **words) {
  struct options options = parse(count, words);
  int listener = options.unix_path ? listen_unix(options.unix_path) : listen_tcp(options.address, options.port);
  signal(SIGCHLD, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);
  puts("ready");
  fflush(stdout);
  for (;;) {
    int fd = accept(listener, NULL, NULL);
    if (fd < 0) continue;
    if (fork() == 0) {
      prctl(PR_SET_PDEATHSIG, SIGTERM);
      close(listener);
      note_peer(fd);
      serve(fd, &options);
      _exit(0);
    }
    close(fd);
  }
}

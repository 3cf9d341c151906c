/* tirpc-client: one call made with libtirpc, and its result or its exact error on one line.
 *
 *   tirpc-client (--unix PATH | --tcp ADDRESS PORT) [--source-port N] [--none | --uid N --gid N --gids N,N... --machine NAME]
 *                [--sec krb5|krb5i|krb5p|mixed [--target SERVICE@HOST]] [--program N] [--version N] [--repeat N]
 *                (null | who | echo SIZE | slow MS | procedure N)
 *
 * With --sec the calls are RPCSEC_GSS, by the tickets of the environment; mixed uses the three services in turn.
 * Prints "ok ..." and exits 0, or "error stat=NAME ..." with why= (the auth_stat) or low= high= and exits 1; 2: usage, or no connection.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "gss.h"
#include "peer.h"

struct options {
  const char *unix_path, *address, *machine, *command, *sec, *target;
  int port, source_port, anonymous;
  u_int uid, gid, gid_count, gids[64];
  rpcprog_t program;
  rpcvers_t version;
  u_long number, repeat;
};

static const struct timeval limit = {30, 0};

static void die(const char *what) {
  perror(what);
  exit(2);
}

static const char *stat_name(enum clnt_stat stat) {
  switch (stat) {
    case RPC_CANTENCODEARGS: return "RPC_CANTENCODEARGS";
    case RPC_CANTDECODERES: return "RPC_CANTDECODERES";
    case RPC_CANTSEND: return "RPC_CANTSEND";
    case RPC_CANTRECV: return "RPC_CANTRECV";
    case RPC_TIMEDOUT: return "RPC_TIMEDOUT";
    case RPC_VERSMISMATCH: return "RPC_VERSMISMATCH";
    case RPC_AUTHERROR: return "RPC_AUTHERROR";
    case RPC_PROGUNAVAIL: return "RPC_PROGUNAVAIL";
    case RPC_PROGVERSMISMATCH: return "RPC_PROGVERSMISMATCH";
    case RPC_PROCUNAVAIL: return "RPC_PROCUNAVAIL";
    case RPC_CANTDECODEARGS: return "RPC_CANTDECODEARGS";
    case RPC_SYSTEMERROR: return "RPC_SYSTEMERROR";
    default: return "RPC_OTHER";
  }
}

static const char *auth_name(enum auth_stat stat) {
  static const char *const names[] = {"AUTH_OK",           "AUTH_BADCRED",     "AUTH_REJECTEDCRED", "AUTH_BADVERF",
                                      "AUTH_REJECTEDVERF", "AUTH_TOOWEAK",     "AUTH_INVALIDRESP",  "AUTH_FAILED"};
  if (stat == RPCSEC_GSS_CREDPROBLEM) return "RPCSEC_GSS_CREDPROBLEM";
  if (stat == RPCSEC_GSS_CTXPROBLEM) return "RPCSEC_GSS_CTXPROBLEM";
  return (unsigned)stat < sizeof names / sizeof *names ? names[stat] : "AUTH_OTHER";
}

static int report(CLIENT *client, enum clnt_stat stat) {
  struct rpc_err error;
  clnt_geterr(client, &error);
  printf("error stat=%s", stat_name(stat));
  if (stat == RPC_AUTHERROR) printf(" why=%s", auth_name(error.re_why));
  if (stat == RPC_PROGVERSMISMATCH || stat == RPC_VERSMISMATCH) printf(" low=%u high=%u", error.re_vers.low, error.re_vers.high);
  putchar('\n');
  return 1;
}

/* The context could not be made. */
static int report_create(void) {
  printf("error stat=%s", stat_name(rpc_createerr.cf_stat));
  if (rpc_createerr.cf_stat == RPC_AUTHERROR) printf(" why=%s", auth_name(rpc_createerr.cf_error.re_why));
  putchar('\n');
  return 1;
}

static int call_who(CLIENT *client) {
  struct who who = {0};
  enum clnt_stat stat = clnt_call(client, PEER_WHO, (xdrproc_t)xdr_void, NULL, (xdrproc_t)xdr_who, (caddr_t)&who, limit);
  if (stat != RPC_SUCCESS) return report(client, stat);
  printf("ok flavor=%u stamp=%u machine=%s uid=%u gid=%u gids=", who.flavor, who.stamp, who.machine, who.uid, who.gid);
  for (u_int at = 0; at < who.gids.count; ++at) printf("%s%u", at ? "," : "", who.gids.values[at]);
  printf(" peer=%s\n", who.peer);
  return 0;
}

static int call_echo(CLIENT *client, const struct options *options) {
  struct blob sent = {(u_int)options->number, malloc(options->number + 1)};
  for (u_int at = 0; at < sent.length; ++at) sent.bytes[at] = (char)(at * 2654435761u >> 24);
  for (u_long turn = 0; turn < options->repeat; ++turn) {
    struct blob received = {0, NULL};
    gss_turn(client->cl_auth, options->sec, turn);
    enum clnt_stat stat = clnt_call(client, PEER_ECHO, (xdrproc_t)xdr_blob, (caddr_t)&sent, (xdrproc_t)xdr_blob, (caddr_t)&received, limit);
    if (stat != RPC_SUCCESS) return report(client, stat);
    if (received.length != sent.length || memcmp(received.bytes, sent.bytes, sent.length)) {
      printf("error stat=DIFFERENT length=%u\n", received.length);
      return 1;
    }
    clnt_freeres(client, (xdrproc_t)xdr_blob, (caddr_t)&received);
  }
  free(sent.bytes);
  printf("ok bytes=%lu times=%lu\n", options->number, options->repeat);
  return 0;
}

static int call_plain(CLIENT *client, rpcproc_t procedure, u_int *argument) {
  xdrproc_t codec = argument ? (xdrproc_t)xdr_u_int : (xdrproc_t)xdr_void;
  enum clnt_stat stat = clnt_call(client, procedure, codec, (caddr_t)argument, codec, (caddr_t)argument, limit);
  if (stat != RPC_SUCCESS) return report(client, stat);
  puts("ok");
  return 0;
}

static int run(CLIENT *client, const struct options *options) {
  u_int number = (u_int)options->number;
  if (!strcmp(options->command, "null")) return call_plain(client, PEER_NULL, NULL);
  if (!strcmp(options->command, "who")) return call_who(client);
  if (!strcmp(options->command, "echo")) return call_echo(client, options);
  if (!strcmp(options->command, "slow")) return call_plain(client, PEER_SLOW, &number);
  if (!strcmp(options->command, "procedure")) return call_plain(client, number, NULL);
  fprintf(stderr, "unknown command %s\n", options->command);
  return 2;
}

static int open_stream(const struct options *options, struct sockaddr_storage *where, socklen_t *length) {
  int fd = socket(options->unix_path ? AF_UNIX : AF_INET, SOCK_STREAM, 0), one = 1;
  if (fd < 0) die("socket");
  if (options->unix_path) {
    struct sockaddr_un *address = (struct sockaddr_un *)where;
    address->sun_family = AF_UNIX;
    strncpy(address->sun_path, options->unix_path, sizeof address->sun_path - 1);
    *length = sizeof *address;
  } else {
    struct sockaddr_in *address = (struct sockaddr_in *)where;
    struct sockaddr_in source = {.sin_family = AF_INET, .sin_port = htons((uint16_t)options->source_port)};
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (options->source_port && bind(fd, (struct sockaddr *)&source, sizeof source)) die("bind");
    address->sin_family = AF_INET;
    address->sin_port = htons((uint16_t)options->port);
    if (inet_pton(AF_INET, options->address, &address->sin_addr) != 1) die(options->address);
    *length = sizeof *address;
  }
  if (connect(fd, (struct sockaddr *)where, *length)) die("connect");
  return fd;
}

static void parse_gids(struct options *options, char *list) {
  for (char *word = strtok(list, ","); word && options->gid_count < 64; word = strtok(NULL, ","))
    options->gids[options->gid_count++] = (u_int)strtoul(word, NULL, 0);
}

static u_long number_after(int count, char **words, int *at) {
  if (++*at >= count) {
    fprintf(stderr, "%s needs a number\n", words[count - 1]);
    exit(2);
  }
  return strtoul(words[*at], NULL, 0);
}

static struct options parse(int count, char **words) {
  struct options options = {.machine = "tirpc-client", .target = "nfs@localhost", .program = PEER_PROGRAM, .version = PEER_LOW, .repeat = 1};
  for (int at = 1; at < count; ++at) {
    const char *word = words[at];
    int more = at + 1 < count;
    if (!strcmp(word, "--unix") && more) options.unix_path = words[++at];
    else if (!strcmp(word, "--tcp") && at + 2 < count) options.address = words[++at], options.port = atoi(words[++at]);
    else if (!strcmp(word, "--source-port")) options.source_port = (int)number_after(count, words, &at);
    else if (!strcmp(word, "--none")) options.anonymous = 1;
    else if (!strcmp(word, "--uid")) options.uid = (u_int)number_after(count, words, &at);
    else if (!strcmp(word, "--gid")) options.gid = (u_int)number_after(count, words, &at);
    else if (!strcmp(word, "--gids") && more) parse_gids(&options, words[++at]);
    else if (!strcmp(word, "--machine") && more) options.machine = words[++at];
    else if (!strcmp(word, "--sec") && more) options.sec = words[++at];
    else if (!strcmp(word, "--target") && more) options.target = words[++at];
    else if (!strcmp(word, "--program")) options.program = (rpcprog_t)number_after(count, words, &at);
    else if (!strcmp(word, "--version")) options.version = (rpcvers_t)number_after(count, words, &at);
    else if (!strcmp(word, "--repeat")) options.repeat = number_after(count, words, &at);
    else if (word[0] != '-' && !options.command) {
      options.command = word;
      if (more && words[at + 1][0] != '-') options.number = number_after(count, words, &at);
    } else {
      fprintf(stderr, "unknown or incomplete option %s\n", word);
      exit(2);
    }
  }
  if (!options.unix_path == !options.address || !options.command) {
    fprintf(stderr, "usage: tirpc-client (--unix PATH | --tcp ADDRESS PORT) [OPTIONS] (null | who | echo SIZE | slow MS | procedure N)\n");
    exit(2);
  }
  return options;
}

int main(int count, char **words) {
  struct options options = parse(count, words);
  struct sockaddr_storage where = {0};
  socklen_t length = 0;
  int fd = open_stream(&options, &where, &length);
  struct netbuf remote = {.maxlen = length, .len = length, .buf = &where};
  CLIENT *client = clnt_vc_create(fd, &remote, options.program, options.version, 0, 0);
  if (client == NULL) {
    clnt_pcreateerror("clnt_vc_create");
    return 2;
  }
  auth_destroy(client->cl_auth);
  client->cl_auth = authnone_create();
  if (options.sec) {
    AUTH *auth = gss_auth(client, options.sec, options.target);
    if (auth == NULL) return report_create();
    client->cl_auth = auth;
  } else if (!options.anonymous) {
    client->cl_auth = authunix_create((char *)options.machine, options.uid, options.gid, (int)options.gid_count, (gid_t *)options.gids);
  }
  int status = run(client, &options);
  auth_destroy(client->cl_auth);
  clnt_destroy(client);
  close(fd);
  return status;
}

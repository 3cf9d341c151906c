// xstate.c: a library preloaded into the user-mode Linux kernel, so that it runs on processors with more register state than it knows.
//
// The kernel is an ordinary program that reads and writes the registers of its processes with ptrace(2), NT_X86_XSTATE, in a buffer of
// fixed size. The host takes a write only of exactly the size of its processor's whole state (EFAULT else), and AMX made that larger
// than the buffer. So a read is cut to the caller's buffer and a write filled up with zeros. A component that does not fit counts as
// unused (its bit in XSTATE_BV is cleared): a guest cannot ask its kernel for AMX, so none is lost, and all others, AVX-512 too, are
// kept whole. Where the state fits, every call goes through as it is. Used by one thread. Layout: Intel SDM volume 1, 13.4 and 13.5.
#define _GNU_SOURCE
#include <cpuid.h>
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

#ifndef NT_X86_XSTATE
#define NT_X86_XSTATE 0x202
#endif

enum { kLegacyArea = 512, kHeader = 64, kComponents = 63 };

typedef long (*Ptrace)(enum __ptrace_request, pid_t, void *, void *);

static Ptrace next_ptrace;
static size_t full_size;  // what the host's ptrace reads and demands, 0: not known yet
static uint8_t state[256 * 1024];

// fitting returns the XSTATE_BV bits of the components that lie within the first `size` bytes of the standard format.
static uint64_t fitting(size_t size) {
  static size_t known_size;
  static uint64_t known;
  if (size == known_size) return known;
  known = 3;  // x87 and SSE live in the legacy area
  for (unsigned component = 2; component < kComponents; component++) {
    unsigned bytes, offset, flags, unused;
    __cpuid_count(0xd, component, bytes, offset, flags, unused);
    if (bytes != 0 && (size_t)offset + bytes <= size) known |= UINT64_C(1) << component;
  }
  known_size = size;
  return known;
}

// clear_unfitting marks the components beyond `size` bytes as unused.
static void clear_unfitting(uint8_t *area, size_t size) {
  uint64_t used;
  memcpy(&used, area + kLegacyArea, sizeof used);
  used &= fitting(size);
  memcpy(area + kLegacyArea, &used, sizeof used);
}

// read_whole reads the whole state of a process into `state` and learns its size. Returns what ptrace returned.
static long read_whole(pid_t pid) {
  struct iovec whole = {state, sizeof state};
  long result = next_ptrace(PTRACE_GETREGSET, pid, (void *)(uintptr_t)NT_X86_XSTATE, &whole);
  if (result == 0 && whole.iov_len < sizeof state) full_size = whole.iov_len;
  return result;
}

static long get_state(pid_t pid, struct iovec *caller) {
  long result = read_whole(pid);
  if (result != 0) return result;
  size_t size = caller->iov_len < full_size ? caller->iov_len : full_size;
  if (size < full_size) clear_unfitting(state, size);
  memcpy(caller->iov_base, state, size);
  caller->iov_len = size;
  return 0;
}

static long set_state(pid_t pid, struct iovec *caller) {
  size_t size = caller->iov_len;
  memcpy(state, caller->iov_base, size);
  memset(state + size, 0, full_size - size);
  clear_unfitting(state, size);
  struct iovec whole = {state, full_size};
  return next_ptrace(PTRACE_SETREGSET, pid, (void *)(uintptr_t)NT_X86_XSTATE, &whole);
}

// ptrace stands before the C library's.
long ptrace(enum __ptrace_request request, ...) {
  va_list arguments;
  va_start(arguments, request);
  pid_t pid = va_arg(arguments, pid_t);
  void *address = va_arg(arguments, void *);
  void *data = va_arg(arguments, void *);
  va_end(arguments);
  if (next_ptrace == NULL) next_ptrace = (Ptrace)dlsym(RTLD_NEXT, "ptrace");
  struct iovec *caller = data;
  int get = request == PTRACE_GETREGSET, set = request == PTRACE_SETREGSET;
  if ((!get && !set) || (uintptr_t)address != NT_X86_XSTATE || caller->iov_len < kLegacyArea + kHeader) {
    return next_ptrace(request, pid, address, data);
  }
  if (full_size == 0 && read_whole(pid) != 0) return -1;
  if (caller->iov_len >= full_size) return next_ptrace(request, pid, address, data);
  return get ? get_state(pid, caller) : set_state(pid, caller);
}

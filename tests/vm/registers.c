// registers.c: whether this kernel keeps a process's vector registers over signals and over other processes' turns.
// Two processes do the same side by side; a timer interrupts each every 4 ms, and its handler uses the registers too. First what the C
// library's string functions say of a long string (they keep it in vector registers), then the AVX registers themselves, where there
// are any. Prints what went wrong; exit status 0 when nothing did.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kLength = 65536, kRounds = 60000, kSpins = 2000000, kWide = 32 };

static char other[512];
static volatile int byte = 0xEE;
static volatile sig_atomic_t interrupted;

static void on_timer(int signal) {
  (void)signal;
  interrupted = interrupted + 1;
  memset(other, byte, 300);
  if (strlen(other) > sizeof other) abort();
}

static int strings_change(void) {
  char *volatile a = malloc(kLength + 1), *volatile b = malloc(kLength + 1);
  memset(a, 'x', kLength);
  memset(b, 'x', kLength);
  a[kLength] = b[kLength] = 0;
  for (int i = 0; i < kRounds; i++) {
    if (strlen(a) != kLength || memcmp(a, b, kLength) != 0 || memchr(a, 'y', kLength) != NULL) return 1;
  }
  return 0;
}

__attribute__((target("avx"))) static int avx_changes(unsigned char seed) {
  unsigned char before[kWide], after[2][kWide];
  for (int i = 0; i < kWide; i++) before[i] = (unsigned char)(seed + i);
  for (int i = 0; i < 20; i++) {
    long spins = kSpins;
    __asm__ volatile(
        "vmovdqu (%1), %%ymm1\n vmovdqu (%1), %%ymm15\n 1: dec %0\n jnz 1b\n vmovdqu %%ymm1, (%2)\n vmovdqu %%ymm15, 32(%2)"
        : "+r"(spins)
        : "r"(before), "r"(after)
        : "memory", "xmm1", "xmm15");
    if (memcmp(before, after[0], kWide) != 0 || memcmp(before, after[1], kWide) != 0) return 1;
  }
  return 0;
}

static int work(unsigned char seed) {
  struct sigaction action = {.sa_handler = on_timer, .sa_flags = SA_RESTART};
  struct itimerval every = {{0, 4000}, {0, 4000}};
  if (sigaction(SIGALRM, &action, NULL) != 0 || setitimer(ITIMER_REAL, &every, NULL) != 0) return 1;
  const char *wrong = strings_change() ? "a string function lost its place" : NULL;
  if (wrong == NULL && __builtin_cpu_supports("avx") && avx_changes(seed)) wrong = "an AVX register changed";
  if (wrong == NULL && interrupted == 0) wrong = "no timer signal came, so this proves nothing";
  if (wrong != NULL) printf("%s after %d signals\n", wrong, (int)interrupted);
  return wrong != NULL;
}

int main(void) {
  pid_t child = fork();
  int status = work(child == 0 ? 7 : 77);
  if (child == 0) return status;
  int ended = 0;
  return waitpid(child, &ended, 0) != child || ended != 0 || status != 0;
}

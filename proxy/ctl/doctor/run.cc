#include "proxy/ctl/doctor/run.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ranges>

#include "proxy/net/fd.h"

namespace gatehouse::doctor {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kAtOnce = 16;
constexpr std::size_t kMostSaid = 1U << 20;  // bytes of one part

// One part of a check, before, while and after it runs.
struct Part {
  const Check* check = nullptr;
  std::size_t index = 0;
  pid_t pid = -1;
  net::UniqueFd said;  // the end that is read
  std::string bytes;
  Clock::time_point deadline;
  std::vector<Finding> found;
};

// A finding in the pipe: a digit, what was seen, what to do, each of the two ended by NUL, which one_line() never has.
void write_finding(int fd, const Finding& f) {
  std::string bytes(1, static_cast<char>('0' + static_cast<int>(f.result)));
  bytes.append(f.seen).append(1, '\0').append(f.mend).append(1, '\0');
  std::string_view rest = bytes;
  while (!rest.empty()) {
    const ssize_t n = ::write(fd, rest.data(), rest.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) ::_exit(1);
    rest.remove_prefix(static_cast<std::size_t>(n));
  }
}

std::vector<Finding> read_findings(const Part& p) {
  std::vector<Finding> out;
  std::string_view rest = p.bytes;
  for (;;) {
    const std::size_t seen_end = rest.find('\0');
    const std::size_t mend_end = seen_end == std::string_view::npos ? seen_end : rest.find('\0', seen_end + 1);
    if (mend_end == std::string_view::npos || rest[0] < '0' || rest[0] > '3') return out;
    out.push_back({std::string(p.check->id), static_cast<Result>(rest[0] - '0'),
                   std::string(rest.substr(1, seen_end - 1)),
                   std::string(rest.substr(seen_end + 1, mend_end - seen_end - 1))});
    rest.remove_prefix(mend_end + 1);
  }
}

[[noreturn]] void run_part(const Part& p, const Exam& exam, int pipe) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::signal(SIGPIPE, SIG_IGN);
  Findings findings(p.check->id, [pipe](const Finding& f) { write_finding(pipe, f); });
  p.check->run(exam, p.index, findings);
  findings.finish();
  ::_exit(0);
}

void add(Part& p, Result r, std::string_view seen, std::string_view mend) {
  Findings(p.check->id, [&p](Finding f) { p.found.push_back(std::move(f)); }).add(r, seen, mend);
}

bool start(Part& p, const Exam& exam, std::chrono::milliseconds patience) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return false;
  p.said.reset(ends[0]);
  net::UniqueFd write_end(ends[1]);
  p.deadline = Clock::now() + patience;
  p.pid = ::fork();
  if (p.pid == 0) run_part(p, exam, write_end.get());
  return p.pid > 0;
}

// What came of a part whose pipe is closed, or whose time is over.
void end(Part& p, bool in_time) {
  ::kill(p.pid, SIGKILL);  // also who closed the pipe and went on
  p.found = read_findings(p);
  p.said.reset();
  int status = 0;
  // A process in the kernel's hands (a file system that is gone) ends when it likes; nobody waits for it.
  const pid_t ended = ::waitpid(p.pid, &status, in_time ? 0 : WNOHANG);
  if (!in_time) return add(p, p.check->silent, "the check did not end in time", p.check->silent_mend);
  if (ended == p.pid && WIFEXITED(status) && WEXITSTATUS(status) == 0 && !p.found.empty()) return;
  if (ended == p.pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && !p.found.empty()) return;
  const std::string how = WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status))
                                              : "status " + std::to_string(WEXITSTATUS(status));
  add(p, Result::unknown, "the check itself ended with " + how, "this is a fault of gatehousectl: please report it");
}

// Takes what a part said. True: it will say no more.
bool read_some(Part& p) {
  char buffer[4096];
  const ssize_t n = ::read(p.said.get(), buffer, sizeof buffer);
  if (n < 0) return errno != EINTR;
  p.bytes.append(buffer, static_cast<std::size_t>(n));
  return n == 0 || p.bytes.size() > kMostSaid;
}

// Waits for one of those that run, and ends those that are done.
void attend(std::vector<Part*>& running) {
  std::vector<pollfd> fds;
  auto next = Clock::time_point::max();
  for (const Part* p : running) {
    fds.push_back({p->said.get(), POLLIN, 0});
    next = std::min(next, p->deadline);
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - Clock::now());
  ::poll(fds.data(), fds.size(), static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
  for (std::size_t i = running.size(); i-- > 0;) {
    const bool over = fds[i].revents != 0 && read_some(*running[i]);
    if (!over && Clock::now() < running[i]->deadline) continue;
    end(*running[i], over);
    running.erase(running.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

std::vector<Part> parts_of(std::span<const Check> which, const Exam& exam) {
  std::vector<Part> out;
  for (const Check& check : which) {
    const bool blind = check.needs_config && !exam.conf;
    const std::size_t count = blind || check.parts == nullptr || !exam.conf ? 1 : check.parts(*exam.conf);
    for (std::size_t i = 0; i < std::max<std::size_t>(count, 1); ++i) {
      Part& p = out.emplace_back();
      p.check = &check;
      p.index = i;
      if (blind) add(p, Result::unknown, "the configuration did not load", "mend the configuration first");
      if (count == 0) add(p, Result::ok, "there is nothing to check", {});
    }
  }
  return out;
}

}  // namespace

std::vector<Finding> run_checks(std::span<const Check> which, const Exam& exam, std::chrono::milliseconds patience) {
  std::vector<Part> parts = parts_of(which, exam);
  std::vector<Part*> running;
  for (Part& p : parts) {
    if (!p.found.empty()) continue;
    while (running.size() >= kAtOnce) attend(running);
    if (start(p, exam, patience))
      running.push_back(&p);
    else
      add(p, Result::unknown, std::string("no process could be started: ") + std::strerror(errno),
          "try again when the host is less busy");
  }
  while (!running.empty()) attend(running);
  std::vector<Finding> out;
  for (Part& p : parts) std::ranges::move(p.found, std::back_inserter(out));
  return out;
}

}  // namespace gatehouse::doctor

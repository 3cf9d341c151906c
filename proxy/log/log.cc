#include "proxy/log/log.h"

#include <pthread.h>
#include <spdlog/async.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <thread>

namespace gatehouse::log {
namespace {

constexpr std::size_t kMaxValue = 256;
// Lines that wait to be written: more than a report of all counters of a large configuration has.
constexpr std::size_t kQueue = 16384;

// Standard error, which may be a pipe that nobody reads: only the log's own thread waits for it.
class StandardError final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  // busy: a line is being written.
  [[nodiscard]] bool busy() const { return busy_.load(std::memory_order_acquire); }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    busy_.store(true, std::memory_order_release);
    text_.clear();
    formatter_->format(message, text_);
    for (std::size_t done = 0; done < text_.size();) {
      const ssize_t n = ::write(STDERR_FILENO, text_.data() + done, text_.size() - done);
      if (n > 0) done += static_cast<std::size_t>(n);
      if (n <= 0 && errno != EINTR) break;  // there is nobody to tell
    }
    busy_.store(false, std::memory_order_release);
  }
  void flush_() override {}

 private:
  spdlog::memory_buf_t text_;
  std::atomic<bool> busy_{false};
};

std::shared_ptr<StandardError> standard_error;

spdlog::level::level_enum to_spdlog(Level l) {
  switch (l) {
    case Level::debug: return spdlog::level::debug;
    case Level::info: return spdlog::level::info;
    case Level::warning: return spdlog::level::warn;
    case Level::error: return spdlog::level::err;
  }
  return spdlog::level::info;
}

constexpr std::pair<std::string_view, Level> kWords[] = {
    {"debug", Level::debug}, {"info", Level::info}, {"warning", Level::warning}, {"error", Level::error}};

bool plain(char c) {
  return (c > ' ' && c < 0x7f) && c != '"' && c != '\\' && c != '=';
}

}  // namespace

void init(Level level) {
  standard_error = std::make_shared<StandardError>();
  // Signals are for the main thread.
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  spdlog::init_thread_pool(kQueue, 1, [] { ::pthread_setname_np(::pthread_self(), "log"); });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  auto logger = std::make_shared<spdlog::async_logger>("gatehouse", standard_error, spdlog::thread_pool(),
                                                       spdlog::async_overflow_policy::overrun_oldest);
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z level=%l %v");
  logger->set_level(to_spdlog(level));
  spdlog::set_default_logger(std::move(logger));
}

bool settle(std::chrono::milliseconds patience) {
  using std::chrono::steady_clock;
  const auto until = steady_clock::now() + patience;
  const auto pool = spdlog::thread_pool();
  if (pool == nullptr) return true;
  // Twice: between the queue and the sink a line is in neither.
  for (int calm = 0; calm < 2;) {
    calm = pool->queue_size() == 0 && !standard_error->busy() ? calm + 1 : 0;
    if (steady_clock::now() >= until) return calm > 0;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

std::uint64_t dropped() {
  const auto pool = spdlog::thread_pool();
  return pool == nullptr ? 0 : pool->overrun_counter();
}

Level level() {
  const auto now = spdlog::default_logger_raw()->level();
  const auto* at = std::ranges::find_if(kWords, [&](const auto& w) { return to_spdlog(w.second) == now; });
  return at == std::end(kWords) ? Level::info : at->second;
}

void set_level(Level level) {
  spdlog::default_logger_raw()->set_level(to_spdlog(level));
}

std::string_view level_word(Level level) {
  return std::ranges::find(kWords, level, &std::pair<std::string_view, Level>::second)->first;
}

std::optional<Level> level_of(std::string_view word) {
  const auto* at = std::ranges::find(kWords, word, &std::pair<std::string_view, Level>::first);
  return at == std::end(kWords) ? std::nullopt : std::optional(at->second);
}

std::string escaped(std::string_view text) {
  const bool cut = text.size() > kMaxValue;
  text = text.substr(0, kMaxValue);
  if (!cut && !text.empty() && std::ranges::all_of(text, plain)) return std::string(text);
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    if (c == ' ' || c == '=' || plain(c)) {
      out += c;
    } else if (c == '"' || c == '\\') {
      out.append({'\\', c});
    } else {
      const auto u = static_cast<unsigned char>(c);
      out.append({'\\', 'x', kHex[u >> 4], kHex[u & 15]});
    }
  }
  return out.append(cut ? "...\"" : "\"");
}

void Line::write() const {
  spdlog::log(to_spdlog(level_), "{}", text_);
}

}  // namespace gatehouse::log

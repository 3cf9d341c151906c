// The thread of the admin socket's server.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "proxy/admin/request.h"
#include "proxy/admin/server.h"
#include "proxy/admin/trace_client.h"
#include "proxy/runtime/log_limiter.h"
#include "proxy/runtime/mailbox.h"

namespace gatehouse::admin {

/// Loop: the server's thread, its clients, and what they wait for.
class Server::Loop {
 public:
  Loop(net::ListenSocket at, Access access, Control& control, const Terms& terms)
      : at_(std::move(at)), control_(control), terms_(terms), access_(access) {}
  ~Loop();

  [[nodiscard]] bool ready() const { return mail_->fd() >= 0; }
  void start() {
    thread_ = std::jthread([this] { run(); });
  }
  void stop() {
    mail_->post({0, nullptr, nullptr, {}});
    if (thread_.joinable()) thread_.join();
  }
  void set_access(Access access);

 private:
  /// Act: who asked for what.
  struct Act {
    Credentials who;
    Request what;
  };
  /// Mail: an answer for a client, which may be gone, and what is to be said of it; without an answer: the end.
  struct Mail {
    std::uint64_t client = 0;
    std::unique_ptr<Answer> answer;
    std::shared_ptr<const Act> act;  ///< null: it only showed something
    std::optional<std::string> refused;
  };
  using Box = runtime::Mailbox<Mail>;
  struct Client {
    Connection connection;
    std::unique_ptr<TraceClient> trace;
  };

  void run();
  [[nodiscard]] int wait_time(std::uint64_t now) const;
  void accept_some(std::uint64_t now);
  void accept_one(net::UniqueFd fd, std::uint64_t now);
  [[nodiscard]] Access access() {
    const std::lock_guard lock(mutex_);
    return access_;
  }
  void log_refused(const std::optional<Credentials>& who, const std::optional<Request>& what, std::uint64_t now);
  void serve(Client& c, std::uint64_t now);
  void answer_line(Client& c, const std::string& line, std::uint64_t now);
  void ask(Client& c, const Request& r, std::uint64_t now);
  void begin_trace(Client& c, const Request& r, std::uint64_t now);
  void end_trace(Client& c);
  void show_traces(std::uint64_t now);
  void read_mail(std::uint64_t now);
  void bury();

  // Takes the answer for a client on whatever thread it is given, also when the server has ended by then.
  template <class T>
  Done<T> to(const Client& c, const Request& r) {
    auto act = needed(r) == Rights::write ? std::make_shared<const Act>(c.connection.caller.who, r) : nullptr;
    return [box = mail_, id = c.connection.caller.id, act = std::move(act)](std::expected<T, Refusal> result) {
      auto refused = result ? std::nullopt : std::optional(result.error().text);
      box->post({id, answer<T>(std::move(result)), act, std::move(refused)});
    };
  }

  net::ListenSocket at_;
  Control& control_;
  const Terms terms_;
  std::mutex mutex_;
  Access access_;
  const std::shared_ptr<Box> mail_ = std::make_shared<Box>();
  std::vector<Mail> opened_;
  std::list<Client> clients_;
  std::size_t tracing_ = 0;
  std::vector<runtime::TraceRecord> records_;
  std::uint64_t next_id_ = 1;
  std::uint64_t accept_at_ = 0;  ///< ms: not before
  runtime::LogLimiter refused_{10};
  bool stopping_ = false;
  std::jthread thread_;
};

}  // namespace gatehouse::admin

#include "proxy/admin/loop.h"

#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "proxy/log/log.h"
#include "proxy/runtime/clock.h"

namespace gatehouse::admin {
namespace {

constexpr std::uint64_t kLook = 50;           // ms: how often it is looked for calls that are traced
constexpr std::uint64_t kNoDescriptor = 500;  // ms: how long accepting pauses when the process has none left
constexpr int kAcceptsAtOnce = 16;

// Who is told something and not served; what the socket does not take at once is lost.
void turn_away(int fd, const Refusal& why) {
  const std::string line = refusal_line(why);
  (void)!::send(fd, line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

Refusal not_permitted(const Connection& c, const Request& r) {
  return {Code::not_permitted, std::string(command_word(r.command)) + " takes the right to write, and uid " +
                                   std::to_string(c.caller.who.uid) +
                                   " may only read: [admin] group of gatehouse.conf says which group may"};
}

log::Line about(log::Level level, std::string_view event, const Credentials& who) {
  log::Line line(level, event);
  line.add("uid", who.uid).add("gid", who.gid).add("pid", who.pid);
  return line;
}

}  // namespace

void Server::Loop::run() {
  ::pthread_setname_np(::pthread_self(), "admin");
  std::vector<pollfd> polled;
  while (!stopping_) {
    std::uint64_t now = runtime::monotonic_ms();
    polled.assign({{mail_->fd(), POLLIN, 0}, {now < accept_at_ ? -1 : at_.fd.get(), POLLIN, 0}});
    for (const Client& c : clients_) polled.push_back({c.connection.fd(), c.connection.wants(), 0});
    if (::poll(polled.data(), polled.size(), wait_time(now)) < 0) continue;
    now = runtime::monotonic_ms();
    auto at = polled.begin() + 2;
    for (Client& c : clients_) {
      if (const short events = (at++)->revents; events != 0) c.connection.on_events(events, now);
      if (const auto due = c.connection.deadline(terms_.patience); due && now >= *due && !c.connection.closed())
        c.connection.on_time(now);
      serve(c, now);
    }
    read_mail(now);
    if (tracing_ > 0) show_traces(now);
    bury();  // before others come: who left has left its place
    if (polled[1].revents != 0) accept_some(now);
  }
  for (Client& c : clients_) end_trace(c);
}

int Server::Loop::wait_time(std::uint64_t now) const {
  std::uint64_t until = tracing_ > 0 ? now + kLook : UINT64_MAX;
  if (now < accept_at_) until = std::min(until, accept_at_);
  for (const Client& c : clients_)
    if (const auto due = c.connection.deadline(terms_.patience)) until = std::min(until, *due);
  if (until == UINT64_MAX) return -1;
  return until > now ? static_cast<int>(std::min<std::uint64_t>(until - now, 60000)) : 0;
}

void Server::Loop::accept_some(std::uint64_t now) {
  for (int i = 0; i < kAcceptsAtOnce; ++i) {
    net::UniqueFd fd(::accept4(at_.fd.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd) {
      if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) accept_at_ = now + kNoDescriptor;
      return;
    }
    accept_one(std::move(fd), now);
  }
}

void Server::Loop::accept_one(net::UniqueFd fd, std::uint64_t now) {
  std::optional<Credentials> who = credentials_of(fd.get());
  const Rights rights = who ? rights_of(*who, access(), ::geteuid()) : Rights::none;
  if (rights == Rights::none) {
    turn_away(fd.get(),
              {Code::not_permitted,
               "uid " + (who ? std::to_string(who->uid) : "unknown") +
                   " may ask nothing here: [admin] group and read_group of gatehouse.conf say which groups may"});
    return log_refused(who, std::nullopt, now);
  }
  if (clients_.size() >= terms_.clients)
    return turn_away(fd.get(), {Code::busy, std::to_string(terms_.clients) + " clients are connected: try again"});
  clients_.emplace_back(Connection(std::move(fd), {next_id_++, std::move(*who), rights}, now), nullptr);
}

// A few lines a second: who has no rights must not fill the logs either. Nothing for `who`: the kernel did not say.
void Server::Loop::log_refused(const std::optional<Credentials>& who, const std::optional<Request>& what,
                               std::uint64_t now) {
  const auto allowed = refused_.ask(now / 1000);
  if (!allowed.allowed) return;
  log::Line line(log::Level::warning, "admin-refused");
  if (who) line = about(log::Level::warning, "admin-refused", *who);
  if (what) line.add("command", command_word(what->command));
  if (allowed.suppressed > 0) line.add("suppressed", allowed.suppressed);
  line.write();
  if (what) control_.acted(*who, *what, "no right to write");
}

void Server::Loop::serve(Client& c, std::uint64_t now) {
  while (const auto line = c.connection.next_request()) answer_line(c, *line, now);
}

void Server::Loop::answer_line(Client& c, const std::string& line, std::uint64_t now) {
  const auto request = parse_request(line);
  // What is no request may be the middle of something else: nothing behind it is believed.
  if (!request) return c.connection.put(refusal(request.error()), true, now);
  const Rights right = needed(*request);
  if (right > c.connection.caller.rights) {
    log_refused(c.connection.caller.who, *request, now);
    return c.connection.put(refusal(not_permitted(c.connection, *request)), false, now);
  }
  if (right == Rights::write) {
    log::Line l = about(log::Level::info, "admin", c.connection.caller.who);
    l.add("command", command_word(request->command)).add("session", request->session);
    for (const auto& [key, value] :
         {std::pair{"guest", &request->guest}, {"principal", &request->principal}, {"level", &request->level}})
      if (*value) l.add(key, **value);
    if (request->undo) l.add("undo", "true");
    l.write();
  }
  ask(c, *request, now);
}

void Server::Loop::ask(Client& c, const Request& r, std::uint64_t now) {
  c.connection.begin_wait();
  switch (r.command) {
    case Command::status: return control_.status(to<Status>(c, r));
    case Command::guests: return control_.guests(to<Rows<Guest>>(c, r));
    case Command::sessions: return control_.sessions(r.guest, to<Rows<Session>>(c, r));
    case Command::contexts: return control_.contexts(r.guest, to<Rows<Context>>(c, r));
    case Command::evict: return control_.evict({r.guest, r.session, r.principal}, to<Evicted>(c, r));
    case Command::drain: return control_.drain(r.guest, r.undo, to<Drained>(c, r));
    case Command::reload: return control_.reload(to<Reloaded>(c, r));
    case Command::log_level: return control_.log_level(r.level, to<Level>(c, r));
    case Command::trace: return begin_trace(c, r, now);
  }
}

void Server::Loop::begin_trace(Client& c, const Request& r, std::uint64_t now) {
  auto guest = control_.trace(*r.guest);
  control_.acted(c.connection.caller.who, r, guest ? std::nullopt : std::optional(guest.error().text));
  if (!guest) return c.connection.put(refusal(std::move(guest.error())), false, now);
  c.trace = std::make_unique<TraceClient>(std::move(*guest), r, now);
  ++tracing_;
}

void Server::Loop::end_trace(Client& c) {
  if (c.trace == nullptr) return;
  control_.untrace(c.trace->guest());
  c.trace = nullptr;
  --tracing_;
}

void Server::Loop::show_traces(std::uint64_t now) {
  records_.clear();
  control_.recorded(records_);
  for (Client& c : clients_) {
    if (c.trace == nullptr || c.connection.closed() || !c.trace->show(records_, c.connection, now)) continue;
    auto over = c.trace->over();
    end_trace(c);
    c.connection.put(std::move(over), false, now);
    serve(c, now);
  }
}

void Server::Loop::read_mail(std::uint64_t now) {
  mail_->take(opened_);
  for (Mail& m : opened_) {
    if (m.answer == nullptr) stopping_ = true;
    if (m.act != nullptr) control_.acted(m.act->who, m.act->what, m.refused);
    for (Client& c : clients_) {
      if (c.connection.caller.id != m.client || c.connection.closed()) continue;
      c.connection.put(std::move(m.answer), false, now);
      serve(c, now);
      break;
    }
  }
  opened_.clear();
}

void Server::Loop::bury() {
  for (auto at = clients_.begin(); at != clients_.end();) {
    if (!at->connection.closed()) {
      ++at;
      continue;
    }
    end_trace(*at);
    at = clients_.erase(at);
  }
}

}  // namespace gatehouse::admin

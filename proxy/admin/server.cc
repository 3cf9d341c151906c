#include "proxy/admin/server.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "proxy/admin/loop.h"
#include "proxy/net/unix_listen.h"

namespace gatehouse::admin {
namespace {

constexpr std::uint32_t kOwnerAlone = 0600;
constexpr std::uint32_t kEverybody = 0666;

std::uint32_t mode_for(bool groups) {
  return groups ? kEverybody : kOwnerAlone;
}

}  // namespace

std::expected<net::ListenSocket, std::string> open_socket(const config::Admin& conf) {
  auto out = net::open_unix(conf.socket, mode_for(conf.group_id || conf.read_group_id), "");
  if (!out) return std::unexpected(std::move(out.error().text));
  return std::move(*out);
}

Server::Loop::~Loop() {
  if (!at_.unlink_path.empty()) ::unlink(at_.unlink_path.c_str());
}

void Server::Loop::set_access(Access access) {
  const std::lock_guard lock(mutex_);
  access_ = access;
  if (!at_.unlink_path.empty()) ::chmod(at_.unlink_path.c_str(), mode_for(access.group || access.read_group));
}

Server::Server(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {}

Server::~Server() {
  loop_->stop();
}

std::expected<std::unique_ptr<Server>, std::string> Server::start(net::ListenSocket at, Access access, Control& control,
                                                                  Terms terms) {
  auto loop = std::make_unique<Loop>(std::move(at), access, control, terms);
  if (!loop->ready()) return std::unexpected("no event descriptor: " + std::string(std::strerror(errno)));
  loop->start();
  return std::unique_ptr<Server>(new Server(std::move(loop)));
}

void Server::set_access(Access access) {
  loop_->set_access(access);
}

}  // namespace gatehouse::admin

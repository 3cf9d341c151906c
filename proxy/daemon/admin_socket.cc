#include "proxy/daemon/admin_socket.h"

#include "proxy/log/log.h"

namespace gatehouse::daemon {
namespace {

admin::Access access_of(const config::Admin& conf) {
  return {conf.group_id, conf.read_group_id};
}

std::unique_ptr<AdminSocket> failed(const config::Admin& conf, const std::string& error) {
  log::Line(log::Level::error, "admin-socket-missing")
      .add("socket", conf.socket)
      .add("error", error)
      .add("hint", "gatehousectl cannot ask this gatehoused: mend it and restart, or state [admin] socket = \"\"")
      .write();
  return nullptr;
}

}  // namespace

std::unique_ptr<AdminSocket> AdminSocket::open(Gateway& gateway, const config::Admin& conf, std::int64_t started) {
  if (conf.socket.empty()) return nullptr;
  auto at = admin::open_socket(conf);
  if (!at) return failed(conf, at.error());
  std::unique_ptr<AdminSocket> out(new AdminSocket(gateway, started));
  auto server = admin::Server::start(std::move(*at), access_of(conf), out->control_);
  if (!server) return failed(conf, server.error());
  out->server_ = std::move(*server);
  return out;
}

void AdminSocket::reloaded(const config::Admin& conf, const Reloaded& what) {
  control_.note(what);
  server_->set_access(access_of(conf));
}

}  // namespace gatehouse::daemon

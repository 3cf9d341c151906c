#include "proxy/daemon/http.h"

#include "proxy/log/log.h"
#include "proxy/net/listen.h"

namespace gatehouse::daemon {
namespace {

// Of the socket file of [admin] http.
constexpr std::uint32_t kHttpMode = 0660;

}  // namespace

std::expected<std::unique_ptr<metrics::HttpServer>, std::string> start_http(const config::Admin& admin,
                                                                            const metrics::Sources& from) {
  const auto& address = admin.http_address;
  if (!address) return nullptr;
  config::Listener where;
  where.name = "http";
  where.address = *address;
  where.mode = kHttpMode;
  auto socket = net::open_listener(where, {});
  if (!socket) return std::unexpected(std::move(socket.error().text));
  auto server = metrics::HttpServer::start(std::move(*socket), from);
  if (server) log::Line(log::Level::info, "http").add("address", net::format(*address)).write();
  return server;
}

}  // namespace gatehouse::daemon

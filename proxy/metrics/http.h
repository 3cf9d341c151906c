// /metrics, /healthz and /readyz by HTTP.
#pragma once

#include <expected>
#include <memory>
#include <string>

#include "proxy/metrics/sources.h"
#include "proxy/net/listen.h"

struct MHD_Daemon;

namespace gatehouse::metrics {

/// HttpServer: libmicrohttpd on a thread of its own, so that no client of it can hold up a call: few connections at a
/// time, each with a bound on its headers and on its silence; the others wait unaccepted. GET and HEAD alone.
class HttpServer {
 public:
  /// start: serves on `at`. An error says what libmicrohttpd was refused.
  static std::expected<std::unique_ptr<HttpServer>, std::string> start(net::ListenSocket at, const Sources& from);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

 private:
  explicit HttpServer(const Sources& from) : from_(from) {}

  const Sources from_;
  std::string unlink_path_;
  MHD_Daemon* daemon_ = nullptr;
};

}  // namespace gatehouse::metrics

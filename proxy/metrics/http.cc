#include "proxy/metrics/http.h"

#include <microhttpd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "proxy/metrics/health.h"
#include "proxy/metrics/table.h"
#include "proxy/runtime/clock.h"

namespace gatehouse::metrics {
namespace {

constexpr unsigned kConnections = 16;
constexpr unsigned kSilence = 10;                        // seconds
constexpr std::size_t kMemory = std::size_t{32} * 1024;  // of one connection: its headers, both ways

constexpr const char* kPlain = "text/plain; charset=utf-8";
constexpr const char* kExposition = "text/plain; version=0.0.4; charset=utf-8";

struct Page {
  int status = MHD_HTTP_OK;
  const char* type = kPlain;
  std::string text;
};

Page page_of(const Verdict& v) {
  return {v.good ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE, kPlain, v.text};
}

Page page_at(const Sources& from, std::string_view path) {
  if (path == "/metrics") return {MHD_HTTP_OK, kExposition, exposition(from)};
  if (path == "/healthz") return page_of(healthy(from.shared, runtime::monotonic_ms()));
  if (path == "/readyz") return page_of(ready(from.shared));
  return {MHD_HTTP_NOT_FOUND, kPlain, "there are /metrics, /healthz and /readyz\n"};
}

MHD_Result send(MHD_Connection* to, Page&& page) {
  MHD_Response* const r = MHD_create_response_from_buffer(page.text.size(), page.text.data(), MHD_RESPMEM_MUST_COPY);
  if (r == nullptr) return MHD_NO;
  MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, page.type);
  MHD_add_response_header(r, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
  if (page.status == MHD_HTTP_METHOD_NOT_ALLOWED) MHD_add_response_header(r, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
  const MHD_Result queued = MHD_queue_response(to, static_cast<unsigned>(page.status), r);
  MHD_destroy_response(r);
  return queued;
}

bool has_header(MHD_Connection* c, const char* name) {
  return MHD_lookup_connection_value(c, MHD_HEADER_KIND, name) != nullptr;
}

// libmicrohttpd calls once for the header and again when the request is whole. What is answered at the first call is
// answered early: the connection closes, and the rest of the request is never read.
MHD_Result on_request(void* self, MHD_Connection* c, const char* path, const char* method, const char* /*version*/,
                      const char* /*upload*/, std::size_t* upload_size, void** state) {
  static char seen;
  const std::string_view verb = method;
  try {
    if (*state == nullptr) {
      *state = &seen;
      if (verb != MHD_HTTP_METHOD_GET && verb != MHD_HTTP_METHOD_HEAD)
        return send(c, {MHD_HTTP_METHOD_NOT_ALLOWED, kPlain, "only GET and HEAD\n"});
      if (has_header(c, MHD_HTTP_HEADER_CONTENT_LENGTH) || has_header(c, MHD_HTTP_HEADER_TRANSFER_ENCODING))
        return send(c, {MHD_HTTP_BAD_REQUEST, kPlain, "GET and HEAD without a body\n"});
      return MHD_YES;
    }
    *upload_size = 0;
    return send(c, page_at(*static_cast<const Sources*>(self), path));
  } catch (...) {  // no memory: the connection is closed, and the gateway goes on
    return MHD_NO;
  }
}

}  // namespace

std::expected<std::unique_ptr<HttpServer>, std::string> HttpServer::start(net::ListenSocket at, const Sources& from) {
  std::unique_ptr<HttpServer> out(new HttpServer(from));
  out->unlink_path_ = std::move(at.unlink_path);
  // poll, not epoll: with epoll libmicrohttpd 0.9 reads a request that was cut off once, does not see its end behind
  // it, and keeps its place until it was silent for long enough.
  out->daemon_ = MHD_start_daemon(
      MHD_USE_POLL_INTERNAL_THREAD, 0, nullptr, nullptr, &on_request, const_cast<Sources*>(&out->from_),
      MHD_OPTION_LISTEN_SOCKET, at.fd.get(), MHD_OPTION_CONNECTION_LIMIT, kConnections, MHD_OPTION_CONNECTION_TIMEOUT,
      kSilence, MHD_OPTION_CONNECTION_MEMORY_LIMIT, kMemory, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
  if (out->daemon_ == nullptr) return std::unexpected(std::string("libmicrohttpd: ") + std::strerror(errno));
  (void)at.fd.release();  // libmicrohttpd's now
  return out;
}

HttpServer::~HttpServer() {
  if (daemon_ != nullptr) MHD_stop_daemon(daemon_);
  if (!unlink_path_.empty()) ::unlink(unlink_path_.c_str());
}

}  // namespace gatehouse::metrics

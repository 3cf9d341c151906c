// Where metrics are served, as the configuration wants it.
#pragma once

#include "proxy/config/config.h"
#include "proxy/metrics/http.h"

namespace gatehouse::daemon {

/// start_http: serves at [admin] http; null when there is none.
std::expected<std::unique_ptr<metrics::HttpServer>, std::string> start_http(const config::Admin& admin,
                                                                            const metrics::Sources& from);

}  // namespace gatehouse::daemon

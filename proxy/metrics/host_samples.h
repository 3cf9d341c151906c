// Metrics of the daemon, its listeners and its backends: one function a row of the table, as Metric::fill.
#pragma once

#include "proxy/metrics/samples.h"
#include "proxy/metrics/sources.h"

namespace gatehouse::metrics {

void build_info(const Sources& from, Samples& to);
void start_time(const Sources& from, Samples& to);
void cpu_seconds(const Sources& from, Samples& to);
void resident_memory(const Sources& from, Samples& to);
void load_good(const Sources& from, Samples& to);
void load_time(const Sources& from, Samples& to);
void guests(const Sources& from, Samples& to);
void listener_up(const Sources& from, Samples& to);
void backend_up(const Sources& from, Samples& to);
void thread_idle(const Sources& from, Samples& to);
void strangers(const Sources& from, Samples& to);
void accept_queue(const Sources& from, Samples& to);
void gateway_latency(const Sources& from, Samples& to);
void backend_latency(const Sources& from, Samples& to);

}  // namespace gatehouse::metrics

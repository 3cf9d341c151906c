// Metrics of the daemon, its listeners and its backends: one function a row of the table, as Metric::fill.
#pragma once

#include "proxy/metrics/samples.h"
#include "proxy/metrics/sources.h"

namespace gatehouse::metrics {

void build_info(const Moment& from, Samples& to);
void start_time(const Moment& from, Samples& to);
void cpu_seconds(const Moment& from, Samples& to);
void resident_memory(const Moment& from, Samples& to);
void load_good(const Moment& from, Samples& to);
void load_time(const Moment& from, Samples& to);
void guests(const Moment& from, Samples& to);
void listener_up(const Moment& from, Samples& to);
void backend_up(const Moment& from, Samples& to);
void thread_idle(const Moment& from, Samples& to);
void strangers(const Moment& from, Samples& to);
void audit_events(const Moment& from, Samples& to);
void audit_queue(const Moment& from, Samples& to);
void audit_working(const Moment& from, Samples& to);
void log_dropped(const Moment& from, Samples& to);
void accept_queue(const Moment& from, Samples& to);
void gateway_latency(const Moment& from, Samples& to);
void backend_latency(const Moment& from, Samples& to);

}  // namespace gatehouse::metrics

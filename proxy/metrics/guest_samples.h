// Metrics of guests: one function a row of the table, as Metric::fill.
#pragma once

#include "proxy/metrics/samples.h"
#include "proxy/metrics/sources.h"

namespace gatehouse::metrics {

/// add_count: counter `c` of each guest.
void add_count(const Sources& from, Samples& to, runtime::Count c);
/// count: the same, as Metric::fill.
template <runtime::Count C>
void count(const Sources& from, Samples& to) {
  add_count(from, to, C);
}

void calls_by(const Sources& from, Samples& to);
void decisions(const Sources& from, Samples& to);
void refusals(const Sources& from, Samples& to);
void closes(const Sources& from, Samples& to);
void waits(const Sources& from, Samples& to);
void inits(const Sources& from, Samples& to);
void contexts_ended(const Sources& from, Samples& to);
void gss_headers(const Sources& from, Samples& to);

void connections_open(const Sources& from, Samples& to);
void calls_in_flight(const Sources& from, Samples& to);
void buffered_bytes(const Sources& from, Samples& to);
void contexts(const Sources& from, Samples& to);
void inits_pending(const Sources& from, Samples& to);
void gss_request_bytes(const Sources& from, Samples& to);
void gss_reply_bytes(const Sources& from, Samples& to);

}  // namespace gatehouse::metrics

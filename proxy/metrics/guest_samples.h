// Metrics of guests: one function a row of the table, as Metric::fill.
#pragma once

#include "proxy/metrics/samples.h"
#include "proxy/metrics/sources.h"

namespace gatehouse::metrics {

/// add_count: counter `c` of each guest.
void add_count(const Moment& from, Samples& to, runtime::Count c);
/// count: the same, as Metric::fill.
template <runtime::Count C>
void count(const Moment& from, Samples& to) {
  add_count(from, to, C);
}

void calls_by(const Moment& from, Samples& to);
void decisions(const Moment& from, Samples& to);
void refusals(const Moment& from, Samples& to);
void closes(const Moment& from, Samples& to);
void waits(const Moment& from, Samples& to);
void inits(const Moment& from, Samples& to);
void contexts_ended(const Moment& from, Samples& to);
void gss_headers(const Moment& from, Samples& to);

void connections_open(const Moment& from, Samples& to);
void calls_in_flight(const Moment& from, Samples& to);
void buffered_bytes(const Moment& from, Samples& to);
void contexts(const Moment& from, Samples& to);
void inits_pending(const Moment& from, Samples& to);
void gss_request_bytes(const Moment& from, Samples& to);
void gss_reply_bytes(const Moment& from, Samples& to);

}  // namespace gatehouse::metrics

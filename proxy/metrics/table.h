// The table of metrics: exposition, documentation and tests are made from it.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "proxy/metrics/samples.h"
#include "proxy/metrics/sources.h"

namespace gatehouse::metrics {

/// Metric: one row. Name, kind and labels are an interface.
struct Metric {
  std::string_view name;
  Kind kind;
  std::string_view labels;  ///< their names, with a comma between; empty: none
  std::string_view help;    ///< one sentence
  /// fill: adds the samples of this moment.
  void (*fill)(const Moment& from, Samples& to);
};

/// metrics: every row, in the order of exposition.
std::span<const Metric> metrics();

/// exposition: all metrics as Prometheus text, version 0.0.4. Thread-safe; holds up no other thread, and needs memory
/// for the text and the samples of one metric.
std::string exposition(const Sources& sources);

}  // namespace gatehouse::metrics

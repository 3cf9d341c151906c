// The samples of one metric.
#pragma once

#include <prometheus/metric_family.h>

#include <initializer_list>
#include <string_view>
#include <vector>

#include "proxy/runtime/latency.h"

namespace gatehouse::metrics {

/// Kind: as Prometheus means it.
enum class Kind : std::uint8_t { counter, gauge, histogram };

/// Samples: of the metric `name`, whose `labels` are names with a comma between.
class Samples {
 public:
  Samples(std::string_view name, Kind kind, std::string_view labels, std::string_view help);

  /// add: one sample; `values` of the labels in their order.
  void add(std::initializer_list<std::string_view> values, double value);
  void add(std::initializer_list<std::string_view> values, std::uint64_t value) {
    add(values, static_cast<double>(value));
  }
  /// seen: as add, but nothing is added for 0: of what has many values, few are ever met.
  void seen(std::initializer_list<std::string_view> values, std::uint64_t value) {
    if (value > 0) add(values, value);
  }
  /// histogram: one sample, the sum of `parts`.
  void histogram(std::initializer_list<std::string_view> values, const std::vector<const runtime::Histogram*>& parts);

  [[nodiscard]] const prometheus::MetricFamily& family() const { return family_; }

 private:
  prometheus::ClientMetric& labelled(std::initializer_list<std::string_view> values);

  prometheus::MetricFamily family_;
  std::vector<std::string_view> labels_;
};

}  // namespace gatehouse::metrics

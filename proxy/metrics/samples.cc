#include "proxy/metrics/samples.h"

#include <limits>

namespace gatehouse::metrics {
namespace {

constexpr double kNanosecond = 1e-9;

prometheus::MetricType type_of(Kind k) {
  switch (k) {
    case Kind::counter: return prometheus::MetricType::Counter;
    case Kind::gauge: return prometheus::MetricType::Gauge;
    case Kind::histogram: return prometheus::MetricType::Histogram;
  }
  return prometheus::MetricType::Untyped;
}

}  // namespace

Samples::Samples(std::string_view name, Kind kind, std::string_view labels, std::string_view help) {
  family_.name = name;
  family_.help = help;
  family_.type = type_of(kind);
  while (!labels.empty()) {
    const auto comma = labels.find(',');
    labels_.push_back(labels.substr(0, comma));
    labels = comma == std::string_view::npos ? std::string_view() : labels.substr(comma + 1);
  }
}

prometheus::ClientMetric& Samples::labelled(std::initializer_list<std::string_view> values) {
  prometheus::ClientMetric& m = family_.metric.emplace_back();
  m.label.reserve(labels_.size());
  const auto* value = values.begin();
  for (std::size_t i = 0; i < labels_.size() && value != values.end(); ++i, ++value)
    m.label.push_back({std::string(labels_[i]), std::string(*value)});
  return m;
}

void Samples::add(std::initializer_list<std::string_view> values, double value) {
  prometheus::ClientMetric& m = labelled(values);
  m.counter.value = value;
  m.gauge.value = value;
}

void Samples::histogram(std::initializer_list<std::string_view> values,
                        const std::vector<const runtime::Histogram*>& parts) {
  prometheus::ClientMetric::Histogram& out = labelled(values).histogram;
  constexpr std::size_t kBounds = runtime::kLatencyBounds.size();
  for (std::size_t i = 0; i <= kBounds; ++i) {
    for (const runtime::Histogram* p : parts) out.sample_count += p->buckets[i].get();
    out.bucket.push_back({out.sample_count, i == kBounds ? std::numeric_limits<double>::infinity()
                                                         : static_cast<double>(runtime::kLatencyBounds[i]) / 1e9});
  }
  std::uint64_t sum = 0;
  for (const runtime::Histogram* p : parts) sum += p->nanoseconds.get();
  out.sample_sum = static_cast<double>(sum) * kNanosecond;
}

}  // namespace gatehouse::metrics

#include "runtime/metrics.h"

#include <prometheus/text_serializer.h>

#include <cassert>

#ifndef ORDERSAGA_VERSION
#error "ORDERSAGA_VERSION is set by the build"
#endif

namespace ordersaga::runtime {
namespace {

std::string prefixed(const std::string& name) {
  return "ordersaga_" + name;
}

}  // namespace

Metrics::Metrics() {
  gauge("build_info", "Always 1; the version stands in the label.", {{"version", ORDERSAGA_VERSION}}).Set(1);
}

prometheus::Counter& Metrics::counter(const std::string& name, const std::string& help, const Labels& labels) {
  assert(name.ends_with("_total"));
  return prometheus::BuildCounter().Name(prefixed(name)).Help(help).Register(registry_).Add(bounded(name, labels));
}

prometheus::Gauge& Metrics::gauge(const std::string& name, const std::string& help, const Labels& labels) {
  return prometheus::BuildGauge().Name(prefixed(name)).Help(help).Register(registry_).Add(bounded(name, labels));
}

prometheus::Histogram& Metrics::histogram(const std::string& name, const std::string& help, const std::vector<double>& bounds,
                                          const Labels& labels) {
  return prometheus::BuildHistogram().Name(prefixed(name)).Help(help).Register(registry_).Add(bounded(name, labels), bounds);
}

Metrics::Labels Metrics::bounded(const std::string& name, const Labels& labels) {
  const std::lock_guard lock(mutex_);
  auto& known = series_[name];
  if (known.contains(labels)) return labels;
  if (known.size() < kMaxSeries) return *known.insert(labels).first;
  Labels other = labels;
  for (auto& [label, value] : other) value = "other";
  return other;
}

Metrics::Collection::Collection(Metrics& metrics, std::function<void()> collect) : metrics_(metrics), collect_(std::move(collect)) {
  const std::lock_guard lock(metrics_.collecting_);
  metrics_.collections_.insert(&collect_);
}

Metrics::Collection::~Collection() {
  const std::lock_guard lock(metrics_.collecting_);
  metrics_.collections_.erase(&collect_);
  collect_();
}

void Metrics::before_exposition(std::function<void()> collect) {
  const std::lock_guard lock(collecting_);
  permanent_.push_back(std::move(collect));
}

std::string Metrics::text() const {
  {
    const std::lock_guard lock(collecting_);
    for (const auto& collect : permanent_) collect();
    for (const auto* collect : collections_) (*collect)();
  }
  return prometheus::TextSerializer().Serialize(registry_.Collect());
}

const std::vector<double>& duration_bounds() {
  static const std::vector<double> bounds{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                          0.1,    0.25,    0.5,    1.0,   2.5,    5.0,   10.0, 30.0,  60.0};
  return bounds;
}

}  // namespace ordersaga::runtime

// The process' metrics for Prometheus.
//
// Names are given without the prefix: counter("orders_placed_total", …) is ordersaga_orders_placed_total. A metric that
// is made is kept until the end; references stay valid and may be used from any thread.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace ordersaga::runtime {

class Metrics {
 public:
  using Labels = std::map<std::string, std::string>;
  // Label sets of one name. What comes after them is counted together, with each label's value "other": labels from the
  // data must not grow without bound.
  static constexpr std::size_t kMaxSeries = 200;

  Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // The metric of that name and labels, made when it is new. All uses of a name have the same kind and label names.
  prometheus::Counter& counter(const std::string& name, const std::string& help, const Labels& labels = {});
  prometheus::Gauge& gauge(const std::string& name, const std::string& help, const Labels& labels = {});
  // `bounds` are the buckets' upper bounds, ascending, in the metric's unit.
  prometheus::Histogram& histogram(const std::string& name, const std::string& help, const std::vector<double>& bounds,
                                   const Labels& labels = {});

  // Run before each exposition, and once more when the collection ends, for values that others count. `collect` must not
  // block for long. One mutex keeps collections apart.
  class Collection {
   public:
    Collection(Metrics& metrics, std::function<void()> collect);
    ~Collection();
    Collection(const Collection&) = delete;
    Collection& operator=(const Collection&) = delete;

   private:
    Metrics& metrics_;
    std::function<void()> collect_;
  };

  // The same for what lives at least as long as the last exposition.
  void before_exposition(std::function<void()> collect);

  // All metrics in Prometheus' text format.
  std::string text() const;

 private:
  Labels bounded(const std::string& name, const Labels& labels);

  mutable std::mutex mutex_;
  std::map<std::string, std::set<Labels>> series_;
  mutable std::mutex collecting_;
  std::set<const std::function<void()>*> collections_;
  std::vector<std::function<void()>> permanent_;
  prometheus::Registry registry_;
};

// Follows a count that somebody else keeps. One thread at a time.
class CounterMirror {
 public:
  explicit CounterMirror(prometheus::Counter& counter) : counter_(counter) {}
  // `count` is the sum since the mirror was made.
  void set(std::uint64_t count) {
    counter_.Increment(static_cast<double>(count - last_));
    last_ = count;
  }

 private:
  prometheus::Counter& counter_;
  std::uint64_t last_ = 0;
};

// Bounds in seconds for what takes from a tenth of a millisecond to a minute.
const std::vector<double>& duration_bounds();

}  // namespace ordersaga::runtime

// What committed turns did, as metrics (docs/metrics.md): orders, sagas, commands, and how the store took it.
//
// The lane has it note what a turn does, part by part, and tells it when the turn is committed, so what was rolled back is never
// counted, and each record is looked at once. Nothing is allocated for a record: series are looked up by index, and made when they first
// move. Labels are names of ours (sagas, steps, commands, codes, currencies), never what a client made up.
//
// One thread; any number may share one runtime::Metrics, whose series they then share.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ordersaga/log/v1/record.pb.h"
#include "ordersaga/saga/v1/saga.pb.h"
#include "runtime/metrics.h"
#include "sagas/turn.h"
#include "schemas/error_codes.h"

namespace ordersaga::consumers {

class TurnMetrics {
 public:
  // `metrics` outlives this.
  explicit TurnMetrics(runtime::Metrics& metrics);

  // A turn begins; what was noted of one that was not committed is forgotten.
  void begin_turn();
  // What a part of the turn did; `known` is what it left. Its messages are not needed any more afterwards.
  void note(const sagas::TurnResult& part, const sagas::WorkingSet& known);
  // The turn was committed at `now`: what was noted of it counts.
  void committed(Timestamp now);
  // A command of such a turn was decided; `took`: since Kafka got it.
  void decided(const ordersaga::log::v1::InputRecord& command, Duration took);
  // Writing and committing a turn took so long.
  void appended(Duration took) { append_.Observe(seconds(took)); }
  // A stream was not where the turn expected it.
  void conflicted(std::string_view stream);
  // A wake-up was found so long after it was due.
  void woken(Duration late) { timers_late_.Observe(seconds(late)); }
  void dead_letter(std::string_view topic, std::string_view code);
  // Sums since the lane began.
  void cached(std::uint64_t hits, std::uint64_t misses);

 private:
  enum class Event : std::uint8_t { placed, confirmed, fulfilled, cancelled, rejected, saga };
  // Counters of one name that differ in an error code. Codes that are not of the list are "OTHER".
  class ByCode {
   public:
    ByCode(runtime::Metrics& metrics, std::string name, std::string help, std::string label, runtime::Metrics::Labels more = {});
    void count(std::string_view code) { count(index_of(code)); }
    void count(std::size_t index);
    static std::size_t index_of(std::string_view code);

   private:
    runtime::Metrics& metrics_;
    std::string name_, help_, label_;
    runtime::Metrics::Labels more_;
    std::array<prometheus::Counter*, std::size(kErrorCodes) + 1> counters_{};
  };
  struct StepSeries {
    // Null when the step is always over in the turn that begins it.
    prometheus::Histogram* succeeded;
    prometheus::Histogram* failed;
    ByCode compensations;
  };
  // What a saga is in the middle of, between two turns. There is a fixed number of places, found by the hash of the saga; a
  // newer one takes an older one's, and then the end of that step goes unobserved.
  struct Unfinished {
    std::uint64_t saga = 0;
    Timestamp began{};                              // of `step`
    std::int16_t step = -1;                         // that waits; -1: none
    std::uint16_t reason = std::size(kErrorCodes);  // why it undoes its steps
  };
  static constexpr std::size_t kPlaces = 1 << 15;
  // What counts of a record once its turn is committed; and a transition of a saga's record.
  struct Noted {
    Event event;
    std::uint16_t code = 0;                // index, of cancelled and rejected
    std::int16_t definition = 0;           // of a saga
    std::uint32_t transitions = 0;         // of a saga: so many of transitions_
    std::uint64_t saga = 0;                // its hash
    prometheus::Counter* value = nullptr;  // of confirmed; null: none
    double amount = 0;
  };
  struct Transition {
    std::int16_t step;
    std::uint16_t code;  // index
    ordersaga::saga::v1::TransitionKind kind;
    bool is_first_try;
  };
  using ByOutcome = std::array<prometheus::Histogram*, ordersaga::common::v1::Outcome_ARRAYSIZE>;

  static double seconds(Duration d) { return d.count() > 0 ? static_cast<double>(d.count()) / 1e6 : 0; }
  void note_value(std::string_view order_stream, const sagas::WorkingSet& known, Noted& noted);
  bool note_saga(std::string_view stream, const ordersaga::saga::v1::SagaAdvanced& record, Noted& noted);
  void advance(const Noted& noted, std::span<const Transition> transitions, Timestamp now);
  static void step_over(prometheus::Histogram* outcome, Unfinished& saga, int step, Timestamp now);

  runtime::Metrics& metrics_;
  std::unordered_map<const google::protobuf::Descriptor*, Event> events_;
  prometheus::Counter& placed_;
  prometheus::Counter& confirmed_;
  prometheus::Counter& fulfilled_;
  ByCode cancelled_;
  ByCode rejected_;
  prometheus::Counter& reservations_expired_;
  std::map<std::string, prometheus::Counter*, std::less<>> value_;  // by currency
  std::map<std::string, ByOutcome, std::less<>> commands_;          // by type
  std::vector<std::vector<StepSeries>> sagas_;                      // by definition, then step
  std::vector<Unfinished> unfinished_;
  std::vector<Noted> noted_;  // of the turn that has not committed yet, and kept for their memory
  std::vector<Transition> transitions_;
  std::string key_;  // kept for its memory
  prometheus::Histogram& append_;
  prometheus::Histogram& timers_late_;
  std::map<std::string, prometheus::Counter*, std::less<>> conflicts_;  // by kind of stream
  std::map<std::string, ByCode, std::less<>> dead_letters_;             // by topic
  prometheus::Counter& cache_hits_;
  prometheus::Counter& cache_misses_;
  std::uint64_t hits_ = 0;
  std::uint64_t misses_ = 0;
};

}  // namespace ordersaga::consumers

// What a lane does with shards whose last owner did not give them back: it may have been ended by an input that will come
// again. Of such a shard the first inputs are decided one by one, each noted in the store before; what was noted and ended
// the process too often is not decided any more. A shard that was given back costs nothing.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "events/event_store.h"

namespace ordersaga::consumers {

struct CareSettings {
  // Names this life of the process; another life has another name.
  std::string owner = "lane";
  // Inputs of a shard that are decided one by one after one unclean exit; eight times as many after each further one in a row.
  int first_inputs = 64;
  // What was begun so often, and never ended, is parked.
  int max_attempts = 2;
  // After so long without an exit, the next one counts as the first.
  Duration settled_after = std::chrono::seconds(60);
};

// One thread.
class Care {
 public:
  Care(events::EventStore& store, CareSettings settings) : store_(store), settings_(std::move(settings)) {}

  void take(Shard shard);
  void give_back(Shard shard);
  // Tells the store what has changed; nothing is sent when nothing has. To be called between turns. Throws StoreErrors; then
  // the rest is told the next time.
  void tell(Duration now);
  // At a clean end: gives all back. Throws StoreErrors.
  void give_all_back();

  // Whether inputs of the shard are to be decided one by one.
  bool is_careful(Shard shard) const;
  // Notes that the input is about to be decided; once, however often it is called until done(). False: it ended the process
  // too often, and must not be decided. Throws StoreErrors.
  bool begin(Shard shard, const std::string& input);
  // The input that was begun has had its turn.
  void done();

 private:
  using Noted = std::pair<Shard, std::string>;

  events::EventStore& store_;
  const CareSettings settings_;
  std::set<Shard> to_take_;
  std::set<Shard> to_give_back_;
  std::set<Shard> held_;
  std::map<Shard, int> left_;          // inputs still to be decided one by one
  std::map<Shard, Duration> settles_;  // when the count of unclean exits begins anew
  std::optional<Noted> begun_;
  bool begun_may_go_on_ = true;
  std::vector<Noted> to_clear_;
};

}  // namespace ordersaga::consumers

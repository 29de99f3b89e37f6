// The idea of a projection, on one screen:
//
//   want(record)   which rows the record may change         for each record of a batch, then the rows are loaded
//   apply(record)  the record's changes, in those rows      for each record in log order, then the rows are written
//
// Both are pure: the rows are loaded and written by apply_batch (apply.h), in the transaction that moves the checkpoint.
// A projection is a folder with its row types (table.h) and overloads of `on`, one for each event that it knows.
#pragma once

#include <google/protobuf/message.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "projections/record.h"
#include "projections/working_rows.h"

namespace ordersaga::projections {

// The record cannot follow what was applied before it. It is parked, and its key with it.
struct BrokenHistory : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Projection {
 public:
  virtual ~Projection() = default;
  // Of its checkpoint; for ever.
  virtual std::string_view name() const = 0;
  virtual bool concerns(const google::protobuf::Descriptor* type) const = 0;
  virtual std::vector<RowSet*> row_sets() = 0;
  // REQUIRES, both: concerns(record.type), and the record has its message.
  virtual void want(const Record& record) = 0;
  // Throws BrokenHistory, and has changed nothing then.
  virtual void apply(const Record& record) = 0;
};

// The events that a projection knows. Each needs an overload `void on(const Record&, const M&)`.
template <class... M>
struct Knows {
  static bool contains(const google::protobuf::Descriptor* type) {
    return std::find(types().begin(), types().end(), type) != types().end();
  }

  template <class P>
  static void dispatch(P& projection, const Record& record) {
    auto it = types().begin();
    ((*it++ == record.type && (projection.on(record, static_cast<const M&>(*record.message)), true)) || ...);
  }

 private:
  // Each type is asked for its descriptor once: asking costs more than all the comparisons.
  static const std::array<const google::protobuf::Descriptor*, sizeof...(M)>& types() {
    static const std::array<const google::protobuf::Descriptor*, sizeof...(M)> all{M::descriptor()...};
    return all;
  }
};

}  // namespace ordersaga::projections

// The rows that a batch of records touches: loaded together, changed in memory, written together, and kept for the next batch.
//
// Rows are kept from batch to batch, so that an update needs no select. What is kept is true as long as nobody else has moved
// the checkpoints in between: who takes up new standings forgets the rows first (open_standings), and so does who has
// failed to commit (apply_batch). What is kept is bounded by bytes; rows not touched for long go first.
#pragma once

#include <algorithm>
#include <charconv>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "projections/read_store.h"
#include "projections/table.h"

namespace ordersaga::projections {

// How a batch trusts what it knows. careful: no row is taken for new, all are loaded, and rows are written whether or not they
// are there; it is how a batch that the store refused is done again.
enum class Trust : bool { careful, fast };

// What the shell does with a projection's rows, whatever their type.
class RowSet {
 public:
  virtual ~RowSet() = default;
  virtual const Table& table() const = 0;
  // A batch: begin, (the projection wants rows), load, (it applies), write; then settle once the batch is committed. In any
  // other case forget.
  virtual void begin(Trust trust) = 0;
  virtual void load(ReadTransaction& transaction) = 0;
  virtual void write(ReadTransaction& transaction) = 0;
  virtual void settle() = 0;
  virtual void forget() = 0;
};

// Cells as one string, unique because no text has a NUL.
inline std::string joined(const Row& cells, std::size_t count) {
  std::string key;
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) key.push_back('\0');
    key += cells[i].value_or(std::string());
  }
  return key;
}

template <class... T>
std::string joined_key(const T&... values) {
  Row cells{to_cell(values)...};
  return joined(cells, cells.size());
}

template <class R>
class WorkingRows final : public RowSet {
 public:
  // Of the rows kept, roughly.
  static constexpr std::size_t kMaxBytes = 8 << 20;

  explicit WorkingRows(std::size_t max_bytes = kMaxBytes) : max_bytes_(max_bytes) {}

  const Table& table() const override { return table_of<R>(); }

  // The row with this key may exist and is needed.
  template <class... T>
  void want(const T&... key) {
    note(true, key...);
  }
  // No row with this key exists: a record of the batch makes it.
  template <class... T>
  void expect_none(const T&... key) {
    note(trust_ == Trust::careful, key...);
  }

  // Null when there is none. The row counts as changed.
  template <class... T>
  R* find(const T&... key) {
    Entry* entry = entry_of(key_of(key...));
    if (entry == nullptr || entry->state == State::absent) return nullptr;
    touch(*entry, entry->state == State::fresh ? State::fresh : State::changed);
    return &entry->row;
  }
  // The new row of this key.
  template <class... T>
  R& put(R row, const T&... key) {
    const std::string& joined = key_of(key...);
    Entry* entry = entry_of(joined);
    if (entry == nullptr) entry = &young_.emplace(joined, Entry()).first->second;
    touch(*entry, entry->state == State::absent || entry->state == State::fresh ? State::fresh : State::changed);
    entry->row = std::move(row);
    return entry->row;
  }
  // Kept from earlier batches.
  std::size_t kept() const { return young_.size() + old_.size(); }

  void begin(Trust trust) override {
    trust_ = trust;
    if (trust_ == Trust::careful) forget();
  }

  void load(ReadTransaction& transaction) override {
    if (wanted_.empty()) return;
    for (const Row& cells : transaction.select(table(), wanted_)) {
      Entry& entry = young_[joined(cells, R::kKeyColumns)];
      entry.row = from_row<R>(cells);
      entry.state = State::clean;
    }
    wanted_.clear();
  }

  void write(ReadTransaction& transaction) override {
    inserts_.clear();
    updates_.clear();
    for (const Entry* entry : touched_) (entry->state == State::fresh || trust_ == Trust::careful ? inserts_ : updates_).add(entry->row);
    if (!inserts_.empty()) trust_ == Trust::careful ? transaction.upsert(inserts_) : transaction.insert(inserts_);
    if (!updates_.empty()) transaction.update(updates_);
  }

  void settle() override {
    for (Entry* entry : touched_) {
      entry->state = State::clean;
      entry->touched = false;
      young_bytes_ += text_bytes(entry->row) + sizeof(Entry) + kNodeBytes;
    }
    touched_.clear();
    for (const std::string& key : noted_)
      if (auto found = young_.find(key); found != young_.end() && found->second.state == State::absent) young_.erase(found);
    noted_.clear();
    if (young_bytes_ < max_bytes_ / 2) return;
    old_ = std::move(young_);
    young_.clear();
    young_bytes_ = 0;
  }

  void forget() override {
    young_.clear();
    old_.clear();
    wanted_.clear();
    touched_.clear();
    noted_.clear();
    young_bytes_ = 0;
  }

 private:
  // absent: nothing is known of such a row in the store. clean: as in the store. fresh: not there yet. changed: there, and
  // to be changed.
  enum class State : std::uint8_t { absent, clean, fresh, changed };
  struct Entry {
    R row;
    State state = State::absent;
    bool touched = false;
  };
  // Of a hash table: node, bucket, key.
  static constexpr std::size_t kNodeBytes = 120;

  // The key in scratch_, as joined_key() makes it.
  template <class... T>
  const std::string& key_of(const T&... values) {
    scratch_.clear();
    (append(values), ...);
    scratch_.pop_back();
    return scratch_;
  }
  void append(std::string_view text) { scratch_.append(text).push_back('\0'); }
  template <class Tag, class Int>
  void append(Strong<Tag, Int> number) {
    char digits[24];
    scratch_.append(digits, std::to_chars(digits, digits + sizeof digits, number.value).ptr).push_back('\0');
  }

  // Null when nothing of the key is noted or kept. What is found is young afterwards.
  Entry* entry_of(const std::string& key) {
    auto found = young_.find(key);
    if (found != young_.end()) return &found->second;
    auto node = old_.extract(key);
    if (node.empty()) return nullptr;
    young_bytes_ += text_bytes(node.mapped().row) + sizeof(Entry) + kNodeBytes;
    return &young_.insert(std::move(node)).position->second;
  }

  static Cell cell_of(std::string_view text) { return std::string(text); }
  template <class Tag, class Int>
  static Cell cell_of(Strong<Tag, Int> number) {
    return to_cell(number);
  }

  template <class... T>
  void note(bool may_exist, const T&... values) {
    const std::string& key = key_of(values...);
    if (entry_of(key) != nullptr) return;
    young_.emplace(key, Entry());
    noted_.push_back(key);
    if (may_exist) wanted_.push_back(Row{cell_of(values)...});
  }

  void touch(Entry& entry, State state) {
    if (!std::exchange(entry.touched, true)) touched_.push_back(&entry);
    entry.state = state;
  }

  std::size_t max_bytes_;
  Trust trust_ = Trust::fast;
  // Two generations, instead of a list of all by their age. Entries keep their places in memory when they move.
  std::unordered_map<std::string, Entry> young_, old_;
  std::size_t young_bytes_ = 0;
  std::vector<Row> wanted_;
  std::vector<std::string> noted_;
  std::vector<Entry*> touched_;
  std::string scratch_;
  RowBlock inserts_{table_of<R>(), Part::whole}, updates_{table_of<R>(), Part::changing};
};

}  // namespace ordersaga::projections

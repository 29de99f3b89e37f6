// bench_turn: the pure turn alone, in memory, on one core. Orders go from their command to CONFIRMED (two turns of many
// inputs), or to COMPLETED (with --to completed), one in ten of them declined. Effects are answered by hand.
//
//   bench_turn [--orders N] [--batch N] [--to confirmed|completed] [--rounds N]
//
// Prints a table on stderr and one JSON object on stdout. Medians over the rounds.
#include <fmt/core.h>
#include <google/protobuf/arena.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bench/allocations.h"
#include "ordersaga/shipment/v1/commands.pb.h"
#include "sagas/turn.h"

namespace {

using namespace ordersaga;
namespace saga = ordersaga::saga::v1;

constexpr int kShards = 16;
constexpr Timestamp kStart{std::chrono::hours(24 * 365 * 56)};

struct Options {
  int orders = 20'000;
  int batch = 200;
  bool to_completed = false;
  int rounds = 7;
};

struct Figures {
  double seconds = 0;
  std::uint64_t allocations = 0;
  std::uint64_t records = 0;
  // What the records hold: as they are stored, without the columns of fixed size.
  std::uint64_t payload_bytes = 0;
  std::uint64_t metadata_bytes = 0;
  std::uint64_t stream_bytes = 0;
  int orders = 0;
};

order::v1::PlaceOrder place(const std::string& id) {
  order::v1::PlaceOrder p;
  p.set_order_id(id);
  p.set_customer_id("customer-1");
  for (int i = 0; i < 2; ++i) {
    order::v1::OrderItem& item = *p.add_items();
    item.set_sku(i == 0 ? "SKU-1" : "SKU-2");
    item.set_quantity(1);
    item.mutable_unit_price()->set_currency_code("EUR");
    item.mutable_unit_price()->set_amount_minor(1250);
  }
  auto& a = *p.mutable_shipping_address();
  a.set_name("A. Customer");
  a.add_lines("Street 1");
  a.set_postcode("10115");
  a.set_city("Berlin");
  a.set_country_code("DE");
  p.mutable_payment()->set_method(order::v1::PAYMENT_METHOD_CREDIT_CARD);
  p.mutable_payment()->set_token("tok_approved");
  return p;
}

saga::EffectResult answer(const saga::EffectRequest& q, bool declined) {
  saga::EffectResult r;
  r.set_saga(q.saga());
  r.set_step(q.step());
  r.set_attempt(q.attempt());
  r.set_compensation(q.compensation());
  r.set_operation(q.operation());
  r.set_outcome(declined ? saga::EFFECT_OUTCOME_FAILED : saga::EFFECT_OUTCOME_SUCCEEDED);
  if (declined) {
    r.set_code("PAYMENT_DECLINED");
    return r;
  }
  r.set_reference("ref-" + q.subject_id());
  *r.mutable_amount() = q.amount();
  r.set_carrier("carrier");
  r.set_tracking_number("T1");
  r.set_tracking_status(shipment::v1::TRACKING_STATUS_DELIVERED);
  return r;
}

// One round: every batch of orders goes to its end before the next begins, as if the cache held just them.
class Round {
 public:
  explicit Round(const Options& options) : options_(options) {
    for (const char* sku : {"SKU-1", "SKU-2"}) known_.levels.add({sku, "main", 1'000'000'000, 0});
  }

  Figures run() {
    for (int first = 0; first < options_.orders; first += options_.batch)
      run_batch(first, std::min(options_.batch, options_.orders - first));
    figures_.orders = options_.orders;
    return figures_;
  }

 private:
  sagas::TurnResult timed(const std::vector<sagas::Input>& inputs, google::protobuf::Arena& arena) {
    std::uint64_t before = bench::allocations();
    auto start = std::chrono::steady_clock::now();
    sagas::TurnResult result = sagas::run_turn(inputs, known_, kShards, {kStart, &arena});
    figures_.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    figures_.allocations += bench::allocations() - before;
    figures_.records += result.records.size();
    for (const sagas::TurnRecord& record : result.records) {
      figures_.payload_bytes += record.payload->ByteSizeLong();
      figures_.metadata_bytes += record.metadata->ByteSizeLong();
      figures_.stream_bytes += record.stream.size();
    }
    return result;
  }

  sagas::CommandInput command(const google::protobuf::Message& message, const std::string& key, google::protobuf::Arena& arena) {
    auto* record = google::protobuf::Arena::CreateMessage<log::v1::InputRecord>(&arena);
    // As a service's: a UUID of its own, which is the correlation too.
    std::string id = fmt::format("0192f3a1-0001-7000-8000-{:012}", ++commands_);
    record->set_command_id(id);
    record->set_type(message.GetTypeName());
    record->set_topic("ordersaga.commands.v1");
    record->set_data(message.SerializeAsString());
    record->mutable_reply()->set_topic("ordersaga.replies.bench.v1");
    record->mutable_reply()->set_when(log::v1::REPLY_WHEN_COMPLETED);
    return {&message, key, record, id, "", ""};
  }

  void run_batch(int first, int n) {
    std::vector<std::string> ids;
    for (int i = 0; i < n; ++i) ids.push_back(fmt::format("0192f3a1-0000-7000-8000-{:012}", first + i));
    arena_.Reset();
    google::protobuf::Arena& arena = arena_;
    std::vector<order::v1::PlaceOrder> commands;
    for (const std::string& id : ids) commands.push_back(place(id));
    std::vector<sagas::Input> inputs;
    for (int i = 0; i < n; ++i) {
      known_.cases[ids[static_cast<std::size_t>(i)]].order_id = ids[static_cast<std::size_t>(i)];
      inputs.emplace_back(command(commands[static_cast<std::size_t>(i)], ids[static_cast<std::size_t>(i)], arena));
    }
    sagas::TurnResult result = timed(inputs, arena);
    // Authorizations; then, to the end: bookings, packing, captures, hand-overs, tracking.
    int effects = options_.to_completed ? 5 : 1;
    for (int step = 0; step < effects; ++step) {
      if (step == 2) result = pack(ids, arena);
      result = answer_all(result, step == 0, arena);
    }
    known_.cases.clear();
  }

  sagas::TurnResult answer_all(const sagas::TurnResult& last, bool authorizing, google::protobuf::Arena& arena) {
    std::vector<saga::EffectResult> answers;
    answers.reserve(last.effects.size());
    for (std::size_t i = 0; i < last.effects.size(); ++i) answers.push_back(answer(*last.effects[i], authorizing && i % 10 == 9));
    std::vector<sagas::Input> inputs;
    for (const saga::EffectResult& a : answers) inputs.emplace_back(sagas::ResultInput{&a});
    return timed(inputs, arena);
  }

  sagas::TurnResult pack(const std::vector<std::string>& ids, google::protobuf::Arena& arena) {
    shipment::v1::RecordPack pack;
    std::vector<sagas::Input> inputs;
    for (const std::string& id : ids)
      if (!known_.cases.at(id).shipments.empty()) inputs.emplace_back(command(pack, id, arena));
    return timed(inputs, arena);
  }

  static google::protobuf::ArenaOptions arena_options(std::vector<char>& block) {
    google::protobuf::ArenaOptions options;
    options.initial_block = block.data();
    options.initial_block_size = block.size();
    return options;
  }

  const Options& options_;
  // As a lane has it: one block, used again for every turn.
  std::vector<char> block_ = std::vector<char>(std::size_t{4} << 20);
  google::protobuf::Arena arena_{arena_options(block_)};
  sagas::WorkingSet known_;
  Figures figures_;
  int commands_ = 0;
};

Options parse(int argc, char** argv) {
  Options o;
  for (int i = 1; i + 1 < argc; i += 2) {
    std::string flag = argv[i], value = argv[i + 1];
    if (flag == "--orders")
      o.orders = std::atoi(value.c_str());
    else if (flag == "--batch")
      o.batch = std::atoi(value.c_str());
    else if (flag == "--rounds")
      o.rounds = std::atoi(value.c_str());
    else if (flag == "--to")
      o.to_completed = value == "completed";
    else {
      fmt::print(stderr, "bench_turn: unknown option {}\n", flag);
      std::exit(2);
    }
  }
  return o;
}

}  // namespace

int main(int argc, char** argv) {
  Options options = parse(argc, argv);
  std::vector<double> rates;
  Figures last;
  for (int round = 0; round < options.rounds; ++round) {
    last = Round(options).run();
    rates.push_back(last.orders / last.seconds);
  }
  std::sort(rates.begin(), rates.end());
  double median = rates[rates.size() / 2];
  double orders = last.orders;
  nlohmann::json json = {{"benchmark", "turn"},
                         {"to", options.to_completed ? "completed" : "confirmed"},
                         {"orders", options.orders},
                         {"batch", options.batch},
                         {"orders_per_second", median},
                         {"microseconds_per_order", 1e6 / median},
                         {"allocations_per_order", static_cast<double>(last.allocations) / orders},
                         {"records_per_order", static_cast<double>(last.records) / orders},
                         {"payload_bytes_per_order", static_cast<double>(last.payload_bytes) / orders},
                         {"metadata_bytes_per_order", static_cast<double>(last.metadata_bytes) / orders},
                         {"stream_bytes_per_order", static_cast<double>(last.stream_bytes) / orders}};
  fmt::print(stderr,
             "turn to {}: {:.0f} orders/s/core, {:.2f} us, {:.1f} allocations, {:.1f} records an order, of {:.0f} bytes and {:.0f} of "
             "metadata\n",
             json["to"].get<std::string>(), median, 1e6 / median, json["allocations_per_order"].get<double>(),
             json["records_per_order"].get<double>(), json["payload_bytes_per_order"].get<double>(),
             json["metadata_bytes_per_order"].get<double>());
  fmt::print("{}\n", json.dump());
}

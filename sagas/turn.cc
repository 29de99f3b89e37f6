#include "sagas/turn.h"

#include "sagas/desk.h"
#include "schemas/packed_id.h"

namespace ordersaga::sagas {
namespace {

namespace agg = ordersaga::aggregates;
namespace log = ordersaga::log::v1;
namespace order = ordersaga::order::v1;
namespace inventory = ordersaga::inventory::v1;

// The order that a saga's stream belongs to.
std::string_view order_of(std::string_view saga) {
  std::optional<StreamName> name = parse_stream(saga);
  return name && name->kind == StreamKind::saga ? name->key : std::string_view{};
}

void fill_error(const agg::Rejection& no, ordersaga::common::v1::Error& error) {
  error.set_code(no.code);
  error.set_message(no.message);
  for (const agg::Detail& detail : no.details) {
    auto& fields = *error.add_details()->mutable_fields();
    for (const auto& [name, value] : detail) fields[name].set_string_value(value);
  }
}

// The inputs of one turn, one after the other.
class Turn {
 public:
  Turn(WorkingSet& known, int shards, const Context& context, TurnResult& result)
      : desk_(known, shards, context, result), result_(result) {}

  void take(const Input& input) {
    std::size_t before = result_.records.size();
    std::visit([this](const auto& i) { on(i); }, input);
    if (result_.records.size() - before > kMaxRecordsPerInput)
      throw BrokenInvariant("an input led to more than " + std::to_string(kMaxRecordsPerInput) + " records");
  }

 private:
  void on(const CommandInput& input) {
    log::InputRecord& record = *input.record;
    log::RecordMetadata& metadata = *agg::make<log::RecordMetadata>(desk_.context());
    pack_id(record.command_id(), *metadata.mutable_causation());
    if (input.correlation_id != record.command_id()) pack_id(input.correlation_id, *metadata.mutable_correlation());
    if (!input.actor.empty()) metadata.set_actor(input.actor);
    if (!input.traceparent.empty()) metadata.set_traceparent(input.traceparent);
    InputResult& out = result_.inputs.emplace_back();
    out.record = desk_.write_input(input.key, record, metadata);
    if (input.message == nullptr) {  // refused before it came here; the record says why
      out.accepted = false;
      return;
    }
    desk_.open(input.key, metadata, origin_of(record, metadata));
    const Message* command = input.message;
    if (std::optional<agg::Rejection> no = desk_.decide({&command, 1})) {
      out.accepted = false;
      record.set_outcome(ordersaga::common::v1::OUTCOME_REJECTED);
      fill_error(*no, *record.mutable_error());
    } else {
      record.set_outcome(ordersaga::common::v1::OUTCOME_ACCEPTED);
      desk_.name_result(record);
      desk_.settle();
    }
    desk_.close();
  }

  void on(const ResultInput& input) {
    const v1::EffectResult& r = *input.result;
    log::SagaCause cause;
    cause.set_step(r.step());
    cause.set_attempt(r.attempt());
    cause.set_compensation(r.compensation());
    with_saga(r.saga(), cause, [&](int definition) { desk_.advance(definition, Answered{&r}); });
  }

  void on(const WakeInput& input) {
    with_saga(input.saga, because(log::SAGA_CAUSE_KIND_TIMER), [&](int definition) {
      // A wake-up that found nothing to do is set right, or it would come again at once.
      if (!desk_.advance(definition, Woken{})) desk_.note_wakeup(definition);
    });
  }

  void on(const ResumeInput& input) {
    with_saga(input.saga, because(log::SAGA_CAUSE_KIND_RESUME), [&](int definition) { desk_.send_again(definition); });
  }

  static log::SagaCause because(log::SagaCauseKind kind) {
    log::SagaCause cause;
    cause.set_kind(kind);
    return cause;
  }

  // What a saga that the command starts remembers of it.
  const v1::SagaOrigin& origin_of(const log::InputRecord& record, const log::RecordMetadata& metadata) const {
    auto& origin = *agg::make<v1::SagaOrigin>(desk_.context());
    *origin.mutable_command() = metadata.causation();
    if (metadata.has_correlation()) *origin.mutable_correlation() = metadata.correlation();
    if (!metadata.traceparent().empty()) origin.set_traceparent(metadata.traceparent());
    if (record.reply().when() == log::REPLY_WHEN_COMPLETED) {
      origin.mutable_reply()->set_topic(record.reply().topic());
      if (!record.reply().content_type().empty()) origin.mutable_reply()->set_content_type(record.reply().content_type());
    }
    return origin;
  }

  template <class F>
  void with_saga(std::string_view saga, log::SagaCause cause, F&& act) {
    result_.inputs.emplace_back();
    std::optional<StreamName> name = parse_stream(saga);
    std::optional<int> definition = name ? find_definition(name->definition) : std::nullopt;
    if (!definition) throw BrokenInvariant("no saga is called " + std::string(saga));
    cause.set_definition(std::string(name->definition));
    desk_.open_for_saga(name->key, *definition, cause);
    act(*definition);
    desk_.settle();
    desk_.close();
  }

  Desk desk_;
  TurnResult& result_;
};

}  // namespace

std::string_view key_of(const Input& input) {
  return std::visit(
      agg::Overloaded{[](const CommandInput& c) { return std::string_view(c.key); },
                      [](const ResultInput& r) { return order_of(r.result->saga()); }, [](const WakeInput& w) { return order_of(w.saga); },
                      [](const ResumeInput& r) { return order_of(r.saga); }},
      input);
}

Needs needs_of(const Input& input) {
  Needs needs;
  const auto* command = std::get_if<CommandInput>(&input);
  if (command != nullptr && command->message == nullptr) return needs;
  if (command != nullptr && agg::is_one_of<agg::stock::Command>(*command->message)) {
    needs.stock_item = command->key;
    return needs;
  }
  needs.order_id = std::string(key_of(input));
  if (command != nullptr && command->message->GetDescriptor() == order::PlaceOrder::descriptor()) {
    const auto& place = static_cast<const order::PlaceOrder&>(*command->message);
    needs.skus.reserve(static_cast<std::size_t>(place.items_size()));
    for (const order::OrderItem& item : place.items())
      if (is_valid_id(item.sku())) needs.skus.push_back(item.sku());
  }
  return needs;
}

TurnResult run_turn(std::span<const Input> inputs, WorkingSet& known, int shards, const Context& context) {
  TurnResult result;
  result.inputs.reserve(inputs.size());
  result.records.reserve(inputs.size() * 5);
  Turn turn(known, shards, context, result);
  for (const Input& input : inputs) turn.take(input);
  return result;
}

}  // namespace ordersaga::sagas

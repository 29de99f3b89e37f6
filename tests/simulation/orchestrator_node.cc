#include "schemas/headers.h"
#include "tests/simulation/system.h"

namespace ordersaga::simulation {

Surroundings::Surroundings(World& w, Mutant m)
    : world(w),
      mutant(m),
      bus(w),
      orchestrators(w, std::string(topics::kCommands), w.shards()),
      relays(w, std::string(topics::kEvents), w.shards()),
      projectors(w, std::string(topics::kEvents), w.shards()) {
  for (std::string_view topic : {topics::kCommands, topics::kEvents, topics::kCommandsDlq}) bus.create(std::string(topic), w.shards());
}

namespace {

// The mutant that takes records for done when it has them.
class EagerConsumer final : public kafka::Consumer {
 public:
  explicit EagerConsumer(kafka::Consumer& inner) : inner_(inner) {}
  kafka::Polled poll(std::size_t max, std::chrono::milliseconds timeout) override {
    kafka::Polled polled = inner_.poll(max, timeout);
    for (const kafka::ConsumedMessage& m : polled.messages) inner_.commit(m.topic, m.partition, m.offset + 1);
    return polled;
  }
  void commit(std::string_view, std::int32_t, std::int64_t) override {}
  void pause(std::string_view topic, std::int32_t partition) override { inner_.pause(topic, partition); }
  void resume(std::string_view topic, std::int32_t partition) override { inner_.resume(topic, partition); }
  void seek(std::string_view topic, std::int32_t partition, std::int64_t offset) override { inner_.seek(topic, partition, offset); }

 private:
  kafka::Consumer& inner_;
};

}  // namespace

struct OrchestratorNode::Process {
  Process(Surroundings& around, std::size_t lanes, Handover* handover)
      : clock(around.world),
        consumer(around.world, around.bus, around.orchestrators),
        eager(consumer),
        producer(around.world, around.bus),
        effects(around.world, around.participants, around.mutant) {
    if (around.world.faults().fires(Fault::clock_apart)) {
      clock.offset = around.world.random().between(-150s, 150s);
    }
    consumers::OrchestratorSettings settings;
    settings.commands_topic = std::string(topics::kCommands);
    settings.lane.shards = around.world.shards();
    settings.lane.max_inputs = 1 + around.world.random().below(40);
    settings.lane.max_state_bytes = around.world.random().below(150'000);
    settings.lane.timer_poll = 200ms;
    settings.lane.max_resumes = 1 + around.world.random().below(10);
    // Processes crash by chance here, and not by an input.
    settings.lane.care.max_attempts = 1'000'000;
    settings.brokers_down = [this] { return consumer.brokers_down(); };
    settings.pause_at = 30;
    settings.resume_at = 10;
    settings.poll_max = 50;
    std::vector<std::unique_ptr<events::EventStore>> stores;
    for (std::size_t i = 0; i < lanes; ++i) stores.push_back(std::make_unique<SimStore>(around.world, around.mutant));
    kafka::Consumer& c = around.mutant == Mutant::offsets_before_done ? static_cast<kafka::Consumer&>(eager) : consumer;
    auto committed = [handover] {
      if (handover != nullptr) handover->log_grew = true;
    };
    orchestrator = std::make_unique<consumers::Orchestrator>(c, producer, effects, std::move(stores), clock, std::move(settings), committed,
                                                             nullptr, handover == nullptr ? nullptr : &handover->records);
  }

  NodeClock clock;
  SimConsumer consumer;
  EagerConsumer eager;
  SimProducer producer;
  SimEffects effects;
  std::unique_ptr<consumers::Orchestrator> orchestrator;
};

OrchestratorNode::OrchestratorNode(Surroundings& around, std::string name, std::size_t lanes, Handover* handover)
    : Node(around.world, std::move(name)), around_(around), handover_(handover), lanes_(lanes) {}
OrchestratorNode::~OrchestratorNode() = default;

void OrchestratorNode::boot() {
  process_ = std::make_unique<Process>(around_, lanes_, handover_);
}

void OrchestratorNode::destroy(bool abrupt) {
  if (process_ && abrupt) process_->consumer.crash();
  process_.reset();
}

Node::Pace OrchestratorNode::run(std::size_t actor) {
  if (actor == 0) {
    process_->orchestrator->dispatch(0ms);
    // Who handles little is asked often: what lanes have handled waits for it.
    return Pace::idle;
  }
  switch (process_->orchestrator->lane(actor - 1).step()) {
    case consumers::Lane::Step::progressed:
      return Pace::busy;
    case consumers::Lane::Step::try_later:
      return Pace::try_later;
    case consumers::Lane::Step::idle:
      break;
  }
  return Pace::idle;
}

}  // namespace ordersaga::simulation

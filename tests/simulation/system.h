// The system under test: orchestrators, relays and projectors as processes of a world, and what they share.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>

#include "consumers/orchestrator.h"
#include "events/recent_records.h"
#include "outbox-relay/cursor.h"
#include "projections/memory_read_store.h"
#include "projections/runner.h"
#include "tests/simulation/bus.h"
#include "tests/simulation/outside.h"
#include "tests/simulation/store.h"

namespace ordersaga::simulation {

// From the lanes of a process to its relay. It survives the crash of either, which is harder than life: a daemon's role may end
// and begin again, and its other role goes on.
struct Handover {
  explicit Handover(std::size_t max_bytes) : records(max_bytes) {}
  events::RecentRecords records;
  bool log_grew = false;
};

// What the processes share, beside the log: Kafka, the participants, the read models.
struct Surroundings {
  Surroundings(World& w, Mutant m);

  World& world;
  const Mutant mutant;
  Bus bus;
  Group orchestrators;
  Group relays;
  Group projectors;
  simulators::Participants participants;
  relay::MemoryCursorStore cursors;
  projections::MemoryReadTables tables;
  std::deque<Handover> handovers;
  // Records that relays read, and where; of those whose process has ended.
  std::uint64_t from_memory = 0;
  std::uint64_t from_store = 0;
};

class OrchestratorNode final : public Node {
 public:
  // `handover`: to a relay; may be null.
  OrchestratorNode(Surroundings& around, std::string name, std::size_t lanes, Handover* handover);
  ~OrchestratorNode() override;

  std::size_t actors() const override { return 1 + lanes_; }

 protected:
  void boot() override;
  void destroy(bool abrupt) override;
  Pace run(std::size_t actor) override;

 private:
  struct Process;
  Surroundings& around_;
  Handover* const handover_;
  const std::size_t lanes_;
  std::unique_ptr<Process> process_;
};

class RelayNode final : public Node {
 public:
  // `handover`: from an orchestrator; may be null.
  RelayNode(Surroundings& around, std::string name, Handover* handover);
  ~RelayNode() override;

  std::size_t actors() const override { return 1; }

 protected:
  void boot() override;
  void destroy(bool abrupt) override;
  Pace run(std::size_t actor) override;

 private:
  struct Process;
  Surroundings& around_;
  Handover* const handover_;
  std::unique_ptr<Process> process_;
};

class ProjectorNode final : public Node {
 public:
  ProjectorNode(Surroundings& around, std::string name);
  ~ProjectorNode() override;

  std::size_t actors() const override { return 1; }

 protected:
  void boot() override;
  void destroy(bool abrupt) override;
  Pace run(std::size_t actor) override;

 private:
  struct Process;
  Surroundings& around_;
  std::unique_ptr<Process> process_;
};

}  // namespace ordersaga::simulation

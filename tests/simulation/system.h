// The system under test: orchestrators, relays and projectors as processes of a world, and what they share.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "consumers/orchestrator.h"
#include "outbox-relay/cursor.h"
#include "projections/memory_read_store.h"
#include "projections/runner.h"
#include "tests/simulation/bus.h"
#include "tests/simulation/outside.h"
#include "tests/simulation/store.h"

namespace ordersaga::simulation {

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
};

class OrchestratorNode final : public Node {
 public:
  OrchestratorNode(Surroundings& around, std::string name, std::size_t lanes);
  ~OrchestratorNode() override;

  std::size_t actors() const override { return 1 + lanes_; }

 protected:
  void boot() override;
  void destroy(bool abrupt) override;
  Pace run(std::size_t actor) override;

 private:
  struct Process;
  Surroundings& around_;
  const std::size_t lanes_;
  std::unique_ptr<Process> process_;
};

class RelayNode final : public Node {
 public:
  RelayNode(Surroundings& around, std::string name);
  ~RelayNode() override;

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

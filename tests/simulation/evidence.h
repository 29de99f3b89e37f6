// A simulated system's evidence for the checkers of tools/verify.
#pragma once

#include <string>
#include <vector>

#include "ordersaga/common/v1/reply.pb.h"
#include "tests/simulation/system.h"

namespace ordersaga::simulation {

// Runs all checkers that there is evidence for; a line for each finding.
std::vector<std::string> check_invariants(Surroundings& around, bool relay, bool projector);

// The last position of which every one before it is on the events topic.
Position published_up_to(Surroundings& around, Shard shard);
// The least that a projection has applied.
Position projected_up_to(Surroundings& around, Shard shard);

// What the log and the participants' ledgers say of an order, a line each.
std::vector<std::string> tell(Surroundings& around, const std::string& order);

bool read_json(const std::string& text, common::v1::CommandReply& reply);

}  // namespace ordersaga::simulation

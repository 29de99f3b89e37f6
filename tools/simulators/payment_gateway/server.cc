#include "tools/simulators/payment_gateway/server.h"

#include <optional>

#include "tools/simulators/http_answers.h"
#include "tools/simulators/latency.h"
#include "tools/simulators/ledger_file.h"
#include "tools/simulators/payment_gateway/json.h"

namespace ordersaga::simulators::payment_gateway {

using runtime::http::Incoming;
using runtime::http::Responder;
using runtime::http::Response;
using runtime::http::Route;

namespace {

Response response_to(const Answer& answer, bool query) {
  switch (answer.verdict) {
    case Verdict::done:
      return json_answer(200, to_json(*answer.entry));
    case Verdict::refused:
      return json_answer(query ? 200 : 402, to_json(*answer.entry));
    case Verdict::invalid:
      return error_answer(answer.code == "idempotency_key_mismatch" ? 422 : 400, answer.code, answer.message);
    case Verdict::unavailable:
      return error_answer(503, answer.code, answer.message, true);
    case Verdict::nothing:
      return error_answer(404, answer.code, answer.message);
    case Verdict::error:
      break;
  }
  return error_answer(500, answer.code, answer.message);
}

}  // namespace

// Gateway, ledger and latency, all used on the server's thread alone.
class GatewayServer::Desk {
 public:
  Desk(const ServerOptions& options, const runtime::Clock& clock)
      : clock_(clock), latency_(options.latency, options.seed), gateway_(options.gateway, [this](const LedgerEntry& entry) {
          if (file_) file_->append(to_json(entry).dump());
        }) {
    if (!options.ledger.empty())
      file_.emplace(options.ledger, options.fsync, [this](std::string_view line) { gateway_.restore(parse_entry(line)); });
  }

  std::vector<Route> routes() {
    return {
        call("/v1/authorizations", Kind::authorization),
        call("/v1/captures", Kind::capture),
        call("/v1/voids", Kind::void_),
        call("/v1/refunds", Kind::refund),
        Route{"GET", "/v1/operations/{key}",
              [this](const Incoming& in, Responder out) {
                out.send(response_to(gateway_.query(in.parameter("key"), clock_.now()), true), latency_.next());
              }},
        Route{"GET", "/v1/ledger", [this](const Incoming& in, Responder out) { out.send(ledger_page(gateway_.ledger(), in, to_json)); }},
        Route{"GET", "/health", [](const Incoming&, Responder out) {
                out.send(json_answer(200, {{"status", "ok"}}));
              }}};
  }

 private:
  Route call(std::string path, Kind kind) {
    return {"POST", std::move(path), [this, kind](const Incoming& in, Responder out) {
              try {
                Call call = parse_call(kind, in.request.header("Idempotency-Key"), in.request.body);
                Answer answer = gateway_.handle(call, clock_.now());
                out.send(response_to(answer, false), answer.delay + latency_.next());
              } catch (const std::invalid_argument& error) {
                out.send(error_answer(400, "invalid_request", error.what()));
              }
            }};
  }

  const runtime::Clock& clock_;
  Latency latency_;
  std::optional<LedgerFile> file_;
  Gateway gateway_;
};

GatewayServer::GatewayServer(const ServerOptions& options, const runtime::Clock& clock)
    : desk_(std::make_unique<Desk>(options, clock)),
      server_(std::make_unique<runtime::http::Server>(runtime::http::ServerOptions{.port = options.port}, desk_->routes())) {}

GatewayServer::~GatewayServer() = default;

std::uint16_t GatewayServer::port() const {
  return server_->port();
}

void GatewayServer::stop(std::chrono::milliseconds patience) {
  server_->stop(patience);
}

}  // namespace ordersaga::simulators::payment_gateway

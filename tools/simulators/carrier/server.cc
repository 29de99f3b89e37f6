#include "tools/simulators/carrier/server.h"

#include <optional>

#include "tools/simulators/carrier/json.h"
#include "tools/simulators/http_answers.h"
#include "tools/simulators/latency.h"
#include "tools/simulators/ledger_file.h"

namespace ordersaga::simulators::carrier {

using runtime::http::Incoming;
using runtime::http::Responder;
using runtime::http::Response;
using runtime::http::Route;

// Carrier, ledger and latency, all used on the server's thread alone.
class CarrierServer::Desk {
 public:
  Desk(const ServerOptions& options, const runtime::Clock& clock)
      : clock_(clock), latency_(options.latency, options.seed), carrier_(options.carrier, [this](const LedgerEntry& entry) {
          if (file_) file_->append(to_json(entry).dump());
        }) {
    if (!options.ledger.empty())
      file_.emplace(options.ledger, options.fsync, [this](std::string_view line) { carrier_.restore(parse_entry(line)); });
  }

  std::vector<Route> routes() {
    return {
        call("/v1/bookings", Kind::booking),
        call("/v1/handovers", Kind::handover),
        call("/v1/cancellations", Kind::cancellation),
        Route{"GET", "/v1/operations/{key}",
              [this](const Incoming& in, Responder out) {
                out.send(response_to(in, carrier_.query(in.parameter("key"), clock_.now()), true), latency_.next());
              }},
        Route{"GET", "/v1/shipments/{name}/tracking", [this](const Incoming& in, Responder out) { out.send(track(in), latency_.next()); }},
        Route{"POST", "/v1/shipments/{name}/advance",
              [this](const Incoming& in, Responder out) {
                Answer moved = carrier_.advance(in.parameter("name"), clock_.now());
                out.send(moved.verdict == Verdict::done ? track(in) : response_to(in, moved, false));
              }},
        Route{"GET", "/v1/labels/{name}", [this](const Incoming& in, Responder out) { out.send(label(in)); }},
        Route{"GET", "/v1/ledger", [this](const Incoming& in, Responder out) { out.send(ledger(in)); }},
        Route{"GET", "/health", [](const Incoming&, Responder out) {
                out.send(json_answer(200, {{"status", "ok"}}));
              }}};
  }

 private:
  Route call(std::string path, Kind kind) {
    return {"POST", std::move(path), [this, kind](const Incoming& in, Responder out) {
              try {
                Call call = parse_call(kind, in.request.header("Idempotency-Key"), in.request.body);
                Answer answer = carrier_.handle(call, clock_.now());
                out.send(response_to(in, answer, false), answer.delay + latency_.next());
              } catch (const std::invalid_argument& error) {
                out.send(error_answer(400, "invalid_request", error.what()));
              }
            }};
  }

  static Response response_to(const Incoming& in, const Answer& answer, bool query) {
    switch (answer.verdict) {
      case Verdict::done:
      case Verdict::refused: {
        nlohmann::json body = to_json(*answer.entry);
        if (answer.entry->kind == Kind::booking && answer.entry->done())
          body["label_url"] = "http://" + std::string(in.request.header("Host")) + "/v1/labels/" + answer.entry->id;
        return json_answer(answer.verdict == Verdict::done || query ? 200 : 422, body);
      }
      case Verdict::invalid:
        return error_answer(answer.code == "invalid_request" ? 400 : 422, answer.code, answer.message);
      case Verdict::nothing:
        return error_answer(404, answer.code, answer.message);
      case Verdict::unavailable:
        break;
    }
    return error_answer(503, answer.code, answer.message, true);
  }

  Response track(const Incoming& in) const {
    Tracked tracked = carrier_.track(in.parameter("name"), clock_.now());
    if (!tracked.booking) return error_answer(404, "unknown_booking", "there is no such booking");
    return json_answer(200, {{"booking", tracked.booking->id},
                             {"shipment", tracked.booking->shipment},
                             {"tracking_number", tracked.booking->tracking_number},
                             {"status", name(tracked.status)}});
  }

  // A booking that was made says where its parcel is now.
  Response ledger(const Incoming& in) const {
    return ledger_page(carrier_.ledger(), in, [this](const LedgerEntry& entry) {
      nlohmann::json json = to_json(entry);
      if (entry.kind == Kind::booking && entry.done()) json["tracking"] = name(carrier_.track(entry.id, clock_.now()).status);
      return json;
    });
  }

  Response label(const Incoming& in) const {
    Tracked tracked = carrier_.track(in.parameter("name"), clock_.now());
    if (!tracked.booking) return error_answer(404, "unknown_booking", "there is no such booking");
    const LedgerEntry& b = *tracked.booking;
    return Response::text(200, std::string(kCarrierName) + "\n" + b.tracking_number + "\nshipment " + b.shipment + "\nto " + b.postcode +
                                   " " + b.city + "\n");
  }

  const runtime::Clock& clock_;
  Latency latency_;
  std::optional<LedgerFile> file_;
  Carrier carrier_;
};

CarrierServer::CarrierServer(const ServerOptions& options, const runtime::Clock& clock)
    : desk_(std::make_unique<Desk>(options, clock)),
      server_(std::make_unique<runtime::http::Server>(runtime::http::ServerOptions{.port = options.port}, desk_->routes())) {}

CarrierServer::~CarrierServer() = default;

std::uint16_t CarrierServer::port() const {
  return server_->port();
}

void CarrierServer::stop(std::chrono::milliseconds patience) {
  server_->stop(patience);
}

}  // namespace ordersaga::simulators::carrier

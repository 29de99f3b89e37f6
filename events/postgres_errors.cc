#include "events/postgres_errors.h"

#include "events/errors.h"
#include "runtime/postgres/errors.h"

namespace ordersaga::events {

void rethrow_as_store_error() {
  using namespace runtime::postgres;
  try {
    throw;
  } catch (const CommitUnknown& e) {
    throw CommitInDoubt(e.what());
  } catch (const LockTimeout& e) {
    throw ShardBusy(e.what());
  } catch (const DataRefused& e) {
    throw BadData(e.what());
  } catch (const NotSetUp& e) {
    throw StoreMisconfigured(std::string(e.what()) + " (sagactl db migrate sets the database up)");
  } catch (const ConnectionLost& e) {
    throw StoreUnavailable(e.what());
  } catch (const TryAgain& e) {
    throw StoreUnavailable(e.what());
  } catch (const Error& e) {
    throw StoreError(e.sqlstate.empty() ? e.what() : std::string(e.what()) + " (SQLSTATE " + e.sqlstate + ")");
  }
}

}  // namespace ordersaga::events

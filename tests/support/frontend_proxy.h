// A proxy between a client and Postgres that reads the client's messages and does, at the one that the test chose, what a
// network does at the worst moment.
//
// Listens on a Unix socket. One connection after another or several at once; the plan is asked for each message of each.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace ordersaga::testing_support {

enum class Fault : unsigned char {
  none,
  cut_before,          // the message never arrives, and the connection ends
  forward_drop_reply,  // it arrives and is carried out; the connection ends instead of the answer
  stall_within,        // its first half arrives, and then nothing more of the client's, until the server ends the connection
};

class FrontendProxy {
 public:
  // `type` as in the protocol: 'Q' a text of SQL, 'B' the values of a prepared statement, 'E' its execution …
  using Plan = std::function<Fault(char type, std::string_view body)>;

  // `target`: of the server, with a folder as its host. `plan` is called from the proxy's threads.
  FrontendProxy(const std::string& target, Plan plan);
  ~FrontendProxy();
  FrontendProxy(const FrontendProxy&) = delete;
  FrontendProxy& operator=(const FrontendProxy&) = delete;

  // `target` by way of the proxy.
  std::string through(const std::string& target) const;
  // How often a fault was done.
  int faults() const { return faults_; }

 private:
  void accept_all();
  void serve(int client);

  std::string server_socket_;
  std::string folder_;
  Plan plan_;
  int listener_ = -1;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> faults_ = 0;
  std::mutex mutex_;  // of sessions_
  std::vector<std::thread> sessions_;
  std::thread acceptor_;
};

}  // namespace ordersaga::testing_support

// A simulator's ledger on disk: one line an entry, appended before the entry counts, read back at start. So a simulator
// that is killed at any moment and started again knows everything that it has ever confirmed.
//
// One thread. Failures are std::runtime_error with path and reason.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace ordersaga::simulators {

class LedgerFile {
 public:
  // Opens or makes the file, and gives its lines to `restore`, in order; what that throws comes out with the line's number.
  // A last line without its end was never confirmed: it is cut off.
  LedgerFile(std::string path, bool fsync, const std::function<void(std::string_view)>& restore);
  ~LedgerFile();
  LedgerFile(const LedgerFile&) = delete;
  LedgerFile& operator=(const LedgerFile&) = delete;

  // The line is with the operating system when this returns, and on the disk with fsync. After a failure the file ends
  // where it did before.
  void append(std::string_view line);

 private:
  [[noreturn]] void fail(const char* what) const;

  std::string path_;
  bool fsync_;
  int fd_ = -1;
  long long size_ = 0;
};

}  // namespace ordersaga::simulators

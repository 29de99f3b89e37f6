#include "tools/simulators/ledger_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>

namespace ordersaga::simulators {

LedgerFile::LedgerFile(std::string path, bool fsync, const std::function<void(std::string_view)>& restore)
    : path_(std::move(path)), fsync_(fsync) {
  fd_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd_ < 0) fail("open");
  std::ifstream in(path_);
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    if (in.eof()) break;  // it lacks its end
    try {
      restore(line);
    } catch (const std::exception& error) {
      ::close(fd_);
      throw std::runtime_error(path_ + ":" + std::to_string(number) + ": " + error.what());
    }
    size_ += static_cast<long long>(line.size()) + 1;
  }
  if (::ftruncate(fd_, size_) != 0) fail("truncate");
}

LedgerFile::~LedgerFile() {
  ::close(fd_);
}

void LedgerFile::append(std::string_view line) {
  std::string text(line);
  text += '\n';
  std::size_t written = 0;
  while (written < text.size()) {
    ssize_t n = ::write(fd_, text.data() + written, text.size() - written);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      int reason = errno;
      if (::ftruncate(fd_, size_) != 0) fail("truncate");
      errno = reason;
      fail("append to");
    }
    written += static_cast<std::size_t>(n);
  }
  if (fsync_ && ::fdatasync(fd_) != 0) fail("flush");
  size_ += static_cast<long long>(text.size());
}

void LedgerFile::fail(const char* what) const {
  int reason = errno;
  throw std::runtime_error("cannot " + std::string(what) + " the ledger " + path_ + ": " + std::strerror(reason));
}

}  // namespace ordersaga::simulators

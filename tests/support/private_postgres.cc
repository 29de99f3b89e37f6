#include "tests/support/private_postgres.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <vector>

#include "runtime/postgres/connection.h"

namespace ordersaga::testing_support {

namespace {

std::string whole(const std::string& file) {
  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// Who owns the test server's data; Postgres refuses to run as root.
std::string owner_of(const std::string& folder) {
  struct stat status {};
  if (stat(folder.c_str(), &status) != 0) throw std::runtime_error("cannot look at the test server's data in " + folder);
  const passwd* user = getpwuid(status.st_uid);
  if (user == nullptr || status.st_uid == 0) throw std::runtime_error("no user who may run a Postgres owns " + folder);
  return user->pw_name;
}

}  // namespace

PrivatePostgres::PrivatePostgres(const std::map<std::string, std::string>& settings) {
  const char* server = std::getenv("ORDERSAGA_TEST_DATABASE");
  if (server == nullptr || *server == '\0')
    throw std::runtime_error("set ORDERSAGA_TEST_DATABASE to a connection string of a Postgres superuser (tools/test does that)");
  runtime::postgres::Connection connection(server);
  programs_ = connection.exec("SELECT setting FROM pg_config WHERE name = 'BINDIR'").text(0, 0);
  if (geteuid() == 0) user_ = owner_of(std::string(connection.exec("SHOW data_directory").text(0, 0)));

  std::string name = (std::filesystem::temp_directory_path() / "ordersaga-own-pg.XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a folder in " + name);
  folder_ = name;
  try {
    if (!user_.empty()) {
      const passwd* user = getpwnam(user_.c_str());
      if (chown(folder_.c_str(), user->pw_uid, user->pw_gid) != 0) throw std::runtime_error("cannot give " + folder_ + " to " + user_);
    }
    run(programs_ + "/initdb -D " + folder_ + "/data -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync");
    std::ofstream configuration(folder_ + "/data/postgresql.conf", std::ios::app);
    configuration << "listen_addresses = ''\nunix_socket_directories = '" << folder_ << "'\nfsync = off\nmax_connections = 50\n";
    for (const auto& [key, value] : settings) configuration << key << " = '" << value << "'\n";
    configuration.close();
    start();
  } catch (...) {
    std::filesystem::remove_all(folder_);
    throw;
  }
}

PrivatePostgres::~PrivatePostgres() {
  try {
    if (running_) stop_immediately();
    std::filesystem::remove_all(folder_);
  } catch (const std::exception& e) {
    std::cerr << "a test's Postgres was left behind: " << e.what() << '\n';
  }
}

void PrivatePostgres::run(const std::string& command) const {
  std::string as_user = user_.empty() ? command : "runuser -u " + user_ + " -- " + command;
  std::string output = folder_ + "/output";
  if (std::system(("cd / && " + as_user + " >" + output + " 2>&1").c_str()) != 0)
    throw std::runtime_error(as_user + " failed: " + whole(output) + whole(folder_ + "/log"));
}

void PrivatePostgres::start() {
  run(programs_ + "/pg_ctl start -D " + folder_ + "/data -l " + folder_ + "/log -s -w -t 60");
  running_ = true;
}

void PrivatePostgres::stop_immediately() {
  run(programs_ + "/pg_ctl stop -D " + folder_ + "/data -m immediate -s -w -t 60");
  running_ = false;
}

void PrivatePostgres::back_up() {
  run("rm -rf " + folder_ + "/backup");
  run("cp -a " + folder_ + "/data " + folder_ + "/backup");
}

void PrivatePostgres::restore() {
  run("rm -rf " + folder_ + "/data");
  run("cp -a " + folder_ + "/backup " + folder_ + "/data");
}

std::string PrivatePostgres::target() const {
  return "host='" + folder_ + "' user='postgres' dbname='postgres'";
}

std::string PrivatePostgres::target_as(const std::string& role, const std::string& settings) const {
  std::string as_role = runtime::postgres::with_keyword(target(), "user", role);
  return settings.empty() ? as_role : runtime::postgres::with_keyword(as_role, "options", settings);
}

}  // namespace ordersaga::testing_support

#include "runtime/http/message.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace ordersaga::runtime::http {
namespace {

TEST(Endpoint, is_read_from_a_url) {
  EXPECT_EQ(Endpoint::parse("http://127.0.0.1:8080"), (Endpoint{"127.0.0.1", 8080}));
  EXPECT_EQ(Endpoint::parse("http://gateway.example/"), (Endpoint{"gateway.example", 80}));
}

TEST(Endpoint, refuses_what_is_no_plain_http_url_and_quotes_it) {
  for (const char* url : {"", "127.0.0.1:80", "https://a", "http://", "http://:80", "http://a:0", "http://a:65536", "http://a:8x",
                          "http://a:", "http://a/path", "http://u@a", "http://::1:80"}) {
    try {
      Endpoint::parse(url);
      ADD_FAILURE() << "accepted " << url;
    } catch (const std::invalid_argument& error) {
      EXPECT_NE(std::string(error.what()).find(std::string("\"") + url + "\""), std::string::npos);
    }
  }
}

TEST(PercentEncoding, goes_there_and_back) {
  std::string odd = "a/b?c=d&e f%\x01\xff~";
  EXPECT_EQ(percent_encode("a/b c~"), "a%2Fb%20c~");
  EXPECT_EQ(percent_decode(percent_encode(odd)), odd);
  EXPECT_EQ(percent_decode("%4"), "%4");
  EXPECT_EQ(percent_decode("%zz%41"), "%zzA");
}

}  // namespace
}  // namespace ordersaga::runtime::http

#include "bridge/llm/retry_after.h"

#include <gtest/gtest.h>

namespace strawberry::bridge {
namespace {

using std::chrono::milliseconds;
using Headers = std::vector<std::pair<std::string, std::string>>;

std::optional<milliseconds> wished(Headers headers) {
  HttpResponse response;
  response.headers = std::move(headers);
  return retry_after_of(response);
}

TEST(RetryAfter, IsReadInSeconds) {
  EXPECT_EQ(wished({{"retry-after", "7"}}), milliseconds(7'000));
  EXPECT_EQ(wished({{"retry-after", " 0.25 "}}), milliseconds(250));
}

TEST(RetryAfter, MillisecondsComeFirst) {
  EXPECT_EQ(wished({{"retry-after", "7"}, {"retry-after-ms", "1500"}}), milliseconds(1'500));
  EXPECT_EQ(wished({{"retry-after", "7"}, {"retry-after-ms", "soon"}}), milliseconds(7'000));
}

TEST(RetryAfter, ADateIsCountedFromTheServersOwn) {
  EXPECT_EQ(wished({{"date", "Sun, 06 Nov 1994 08:49:37 GMT"}, {"retry-after", "Sun, 06 Nov 1994 08:50:07 GMT"}}),
            milliseconds(30'000));
  EXPECT_EQ(wished({{"date", "Sat, 31 Dec 2033 23:59:50 GMT"}, {"retry-after", "Sun, 01 Jan 2034 00:00:10 GMT"}}),
            milliseconds(20'000));
}

TEST(RetryAfter, ADateSaysNothingWithoutTheServersOwnOrInThePast) {
  EXPECT_EQ(wished({{"retry-after", "Sun, 06 Nov 1994 08:50:07 GMT"}}), std::nullopt);
  EXPECT_EQ(wished({{"date", "Sun, 06 Nov 1994 08:50:07 GMT"}, {"retry-after", "Sun, 06 Nov 1994 08:49:37 GMT"}}),
            std::nullopt);
}

TEST(RetryAfter, TwoMinutesAreTheMost) {
  EXPECT_EQ(wished({{"retry-after", "120"}}), milliseconds(120'000));
  EXPECT_EQ(wished({{"retry-after", "121"}}), std::nullopt);
  EXPECT_EQ(wished({{"retry-after-ms", "120000"}}), milliseconds(120'000));
  EXPECT_EQ(wished({{"retry-after-ms", "120001"}}), std::nullopt);
}

TEST(RetryAfter, WhatCannotBeReadIsIgnored) {
  for (const char* text :
       {"", " ", "soon", "-1", "0", "nan", "inf", "1e300", "99999999999999999999999", "7 s", "0x10",
        "Sun, 06 Nov 1994 08:50:07", "Sun, 99 Nov 1994 08:50:07 GMT", "Sun, 30 Feb 1994 08:50:07 GMT"}) {
    EXPECT_EQ(wished({{"date", "Sun, 06 Nov 1994 08:49:37 GMT"}, {"retry-after", text}}), std::nullopt) << text;
    EXPECT_EQ(wished({{"retry-after-ms", text}}), std::nullopt) << text;
  }
  EXPECT_EQ(wished({}), std::nullopt);
}

}  // namespace
}  // namespace strawberry::bridge

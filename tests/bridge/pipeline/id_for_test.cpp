// Ids of what a request makes: the same when the broker delivers the request again, and no other request's.
#include <gtest/gtest.h>

#include "bridge/pipeline/service.h"

namespace strawberry::bridge {
namespace {

Request published(const std::string& identity, std::optional<WallTime> at) {
  Request request;
  request.identity = identity;
  request.published_at = at;
  return request;
}

TEST(IdFor, IsTheSameForARequestThatIsDeliveredAgain) {
  const WallTime at = from_unix_ms(1'767'225'600'123);
  const std::string id = id_for(published("tablet sessions 1", at));
  EXPECT_TRUE(is_valid_id(id));
  EXPECT_EQ(id_for(published("tablet sessions 1", at)), id);
  EXPECT_NE(id_for(published("tablet sessions 2", at)), id);
  EXPECT_NE(id_for(published("tablet sessions 1", at + std::chrono::milliseconds(1))), id)
      << "a client that counts from 1 again makes something new";
}

TEST(IdFor, IsRandomForARequestThatNothingTellsFromOthers) {
  const auto unnamed = published("", from_unix_ms(1));
  EXPECT_NE(id_for(unnamed), id_for(unnamed));
  const auto undated = published("tablet sessions 1", std::nullopt);
  EXPECT_NE(id_for(undated), id_for(undated));
}

}  // namespace
}  // namespace strawberry::bridge

#include "common/contract/request_content.h"

#include <gtest/gtest.h>

namespace strawberry {
namespace {

using nlohmann::json;

std::uint64_t content(const std::string& op, const char* body) { return request_content(op, json::parse(body)); }

TEST(RequestContent, IsTheSameHoweverTheJsonIsWritten) {
  const auto one = content("call", R"({"skill_path":"A.f","args":[1,"ä",{"a":1,"b":[]}],"kwargs":{}})");
  for (
      const char* same : {
          R"({ "kwargs" : { } , "args":[ 1 , "ä" , {"b":[],"a":1} ] , "skill_path":"A.f" })",
          R"({"op":"call","skill_path":"A.f","args":[1,"\u00e4",{"a":1,"b":[]}],"kwargs":{}})",
          R"({"skill_path":"A.f","args":[1.0,"ä",{"a":1e0,"b":[]}],"kwargs":{}})",
          R"({"v":1,"timeout_ms":5,"correlation_id":"1","skill_path":"A.f","args":[1,"ä",{"a":1,"b":[]}],"kwargs":{}})",
      })
    EXPECT_EQ(content("call", same), one) << same;
}

TEST(RequestContent, DiffersWithTheOperationAndWithEveryMemberAndValue) {
  const auto one = content("call", R"({"args":[1,"a"],"kwargs":{"b":null}})");
  EXPECT_NE(content("list", R"({"args":[1,"a"],"kwargs":{"b":null}})"), one);
  for (const char* other : {
           R"({"args":["a",1],"kwargs":{"b":null}})",
           R"({"args":[1,"a"],"kwargs":{"b":false}})",
           R"({"args":[1,"a"],"kwargs":{"b":"null"}})",
           R"({"args":[1,"a"],"kwargs":{"op":null}})",
           R"({"args":[1,"a"],"kwargs":{}})",
           R"({"args":[[1,"a"]],"kwargs":{"b":null}})",
           R"({"args":["1","a"],"kwargs":{"b":null}})",
           R"({"args":[1.5,"a"],"kwargs":{"b":null}})",
           R"({"args":[1,"a,"],"kwargs":{"b":null}})",
           R"({"args":[1,"a"],"kwargs":{"b":null},"target":null})",
           R"({"kwargs":{"b":null}})",
           R"({})",
       })
    EXPECT_NE(content("call", other), one) << other;
  EXPECT_NE(content("a", R"({"x":9007199254740993})"), content("a", R"({"x":9007199254740992})"));
}

}  // namespace
}  // namespace strawberry

// Ids, names, topics, principals, times: small pure functions.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "common/contract/device_name.h"
#include "common/contract/principal.h"
#include "common/contract/topics.h"
#include "common/text/base64url.h"
#include "common/text/clock.h"
#include "common/text/ids.h"
#include "common/text/said_once.h"
#include "common/text/strict_json.h"

namespace strawberry {
namespace {

TEST(SaidOnce, SaysEachLineOnceUntilTheTroubleIsOver) {
  SaidOnce said;
  EXPECT_TRUE(said.is_new("refused"));
  EXPECT_TRUE(said.is_new("timed out"));
  for (int i = 0; i < 1'000; ++i) EXPECT_FALSE(said.is_new(i % 2 == 0 ? "refused" : "timed out"));
  said.over();
  EXPECT_TRUE(said.is_new("refused"));
}

TEST(SaidOnce, SaysSoManyDifferentLinesAndNoMore) {
  SaidOnce said;
  std::size_t lines = 0;
  for (int i = 0; i < 1'000; ++i) lines += said.is_new("reason " + std::to_string(i)) ? 1 : 0;
  EXPECT_EQ(lines, SaidOnce::lines_max);
}

TEST(Ids, AreLettersDigitsUnderscoreAndHyphen) {
  EXPECT_TRUE(is_valid_id("a"));
  EXPECT_TRUE(is_valid_id("Living_Room-3"));
  EXPECT_TRUE(is_valid_id(std::string(64, 'x')));
  for (const std::string& bad : {std::string(), std::string(65, 'x'), std::string("a b"), std::string("a/b"),
                                 std::string("a+"), std::string("#"), std::string("caf\xc3\xa9"),
                                 std::string("a\0b", 3), std::string("a\n"), std::string("$SYS")}) {
    EXPECT_FALSE(is_valid_id(bad)) << bad;
  }
}

TEST(Ids, NewOnesAreDistinctVersion4Uuids) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = new_id();
    ASSERT_EQ(id.size(), 36u);
    EXPECT_TRUE(is_valid_id(id));
    EXPECT_EQ(id[14], '4');
    EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos);
    EXPECT_TRUE(seen.insert(id).second);
  }
}

TEST(DeviceNames, AreNormalisedAsTheContractShows) {
  EXPECT_EQ(normalize_device_name("Living Room PC"), "living_room_pc");
  EXPECT_EQ(normalize_device_name("John's Laptop"), "johns_laptop");
  EXPECT_EQ(normalize_device_name("B\xc3\xbcro-Computer"), "buro_computer");
  EXPECT_EQ(normalize_device_name("special!@#chars"), "specialchars");
  EXPECT_EQ(normalize_device_name("my--device"), "my_device");
}

TEST(DeviceNames, CollapseTrimAndSurviveRubbish) {
  EXPECT_EQ(normalize_device_name("  _a - ! - b__"), "a_b");
  EXPECT_EQ(normalize_device_name("\xef\xac\x81le"), "file");          // the ligature fi
  EXPECT_EQ(normalize_device_name("\xef\xbc\xa1\xef\xbc\x92"), "a2");  // full-width A2
  EXPECT_EQ(normalize_device_name("\xe5\xb1\x85\xe9\x96\x93"), "");    // nothing ASCII in it
  EXPECT_EQ(normalize_device_name("a\xc2\xa0z"), "a_z");               // no-break space
  EXPECT_EQ(normalize_device_name("!!!"), "");
  EXPECT_EQ(normalize_device_name(""), "");
  EXPECT_EQ(normalize_device_name("bad\xff\xfe"), "");
  EXPECT_EQ(normalize_device_name(std::string("a\0b", 3)), "ab");
}

TEST(DeviceNames, AreStableUnderNormalisation) {
  for (const char* name : {"Living Room PC", "B\xc3\xbcro-Computer", "a - b", "x_1"}) {
    const std::string once = normalize_device_name(name);
    EXPECT_EQ(normalize_device_name(once), once);
  }
}

TEST(Principals, SurviveEncoding) {
  for (const Principal& principal :
       {Principal{PrincipalType::device, "3f0c", "alice"}, Principal{PrincipalType::user, "alice", "alice"},
        Principal{PrincipalType::admin, "admin", ""}, Principal{PrincipalType::bridge, "bridge", ""},
        Principal{PrincipalType::enroll, "once", "alice"}, Principal{PrincipalType::grant, "sign-in-1", "alice"}}) {
    EXPECT_EQ(decode_principal(encode_principal(principal)), principal);
  }
  EXPECT_EQ(encode_principal({PrincipalType::device, "3f0c", "alice"}), "device/alice/3f0c");
  EXPECT_EQ(encode_principal({PrincipalType::admin, "admin", ""}), "admin//admin");
}

TEST(Principals, AreNotDecodedFromAnythingElse) {
  for (const char* bad : {"", "/", "//", "device", "device/alice", "device//3f0c", "device/alice/", "device/alice/a/b",
                          "Device/alice/3f0c", "user/alice/bob", "admin/alice/admin", "bridge/x/bridge", "god//x",
                          "device/al ice/x", "device/alice/x ", "enroll//x", "user//alice"}) {
    EXPECT_FALSE(decode_principal(bad)) << bad;
  }
}

TEST(Topics, AreParsedIntoServiceIdAndRest) {
  const auto topic = parse_service_topic("skills/kitchen/response/a/b");
  ASSERT_TRUE(topic);
  EXPECT_EQ(topic->service, Service::skills);
  EXPECT_EQ(topic->id, "kitchen");
  EXPECT_EQ(topic->rest, "response/a/b");
  for (const char* bad : {"", "skills", "skills/", "skills/kitchen", "skills/kitchen/", "skills//request",
                          "music/x/request", "skills/+/request", "/skills/x/request", "Skills/x/request"}) {
    EXPECT_FALSE(parse_service_topic(bad)) << bad;
  }
}

TEST(Topics, AreWrittenAsTheyAreParsed) {
  EXPECT_EQ(request_topic(Service::chat, "a"), "chat/a/request");
  EXPECT_EQ(response_topic(Service::sessions, "a"), "sessions/a/response");
  EXPECT_EQ(status_topic("a"), "devices/a/status");
  EXPECT_EQ(skill_call_topic("a"), "skills/a/call");
  EXPECT_EQ(skill_result_topic("a"), "skills/a/result");
}

TEST(Topics, AcceptOnlyTheSendersOwnResponseTopicOrBelow) {
  const auto good = [](std::string_view topic) { return is_response_topic(topic, Service::chat, "a"); };
  EXPECT_TRUE(good("chat/a/response"));
  EXPECT_TRUE(good("chat/a/response/7/x"));
  for (const std::string& bad :
       {std::string("chat/b/response"), std::string("skills/a/response"), std::string("chat/a/responses"),
        std::string("chat/a/request"), std::string("chat/a/response/"), std::string("chat/a/response//x"),
        std::string("chat/a/response/+"), std::string("chat/a/response/#"), std::string("chat/a/response/\x01"),
        std::string("chat/a/response/") + std::string(500, 'x'), std::string("/chat/a/response"), std::string()}) {
    EXPECT_FALSE(good(bad)) << bad;
  }
  // The broker ends connections that publish to these, and the bridge must be able to publish to all that it accepts.
  std::string deep = "chat/a/response";
  for (int levels = 3; levels < 32; ++levels) deep += "/x";
  EXPECT_TRUE(good(deep));
  EXPECT_FALSE(good(deep + "/x"));
  for (const auto* text : {"chat/a/response/\xc3\xa4", "chat/a/response/\xff", "chat/a/response/\x7f"})
    EXPECT_FALSE(good(text));
}

TEST(Times, AreWrittenAsRfc3339) {
  EXPECT_EQ(format_rfc3339(from_unix_ms(0)), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(format_rfc3339(from_unix_ms(1'709'210'096'007)), "2024-02-29T12:34:56.007Z");
  EXPECT_EQ(format_rfc3339(from_unix_ms(-1)), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(format_rfc3339(from_unix_ms(253'402'300'799'999)), "9999-12-31T23:59:59.999Z");
  EXPECT_EQ(format_rfc3339(from_unix_ms(253'402'300'800'000)), "10000-01-01T00:00:00.000Z");
  EXPECT_EQ(format_rfc3339(from_unix_ms(-62'135'596'800'000)), "0001-01-01T00:00:00.000Z");
  EXPECT_EQ(to_unix_ms(from_unix_ms(1'709'210'096'007)), 1'709'210'096'007);
}

TEST(Times, AreReadAsRfc3339) {
  const auto read = [](std::string_view text) {
    const auto time = parse_rfc3339(text);
    return time ? format_rfc3339(*time) : "nothing";
  };
  EXPECT_EQ(read("2024-02-29T12:34:56.007Z"), "2024-02-29T12:34:56.007Z");
  EXPECT_EQ(read("2024-02-29t12:34:56z"), "2024-02-29T12:34:56.000Z");
  EXPECT_EQ(read("2024-03-01 00:04:56.5+01:30"), "2024-02-29T22:34:56.500Z");
  EXPECT_EQ(read("2023-12-31T23:59:59.9999999999-00:01"), "2024-01-01T00:00:59.999Z") << "cut, not rounded";
  EXPECT_EQ(read("0000-01-01T00:00:00Z"), "0000-01-01T00:00:00.000Z");
  for (const auto* nonsense : {"",
                               "now",
                               "1709210096",
                               "2024-02-29",
                               "2024-02-29T12:34Z",
                               "2024-02-29T12:34:56",
                               "2024-02-30T12:34:56Z",
                               "2023-02-29T12:34:56Z",
                               "2024-13-01T12:34:56Z",
                               "2024-00-01T12:34:56Z",
                               "2024-01-00T12:34:56Z",
                               "2024-02-29T24:00:00Z",
                               "2024-02-29T12:60:00Z",
                               "2024-02-29T12:34:60Z",
                               "2024-02-29T12:34:56.Z",
                               "2024-02-29T12:34:56,5Z",
                               "2024-02-29T12:34:56+1:00",
                               "2024-02-29T12:34:56+24:00",
                               "2024-02-29T12:34:56+01:60",
                               "2024-02-29T12:34:56+0100",
                               "2024-02-29T12:34:56Z ",
                               " 2024-02-29T12:34:56Z",
                               "-024-02-29T12:34:56Z",
                               "2024-02-29T12:34:56ZZ",
                               "2024-2-29T12:34:56Z",
                               "20240229T123456Z",
                               "+2024-02-29T12:34:56Z"}) {
    EXPECT_EQ(read(nonsense), "nothing") << nonsense;
  }
}

TEST(Base64url, HasOneTextForEveryByteString) {
  EXPECT_EQ(base64url_encode("\xfb\xff"), "-_8");
  EXPECT_EQ(base64url_decode("-_8"), "\xfb\xff");
  EXPECT_EQ(base64url_encode(""), "");
  for (const char* bad : {"-_9", "+/8", "-_8=", "-_8\n", "A", "AA AA", "QUI=", "\xc3\xa9"}) {
    EXPECT_FALSE(base64url_decode(bad)) << bad;
  }
  for (int size = 0; size < 20; ++size) {
    const std::string bytes(static_cast<std::size_t>(size), '\xa7');
    EXPECT_EQ(base64url_decode(base64url_encode(bytes)), bytes);
  }
}

TEST(StrictJson, HasOneReading) {
  EXPECT_TRUE(parse_strict_object(R"({"a":{"b":[1,{"c":2}]},"b":1})", 8));
  EXPECT_TRUE(parse_strict_object(R"({"a":"}}]][["})", 1));
  for (const std::string& bad :
       {std::string(R"({"a":1,"a":2})"), std::string(R"({"x":{"a":1,"a":2}})"), std::string(R"({"x":[{"a":1,"a":2}]})"),
        std::string(R"({"a":1,"\u0061":2})"), std::string("[]"), std::string("null"), std::string("1"), std::string(),
        std::string("{} {}"), std::string("{}\0x", 4), std::string("\xef\xbb\xbf{}"), std::string("{\"a\":\"\xff\"}"),
        std::string("{'a':1}"), std::string("{\"a\":1,}"), std::string("{/**/}"), std::string("{\"a\":NaN}")}) {
    EXPECT_FALSE(parse_strict_object(bad, 8)) << bad;
  }
}

TEST(StrictJson, BoundsDepth) {
  const auto nested = [](std::size_t depth) {
    return "{\"a\":" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}";
  };
  EXPECT_TRUE(parse_strict_object(nested(8), 8));
  EXPECT_FALSE(parse_strict_object(nested(9), 8));
  EXPECT_FALSE(parse_strict_object(nested(100'000), 8));
}

}  // namespace
}  // namespace strawberry

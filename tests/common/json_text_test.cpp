#include "common/text/json_text.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace strawberry {
namespace {

using nlohmann::json;

std::string written(const json& value) {
  std::string out;
  append_json(out, value);
  return out;
}

TEST(JsonText, WritesWhatTheLibraryWrites) {
  for (const char* text :
       {"null", "true", "-1", "1.5", "1e300", "18446744073709551615", "[]", "{}", R"("")", R"("plain text")",
        R"("\"quoted\" \\ \/ \b\f\n\r\t\u0000\u001f")", R"("\u00e4\u20ac\ud83d\ude00\u007f")",
        R"([1,[2,[]],{"a":{},"b":[null,false]},"x"])", R"({"\"":1,"a b":"c","\u00e4":{"d":[1.25,"\n"]}})"}) {
    const json value = json::parse(text);
    EXPECT_EQ(written(value), value.dump()) << text;
  }
}

TEST(JsonText, EscapesAnyCharacterAtAnyPlace) {
  for (std::size_t size = 1; size <= 18; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      for (unsigned c = 0; c < 0x80; ++c) {
        std::string text(size, 'x');
        text[at] = static_cast<char>(c);
        std::string written;
        append_json(written, std::string_view(text));
        ASSERT_EQ(written, nlohmann::json(text).dump()) << "character " << c << " at " << at << " of " << size;
      }
    }
  }
}

TEST(JsonText, ReplacesWhatIsNoUtf8) {
  const json broken = {{"a\xFF", json::array({"\xC3", "b"})}};
  EXPECT_EQ(written(broken), broken.dump(-1, ' ', false, json::error_handler_t::replace));
  EXPECT_EQ(written(broken), "{\"a\xEF\xBF\xBD\":[\"\xEF\xBF\xBD\",\"b\"]}");
}

TEST(JsonText, AnObjectHasItsMembersInOrder) {
  const json inner = {{"b", json::array({1, "x"})}};
  const std::string text = JsonObject()
                               .add("z", 1)
                               .add("least", std::numeric_limits<std::int64_t>::min())
                               .add("most", std::numeric_limits<std::uint64_t>::max())
                               .add("yes", true)
                               .add("none", nullptr)
                               .add("text", "a \"b\"")
                               .add("string", std::string("\n"))
                               .add("inner", inner)
                               .text();
  EXPECT_EQ(text, R"({"z":1,"least":-9223372036854775808,"most":18446744073709551615,"yes":true,"none":null,)"
                  R"("text":"a \"b\"","string":"\n","inner":{"b":[1,"x"]}})");
  EXPECT_EQ(JsonObject().text(), "{}");
}

}  // namespace
}  // namespace strawberry

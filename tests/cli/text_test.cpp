#include "cli/text.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

#include "cli/nearest.h"
#include "cli/token_times.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

TEST(Duration, ReadsEveryUnit) {
  EXPECT_EQ(parse_duration("500ms").value(), milliseconds(500));
  EXPECT_EQ(parse_duration("30s").value(), std::chrono::seconds(30));
  EXPECT_EQ(parse_duration("15m").value(), std::chrono::minutes(15));
  EXPECT_EQ(parse_duration("12h").value(), std::chrono::hours(12));
  EXPECT_EQ(parse_duration("30d").value(), std::chrono::hours(24 * 30));
}

TEST(Duration, RefusesWhatIsNone) {
  for (const char* text : {"", "d", "0", "0s", "-1s", "+1s", "1.5h", "1 h", "1w", "1D", " 1s", "1s ", "0x10", "nan",
                           "9223372036854775807", "99999999999999999999d", "9223372036854775807ms", "3651d"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(Duration, RefusesABareNumberAndAsksForAUnit) {
  for (const char* text : {"30", "365", "1"}) {
    const auto parsed = parse_duration(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().message, "add a unit, such as 365d, 12h or 30m");
  }
}

TEST(Nearest, IsTheOneWithTheFewestMistakes) {
  const std::set<std::string> known{"alice", "bob", "demo", "dora"};
  EXPECT_EQ(nearest_to("alcie", known), "alice");
  EXPECT_EQ(nearest_to("Alise", known), "alice");
  EXPECT_EQ(nearest_to("demmo", known), "demo");
  EXPECT_EQ(nearest_to("bo", known), "bob");
  EXPECT_EQ(nearest_to("carol", known), "");
  EXPECT_EQ(nearest_to("", known), "");
  EXPECT_EQ(nearest_to(std::string(65, 'a'), known), "");
  EXPECT_EQ(nearest_to("x", {}), "");
}

TEST(TokenTimes, AreShownInLocalTimeAndInUtc) {
  ::setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
  EXPECT_EQ(local_and_utc(from_unix_ms(1'800'000'000'000)), "2027-01-15 09:00 CET (2027-01-15T08:00:00Z)");
  EXPECT_EQ(local_and_utc(from_unix_ms(1'815'000'000'000)), "2027-07-08 00:40 CEST (2027-07-07T22:40:00Z)");
  ::unsetenv("TZ");
}

TEST(ParseJson, AcceptsTheContractsDepthAndNoMore) {
  const auto nested = [](std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); };
  EXPECT_TRUE(parse_json(nested(64)));
  EXPECT_FALSE(parse_json(nested(65)));
  EXPECT_FALSE(parse_json(nested(100'000)));
}

TEST(ParseJson, CountsNoBracketsInStrings) {
  const json text = std::string(1'000, '[') + "\\\"" + std::string(1'000, '{');
  EXPECT_EQ(parse_json(text.dump()), text);
}

TEST(Printable, LeavesWordsOfAnyLanguageAlone) {
  EXPECT_EQ(printable("Büro-Lautsprecher 音楽 🍓", 100), "Büro-Lautsprecher 音楽 🍓");
}

TEST(Printable, DisarmsWhatSteersATerminal) {
  EXPECT_EQ(printable("a\x1b[2Jb", 100), "a\\x1b[2Jb");
  EXPECT_EQ(printable("a\nb\r\tc", 100), "a\\nb\\r\\tc");
  EXPECT_EQ(printable(std::string("a\0b", 3), 100), "a\\x00b");
  EXPECT_EQ(printable("a\x7f", 100), "a\\x7f");
  EXPECT_EQ(printable("\u009b31m", 100), "\\x9b31m");  // CSI in one character
  EXPECT_EQ(printable("a\u202eb", 100), "a\\u202eb");  // right-to-left override
  EXPECT_EQ(printable("a\u2066b", 100), "a\\u2066b");  // isolate
  EXPECT_EQ(printable("a\u2028b", 100), "a\\u2028b");  // line separator
  EXPECT_EQ(printable("a\u200bb", 100), "a\\u200bb");  // zero width
}

TEST(Printable, ShowsBytesThatAreNotUtf8) {
  EXPECT_EQ(printable("a\xff\xfe", 100), "a\\xff\\xfe");
  EXPECT_EQ(printable("\xc0\xaf", 100), "\\xc0\\xaf");           // overlong
  EXPECT_EQ(printable("\xed\xa0\x80", 100), "\\xed\\xa0\\x80");  // surrogate
  EXPECT_EQ(printable("\xe2\x82", 100), "\\xe2\\x82");           // cut
}

TEST(Printable, CutsBetweenCharactersAndSaysSo) {
  EXPECT_EQ(printable("abcdef", 3), "abc…");
  EXPECT_EQ(printable("äöü", 3), "ä…");
  EXPECT_EQ(printable("abc", 3), "abc");
}

TEST(PrintableLines, KeepsLinesAndTabsOnly) { EXPECT_EQ(printable_lines("a\n\tb\r\x1b", 100), "a\n\tb\\r\\x1b"); }

TEST(ShowArguments, ReadsLikeACall) {
  EXPECT_EQ(show_arguments(json::parse(R"(["Yesterday",2])"), json::parse(R"({"volume":20})")),
            "(\"Yesterday\", 2, volume=20)");
  EXPECT_EQ(show_arguments(json::array(), json::object()), "()");
  EXPECT_EQ(show_arguments(nullptr, "nonsense"), "()");
}

TEST(WithoutTokens, HidesThemWhereverTheyStand) {
  const json hidden =
      without_tokens(json::parse(R"({"result":[{"access_token":"eyJ","n":1}],"access_token":{"a":1}})"));
  EXPECT_EQ(hidden, json::parse(R"({"result":[{"access_token":"<hidden>","n":1}],"access_token":"<hidden>"})"));
}

TEST(Table, AlignsByCharactersNotBytes) {
  EXPECT_EQ(table({"NAME", "ON"}, {{"Büro", "x"}, {"Kitchen", "y"}}), "NAME     ON\nBüro     x\nKitchen  y\n");
}

TEST(CuttingToColumns, CountsCharacters) {
  EXPECT_EQ(cut_to_columns("äöü", 3), "äöü");
  EXPECT_EQ(cut_to_columns("äöüx", 3), "äö…");
}

TEST(ATable, IsCutToTheTerminalInItsWidestColumns) {
  const std::vector<std::string> header{"ID", "NAME", "WHAT IT DOES"};
  const std::vector<std::vector<std::string>> rows{{"1", "Lamp", std::string(60, 'x')}, {"22", "Speaker", "plays"}};
  const std::string wide = table(header, rows);
  EXPECT_NE(wide.find(std::string(60, 'x')), std::string::npos);
  const std::string narrow = table(header, rows, 40);
  for (std::size_t at = 0, end = 0; at < narrow.size(); at = end + 1) {
    end = narrow.find('\n', at);
    EXPECT_LE(end - at, 40u + 2) << narrow;  // `…` has three bytes
  }
  EXPECT_NE(narrow.find("Speaker"), std::string::npos);
  EXPECT_NE(narrow.find("xxx…"), std::string::npos);
  EXPECT_EQ(table(header, rows, 5), table(header, rows, 6));  // below the minimum width
}

TEST(LocalTime, IsReadFromRfc3339) {
  ::setenv("TZ", "Europe/Berlin", 1);
  ::tzset();
  EXPECT_EQ(local_time("2026-07-01T12:00:00.000Z"), "2026-07-01 14:00");
  EXPECT_EQ(local_time(""), "-");
  EXPECT_EQ(local_time("yesterday"), "yesterday");
  ::unsetenv("TZ");
  ::tzset();
}

}  // namespace
}  // namespace strawberry::cli

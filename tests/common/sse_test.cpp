#include "common/text/sse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "tests/support/seeds.h"

namespace strawberry {
namespace {

using testing::ElementsAre;
using testing::Pair;

using Events = std::vector<std::pair<std::string, std::string>>;

struct Outcome {
  Events events;
  bool failed = false;
  bool operator==(const Outcome&) const = default;
};

/// The result of `pieces`; `events_max` ends the reading.
Outcome parse(const std::vector<std::string>& pieces, SseParser::Options options = {}, std::size_t events_max = 1000) {
  SseParser parser(options);
  Outcome outcome;
  const auto on_event = [&](const SseEvent& event) {
    outcome.events.emplace_back(event.name, event.data);
    return outcome.events.size() < events_max;
  };
  bool more = true;
  for (const auto& piece : pieces) {
    const bool wants_more = parser.feed(piece, on_event);
    EXPECT_TRUE(more || !wants_more) << "it wants more after it did not";
    more = wants_more;
  }
  parser.finish(on_event);
  outcome.failed = parser.has_failed();
  return outcome;
}

std::vector<std::string> bytes_of(const std::string& text) {
  std::vector<std::string> pieces;
  for (const char c : text) pieces.emplace_back(1, c);
  return pieces;
}

TEST(Sse, LinesEndInLfCrOrCrlf) {
  for (const std::string end : {"\n", "\r", "\r\n"})
    EXPECT_THAT(parse({"data: a" + end + end + "data: b" + end + end}).events,
                ElementsAre(Pair("", "a"), Pair("", "b")))
        << testing::PrintToString(end);
}

TEST(Sse, ACrAndItsLfMayComeApart) {
  EXPECT_THAT(parse({"data: a\r", "\ndata: b\r", "\n\r", "\ndata: c\r", "\r"}).events,
              ElementsAre(Pair("", "a\nb"), Pair("", "c")));
}

TEST(Sse, DataLinesAreJoined) {
  EXPECT_THAT(parse({"data: a\ndata\ndata:\ndata:  b\n\n"}).events, ElementsAre(Pair("", "a\n\n\n b")));
}

TEST(Sse, CommentsUnknownFieldsAndIdsAreSkipped) {
  EXPECT_THAT(parse({": ping\n\n:\nid: 7\nretry: 10\ndatax: no\n data: no\nData: no\ndata:{\"a\":1}\n\n"}).events,
              ElementsAre(Pair("", "{\"a\":1}")));
}

TEST(Sse, AnEventHasItsNameOnce) {
  EXPECT_THAT(parse({"event: ping\nevent: error\ndata: a\n\ndata: b\n\n"}).events,
              ElementsAre(Pair("error", "a"), Pair("", "b")));
}

TEST(Sse, AnErrorLineIsAnEventOfThatName) {
  EXPECT_THAT(parse({"error: {\"code\":500}\n\ndata: b\n\n"}).events,
              ElementsAre(Pair("error", "{\"code\":500}"), Pair("", "b")));
}

TEST(Sse, ALineOfJsonIsAnEventByItself) {
  EXPECT_THAT(parse({"data: a\n{\"b\":1}\n{\"c\":2}\ndata: d\n\nevent: error\n{\"e\":3}"}).events,
              ElementsAre(Pair("", "a"), Pair("", "{\"b\":1}"), Pair("", "{\"c\":2}"), Pair("", "d"),
                          Pair("error", "{\"e\":3}")));
  const auto first = parse({"data: a\n{\"b\":1}\n"}, {}, 1);
  EXPECT_THAT(first.events, ElementsAre(Pair("", "a")));
}

TEST(Sse, WithoutDataThereIsNoEvent) {
  EXPECT_THAT(parse({"event: ping\n\n\n\ndata: a\n\n"}).events, ElementsAre(Pair("", "a")));
}

TEST(Sse, AByteOrderMarkIsDroppedAtTheStartOnly) {
  const std::string mark = "\xEF\xBB\xBF";
  EXPECT_THAT(parse({mark + "data: a\n\n"}).events, ElementsAre(Pair("", "a")));
  EXPECT_THAT(parse(bytes_of(mark + "data: a\n\n")).events, ElementsAre(Pair("", "a")));
  EXPECT_THAT(parse({"data: a\n\n" + mark + "data: b\n\n"}).events, ElementsAre(Pair("", "a")));
}

TEST(Sse, TheLastEventNeedsNoEmptyLine) {
  EXPECT_THAT(parse({"data: a\n\ndata: b\n"}).events, ElementsAre(Pair("", "a"), Pair("", "b")));
  EXPECT_THAT(parse({"data: a"}).events, ElementsAre(Pair("", "a")));
}

TEST(Sse, WhoeverHasHeardEnoughHearsNoMore) {
  const std::string stream = "data: a\n\ndata: b\n\ndata: c\n";
  EXPECT_THAT(parse({stream}, {}, 2).events, ElementsAre(Pair("", "a"), Pair("", "b")));
  EXPECT_THAT(parse(bytes_of(stream), {}, 2).events, ElementsAre(Pair("", "a"), Pair("", "b")));
  EXPECT_THAT(parse({stream}, {}, 3).events.size(), 3u);
}

TEST(Sse, AnEventAtTheLimitIsTakenAndOneByteMoreIsNot) {
  const SseParser::Options ten{10};
  const Outcome at_limit{{{"", "1234"}}, false};
  const Outcome above{{}, true};
  for (const auto& cut : {+[](const std::string& text) { return std::vector{text}; }, +bytes_of}) {
    EXPECT_EQ(parse(cut("data: 1234\n\n"), ten), at_limit);
    EXPECT_EQ(parse(cut("data: 12345\n\n"), ten), above);
    EXPECT_EQ(parse(cut("data:1234\ndata:5\n\n"), ten), (Outcome{{{"", "1234\n5"}}, false}));
    EXPECT_EQ(parse(cut("data:1234\ndata:56\ndata:8\n\n"), ten), above) << "all lines of an event count";
    EXPECT_EQ(parse(cut("event:abcd\ndata:56\n\n"), ten), above) << "so does its name";
    EXPECT_EQ(parse(cut("data: 1234\n\ndata: 1234\n\n:2345678901"), ten).events.size(), 2u);
  }
}

TEST(Sse, NothingIsReadAfterAFailure) {
  SseParser parser({8});
  std::size_t events = 0;
  const auto count = [&events](const SseEvent&) { return ++events > 0; };
  EXPECT_TRUE(parser.feed("data: a\n\n", count));
  EXPECT_FALSE(parser.feed("data: 123456789", count));
  EXPECT_FALSE(parser.feed("\n\ndata: b\n\n", count));
  EXPECT_FALSE(parser.finish(count));
  EXPECT_EQ(events, 1u);
}

/// The same rules in a slow implementation: all lines at once, and no bounds.
Events events_in(std::string text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  for (auto at = text.find("\r\n"); at != std::string::npos; at = text.find("\r\n", at)) text.erase(at, 1);
  for (char& c : text)
    if (c == '\r') c = '\n';
  text += "\n\n";
  Events events;
  std::string name;
  std::vector<std::string> data;
  for (std::size_t from = 0; from < text.size();) {
    const auto end = text.find('\n', from);
    const std::string line = text.substr(from, end - from);
    from = end + 1;
    if (line.empty()) {
      std::string joined;
      for (std::size_t i = 0; i < data.size(); ++i) joined += (i ? "\n" : "") + data[i];
      if (!data.empty()) events.emplace_back(name, joined);
      name.clear();
      data.clear();
      continue;
    }
    if (line.starts_with('{')) {
      std::string joined;
      for (std::size_t i = 0; i < data.size(); ++i) joined += (i ? "\n" : "") + data[i];
      if (!data.empty()) events.emplace_back(std::exchange(name, {}), joined);
      events.emplace_back(std::exchange(name, {}), line);
      data.clear();
      continue;
    }
    std::string value = line.find(':') == std::string::npos ? "" : line.substr(line.find(':') + 1);
    if (value.starts_with(' ')) value.erase(0, 1);
    if (line == "data" || line.starts_with("data:")) data.push_back(value);
    if (line == "error" || line.starts_with("error:")) {
      data.push_back(value);
      name = "error";
    }
    if (line == "event" || line.starts_with("event:")) name = value;
  }
  return events;
}

TEST(Sse, AnySplitOfTheBytesGivesTheSameEvents) {
  static const std::vector<std::string> words = {"\n",
                                                 "\r",
                                                 "\r\n",
                                                 "\n\n",
                                                 "\r\r",
                                                 "\r\n\r\n",
                                                 "data",
                                                 "data:",
                                                 "data: ",
                                                 "event:",
                                                 "event: x",
                                                 ":",
                                                 " ",
                                                 "id: 1",
                                                 "ping",
                                                 "\xEF\xBB\xBF",
                                                 "ü",
                                                 "\xF0\x9F\x8D\x93",
                                                 "\"}",
                                                 "[DONE]",
                                                 std::string(1, 0),
                                                 "{",
                                                 "error:"};
  test::for_each_seed(3000, [](test::Random& random) {
    std::string stream;
    for (std::size_t i = random.below(60); i > 0; --i) stream += random.pick(words);
    std::vector<std::string> pieces;
    for (std::size_t at = 0; at < stream.size();) {
      const std::size_t size = random.percent(50) ? 1 : random.below(9);  // empty pieces too
      pieces.push_back(stream.substr(at, size));
      at += size;
    }
    const std::size_t events_max = 1 + random.below(20);
    const SseParser::Options tight{random.below(40)};
    const Outcome whole = parse({stream});
    EXPECT_EQ(whole.events, events_in(stream)) << testing::PrintToString(stream);
    EXPECT_FALSE(whole.failed);
    EXPECT_EQ(parse(pieces), whole) << testing::PrintToString(stream);
    EXPECT_EQ(parse(bytes_of(stream)), whole) << testing::PrintToString(stream);
    EXPECT_EQ(parse(pieces, {}, events_max), parse({stream}, {}, events_max)) << testing::PrintToString(stream);
    EXPECT_EQ(parse(pieces, tight), parse({stream}, tight)) << testing::PrintToString(stream);
  });
}

}  // namespace
}  // namespace strawberry

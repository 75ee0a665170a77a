#include "broker-plugin/options.h"

#include <gtest/gtest.h>

namespace strawberry::plugin {
namespace {

using Given = std::vector<std::pair<std::string, std::string>>;

std::string refusal(const Given& given) {
  const auto options = parse_plugin_options(given);
  return options ? "accepted" : options.error().message;
}

TEST(PluginOptions, AreTwoFiles) {
  const auto options = parse_plugin_options({{"keys", "/k"}, {"database", "/d"}});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->keys_path, "/k");
  EXPECT_EQ(options->database_path, "/d");
}

TEST(PluginOptions, SayWhichOneIsWrong) {
  EXPECT_EQ(refusal({{"keys", "/k"}, {"database", "/d"}, {"kyes", "/x"}}), "unknown option plugin_opt_kyes");
  EXPECT_EQ(refusal({{"keys", "/k"}, {"keys", "/k"}, {"database", "/d"}}), "plugin_opt_keys is given twice");
  EXPECT_EQ(refusal({{"keys", ""}, {"database", "/d"}}), "plugin_opt_keys has no value");
  EXPECT_EQ(refusal({{"database", "/d"}}).substr(0, 26), "plugin_opt_keys is missing");
  EXPECT_EQ(refusal({{"keys", "/k"}}).substr(0, 30), "plugin_opt_database is missing");
}

TEST(PluginOptions, MayChangeHowOftenAClientConnects) {
  Given given = {{"keys", "/k"}, {"database", "/d"}};
  EXPECT_EQ(parse_plugin_options(given)->rates.connections.per_second, 20U);
  EXPECT_EQ(parse_plugin_options(given)->rates.connections.at_once, 200U);
  given.insert(given.end(), {{"connections_per_second", "5"}, {"connections_at_once", "50"}});
  EXPECT_EQ(parse_plugin_options(given)->rates.connections.per_second, 5U);
  EXPECT_EQ(parse_plugin_options(given)->rates.connections.at_once, 50U);
  given.back().second = "many";
  EXPECT_EQ(refusal(given), "plugin_opt_connections_at_once is no number from 0 to 1000000000");
}

}  // namespace
}  // namespace strawberry::plugin

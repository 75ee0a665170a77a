#include "broker-plugin/options.h"

#include <gtest/gtest.h>

namespace strawberry {
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

}  // namespace
}  // namespace strawberry

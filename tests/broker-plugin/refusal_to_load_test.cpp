// A broker with a wrong configuration must not start, and must report the error in one line.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "tests/support/broker_process.h"
#include "tests/support/test_hub.h"

namespace strawberry::test {
namespace {

using ::testing::HasSubstr;

class PluginRefusesToLoad : public ::testing::Test {
 protected:
  std::string with(const std::vector<std::string>& plugin_options) const {
    BrokerProcess::Options options;
    options.plugin_options = plugin_options;
    return BrokerProcess::refusal_of(options);
  }
  std::string with_keys(const std::string& path) const {
    return with({"plugin_opt_keys " + path, "plugin_opt_database " + hub_.database_path()});
  }
  std::string with_database(const std::string& path) const {
    return with({"plugin_opt_keys " + hub_.keys_path(), "plugin_opt_database " + path});
  }
  std::string file_with(const std::string& name, const std::string& content) const {
    const std::string path = hub_.directory().file(name);
    std::ofstream(path) << content;
    ::chmod(path.c_str(), 0600);
    return path;
  }
  TestHub hub_;
};

TEST_F(PluginRefusesToLoad, NotWhenAllIsWell) { EXPECT_EQ(with_keys(hub_.keys_path()), ""); }

TEST_F(PluginRefusesToLoad, WithWrongOptions) {
  const std::string keys = "plugin_opt_keys " + hub_.keys_path();
  const std::string database = "plugin_opt_database " + hub_.database_path();
  EXPECT_THAT(with({keys}), HasSubstr("strawberry: not loaded: plugin_opt_database is missing"));
  EXPECT_THAT(with({database}), HasSubstr("strawberry: not loaded: plugin_opt_keys is missing"));
  EXPECT_THAT(with({keys, database, "plugin_opt_colour red"}), HasSubstr("unknown option plugin_opt_colour"));
}

TEST_F(PluginRefusesToLoad, WithoutGoodKeys) {
  EXPECT_THAT(with_keys(hub_.directory().file("missing")), HasSubstr("cannot be opened: No such file"));
  EXPECT_THAT(with_keys(file_with("rubbish", "rubbish")), HasSubstr("not one JSON object"));
  EXPECT_THAT(with_keys(file_with("weak", R"({"keys":[{"kty":"oct","k":"c2hvcnQ"}]})")), HasSubstr("256 bits"));
  ASSERT_EQ(::chmod(hub_.keys_path().c_str(), 0644), 0);
  EXPECT_THAT(with_keys(hub_.keys_path()), HasSubstr("is open to other users"));
}

TEST_F(PluginRefusesToLoad, WithoutAGoodDatabase) {
  EXPECT_THAT(with_database(hub_.directory().file("missing")), HasSubstr("does not exist"));
  EXPECT_THAT(with_database(file_with("empty", "")), HasSubstr("no tables yet"));
  EXPECT_THAT(with_database(file_with("rubbish", std::string(8'192, 'x'))), HasSubstr("cannot be read"));
  hub_.database().exec("PRAGMA user_version = 99");
  EXPECT_THAT(with_database(hub_.database_path()), HasSubstr("schema version 99, newer"));
}

}  // namespace
}  // namespace strawberry::test

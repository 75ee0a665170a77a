/// The tokens of discovered devices on disk.
#include "cli/spoke/discovery_run/device_files.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temp_dir.h"

namespace strawberry::test {
namespace {

using cli::discovery::DeviceFiles;
using cli::discovery::KnownDevice;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class DeviceFilesOnDisk : public testing::Test {
 protected:
  std::unique_ptr<DeviceFiles> open(const std::string& user = "alice") {
    auto files = DeviceFiles::open(path(), user);
    if (!files) throw std::runtime_error(files.error().message);
    return std::move(*files);
  }
  std::string refusal(const std::string& user = "alice") {
    auto files = DeviceFiles::open(path(), user);
    return files ? "none" : files.error().message;
  }
  std::string path() const { return directory_.file("tokens"); }
  static void change_mode(const std::string& path, mode_t mode) { ASSERT_EQ(::chmod(path.c_str(), mode), 0); }
  const KnownDevice lamp{"lamp-id", "Lamp", {"id:0x01", "mac:aa"}};

 private:
  TempDir directory_;
};

TEST_F(DeviceFilesOnDisk, KnowADeviceByAnyOfItsIdentitiesAfterARestart) {
  ASSERT_TRUE(open()->put(lamp, "token-1"));
  auto files = open();
  EXPECT_THAT(files->problems(), IsEmpty());
  for (const char* identity : {"id:0x01", "mac:aa"}) {
    const auto found = files->find({"id:other", identity});
    ASSERT_TRUE(found) << identity;
    EXPECT_EQ(found->device_id, "lamp-id");
    EXPECT_EQ(found->name, "Lamp");
  }
  EXPECT_FALSE(files->find({"id:0x02"}));
  EXPECT_EQ(files->token("lamp-id").value(), "token-1");
  ASSERT_TRUE(files->replace_token("lamp-id", "token-2"));
  EXPECT_EQ(files->token("lamp-id").value(), "token-2");
}

TEST_F(DeviceFilesOnDisk, AreReadableByNobodyElse) {
  auto files = open();
  ASSERT_TRUE(files->put(lamp, "token-1"));
  struct stat info {};
  ASSERT_EQ(::stat(path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0700u);
  ASSERT_EQ(::stat(files->path_of("lamp-id").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);
}

TEST_F(DeviceFilesOnDisk, AreRefusedInADirectoryThatOthersMayEnter) {
  open();
  for (const mode_t mode : {0750, 0701, 0770, 0705}) {
    change_mode(path(), mode);
    EXPECT_THAT(refusal(), HasSubstr("may be entered by other users")) << std::oct << mode;
  }
}

TEST_F(DeviceFilesOnDisk, AreOfOneUserAndOneProcess) {
  auto files = open();
  ASSERT_TRUE(files->put(lamp, "token-1"));
  EXPECT_THAT(refusal(), HasSubstr("another 'strawberryctl spoke --discovery' uses"));
  files.reset();
  EXPECT_THAT(refusal("bob"), HasSubstr("is of the user 'alice', not of 'bob'"));
}

TEST_F(DeviceFilesOnDisk, ThatOthersCanReadKeepTheirDeviceAwayAndItsTokenIsNotUsed) {
  ASSERT_TRUE(open()->put(lamp, "token-1"));
  const std::string file = open()->path_of("lamp-id");
  change_mode(file, 0644);
  const auto files = open();
  EXPECT_THAT(files->problems(), ElementsAre(HasSubstr("is open to other users")));
  EXPECT_TRUE(files->find(lamp.identities)) << "it is not taken for a new device";
  const auto token = files->token("lamp-id");
  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().message.find("token-1"), std::string::npos);
  change_mode(file, 0600);
  EXPECT_TRUE(files->token("lamp-id")) << "as soon as that is put right";
}

TEST_F(DeviceFilesOnDisk, ThatAreBrokenAreSaidAndLeftOut) {
  ASSERT_TRUE(open()->put(lamp, "token-1"));
  const std::string file = open()->path_of("lamp-id");
  for (const char* text : {"", "{", "[]", "{}", R"({"device_id":"lamp-id","user_id":"alice","token":"t"})",
                           R"({"device_id":"../x","user_id":"alice","token":"t","identities":["a"]})",
                           R"({"device_id":"x","user_id":"alice","token":"","identities":["a"]})",
                           R"({"device_id":"x","user_id":"alice","token":"t","identities":[1]})"}) {
    std::ofstream(file, std::ios::trunc) << text;
    const auto files = open();
    EXPECT_THAT(files->problems(), ElementsAre(HasSubstr("is not understood"))) << text;
    EXPECT_EQ(files->size(), 0u);
  }
  std::ofstream(file, std::ios::trunc) << std::string(DeviceFiles::file_bytes_max + 1, ' ');
  EXPECT_THAT(open()->problems(), ElementsAre(HasSubstr("is larger than 32 KiB")));
}

}  // namespace
}  // namespace strawberry::test

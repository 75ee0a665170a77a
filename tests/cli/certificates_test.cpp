/// scripts/certificates: the files that it makes, keeps and refuses to change.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/cli/hub_run.h"

namespace strawberry::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Certificates : public testing::Test {
 protected:
  std::filesystem::path tls() const { return directory_.path() / "data" / "tls"; }
  Finished make(std::vector<std::string> names = {}, std::map<std::string, std::string> environment = {},
                std::vector<std::string> words = {}) const {
    ChildProcess::Options options;
    options.argv = {STRAWBERRY_SOURCE_DIR "/scripts/certificates"};
    words.push_back(tls().string());
    words.insert(words.end(), names.begin(), names.end());
    options.argv.insert(options.argv.end(), words.begin(), words.end());
    options.environment = std::move(environment);
    ChildProcess script(std::move(options));
    const auto code = script.wait_for_exit(std::chrono::seconds(20));
    return {code.value_or(-1), script.output()};
  }
  std::string openssl(std::vector<std::string> words) const {
    ChildProcess::Options options;
    options.argv = std::move(words);
    options.argv.insert(options.argv.begin(), "/usr/bin/openssl");
    options.working_directory = tls().string();
    ChildProcess program(std::move(options));
    EXPECT_EQ(program.wait_for_exit(std::chrono::seconds(20)), 0) << program.output();
    return program.output();
  }
  std::string content(const char* name) const { return content_of(tls() / name); }
  /// Nothing was changed, and the failure names its reason.
  void expect_refusal(const Finished& refused, const std::string& why) const {
    EXPECT_EQ(refused.code, 1) << refused.output;
    EXPECT_EQ(count_lines(refused.output), 1U) << refused.output;
    EXPECT_THAT(refused.output, HasSubstr(why));
  }
  TempDir directory_;
};

TEST_F(Certificates, AreForThisMachineAndForItsOwnerOnly) {
  const Finished made = make({"hub.example", "192.0.2.77"});
  ASSERT_EQ(made.code, 0) << made.output;
  for (const char* name : {"ca.key", "ca.crt", "server.key", "server.crt"})
    EXPECT_EQ(mode_of(tls() / name), 0600U) << name;
  EXPECT_EQ(mode_of(tls()), 0700U);
  for (const char* name : {"localhost", "hub.example"})
    EXPECT_THAT(openssl({"x509", "-in", "server.crt", "-noout", "-checkhost", name}), HasSubstr("does match"));
  for (const char* address : {"127.0.0.1", "::1", "192.0.2.77"})
    EXPECT_THAT(openssl({"x509", "-in", "server.crt", "-noout", "-checkip", address}), HasSubstr("does match"));
  openssl({"verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", "ca.crt", "server.crt"});
  const std::string ca = openssl({"x509", "-in", "ca.crt", "-noout", "-text"});
  EXPECT_THAT(ca, HasSubstr("CA:TRUE, pathlen:0"));
  EXPECT_THAT(ca, HasSubstr("id-ecPublicKey"));
  EXPECT_THAT(openssl({"x509", "-in", "server.crt", "-noout", "-text"}), HasSubstr("CA:FALSE"));
  for (const auto& entry : std::filesystem::directory_iterator(tls()))
    EXPECT_THAT(entry.path().filename().string(), Not(testing::StartsWith("new."))) << "left behind";
}

TEST_F(Certificates, StayAsTheyAreWhenAllIsWell) {
  ASSERT_EQ(make().code, 0);
  const std::string before = content("server.crt") + content("ca.crt") + content("ca.key") + content("server.key");
  const Finished again = make();
  EXPECT_EQ(again.code, 0);
  EXPECT_THAT(again.output, IsEmpty());
  EXPECT_EQ(content("server.crt") + content("ca.crt") + content("ca.key") + content("server.key"), before);
}

TEST_F(Certificates, AreMadeAgainForANewNameFromTheSameCa) {
  ASSERT_EQ(make().code, 0);
  const std::string ca = content("ca.crt");
  const std::string server = content("server.crt");
  const Finished again = make({"192.0.2.78"});
  EXPECT_THAT(again.output, HasSubstr("other names"));
  EXPECT_EQ(content("ca.crt"), ca);
  EXPECT_NE(content("server.crt"), server);
  EXPECT_THAT(make({"192.0.2.78"}).output, IsEmpty()) << "once is enough";
}

TEST_F(Certificates, AreLeftAloneForANewNameWhereNamesDoNotMatter) {
  ASSERT_EQ(make().code, 0);
  const std::string server = content("server.crt");
  const Finished again = make({"192.0.2.78"}, {}, {"--ignore-names"});
  EXPECT_EQ(again.code, 0);
  EXPECT_THAT(again.output, IsEmpty());
  EXPECT_EQ(content("server.crt"), server);
  std::ofstream(tls() / "server.crt", std::ios::trunc) << "rubbish";
  EXPECT_THAT(make({"192.0.2.78"}, {}, {"--ignore-names"}).output, HasSubstr("damaged"));
  EXPECT_THAT(make({"192.0.2.78"}).output, IsEmpty()) << "with all names when there is a new one";
}

TEST_F(Certificates, AreNotForAddressesThatSoonGo) {
  const auto programs = directory_.path() / "bin";
  std::filesystem::create_directory(programs);
  const auto script = [&](const char* name, const std::string& text) {
    std::ofstream(programs / name) << "#!/bin/sh\n" << text;
    std::filesystem::permissions(programs / name, std::filesystem::perms::owner_all);
  };
  script("hostname",
         "case $1 in -I) echo '192.0.2.5 2001:db8::5 2001:db8::aaaa 2001:db8::bbbb ' ;; *) echo hub ;; esac\n");
  script("ip",
         "case $* in\n"
         "*temporary) echo '2: eth0    inet6 2001:db8::aaaa/64 scope global temporary dynamic' ;;\n"
         "*deprecated) echo '2: eth0    inet6 2001:db8::bbbb/64 scope global deprecated dynamic' ;;\n"
         "esac\n");
  ASSERT_EQ(make({}, {{"PATH", programs.string() + ":/usr/bin:/bin"}}).code, 0);
  const std::string text = openssl({"x509", "-in", "server.crt", "-noout", "-text"});
  EXPECT_THAT(text, HasSubstr("IP Address:192.0.2.5, IP Address:2001:DB8:0:0:0:0:0:5\n"));
}

TEST_F(Certificates, AreRenewedBeforeTheyEnd) {
  ASSERT_EQ(make().code, 0);
  const std::string ca = content("ca.crt");
  openssl({"req", "-new", "-key", "server.key", "-subj", "/CN=x", "-out", "csr"});
  openssl({"x509", "-req", "-in", "csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-days", "30", "-set_serial", "9", "-out",
           "server.crt"});
  const Finished renewed = make();
  EXPECT_THAT(renewed.output, HasSubstr("ends soon"));
  EXPECT_EQ(content("ca.crt"), ca);
  openssl({"x509", "-in", "server.crt", "-noout", "-checkend", "31536000"});
}

TEST_F(Certificates, AreMadeAgainWhenDamagedOrOfAnotherCa) {
  ASSERT_EQ(make().code, 0);
  std::ofstream(tls() / "server.crt", std::ios::trunc) << "rubbish";
  EXPECT_THAT(make().output, HasSubstr("damaged"));
  std::filesystem::remove(tls() / "server.key");
  EXPECT_THAT(make().output, HasSubstr("there was none"));
  openssl({"verify", "-CAfile", "ca.crt", "server.crt"});
}

TEST_F(Certificates, NeverReplaceADamagedCa) {
  ASSERT_EQ(make().code, 0);
  const std::string key = content("ca.key");
  std::ofstream(tls() / "ca.crt", std::ios::trunc) << "rubbish";
  expect_refusal(make(), "do not belong together");
  EXPECT_EQ(content("ca.crt"), "rubbish");
  EXPECT_EQ(content("ca.key"), key);
  std::filesystem::remove(tls() / "ca.crt");
  expect_refusal(make(), "do not belong together");
}

TEST_F(Certificates, AreCompletedAfterAFirstRunThatWasKilled) {
  ASSERT_EQ(make().code, 0);
  const std::string key = content("ca.key");
  for (const char* name : {"ca.crt", "server.key", "server.crt"}) std::filesystem::remove(tls() / name);
  std::filesystem::create_directory(tls() / "new.aB3dE6");
  std::ofstream(tls() / "new.aB3dE6" / "ca.key") << "a secret";
  std::filesystem::last_write_time(tls() / "new.aB3dE6",
                                   std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
  const Finished made = make();
  EXPECT_EQ(made.code, 0) << made.output;
  EXPECT_THAT(made.output, HasSubstr("Made a CA for this hub"));
  EXPECT_EQ(content("ca.key"), key);
  EXPECT_EQ(mode_of(tls() / "ca.crt"), 0600U);
  openssl({"verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", "ca.crt", "server.crt"});
  EXPECT_FALSE(std::filesystem::exists(tls() / "new.aB3dE6"));
}

TEST_F(Certificates, SayWhereTheyCannotWrite) {
  std::filesystem::create_directories(tls().parent_path());
  std::ofstream(tls()) << "a file";
  expect_refusal(make(), tls().string());
}

TEST_F(Certificates, NeedOpenssl) {
  const auto programs = directory_.path() / "bin";
  std::filesystem::create_directory(programs);
  for (const char* name : {"bash", "env", "mkdir", "mktemp", "rm", "hostname", "mv", "grep", "chmod"})
    std::filesystem::create_symlink(std::string("/usr/bin/") + name, programs / name);
  expect_refusal(make({}, {{"PATH", programs.string()}}), "there is no openssl");
}

TEST_F(Certificates, WithoutADirectoryIsWrongUsage) {
  ChildProcess::Options options;
  options.argv = {STRAWBERRY_SOURCE_DIR "/scripts/certificates"};
  EXPECT_EQ(ChildProcess(options).wait_for_exit(std::chrono::seconds(10)), 2);
}

}  // namespace
}  // namespace strawberry::test

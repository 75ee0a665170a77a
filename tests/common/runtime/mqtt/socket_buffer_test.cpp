/// libmosquitto's reads and writes on a buffered socket.
#include "common/runtime/mqtt/socket_buffer.h"

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string>
#include <thread>

#include "common/text/file_descriptor.h"

namespace strawberry::test {
namespace {

constexpr std::size_t enough = 1024 * 1024;

std::string packet(char first, const std::string& body) { return std::string{first} + std::string(1, 5) + body; }
const std::string publication = packet(0x32, "hello");
const std::string acknowledgement = packet(0x40, "acked");
const std::string disconnection = {static_cast<char>(0xE0), 0};

class SocketBufferTest : public testing::Test {
 protected:
  SocketBufferTest() {
    std::signal(SIGPIPE, SIG_IGN);
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) != 0) std::abort();
    own = FileDescriptor(ends[0]);
    peer = FileDescriptor(ends[1]);
    buffer.attach(own.get());
  }

  /// Reads like the library: with read(2) on the socket.
  std::string take(std::size_t bytes) const {
    std::string text(bytes, '\0');
    const ssize_t got = ::read(own.get(), text.data(), bytes);
    text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return text;
  }
  std::string take_all() const {
    std::string all;
    for (auto some = take(enough); !some.empty(); some = take(enough)) all += some;
    return all;
  }
  bool put(const std::string& text) const {
    return ::write(own.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
  }
  void arrives(const std::string& text) const {
    ASSERT_EQ(::send(peer.get(), text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
  }
  std::string sent() const {
    std::string text(enough, '\0');
    const ssize_t got = ::recv(peer.get(), text.data(), text.size(), 0);
    text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return text;
  }
  int waiting_in_socket() const {
    int bytes = 0;
    return ::ioctl(own.get(), FIONREAD, &bytes) == 0 ? bytes : -1;
  }

  FileDescriptor own;
  FileDescriptor peer;
  SocketBuffer buffer;
};

TEST_F(SocketBufferTest, LibrariesFindTheFunctionsOfTheProgram) {
  for (const char* name : {"read", "write"}) {
    Dl_info found{};
    Dl_info program{};
    ASSERT_NE(::dladdr(::dlsym(RTLD_DEFAULT, name), &found), 0) << name;
    ASSERT_NE(::dladdr(reinterpret_cast<void*>(&packet), &program), 0);
    EXPECT_STREQ(found.dli_fname, program.dli_fname) << name;
  }
}

TEST_F(SocketBufferTest, ReadsAllPacketsAtOnceAndHandsThemOutInPieces) {
  arrives(publication + acknowledgement + publication);
  const SocketBuffer::Use use(buffer);
  EXPECT_EQ(take(1), publication.substr(0, 1));
  EXPECT_EQ(waiting_in_socket(), 0);
  EXPECT_TRUE(buffer.has_input());
  EXPECT_EQ(take(1), publication.substr(1, 1));
  EXPECT_EQ(take(5), "hello");
  EXPECT_EQ(take_all(), acknowledgement + publication);
  EXPECT_FALSE(buffer.has_input());
  EXPECT_EQ(errno, EAGAIN);
}

TEST_F(SocketBufferTest, APacketMayComeInParts) {
  for (const char byte : publication) {
    arrives({byte});
    const SocketBuffer::Use use(buffer);
    EXPECT_EQ(take(enough), std::string{byte});
    EXPECT_EQ(take(enough), "");
    EXPECT_EQ(errno, EAGAIN);
  }
}

TEST_F(SocketBufferTest, DoesNotAskAnEmptySocketAgainInOneUse) {
  arrives("a");
  {
    const SocketBuffer::Use use(buffer);
    EXPECT_EQ(take(enough), "a");
    arrives("b");
    EXPECT_EQ(take(enough), "") << "the event loop will say that there is more";
    EXPECT_EQ(waiting_in_socket(), 1);
  }
  const SocketBuffer::Use use(buffer);
  EXPECT_EQ(take(enough), "b");
}

TEST_F(SocketBufferTest, LargePacketsComeWhole) {
  const std::string large(3 * SocketBuffer::capacity, 'x');
  std::string got;
  const std::string all = publication + large + acknowledgement;
  for (std::size_t sent = 0; got.size() < all.size();) {
    const auto part = all.substr(sent, 100'000);
    arrives(part);
    sent += part.size();
    const SocketBuffer::Use use(buffer);
    for (auto some = take(50'000); !some.empty(); some = take(50'000)) got += some;
  }
  EXPECT_EQ(got, all);
}

TEST_F(SocketBufferTest, TellsTheEndAfterWhatCameBeforeIt) {
  arrives("last words");
  peer = {};
  {
    const SocketBuffer::Use use(buffer);
    EXPECT_EQ(take(4), "last");
    EXPECT_EQ(take(enough), " words");
  }
  const SocketBuffer::Use use(buffer);
  char byte = 0;
  EXPECT_EQ(::read(own.get(), &byte, 1), 0);
}

TEST_F(SocketBufferTest, TellsOfAReset) {
  const SocketBuffer::Use use(buffer);
  ASSERT_TRUE(put(publication));
  ASSERT_EQ(buffer.flush(), 0);
  peer = {};  // with unread bytes
  char byte = 0;
  EXPECT_EQ(::read(own.get(), &byte, 1), -1);
  EXPECT_EQ(errno, ECONNRESET);
  ASSERT_TRUE(put(publication));
  EXPECT_EQ(buffer.flush(), EPIPE);
}

TEST_F(SocketBufferTest, WritesPacketsTogetherAndAcknowledgementsLast) {
  const SocketBuffer::Use use(buffer);
  ASSERT_TRUE(put(acknowledgement));
  ASSERT_TRUE(put(publication));
  ASSERT_TRUE(put(acknowledgement));
  EXPECT_EQ(sent(), "");
  EXPECT_TRUE(buffer.has_output());
  EXPECT_EQ(buffer.flush(), 0);
  EXPECT_FALSE(buffer.has_output());
  EXPECT_EQ(sent(), publication + acknowledgement + acknowledgement);
}

TEST_F(SocketBufferTest, NothingIsLeftBehindWhenTheLibraryDisconnects) {
  const SocketBuffer::Use use(buffer);
  ASSERT_TRUE(put(acknowledgement));
  ASSERT_TRUE(put(publication));
  ASSERT_TRUE(put(disconnection));
  EXPECT_EQ(sent(), publication + acknowledgement + disconnection);
}

TEST_F(SocketBufferTest, ALargePacketLeavesInItsPlace) {
  const SocketBuffer::Use use(buffer);
  ASSERT_TRUE(put(publication));
  // More than the socket takes; the rest looks like acknowledgements.
  const std::string large = "\x32" + std::string(2 * enough, '\x40');
  std::string got;
  for (std::size_t at = 0; at < large.size();) {
    const ssize_t now = ::write(own.get(), large.data() + at, large.size() - at);
    ASSERT_TRUE(now >= 0 || errno == EAGAIN);
    if (now > 0) at += static_cast<std::size_t>(now);
    got += sent();
  }
  ASSERT_TRUE(put(acknowledgement));
  ASSERT_TRUE(put(publication));
  EXPECT_EQ(buffer.flush(), 0);
  got += sent();
  EXPECT_EQ(got.size(), 2 * publication.size() + large.size() + acknowledgement.size());
  EXPECT_EQ(got, publication + large + publication + acknowledgement);
}

TEST_F(SocketBufferTest, ABlockedSocketTakesNoMoreUntilItIsWritable) {
  const SocketBuffer::Use use(buffer);
  std::string expected;
  const std::string chunk = "\x32" + std::string(SocketBuffer::capacity / 2, 'x');
  while (!buffer.is_blocked()) {
    ASSERT_TRUE(put(chunk));
    expected += chunk;
    ASSERT_EQ(buffer.flush(), 0);
  }
  EXPECT_FALSE(put(acknowledgement));
  EXPECT_EQ(errno, EAGAIN);
  std::string got;
  while (buffer.is_blocked()) {
    got += sent();
    ASSERT_EQ(buffer.flush(), 0);
  }
  EXPECT_TRUE(put(acknowledgement));
  EXPECT_EQ(buffer.flush(), 0);
  got += sent();
  EXPECT_EQ(got, expected + acknowledgement);
}

TEST_F(SocketBufferTest, OtherDescriptorsAndThreadsAreLeftAlone) {
  arrives(publication);
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const FileDescriptor out(ends[0]);
  const FileDescriptor in(ends[1]);
  const SocketBuffer::Use use(buffer);
  EXPECT_EQ(take(1), publication.substr(0, 1));
  EXPECT_EQ(::write(in.get(), "two", 3), 3);
  char text[3] = {};
  EXPECT_EQ(::read(out.get(), text, 3), 3);
  EXPECT_EQ(std::string(text, 3), "two");
  std::string elsewhere = "nothing";
  std::thread([&] { elsewhere = take(enough); }).join();
  EXPECT_EQ(elsewhere, "") << "the socket itself is empty";
  EXPECT_EQ(take(enough), publication.substr(1));
}

TEST_F(SocketBufferTest, OutsideOfAUseTheSocketIsAnyOther) {
  ASSERT_TRUE(put(acknowledgement));
  EXPECT_EQ(sent(), acknowledgement);
  arrives(publication);
  EXPECT_EQ(take(1), publication.substr(0, 1));
  EXPECT_EQ(waiting_in_socket(), static_cast<int>(publication.size()) - 1);
}

TEST_F(SocketBufferTest, WithoutASocketNothingIsBuffered) {
  buffer.attach(-1);
  const SocketBuffer::Use use(buffer);
  ASSERT_TRUE(put(acknowledgement));
  EXPECT_EQ(sent(), acknowledgement);
}

TEST_F(SocketBufferTest, TheByteThatWouldWakeTheLibrarysThreadIsNotWritten) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
  const FileDescriptor out(ends[0]);
  const FileDescriptor in(ends[1]);
  const SocketBuffer::Use use(buffer);
  EXPECT_EQ(::write(in.get(), "", 1), 1);
  char byte = 0;
  EXPECT_EQ(::recv(out.get(), &byte, 1, 0), -1);
}

}  // namespace
}  // namespace strawberry::test

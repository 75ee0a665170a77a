#include "cli/archive.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "cli/tar_header.h"
#include "cli/text.h"
#include "common/text/clock.h"
#include "common/text/ids.h"

namespace strawberry::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view sums_name = "SHA256SUMS";
constexpr std::uint64_t sums_bytes_max = 4096;
constexpr std::size_t piece_bytes = 64 * 1024;
/// What other programs may have put behind an archive: tar fills up to its record size.
constexpr std::size_t empty_blocks_max = 64;

class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) { EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr); }
  void add(std::string_view bytes) { EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()); }
  std::string hex() {
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    EVP_DigestFinal_ex(context_.get(), sum, &size);
    std::string out;
    for (unsigned int i = 0; i < size; ++i) {
      out += "0123456789abcdef"[sum[i] >> 4];
      out += "0123456789abcdef"[sum[i] & 15];
    }
    return out;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

std::uint64_t padding_of(std::uint64_t size) { return (tar_block_bytes - size % tar_block_bytes) % tar_block_bytes; }

/// Reads an archive from its beginning to its end, once.
class ArchiveReader {
 public:
  ArchiveReader(const fs::path& path, const fs::path& directory)
      : path_(path), directory_(directory), file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}

  Outcome<void> run() {
    if (!file_.is_open())
      return cli_error(ExitCode::local, "cannot read " + path_.string() + ": " + std::strerror(errno));
    struct stat info {};
    if (::fstat(file_.get(), &info) != 0 || !S_ISREG(info.st_mode)) return damaged("it is no file");
    while (true) {
      TarBlock block{};
      if (read_up_to(file_.get(), block.data(), block.size()) != block.size()) return damaged("it ends too soon");
      if (is_empty(block)) break;
      const auto entry = read_tar_header(block);
      if (!entry) return damaged("it is not a backup, or not the one that was made");
      if (auto taken = entry->name == sums_name ? take_sums(*entry) : take_member(*entry); !taken) return taken;
    }
    if (auto rest = take_end(); !rest) return rest;
    if (expected_sums_.empty() || expected_sums_ != sums_) return damaged("what is in it is not what was saved");
    for (const char* needed : {"hub.db", "keys.json"}) {
      if (!seen_.contains(needed)) return damaged(std::string("there is no ") + needed + " in it");
    }
    return {};
  }

 private:
  tl::unexpected<CliError> damaged(const std::string& why) const {
    return cli_error(ExitCode::local, "cannot use " + path_.string() + ": " + why);
  }

  Outcome<void> take_member(const TarEntry& entry) {
    const auto member = archive_members().find(entry.name);
    if (member == archive_members().end()) return damaged("there is " + in_quotes(entry.name) + " in it");
    if (!expected_sums_.empty() || !seen_.insert(entry.name).second) return damaged("its files are out of order");
    if (entry.size > member->second) return damaged(entry.name + " is too large");
    // The name is one of ours, and whatever stands under it is not written to.
    const fs::path target = directory_ / member->first;
    const FileDescriptor out(::open(target.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!out.is_open()) return cannot_write(target);
    Sha256 sum;
    auto copied = read_content(entry.size, [&](std::string_view bytes) {
      sum.add(bytes);
      return write_all(out.get(), bytes);
    });
    if (!copied) return copied;
    if (::fsync(out.get()) != 0) return cannot_write(target);
    sums_ += sum.hex() + "  " + entry.name + "\n";
    return {};
  }

  Outcome<void> take_sums(const TarEntry& entry) {
    if (!expected_sums_.empty() || entry.size == 0 || entry.size > sums_bytes_max) return damaged("its sums are wrong");
    return read_content(entry.size, [this](std::string_view bytes) {
      expected_sums_ += bytes;
      return true;
    });
  }

  template <class Take>
  Outcome<void> read_content(std::uint64_t size, Take take) {
    std::string piece;
    while (size > 0) {
      piece.resize(static_cast<std::size_t>(std::min<std::uint64_t>(size, piece_bytes)));
      if (read_up_to(file_.get(), piece.data(), piece.size()) != piece.size()) return damaged("it ends too soon");
      if (!take(piece)) return cannot_write(directory_);
      size -= piece.size();
      if (size > 0) continue;
      piece.resize(static_cast<std::size_t>(padding_of(piece.size())));
      if (read_up_to(file_.get(), piece.data(), piece.size()) != piece.size()) return damaged("it ends too soon");
    }
    return {};
  }

  /// The second empty block, and nothing but more of them.
  Outcome<void> take_end() {
    for (std::size_t blocks = 0; blocks < empty_blocks_max; ++blocks) {
      TarBlock block{};
      const auto got = read_up_to(file_.get(), block.data(), block.size());
      if (got == 0 && blocks > 0) return {};
      if (got != block.size() || !is_empty(block)) break;
    }
    return damaged("it does not end as it should");
  }

  tl::unexpected<CliError> cannot_write(const fs::path& target) const {
    return cli_error(ExitCode::local, "cannot write " + target.string() + ": " + std::strerror(errno));
  }

  const fs::path& path_;
  const fs::path& directory_;
  const FileDescriptor file_;
  std::set<std::string> seen_;
  std::string sums_;
  std::string expected_sums_;
};

}  // namespace

const std::map<std::string, std::uint64_t, std::less<>>& archive_members() {
  static const std::map<std::string, std::uint64_t, std::less<>> members{
      {"hub.db", tar_file_bytes_max}, {"keys.json", 64 * 1024}, {"bridge.toml", 1024 * 1024}};
  return members;
}

ArchiveWriter::ArchiveWriter(fs::path path, fs::path draft, FileDescriptor file)
    : path_(std::move(path)), draft_(std::move(draft)), file_(std::move(file)) {}

ArchiveWriter::~ArchiveWriter() {
  if (file_.is_open()) ::unlink(draft_.c_str());
}

Outcome<ArchiveWriter> ArchiveWriter::create(const fs::path& path) {
  fs::path draft = path;
  draft += "." + new_id();
  const int fd = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  ArchiveWriter writer(path, std::move(draft), FileDescriptor(fd));
  if (fd < 0) return writer.cannot("write");
  // A file system that keeps no modes (vfat, exFAT) may refuse this, or do nothing: what counts is who may read it.
  const bool is_set = ::fchmod(fd, 0600) == 0;
  const int why_not = errno;
  struct stat made {};
  if (::fstat(fd, &made) != 0) return writer.cannot("write");
  if ((made.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    if (!is_set && why_not != EPERM && why_not != EOPNOTSUPP) {
      errno = why_not;
      return writer.cannot("write");
    }
    return cli_error(ExitCode::local, "cannot write " + path.string() +
                                          ": others could read it, since its file system keeps no modes; write it to "
                                          "another one, or mount this one for its owner alone (umask=077)");
  }
  struct stat there {};
  if (::lstat(path.c_str(), &there) == 0) {
    errno = EEXIST;
    return writer.cannot("write");
  }
  return writer;
}

tl::unexpected<CliError> ArchiveWriter::cannot(const std::string& what) const {
  return cli_error(ExitCode::local, "cannot " + what + " " + path_.string() + ": " + std::strerror(errno));
}

bool ArchiveWriter::write(std::string_view bytes) { return write_all(file_.get(), bytes); }

bool ArchiveWriter::write_padding(std::uint64_t size) {
  return write(std::string(static_cast<std::size_t>(padding_of(size)), '\0'));
}

Outcome<void> ArchiveWriter::add(const std::string& name, std::string_view content) {
  const TarBlock header = tar_header({name, content.size()}, to_unix_ms(SystemClock().wall_now()) / 1000);
  Sha256 sum;
  sum.add(content);
  if (!write({header.data(), header.size()}) || !write(content) || !write_padding(content.size()))
    return cannot("write");
  sums_ += sum.hex() + "  " + name + "\n";
  return {};
}

Outcome<void> ArchiveWriter::add_file(const std::string& name, const fs::path& source) {
  const FileDescriptor file(::open(source.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  struct stat info {};
  if (!file.is_open() || ::fstat(file.get(), &info) != 0) {
    return cli_error(ExitCode::local, "cannot read " + source.string() + ": " + std::strerror(errno));
  }
  const auto size = static_cast<std::uint64_t>(info.st_size);
  if (size > archive_members().at(name)) return cli_error(ExitCode::local, name + " is too large for a backup");
  const TarBlock header = tar_header({name, size}, info.st_mtim.tv_sec);
  if (!write({header.data(), header.size()})) return cannot("write");
  Sha256 sum;
  std::string piece(piece_bytes, '\0');
  for (std::uint64_t rest = size; rest > 0;) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(rest, piece.size()));
    if (read_up_to(file.get(), piece.data(), wanted) != wanted) {
      return cli_error(ExitCode::local, source.string() + " changed while it was read");
    }
    const std::string_view bytes(piece.data(), wanted);
    sum.add(bytes);
    if (!write(bytes)) return cannot("write");
    rest -= wanted;
  }
  if (!write_padding(size)) return cannot("write");
  sums_ += sum.hex() + "  " + name + "\n";
  return {};
}

Outcome<void> ArchiveWriter::finish() {
  const std::string sums = sums_;
  if (auto added = add(std::string(sums_name), sums); !added) return added;
  if (!write(std::string(2 * tar_block_bytes, '\0')) || ::fsync(file_.get()) != 0) return cannot("write");
  // Both fail on an existing name, where rename() would replace it. Not every file system has links, nor every one
  // this flag.
  if (::renameat2(AT_FDCWD, draft_.c_str(), AT_FDCWD, path_.c_str(), RENAME_NOREPLACE) == 0) return {};
  if (errno == EEXIST) return cannot("write");
  if (::link(draft_.c_str(), path_.c_str()) != 0) return cannot("write");
  return {};
}

Outcome<void> extract_archive(const fs::path& path, const fs::path& directory) {
  return ArchiveReader(path, directory).run();
}

}  // namespace strawberry::cli

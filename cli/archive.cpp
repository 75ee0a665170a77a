#include "cli/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <set>
#include <utility>

#include "cli/text.h"
#include "common/text/clock.h"
#include "common/text/hex.h"
#include "common/text/ids.h"
#include "common/text/sha256.h"

namespace strawberry::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view sums_name = "SHA256SUMS";
constexpr std::uint64_t sums_bytes_max = 4096;
constexpr std::size_t piece_bytes = 64 * 1024;
constexpr std::int64_t block_bytes = 512;
/// Size of the end of an archive: the two empty blocks of tar, or as many as fill a program's record.
constexpr std::int64_t empty_bytes_min = 2 * block_bytes;
constexpr std::int64_t empty_bytes_max = 64 * block_bytes;

using Entry = std::unique_ptr<archive_entry, decltype(&archive_entry_free)>;

std::string sum_line(Sha256Sum& sum, const std::string& name) {
  return to_hex(as_bytes(sum.finish())) + "  " + name + "\n";
}

/// Reads an archive once, from beginning to end. libarchive accepts more than this program writes: each file must also
/// be where a plain ustar archive has it, so nothing is accepted that another reader sees differently.
class ArchiveReader {
 public:
  ArchiveReader(const fs::path& path, const fs::path& directory)
      : path_(path),
        directory_(directory),
        file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)),
        tar_(archive_read_new(), &archive_read_free) {}

  Outcome<void> run() {
    if (!file_.is_open())
      return cli_error(ExitCode::local, "cannot read " + path_.string() + ": " + std::strerror(errno));
    struct stat info {};
    if (::fstat(file_.get(), &info) != 0 || !S_ISREG(info.st_mode)) return damaged("it is no file");
    size_ = info.st_size;
    if (archive_read_support_format_tar(tar_.get()) != ARCHIVE_OK ||
        archive_read_open_fd(tar_.get(), file_.get(), piece_bytes) != ARCHIVE_OK) {
      return not_a_backup();
    }
    while (true) {
      archive_entry* entry = nullptr;
      const int found = archive_read_next_header(tar_.get(), &entry);
      if (found == ARCHIVE_EOF) break;
      if (found != ARCHIVE_OK || !is_plain_file(entry)) return not_a_backup();
      const std::string name = archive_entry_pathname(entry);
      const auto size = static_cast<std::uint64_t>(archive_entry_size(entry));
      if (auto taken = name == sums_name ? take_sums(size) : take_member(name, size); !taken) return taken;
    }
    if (!ends_with_empty_blocks()) return damaged("it does not end as it should");
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
  tl::unexpected<CliError> not_a_backup() const { return damaged("it is not a backup, or not the one that was made"); }

  /// True for one header block of POSIX ustar, directly after the file before it, for a regular file with a name and a
  /// size: no link, no extension of tar that changes either.
  bool is_plain_file(archive_entry* entry) {
    const std::int64_t header = archive_read_header_position(tar_.get());
    const std::int64_t content = archive_filter_bytes(tar_.get(), 0);
    const bool is_plain = archive_format(tar_.get()) == ARCHIVE_FORMAT_TAR_USTAR && header == next_header_ &&
                          content == header + block_bytes && archive_entry_filetype(entry) == AE_IFREG &&
                          archive_entry_hardlink(entry) == nullptr && archive_entry_symlink(entry) == nullptr &&
                          archive_entry_pathname(entry) != nullptr && archive_entry_size_is_set(entry) != 0 &&
                          archive_entry_size(entry) >= 0;
    if (is_plain) next_header_ = content + (archive_entry_size(entry) + block_bytes - 1) / block_bytes * block_bytes;
    return is_plain;
  }

  Outcome<void> take_member(const std::string& name, std::uint64_t size) {
    const auto member = archive_members().find(name);
    if (member == archive_members().end()) return damaged("there is " + in_quotes(name) + " in it");
    if (!expected_sums_.empty() || !seen_.insert(name).second) return damaged("its files are out of order");
    if (size > member->second) return damaged(name + " is too large");
    // The name is in our list, and an existing file of that name is not written to.
    const fs::path target = directory_ / member->first;
    const FileDescriptor out(::open(target.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!out.is_open()) return cannot_write(target);
    Sha256Sum sum;
    auto copied = read_content(size, [&](std::string_view bytes) {
      sum.add(bytes);
      return write_all(out.get(), bytes);
    });
    if (!copied) return copied;
    if (::fsync(out.get()) != 0) return cannot_write(target);
    sums_ += sum_line(sum, name);
    return {};
  }

  Outcome<void> take_sums(std::uint64_t size) {
    if (!expected_sums_.empty() || size == 0 || size > sums_bytes_max) return damaged("its sums are wrong");
    return read_content(size, [this](std::string_view bytes) {
      expected_sums_ += bytes;
      return true;
    });
  }

  template <class Take>
  Outcome<void> read_content(std::uint64_t size, Take take) {
    std::array<char, piece_bytes> piece;
    while (size > 0) {
      const la_ssize_t got = archive_read_data(tar_.get(), piece.data(), std::min<std::uint64_t>(size, piece.size()));
      if (got <= 0) return damaged("it ends too soon");
      if (!take(std::string_view(piece.data(), static_cast<std::size_t>(got)))) return cannot_write(directory_);
      size -= static_cast<std::uint64_t>(got);
    }
    return {};
  }

  /// libarchive accepts a single empty block, and any data after it.
  bool ends_with_empty_blocks() const {
    const std::int64_t rest = size_ - next_header_;
    if (rest < empty_bytes_min || rest > empty_bytes_max || rest % block_bytes != 0) return false;
    std::string bytes(static_cast<std::size_t>(rest), '\1');
    return ::pread(file_.get(), bytes.data(), bytes.size(), next_header_) == rest &&
           bytes.find_first_not_of('\0') == std::string::npos;
  }

  tl::unexpected<CliError> cannot_write(const fs::path& target) const {
    return cli_error(ExitCode::local, "cannot write " + target.string() + ": " + std::strerror(errno));
  }

  const fs::path& path_;
  const fs::path& directory_;
  const FileDescriptor file_;
  const std::unique_ptr<struct archive, decltype(&archive_read_free)> tar_;
  std::int64_t size_ = 0;
  std::int64_t next_header_ = 0;
  std::set<std::string> seen_;
  std::string sums_;
  std::string expected_sums_;
};

}  // namespace

const std::map<std::string, std::uint64_t, std::less<>>& archive_members() {
  static const std::map<std::string, std::uint64_t, std::less<>> members{{"hub.db", archive_file_bytes_max},
                                                                         {"keys.json", 64 * 1024},
                                                                         {"bridge.toml", 1024 * 1024},
                                                                         {"gateway.toml", 1024 * 1024}};
  return members;
}

void ArchiveWriter::Close::operator()(struct archive* tar) const { archive_write_free(tar); }

ArchiveWriter::ArchiveWriter(fs::path path, fs::path draft, FileDescriptor file)
    : path_(std::move(path)), draft_(std::move(draft)), file_(std::move(file)), tar_(archive_write_new()) {}

ArchiveWriter::~ArchiveWriter() {
  tar_.reset();  // writes what it has buffered
  if (file_.is_open()) ::unlink(draft_.c_str());
}

Outcome<ArchiveWriter> ArchiveWriter::create(const fs::path& path) {
  fs::path draft = path;
  draft += "." + new_id();
  const int fd = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  ArchiveWriter writer(path, std::move(draft), FileDescriptor(fd));
  if (fd < 0) return writer.cannot_write();
  // A file system without modes (vfat, exFAT) may refuse this or ignore it: the actual permissions are checked.
  const bool is_set = ::fchmod(fd, 0600) == 0;
  const int why_not = errno;
  struct stat made {};
  if (::fstat(fd, &made) != 0) return writer.cannot_write();
  if ((made.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    if (!is_set && why_not != EPERM && why_not != EOPNOTSUPP) {
      errno = why_not;
      return writer.cannot_write();
    }
    return cli_error(ExitCode::local, "cannot write " + path.string() +
                                          ": others could read it, since its file system keeps no modes; write it to "
                                          "another one, or mount this one for its owner alone (umask=077)");
  }
  struct stat there {};
  if (::lstat(path.c_str(), &there) == 0) {
    errno = EEXIST;
    return writer.cannot_write();
  }
  if (archive_write_set_format_ustar(writer.tar_.get()) != ARCHIVE_OK ||
      archive_write_open_fd(writer.tar_.get(), fd) != ARCHIVE_OK) {
    return writer.cannot_write_tar();
  }
  return writer;
}

tl::unexpected<CliError> ArchiveWriter::cannot_write() const {
  return cli_error(ExitCode::local, "cannot write " + path_.string() + ": " + std::strerror(errno));
}

tl::unexpected<CliError> ArchiveWriter::cannot_write_tar() const {
  const char* why = archive_error_string(tar_.get());
  return cli_error(ExitCode::local,
                   "cannot write " + path_.string() + ": " + printable(why == nullptr ? "unknown error" : why, 200));
}

Outcome<void> ArchiveWriter::add_entry(const std::string& name, std::uint64_t size, std::int64_t modified_s,
                                       const Read& read) {
  const Entry entry(archive_entry_new(), &archive_entry_free);
  archive_entry_set_pathname(entry.get(), name.c_str());
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_entry_set_perm(entry.get(), 0600);
  archive_entry_set_size(entry.get(), static_cast<la_int64_t>(size));
  archive_entry_set_mtime(entry.get(), std::max<std::int64_t>(modified_s, 0), 0);
  if (archive_write_header(tar_.get(), entry.get()) != ARCHIVE_OK) return cannot_write_tar();
  Sha256Sum sum;
  for (std::uint64_t rest = size; rest > 0;) {
    const auto bytes = read();
    if (!bytes || bytes->empty()) return cli_error(ExitCode::local, name + " changed while it was read");
    const std::string_view wanted =
        bytes->substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(rest, bytes->size())));
    sum.add(wanted);
    if (archive_write_data(tar_.get(), wanted.data(), wanted.size()) != static_cast<la_ssize_t>(wanted.size()))
      return cannot_write_tar();
    rest -= wanted.size();
  }
  if (archive_write_finish_entry(tar_.get()) != ARCHIVE_OK) return cannot_write_tar();
  sums_ += sum_line(sum, name);
  return {};
}

Outcome<void> ArchiveWriter::add(const std::string& name, std::string_view content) {
  return add_entry(name, content.size(), to_unix_ms(SystemClock().wall_now()) / 1000, [content] { return content; });
}

Outcome<void> ArchiveWriter::add_file(const std::string& name, const fs::path& source) {
  const FileDescriptor file(::open(source.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  struct stat info {};
  if (!file.is_open() || ::fstat(file.get(), &info) != 0) {
    return cli_error(ExitCode::local, "cannot read " + source.string() + ": " + std::strerror(errno));
  }
  const auto size = static_cast<std::uint64_t>(info.st_size);
  if (size > archive_members().at(name)) return cli_error(ExitCode::local, name + " is too large for a backup");
  std::string piece(piece_bytes, '\0');
  return add_entry(name, size, info.st_mtim.tv_sec, [&]() -> std::optional<std::string_view> {
    const auto got = read_up_to(file.get(), piece.data(), piece.size());
    if (!got) return std::nullopt;
    return std::string_view(piece.data(), *got);
  });
}

Outcome<void> ArchiveWriter::finish() {
  const std::string sums = sums_;
  if (auto added = add(std::string(sums_name), sums); !added) return added;
  if (archive_write_close(tar_.get()) != ARCHIVE_OK) return cannot_write_tar();
  if (::fsync(file_.get()) != 0) return cannot_write();
  // Both calls fail on an existing name, where rename() would replace it. Not every file system has links or supports
  // this flag.
  if (::renameat2(AT_FDCWD, draft_.c_str(), AT_FDCWD, path_.c_str(), RENAME_NOREPLACE) == 0) return {};
  if (errno == EEXIST) return cannot_write();
  if (::link(draft_.c_str(), path_.c_str()) != 0) return cannot_write();
  return {};
}

Outcome<void> extract_archive(const fs::path& path, const fs::path& directory) {
  return ArchiveReader(path, directory).run();
}

}  // namespace strawberry::cli

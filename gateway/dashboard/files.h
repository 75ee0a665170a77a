/// The files of the dashboard (web/dist): read once at start, and served from memory by exact name. No request names a
/// path of the file system.
///
/// Threading: any, const after load.   Errors: load() fails with a text for people.
/// Bounds: files_max files, file_bytes_max each, bytes_max together, compressed copies included.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "common/text/result.h"
#include "gateway/http/message.h"

namespace strawberry::gateway::dashboard {

inline constexpr std::size_t files_max = 256;
inline constexpr std::size_t file_bytes_max = 4 * 1024 * 1024;
inline constexpr std::size_t bytes_max = 16 * 1024 * 1024;

struct File {
  std::string bytes;
  std::string gzip;  // `bytes`, compressed (NAME.gz beside it); empty: there is no copy
  std::string content_type;
  std::string etag;  // of `bytes`, without quotes
};

class Files {
 public:
  /// `directory` must have index.html, and assets/ with files whose names hold a hash of their contents. Files of an
  /// unknown kind are refused, so that nothing is served by mistake.
  static Result<Files> load(const std::string& directory);

  const File& index() const { return index_; }
  /// Returns null when there is no asset of that name.
  const File* asset(std::string_view name) const;

 private:
  File index_;
  std::map<std::string, File, std::less<>> assets_;
};

/// Returns 200 or 304. `keeps`: the name changes with the contents, so browsers need not ask again.
Response response_of(const Request& request, const File& file, bool keeps);

/// Returns BIN/../share/strawberry/web, which is right in a build tree and in an installed package.
std::string directory_beside_program();

}  // namespace strawberry::gateway::dashboard

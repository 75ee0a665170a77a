/// The web door's own token, which may ask the hub for logins and for nothing else. `strawberryctl init` creates the
/// file and renews it.
///
/// Threading: loop only; the small local file is read at each login, so a new token takes effect at once.
/// Errors: returns an empty text when the file is missing or empty.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "common/identity/token.h"
#include "common/text/file_descriptor.h"

namespace strawberry::gateway {

class OwnToken {
 public:
  /// `path` empty: the web door has no token.
  explicit OwnToken(std::string path) : path_(std::move(path)) {}

  std::string read() const {
    auto text = path_.empty() ? std::nullopt : read_file_text(path_, token_bytes_max + 2);
    if (!text) return {};
    while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
    return std::move(*text);
  }

 private:
  std::string path_;
};

}  // namespace strawberry::gateway

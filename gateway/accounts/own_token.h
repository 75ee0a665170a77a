/// The web door's own token, with which it asks the hub for logins and nothing else. `strawberryctl init` makes the
/// file, and renews it.
///
/// Threading: loop only; a small file of this machine is read for each login, so a new token counts at once.
/// Errors: empty when there is no such file, or nothing in it.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "common/identity/token.h"
#include "common/text/file_descriptor.h"

namespace strawberry::gateway {

class OwnToken {
 public:
  /// `path` empty: the web door has none.
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

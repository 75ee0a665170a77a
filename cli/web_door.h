/// Reads the web door's address: from the file that strawberry-gateway writes.
///
/// Threading: any, no state.   Errors: nullopt when there is no such file.   Bounds: reads 256 bytes of it.
#pragma once

#include <optional>
#include <string>

namespace strawberry::cli {

struct WebDoor {
  std::string file;
  std::string url;  // `http://127.0.0.1:8080`, as in the file
};

/// Looks for http-endpoint in the data directory and, with `is_package`, where the package's service writes it.
std::optional<WebDoor> find_web_door(const std::string& data_dir, bool is_package);

}  // namespace strawberry::cli

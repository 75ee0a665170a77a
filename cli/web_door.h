/// Where the hub's web door says that it is: the file that strawberry-gateway writes.
///
/// Threading: any, no state.   Errors: nothing when there is no such file.   Bounds: 256 bytes of it.
#pragma once

#include <optional>
#include <string>

namespace strawberry::cli {

struct WebDoor {
  std::string file;
  std::string url;  // `http://127.0.0.1:8080`, as the file says
};

/// Looks for http-endpoint in the data directory and, with `is_package`, where the package's service writes it.
std::optional<WebDoor> find_web_door(const std::string& data_dir, bool is_package);

}  // namespace strawberry::cli

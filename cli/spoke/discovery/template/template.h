/// A template in the part of Jinja that discovery messages use (docs/discovery.md, "Templates").
///
/// An unsupported template fails when it is parsed, a value that cannot be computed when it is rendered.
/// Threading: any, immutable.   Errors: the reason, in words.
/// Bounds: template_bytes_max and nesting_max in parsing; steps_max and made_bytes_max for one rendering, whatever the
/// template and the values are.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/spoke/discovery/template/value.h"
#include "common/text/clock.h"
#include "common/text/result.h"

namespace strawberry::cli::discovery {

inline constexpr std::size_t template_bytes_max = 16 * 1024;
inline constexpr std::size_t nesting_max = 200;             // of expressions and blocks
inline constexpr std::size_t steps_max = 20'000;            // parts evaluated, and values visited
inline constexpr std::size_t made_bytes_max = 1024 * 1024;  // all intermediate texts
inline constexpr std::size_t output_bytes_max = 64 * 1024;

struct Node;

/// The variables of a rendering. Lifetime: names and values outlive it.
using Variables = std::vector<std::pair<std::string_view, const Value*>>;

struct TemplateFailure {
  std::string message;
  bool is_missing = false;  // a value that the template allows to be missing (`is_defined`): no error
  bool is_over = false;     // steps_max or made_bytes_max was exceeded
};

class Template {
 public:
  static Result<std::shared_ptr<const Template>> read(std::string_view text);

  explicit Template(std::unique_ptr<const Node> root);
  ~Template();
  Template(const Template&) = delete;
  Template& operator=(const Template&) = delete;

  /// Removes white space at both ends, like Home Assistant.
  Result<std::string, TemplateFailure> render(const Variables& variables, WallTime now) const;

 private:
  std::unique_ptr<const Node> root_;
};

}  // namespace strawberry::cli::discovery

#include "cli/spoke/discovery/template/template.h"

#include "cli/spoke/discovery/template/evaluator.h"
#include "cli/spoke/discovery/template/node.h"
#include "cli/spoke/discovery/template/parser.h"

namespace strawberry::cli::discovery {
namespace {

std::string without_blanks_around(const std::string& text) {
  constexpr std::string_view around = " \t\r\n\v\f";
  const std::size_t from = text.find_first_not_of(around);
  if (from == std::string::npos) return {};
  return text.substr(from, text.find_last_not_of(around) - from + 1);
}

}  // namespace

Result<std::shared_ptr<const Template>> Template::read(std::string_view text) {
  if (text.size() > template_bytes_max)
    return fail("it has more than " + std::to_string(template_bytes_max) + " bytes");
  auto root = parse_template(text);
  if (!root) return tl::unexpected(root.error());
  return std::make_shared<const Template>(std::move(*root));
}

Template::Template(std::unique_ptr<const Node> root) : root_(std::move(root)) {}
Template::~Template() = default;

Result<std::string, TemplateFailure> Template::render(const Variables& variables, WallTime now) const {
  Evaluator evaluator(variables, now);
  auto text = evaluator.print(*root_);
  if (!text) return text;
  return without_blanks_around(*text);
}

}  // namespace strawberry::cli::discovery

#include "bridge/skills/signature.h"

#include <algorithm>
#include <cctype>
#include <set>

namespace strawberry {
namespace {

using nlohmann::json;

constexpr std::size_t nesting_max = 16;

bool is_identifier_start(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool is_identifier_part(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Reads left to right; the first failure is remembered and everything after it is empty.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }
  bool at_end() {
    skip_space();
    return at_ >= text_.size();
  }
  bool take(std::string_view token) {
    skip_space();
    if (text_.substr(at_, token.size()) != token) return false;
    at_ += token.size();
    return true;
  }
  std::string identifier() {
    skip_space();
    const auto start = at_;
    if (at_ < text_.size() && is_identifier_start(text_[at_])) {
      while (at_ < text_.size() && is_identifier_part(text_[at_])) ++at_;
    }
    return std::string(text_.substr(start, at_ - start));
  }
  /// Text up to one of `stops` outside brackets and quotes; nothing when brackets or quotes do not close.
  std::optional<std::string> expression(std::string_view stops) {
    const auto start = at_;
    std::string open;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '\'' || c == '"') {
        if (!skip_quoted(c)) return std::nullopt;
        continue;
      }
      if (open.empty() && stops.find(c) != std::string_view::npos) break;
      if (c == '(' || c == '[' || c == '{') {
        if (open.size() == nesting_max) return std::nullopt;
        open.push_back(c);
      } else if (c == ')' || c == ']' || c == '}') {
        if (open.empty() || !closes(open.back(), c)) return std::nullopt;
        open.pop_back();
      }
    }
    if (!open.empty()) return std::nullopt;
    return std::string(trim(text_.substr(start, at_ - start)));
  }
  Failure expected(std::string_view what) const {
    return Failure{"expected " + std::string(what) + " at byte " + std::to_string(at_)};
  }

 private:
  static bool closes(char open, char close) {
    return (open == '(' && close == ')') || (open == '[' && close == ']') || (open == '{' && close == '}');
  }
  bool skip_quoted(char quote) {
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\\') {
        ++at_;
      } else if (text_[at_] == quote) {
        return true;
      }
    }
    return false;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

/// The parameter list between the parentheses, with the order rules of Python's `def`.
class ParameterList {
 public:
  explicit ParameterList(Scanner& scanner) : scanner_(scanner) {}

  Result<std::vector<Parameter>> parse() {
    while (!scanner_.take(")")) {
      if (!parameters_.empty() || slash_ || star_) {
        if (!scanner_.take(",")) return unexpected("',' or ')'");
        if (scanner_.take(")")) break;
      }
      if (parameters_.size() == parameters_max)
        return unexpected("at most " + std::to_string(parameters_max) + " parameters");
      auto done = parse_one();
      if (!done) return tl::unexpected(done.error());
    }
    if (bare_star_needs_name_) return unexpected("a parameter after '*'");
    return std::move(parameters_);
  }

 private:
  tl::unexpected<Failure> unexpected(std::string_view what) const { return tl::unexpected(scanner_.expected(what)); }

  Result<void> parse_one() {
    if (var_keyword_) return unexpected("')' after '**' parameter");
    if (scanner_.take("/")) {
      if (slash_ || star_ || parameters_.empty()) return unexpected("a parameter name");
      slash_ = true;
      for (auto& parameter : parameters_) parameter.kind = Parameter::Kind::positional_only;
      return {};
    }
    if (scanner_.take("**")) {
      var_keyword_ = true;
      return parse_named(Parameter::Kind::var_keyword);
    }
    if (scanner_.take("*")) {
      if (star_) return unexpected("only one '*'");
      star_ = true;
      auto name = scanner_.identifier();
      if (name.empty()) {
        bare_star_needs_name_ = true;
        return {};
      }
      return parse_rest(std::move(name), Parameter::Kind::var_positional);
    }
    return parse_named(star_ ? Parameter::Kind::keyword_only : Parameter::Kind::positional);
  }

  Result<void> parse_named(Parameter::Kind kind) {
    auto name = scanner_.identifier();
    if (name.empty()) return unexpected("a parameter name");
    if (kind == Parameter::Kind::keyword_only) bare_star_needs_name_ = false;
    return parse_rest(std::move(name), kind);
  }

  Result<void> parse_rest(std::string name, Parameter::Kind kind) {
    if (!names_.insert(name).second) return unexpected("a parameter name other than '" + name + "', which is taken");
    Parameter parameter{std::move(name), kind, {}, {}};
    if (scanner_.take(":")) {
      auto annotation = scanner_.expression(",)=");
      if (!annotation || annotation->empty()) return unexpected("a type after ':'");
      parameter.annotation = std::move(*annotation);
    }
    if (scanner_.take("=")) {
      const bool variadic = kind == Parameter::Kind::var_positional || kind == Parameter::Kind::var_keyword;
      auto value = scanner_.expression(",)");
      if (variadic || !value || value->empty()) return unexpected("a default value after '='");
      parameter.default_value = std::move(*value);
      if (kind == Parameter::Kind::positional) default_seen_ = true;
    } else if (default_seen_ && kind == Parameter::Kind::positional) {
      return unexpected("a default for '" + parameter.name + "', since one before it has a default");
    }
    parameters_.push_back(std::move(parameter));
    return {};
  }

  Scanner& scanner_;
  std::vector<Parameter> parameters_;
  std::set<std::string> names_;
  bool slash_ = false;
  bool star_ = false;
  bool bare_star_needs_name_ = false;
  bool var_keyword_ = false;
  bool default_seen_ = false;
};

/// Splits `a, b[c, d], e` at top level.
std::vector<std::string> split_top_level(std::string_view text, char separator) {
  std::vector<std::string> parts;
  Scanner scanner(text);
  const std::string_view stops(&separator, 1);
  for (;;) {
    auto part = scanner.expression(stops);
    if (!part) return {};
    parts.push_back(std::move(*part));
    if (!scanner.take(stops)) return parts;
  }
}

/// A Python literal as JSON; nothing when it is an expression.
std::optional<json> literal(std::string_view text) {
  if (text == "None") return json(nullptr);
  if (text == "True") return json(true);
  if (text == "False") return json(false);
  const bool quoted = text.size() >= 2 && (text.front() == '\'' || text.front() == '"') && text.back() == text.front();
  if (quoted) {
    const auto inside = text.substr(1, text.size() - 2);
    if (inside.find('\\') == std::string_view::npos && inside.find(text.front()) == std::string_view::npos) {
      return json(inside);
    }
    return std::nullopt;
  }
  if (text == "[]" || text == "{}" ||
      (!text.empty() && (std::isdigit(static_cast<unsigned char>(text.front())) != 0 || text.front() == '-'))) {
    auto value = json::parse(text, nullptr, false);
    if (!value.is_discarded()) return value;
  }
  return std::nullopt;
}

json type_schema(std::string_view annotation, std::size_t depth);

json union_schema(const std::vector<std::string>& members, std::size_t depth) {
  json any = json::array();
  for (const auto& member : members) any.push_back(type_schema(member, depth + 1));
  if (any.size() == 1) return any.front();
  return {{"anyOf", any}};
}

json literal_schema(const std::vector<std::string>& members) {
  json values = json::array();
  for (const auto& member : members) {
    auto value = literal(member);
    if (!value) return json::object();
    values.push_back(std::move(*value));
  }
  return {{"enum", values}};
}

json type_schema(std::string_view annotation, std::size_t depth) {
  const auto text = trim(annotation);
  if (depth > nesting_max || text.empty()) return json::object();
  if (const auto members = split_top_level(text, '|'); members.size() > 1) return union_schema(members, depth);

  if (text == "str") return {{"type", "string"}};
  if (text == "int") return {{"type", "integer"}};
  if (text == "float") return {{"type", "number"}};
  if (text == "bool") return {{"type", "boolean"}};
  if (text == "None") return {{"type", "null"}};
  if (text == "list" || text == "List" || text == "tuple" || text == "set") return {{"type", "array"}};
  if (text == "dict" || text == "Dict") return {{"type", "object"}};
  const bool quoted = text.size() > 2 && (text.front() == '\'' || text.front() == '"') && text.back() == text.front();
  if (quoted) return type_schema(text.substr(1, text.size() - 2), depth + 1);  // a forward reference

  const auto bracket = text.find('[');
  if (bracket == std::string_view::npos || text.back() != ']') return json::object();
  auto generic = text.substr(0, bracket);
  if (const auto dot = generic.rfind('.'); dot != std::string_view::npos)
    generic.remove_prefix(dot + 1);  // typing.List
  const auto arguments = split_top_level(text.substr(bracket + 1, text.size() - bracket - 2), ',');
  if (arguments.empty()) return json::object();
  if (generic == "list" || generic == "List" || generic == "Sequence" || generic == "set" || generic == "Set") {
    return {{"type", "array"}, {"items", type_schema(arguments.front(), depth + 1)}};
  }
  if (generic == "tuple" || generic == "Tuple") return {{"type", "array"}};
  if (generic == "dict" || generic == "Dict" || generic == "Mapping") {
    json schema = {{"type", "object"}};
    if (arguments.size() == 2) schema["additionalProperties"] = type_schema(arguments[1], depth + 1);
    return schema;
  }
  if (generic == "Optional") return union_schema({arguments.front(), "None"}, depth);
  if (generic == "Union") return union_schema(arguments, depth);
  if (generic == "Literal") return literal_schema(arguments);
  if (generic == "Annotated") return type_schema(arguments.front(), depth + 1);
  return json::object();
}

}  // namespace

Result<Signature> parse_signature(std::string_view text) {
  if (text.size() > signature_bytes_max)
    return fail("a signature has at most " + std::to_string(signature_bytes_max) + " bytes");
  if (std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\t'; })) {
    return fail("a signature is one line without control characters");
  }
  Scanner scanner(text);
  Signature signature;
  signature.function_name = scanner.identifier();
  if (signature.function_name.empty()) return tl::unexpected(scanner.expected("a function name"));
  if (!scanner.take("(")) return tl::unexpected(scanner.expected("'('"));
  auto parameters = ParameterList(scanner).parse();
  if (!parameters) return tl::unexpected(parameters.error());
  signature.parameters = std::move(*parameters);
  if (scanner.take("->")) {
    auto annotation = scanner.expression("");
    if (!annotation || annotation->empty()) return tl::unexpected(scanner.expected("a type after '->'"));
    signature.return_annotation = std::move(*annotation);
  }
  if (!scanner.at_end()) return tl::unexpected(scanner.expected("the end or '->'"));
  return signature;
}

json parameters_schema(const Signature& signature) {
  json schema = {
      {"type", "object"}, {"properties", json::object()}, {"required", json::array()}, {"additionalProperties", false}};
  for (const auto& parameter : signature.parameters) {
    if (parameter.kind == Parameter::Kind::var_keyword) {
      schema["additionalProperties"] = true;
      continue;
    }
    json type = type_schema(parameter.annotation, 0);
    if (parameter.kind == Parameter::Kind::var_positional) type = {{"type", "array"}, {"items", std::move(type)}};
    if (parameter.default_value) {
      if (auto value = literal(*parameter.default_value)) type["default"] = std::move(*value);
    }
    if (parameter.is_required()) schema["required"].push_back(parameter.name);
    schema["properties"][parameter.name] = std::move(type);
  }
  return schema;
}

}  // namespace strawberry

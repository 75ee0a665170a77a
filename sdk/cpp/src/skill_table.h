/// The skills of a Spoke: parsed when they are added, looked up when they are called, with arguments bound as in
/// Python.
///
/// A signature is compared with the function's parameters when it is added: their number, and for each parameter
/// whether its C++ type accepts what its annotation allows, and its default.
/// Threading: none of its own.   Errors: std::invalid_argument for an invalid skill; Failure for a call's arguments.
/// Bounds: skills_max.
#pragma once

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "common/contract/signature.h"
#include "common/text/result.h"
#include "sdk/cpp/include/strawberry/skill_function.h"
#include "sdk/cpp/include/strawberry/spoke.h"

namespace strawberry::sdk {

inline constexpr std::size_t skills_max = 500;  // of one device (contract, section 4)

struct Skill {
  std::string class_name;
  Signature signature;
  nlohmann::json properties;  // JSON Schema of each parameter, by name
  nlohmann::json registration;
  SkillFunction function;

  std::string path() const { return class_name + "." + signature.function_name; }
};

/// Throws std::invalid_argument.
Skill make_skill(const std::string& signature, const std::string& docstring, const std::string& class_name,
                 SkillFunction function, const SkillOptions& options);

/// Returns the arguments in the order of the parameters. `args` and `kwargs` as received, null when they were missing.
Result<std::vector<nlohmann::json>> bind_arguments(const Skill& skill, const nlohmann::json& args,
                                                   const nlohmann::json& kwargs);

class SkillTable {
 public:
  /// Replaces an earlier skill of the same path. Throws std::invalid_argument beyond skills_max.
  void add(Skill skill);
  std::shared_ptr<const Skill> find(const std::string& path) const;
  /// Returns the `skills` of a registration, in the order in which they were added.
  nlohmann::json registration() const;
  std::size_t size() const { return order_.size(); }

 private:
  std::vector<std::string> order_;
  std::map<std::string, std::shared_ptr<const Skill>> skills_;
};

}  // namespace strawberry::sdk

/// Skills to fill a hub with: texts as people write them, made from a number, the same in every run.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "bridge/ports/skill_store.h"

namespace strawberry::bench {

inline constexpr std::size_t skills_per_device = 20;

enum class Mix {
  shared,    // 500 classes of 5 functions; each device has 4 of the classes, so each is on many devices
  distinct,  // no two devices have a skill in common: the worst case for index and memory
};

std::vector<bridge::SkillRow> skills_of(std::size_t device, Mix mix);
/// The body of a `register` request.
std::string register_request(const std::vector<bridge::SkillRow>& skills, const std::string& correlation_id);
/// What people look for in them: one to three words, parts of words, words that are nowhere.
std::vector<std::string> queries(std::size_t count);

}  // namespace strawberry::bench

/// The operations `list` and `search` of the `skills` service (docs/contract.md, section 4): all skills on all devices,
/// and those that fit some words. Whole in one answer, or, with `limit` or `cursor`, page by page.
///
/// Pure questions to the registry. Nothing is remembered between two pages: what changes between them is in one or not.
/// Errors: `too_large` for a whole answer beyond `answer_bytes_max`, and for pages of a search that finds more than
/// SkillRegistry::paged_skills_max; `bad_request` for a cursor that is none.   Bounds: answer_page.h.
#pragma once

#include <nlohmann/json.hpp>

#include "bridge/pipeline/service.h"
#include "bridge/skills/skill_registry.h"

namespace strawberry::bridge {

Reply<nlohmann::json> list_skills(const SkillRegistry& skills, const Request& request, std::size_t answer_bytes_max);
Reply<nlohmann::json> search_skills(const SkillRegistry& skills, const Request& request, std::size_t answer_bytes_max);

}  // namespace strawberry::bridge

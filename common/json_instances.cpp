// The JSON library's classes, compiled once: common/precompiled.h declares them `extern`.
#include <nlohmann/json.hpp>

template class nlohmann::basic_json<>;
template class nlohmann::basic_json<nlohmann::ordered_map>;

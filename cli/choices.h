/// CLI::IsMember, from where this version of CLI11 has it: since 2.6 in a header of its own.
#pragma once

#if __has_include(<CLI/ExtraValidators.hpp>)
#include <CLI/ExtraValidators.hpp>
#else
#include <CLI/Validators.hpp>
#endif

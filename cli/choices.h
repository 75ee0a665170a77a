/// Includes CLI::IsMember: since CLI11 2.6 it has a header of its own.
#pragma once

#if __has_include(<CLI/ExtraValidators.hpp>)
#include <CLI/ExtraValidators.hpp>
#else
#include <CLI/Validators.hpp>
#endif

/// Prints the ledger of a fault run as a table for people.
#pragma once

#include <ostream>

#include "tests/soak/soak.h"
#include "tests/soak/verdict.h"

namespace strawberry::soak {

void print(std::ostream& out, const Ledger& ledger, const Figures& figures, const Verdict& verdict);

}  // namespace strawberry::soak

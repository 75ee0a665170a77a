/// A TCP port on loopback that was free a moment ago. Whoever takes it must be ready to find it taken again.
#pragma once

namespace strawberry::test {

int free_port();

}  // namespace strawberry::test

/// A Spoke in C++: a device that offers a skill to a Strawberry hub. Copy it and write skills of your own.
///
///   strawberryctl device add 'Garden Lamp' --user demo --mosquitto var/lamp
///   cmake --build build/release --target example-spoke && build/release/bin/example-spoke var/lamp
///   strawberryctl call garden_lamp.LampSkill.turn_on 40        (in another terminal)
///
/// Outside this tree: sdk/cpp/README.md.
#include <strawberry/spoke.h>
#include <iostream>

int main(int argc, char** argv) {
  strawberry::Spoke spoke(argc > 1 ? argv[1] : "var/lamp");
  spoke.skill("LampSkill.turn_on(brightness: int = 100) -> str", "Turn the garden lamp on.", [](int brightness) {
    std::cout << "the lamp shines at " << brightness << " %" << std::endl;
    return "The lamp is on at " + std::to_string(brightness) + " %";
  });
  return spoke.run();
}

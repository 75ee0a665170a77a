#include "cli/spoke/discovery/components/humidity.h"

namespace strawberry::cli::discovery {

bool can_set_humidity(const Entity& entity) {
  return can_send(entity, "target_humidity_command_topic", "target_humidity_command_template");
}

Action humidity_action(const Entity& entity, double least, double most) {
  return {"set_humidity",
          "set the humidity of %",
          {{.name = "humidity",
            .type = ActionParameter::Type::integer,
            .about = "humidity in percent",
            .is_required = true,
            .least = entity.settings.number("min_humidity", least),
            .most = entity.settings.number("max_humidity", most)}}};
}

Result<void> set_humidity(Entity& entity, const Arguments& given, Commands& out) {
  if (is_optimistic(entity, "target_humidity_state_topic")) entity.values["humidity"] = given.whole("humidity");
  return out.send("target_humidity_command_topic", "target_humidity_command_template", given.whole("humidity"));
}

}  // namespace strawberry::cli::discovery

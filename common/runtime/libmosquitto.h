/// libmosquitto's headers, as this version of it wants them included. The only place that knows the difference:
/// since 2.1 <mosquitto.h> has everything, and the other headers only warn.
#pragma once

#include <mosquitto.h>

#if LIBMOSQUITTO_VERSION_NUMBER < 2001000
#include <mqtt_protocol.h>
#endif

/// Includes libmosquitto's headers as the installed version requires. Since 2.1 <mosquitto.h> includes everything, and
/// the other headers only print warnings.
#pragma once

#include <mosquitto.h>

#if LIBMOSQUITTO_VERSION_NUMBER < 2001000
#include <mqtt_protocol.h>
#endif

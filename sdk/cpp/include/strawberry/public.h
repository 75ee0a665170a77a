/// What the library shows of itself: everything else in it is hidden.
#pragma once

#define STRAWBERRY_PUBLIC __attribute__((visibility("default")))

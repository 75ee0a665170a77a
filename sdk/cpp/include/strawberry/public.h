/// What the library shows of itself: everything else in it is hidden.
///
/// All of it is in `namespace strawberry`; the inline namespace `v0` in there goes with the library's number, so that
/// no two versions of it can be mixed up.
#pragma once

#define STRAWBERRY_PUBLIC __attribute__((visibility("default")))

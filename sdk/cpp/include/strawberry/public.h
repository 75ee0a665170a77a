/// Marks the symbols that the library exports: all others are hidden.
///
/// All of them are in `namespace strawberry`; its inline namespace `v0` changes with the library's number, so that no
/// two versions of it can be mixed up.
#pragma once

#define STRAWBERRY_PUBLIC __attribute__((visibility("default")))

# Compiler, linker and cache settings for every target.

foreach(compiler GNU=12 Clang=14)
  string(REPLACE "=" ";" compiler ${compiler})
  list(GET compiler 0 id)
  list(GET compiler 1 oldest)
  if(CMAKE_CXX_COMPILER_ID STREQUAL id AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS oldest)
    message(FATAL_ERROR "compiler too old: ${CMAKE_CXX_COMPILER} ${CMAKE_CXX_COMPILER_VERSION} (g++ 12 or clang 14 is "
      "needed; name a newer one in the environment variable CXX and delete the build directory)")
  endif()
endforeach()

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
  # Settings with which ccache caches files that use a precompiled header without reading that header (200 MB) each time.
  set(CMAKE_CXX_COMPILER_LAUNCHER
    ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_INODECACHE=true ${CCACHE})
endif()

# Not -O3: it took a fifth longer to compile and made no call through the hub faster (docs/performance.md).
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
find_program(MOLD mold)
if(MOLD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_link_options(-fuse-ld=mold)
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # False alarms once functions are inlined: on strings that are joined or shortened (GCC bug 105651 and its kin), and on
  # Asio's coroutine frames, whose new is inlined and whose delete is not.
  add_compile_options(-Wno-restrict -Wno-stringop-overflow -Wno-array-bounds -Wno-mismatched-new-delete)
endif()
add_compile_definitions(JSON_USE_IMPLICIT_CONVERSIONS=0)
# Asio's functions that are not templates are compiled once (common/runtime/asio.cpp).
add_compile_definitions(BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED)
# Asio takes coroutine frames from aligned_alloc only when a standard header came before its own, and frees them
# accordingly: files that differ in their first include must not differ in that.
add_compile_definitions(BOOST_ASIO_DISABLE_STD_ALIGNED_ALLOC)

# Asio checks for coroutines by their standard feature-test macro, which clang 14 does not define yet.
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 16)
  add_compile_options(-D__cpp_impl_coroutine=201902L -Wno-builtin-macro-redefined)
  add_compile_definitions(BOOST_ASIO_HAS_CO_AWAIT BOOST_ASIO_HAS_STD_COROUTINE)
endif()

if(STRAWBERRY_SANITIZE)
  add_compile_options(-fsanitize=${STRAWBERRY_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${STRAWBERRY_SANITIZE})
  add_compile_definitions(_GLIBCXX_ASSERTIONS)  # the sanitizer does not detect an index beyond a view or a span
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # False alarms in std::regex, asio's coroutine frames and others, only with sanitizers.
    add_compile_options(-Wno-maybe-uninitialized -Wno-mismatched-new-delete)
  endif()
  if(STRAWBERRY_SANITIZE MATCHES "thread")
    add_compile_definitions(BOOST_ASIO_DISABLE_FENCED_BLOCK)  # ThreadSanitizer does not support fences; the loop needs none
  endif()
endif()

if(STRAWBERRY_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "STRAWBERRY_FUZZ needs clang and its libFuzzer: cmake --preset fuzz")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)  # instruments the code that the fuzzer runs
endif()

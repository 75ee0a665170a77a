# Compiler, linker and cache settings for every target.

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

find_program(MOLD mold)
if(MOLD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_link_options(-fuse-ld=mold)
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  add_compile_options(-Wno-restrict)  # false alarms on "text" + std::string when inlined (GCC bug 105651)
endif()
add_compile_definitions(ASIO_STANDALONE ASIO_NO_DEPRECATED JSON_USE_IMPLICIT_CONVERSIONS=0)
# asio 1.22 takes coroutine frames from aligned_alloc only when a standard header came before its own, and gives them back
# accordingly: files that differ in their first include must not differ in that.
add_compile_definitions(ASIO_DISABLE_STD_ALIGNED_ALLOC)

# asio 1.22 asks clang 14 for coroutines by their standard feature-test macro, which that compiler has not announced yet.
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 16)
  add_compile_options(-D__cpp_impl_coroutine=201902L -Wno-builtin-macro-redefined)
  add_compile_definitions(ASIO_HAS_CO_AWAIT ASIO_HAS_STD_COROUTINE)
endif()

if(STRAWBERRY_SANITIZE)
  add_compile_options(-fsanitize=${STRAWBERRY_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${STRAWBERRY_SANITIZE})
  add_compile_definitions(_GLIBCXX_ASSERTIONS)  # an index beyond a view or a span is no bad address yet
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # False alarms in std::regex, asio's coroutine frames and others, only with sanitizers.
    add_compile_options(-Wno-maybe-uninitialized -Wno-mismatched-new-delete)
  endif()
  if(STRAWBERRY_SANITIZE MATCHES "thread")
    add_compile_definitions(ASIO_DISABLE_FENCED_BLOCK)  # ThreadSanitizer does not understand fences; the loop needs none
  endif()
endif()

if(STRAWBERRY_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "STRAWBERRY_FUZZ needs clang and its libFuzzer: cmake --preset fuzz")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)  # what the fuzzer sees of the code it runs
endif()

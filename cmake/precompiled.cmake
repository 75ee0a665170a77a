# Precompiled headers, each compiled once and shared by all targets of a kind. A directory names its kind in
# STRAWBERRY_PRECOMPILED; an empty one means none.
#
#   base       standard library, JSON     common, the plugin
#   loop       base and Boost.Asio        the bridge
#   loop_o1    the same with -O1          what is off the way of messages
#   cli        loop and CLI11, with -O1   strawberryctl
#   test       base and GoogleTest        tests without an event loop
#   test_loop  loop and GoogleTest        the other tests
option(STRAWBERRY_PRECOMPILE "Precompile headers (g++ only; OFF shows missing includes)" ON)
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  set(STRAWBERRY_PRECOMPILE OFF)
endif()

# A precompiled header fits only files compiled with the same options, so programs get those of libraries.
set(CMAKE_CXX_COMPILE_OPTIONS_PIE "-fPIC")

function(strawberry_precompiled kind header)
  if(STRAWBERRY_PRECOMPILE)
    set(source ${PROJECT_BINARY_DIR}/precompiled/${kind}.cpp)
    file(CONFIGURE OUTPUT ${source} CONTENT "// See cmake/precompiled.cmake.\n")
    add_library(precompiled_${kind} OBJECT ${source})
    target_include_directories(precompiled_${kind} PRIVATE ${PROJECT_SOURCE_DIR})
    target_link_libraries(precompiled_${kind} PRIVATE ${ARGN})
    target_precompile_headers(precompiled_${kind} PRIVATE ${PROJECT_SOURCE_DIR}/${header})
    target_compile_options(precompiled_${kind} PRIVATE -fpch-preprocess)
  endif()
endfunction()

# strawberry_precompile(TARGET): uses the header of the target's directory.
function(strawberry_precompile target)
  if(STRAWBERRY_PRECOMPILE AND STRAWBERRY_PRECOMPILED)
    target_precompile_headers(${target} REUSE_FROM precompiled_${STRAWBERRY_PRECOMPILED})
    target_compile_options(${target} PRIVATE -fpch-preprocess)  # otherwise ccache preprocesses the whole header each time
    # The headers of tests need these libraries, even if a test does not use them.
    if(STRAWBERRY_PRECOMPILED MATCHES "^test")
      target_link_libraries(${target} PRIVATE GTest::gmock)
    endif()
    if(STRAWBERRY_PRECOMPILED STREQUAL "test_loop")
      target_link_libraries(${target} PRIVATE common_runtime)
    endif()
  endif()
endfunction()

# strawberry_off_the_way(): what this directory and those below compile from here on is not on the way of every message:
# release compiles it with -O1, a fifth faster.
macro(strawberry_off_the_way)
  if(CMAKE_BUILD_TYPE STREQUAL "Release")
    add_compile_options(-O1)
    if(STRAWBERRY_PRECOMPILED STREQUAL "loop")
      set(STRAWBERRY_PRECOMPILED loop_o1)
    endif()
  endif()
endmacro()

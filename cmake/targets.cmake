# One folder, one library, one test program.

# Compiles files of a folder together, a batch at a time, which halves the build time (docs/performance.md). A name in
# an unnamed namespace must therefore be unique within its folder. Off in the other presets.
option(STRAWBERRY_UNITY "Compile each library in batches of files (preset `release`)" OFF)
set(unity_batch 16)

function(strawberry_unity target)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${STRAWBERRY_UNITY} UNITY_BUILD_BATCH_SIZE ${unity_batch})
  if(STRAWBERRY_UNITY AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # A false alarm: GCC takes a file of a batch for a header, and objects to a coroutine's local of a private type.
    target_compile_options(${target} PRIVATE -Wno-subobject-linkage)
  endif()
endfunction()

# strawberry_library(NAME SOURCES ... LINK ...): a static library whose headers are included from the top of the tree.
function(strawberry_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
  if(arg_SOURCES)
    add_library(${name} STATIC ${arg_SOURCES})
    target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
    target_link_libraries(${name} PUBLIC ${arg_LINK})
    strawberry_precompile(${name})
    strawberry_unity(${name})
  else()
    add_library(${name} INTERFACE)
    target_include_directories(${name} INTERFACE ${PROJECT_SOURCE_DIR})
    target_link_libraries(${name} INTERFACE ${arg_LINK})
  endif()
endfunction()

# strawberry_test(NAME SOURCES ... LINK ... [LABEL unit|integration] [TIMEOUT seconds]): a GoogleTest program; each test is a ctest of its own.
function(strawberry_test name)
  cmake_parse_arguments(arg "" "LABEL;TIMEOUT" "SOURCES;LINK" ${ARGN})
  if(NOT arg_LABEL)
    set(arg_LABEL unit)
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 30)
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${arg_LINK} GTest::gmock GTest::gtest_main)
  strawberry_precompile(${name})
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS ${arg_LABEL})
endfunction()

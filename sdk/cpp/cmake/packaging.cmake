# The installed files of the SDK, from which cpack makes two packages (`scripts/package --sdk`): the library, for machines
# that run a Spoke, and the files for building one. Not part of the hub's own package.
include(CMakePackageConfigHelpers)

set(sdk_lib lib/${CMAKE_LIBRARY_ARCHITECTURE})
set(sdk_made ${CMAKE_CURRENT_BINARY_DIR}/package)

install(TARGETS strawberry-spoke strawberry-test-hub EXPORT StrawberrySpokeTargets
  LIBRARY DESTINATION ${sdk_lib} COMPONENT spoke NAMELINK_COMPONENT spoke-dev EXCLUDE_FROM_ALL
  ARCHIVE DESTINATION ${sdk_lib} COMPONENT spoke-dev EXCLUDE_FROM_ALL)
install(DIRECTORY include/strawberry DESTINATION include COMPONENT spoke-dev EXCLUDE_FROM_ALL FILES_MATCHING PATTERN *.h)
install(EXPORT StrawberrySpokeTargets NAMESPACE strawberry:: DESTINATION ${sdk_lib}/cmake/StrawberrySpoke
  COMPONENT spoke-dev EXCLUDE_FROM_ALL)
configure_package_config_file(cmake/StrawberrySpokeConfig.cmake.in ${sdk_made}/StrawberrySpokeConfig.cmake
  INSTALL_DESTINATION ${sdk_lib}/cmake/StrawberrySpoke NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${sdk_made}/StrawberrySpokeConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${sdk_made}/StrawberrySpokeConfig.cmake ${sdk_made}/StrawberrySpokeConfigVersion.cmake
  DESTINATION ${sdk_lib}/cmake/StrawberrySpoke COMPONENT spoke-dev EXCLUDE_FROM_ALL)
foreach(name strawberry-spoke strawberry-test-hub)
  configure_file(cmake/${name}.pc.in ${sdk_made}/${name}.pc @ONLY)
  install(FILES ${sdk_made}/${name}.pc DESTINATION ${sdk_lib}/pkgconfig COMPONENT spoke-dev EXCLUDE_FROM_ALL)
endforeach()
install(FILES README.md ${PROJECT_SOURCE_DIR}/examples/spoke.cpp DESTINATION share/doc/libstrawberry-spoke-dev
  COMPONENT spoke-dev EXCLUDE_FROM_ALL)
foreach(package spoke=libstrawberry-spoke0 spoke-dev=libstrawberry-spoke-dev)
  string(REPLACE "=" ";" package ${package})
  list(GET package 0 component)
  list(GET package 1 name)
  install(FILES ${PROJECT_SOURCE_DIR}/config/package/copyright DESTINATION share/doc/${name}
    COMPONENT ${component} EXCLUDE_FROM_ALL)
endforeach()

# cpack reads one of these instead of the hub's CPackConfig.cmake.
set(sdk_package_NAME libstrawberry-spoke0)
set(sdk_package_COMPONENT spoke)
set(sdk_package_SECTION libs)
set(sdk_package_DEPENDS "")
set(sdk_package_SUMMARY "library for devices of a Strawberry hub")
set(sdk_package_DESCRIPTION "A device that offers skills to a Strawberry hub (a Spoke), in C++: it connects,
registers, answers calls, and comes back by itself.")
configure_file(cmake/CPackSdk.cmake.in ${PROJECT_BINARY_DIR}/CPackSpokeConfig.cmake @ONLY)
set(sdk_package_NAME libstrawberry-spoke-dev)
set(sdk_package_COMPONENT spoke-dev)
set(sdk_package_SECTION libdevel)
set(sdk_package_DEPENDS "libstrawberry-spoke0 (= ${PROJECT_VERSION}-1), nlohmann-json3-dev")
set(sdk_package_SUMMARY "library for devices of a Strawberry hub: headers")
set(sdk_package_DESCRIPTION "Headers, CMake package and pkg-config files of libstrawberry-spoke0, and a hub
for the tests of its users, which runs what the package strawberry-hub has.")
configure_file(cmake/CPackSdk.cmake.in ${PROJECT_BINARY_DIR}/CPackSpokeDevConfig.cmake @ONLY)

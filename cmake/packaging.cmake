# The installed files, from which cpack makes one Debian package. The paths are the package's, whatever the prefix: the
# unit, the broker's configuration and the maintainer scripts contain them, and tests/packaging compares them.

set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)  # installs the programs without building the tests
set(package_files ${PROJECT_SOURCE_DIR}/config/package)
set(made ${PROJECT_BINARY_DIR}/package)
set(doc_dir /usr/share/doc/strawberry-hub)

# installed_config(NAME OLD NEW ...): writes NAME of the sources with these values replaced to ${made}.
function(installed_config name)
  set(source ${PROJECT_SOURCE_DIR}/config/${name})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
  file(READ ${source} config)
  while(ARGN)
    list(POP_FRONT ARGN old new)
    string(REPLACE "\n${old} " "\n${new} " changed "${config}")
    if(changed STREQUAL config)
      message(FATAL_ERROR "config/${name} no longer says '${old}': see cmake/packaging.cmake")
    endif()
    set(config "${changed}")
  endwhile()
  file(CONFIGURE OUTPUT ${made}/${name} CONTENT "${config}" @ONLY)
endfunction()
installed_config(bridge.toml [[directory = "./var"]] [[directory = "/var/lib/strawberry"]])
# The web door does not use the data directory: its socket and the file with its address are elsewhere.
installed_config(gateway.toml [[directory = "./var"]] [[directory = "/var/lib/strawberry"]]
  [[socket = "auto"]] [[socket = "/var/lib/strawberry-gateway/broker.sock"]]
  [[endpoint_file = "auto"]] [[endpoint_file = "/run/strawberry-gateway/http-endpoint"]]
  [[token_file = "auto"]] [[token_file = "/var/lib/strawberry-gateway/gateway.token"]])
configure_file(${package_files}/changelog.Debian ${made}/changelog.Debian.filled @ONLY)

# packed_file(FILE FROM path | COMMAND ...): writes FILE.gz to ${made}, with the same bytes in every build.
set(packed "")
function(packed_file name)
  cmake_parse_arguments(arg "" "FROM" "COMMAND;DEPENDS" ${ARGN})
  if(arg_FROM)
    set(arg_COMMAND ${CMAKE_COMMAND} -E cat ${arg_FROM})
    set(arg_DEPENDS ${arg_FROM})
  endif()
  add_custom_command(OUTPUT ${made}/${name}.gz
    COMMAND ${arg_COMMAND} > ${made}/${name}
    COMMAND gzip -9nkf ${made}/${name}
    DEPENDS ${arg_DEPENDS} VERBATIM)
  set(packed ${packed} ${made}/${name}.gz PARENT_SCOPE)
endfunction()
packed_file(strawberryctl.1 COMMAND strawberry-manual page DEPENDS strawberry-manual)
packed_file(bridge.toml.5 COMMAND strawberry-manual config ${PROJECT_SOURCE_DIR}/config/bridge.toml
  DEPENDS strawberry-manual ${PROJECT_SOURCE_DIR}/config/bridge.toml)
packed_file(gateway.toml.5 COMMAND strawberry-manual config ${PROJECT_SOURCE_DIR}/config/gateway.toml
  DEPENDS strawberry-manual ${PROJECT_SOURCE_DIR}/config/gateway.toml)
packed_file(strawberry-bridge.8 FROM ${PROJECT_SOURCE_DIR}/docs/man/strawberry-bridge.8)
packed_file(strawberry-gateway.8 FROM ${PROJECT_SOURCE_DIR}/docs/man/strawberry-gateway.8)
packed_file(changelog FROM ${PROJECT_SOURCE_DIR}/CHANGELOG.md)
packed_file(changelog.Debian FROM ${made}/changelog.Debian.filled)
add_custom_command(OUTPUT ${made}/completion COMMAND strawberry-manual completion > ${made}/completion
  DEPENDS strawberry-manual VERBATIM)

# All installed files; `all` builds them, too.
add_custom_target(installed ALL
  DEPENDS ${packed} ${made}/completion web_files python_wheel strawberry-bridge strawberry-gateway strawberryctl
  strawberry_auth)

install(TARGETS strawberry-bridge strawberry-gateway strawberryctl RUNTIME DESTINATION /usr/bin)
install(TARGETS strawberry_auth LIBRARY DESTINATION /usr/lib/strawberry
  PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
install(FILES ${made}/bridge.toml ${made}/gateway.toml ${package_files}/mosquitto.conf ${package_files}/listeners.conf
  DESTINATION /etc/strawberry)
# The patterns of a hub's files for `strawberryctl run` (cli/run/installation.h).
install(FILES config/mosquitto.conf config/mosquitto-tls.conf config/bridge.toml config/gateway.toml
  DESTINATION /usr/share/strawberry)
install(DIRECTORY ${web_dir}/ DESTINATION /usr/share/strawberry/web)
install(PROGRAMS scripts/certificates DESTINATION /usr/share/strawberry)
# For machines that are Spokes, and for local virtual environments (sdk/python/README.md). Not a module of the
# system's Python: its files would need Debian's helpers for byte code, and no virtual environment would see it.
install(FILES ${STRAWBERRY_WHEEL} DESTINATION /usr/share/strawberry)
install(FILES ${package_files}/environment DESTINATION /etc/strawberry PERMISSIONS OWNER_READ OWNER_WRITE)
install(FILES ${package_files}/strawberry-bridge.service ${package_files}/strawberry-gateway.service
  DESTINATION /lib/systemd/system)
install(FILES ${made}/completion DESTINATION /usr/share/bash-completion/completions RENAME strawberryctl)
install(FILES ${made}/strawberryctl.1.gz DESTINATION /usr/share/man/man1)
install(FILES ${made}/bridge.toml.5.gz ${made}/gateway.toml.5.gz DESTINATION /usr/share/man/man5)
install(FILES ${made}/strawberry-bridge.8.gz ${made}/strawberry-gateway.8.gz DESTINATION /usr/share/man/man8)
install(FILES ${package_files}/copyright ${made}/changelog.gz ${made}/changelog.Debian.gz README.md
  docs/contract.md docs/configuration.md docs/http.md docs/installing.md DESTINATION ${doc_dir})
install(FILES ${package_files}/lintian-overrides DESTINATION /usr/share/lintian/overrides RENAME strawberry-hub)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME strawberry-hub)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "Strawberry Hub maintainers <maintainers@strawberry-hub.invalid>")
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_SET_DESTDIR ON)  # files for /etc go to the package's /etc
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "mosquitto (>= 2.0.11), adduser, init-system-helpers (>= 1.52)")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "ca-certificates, mosquitto-clients, bash-completion, openssl")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "hub for MQTT devices that call each other and talk to language models")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"Devices in a home tell the hub over MQTT what they can do; from then on
each of them, and the people they belong to, can find and call those
skills, or ask for them in plain words.
.
The hub is a plugin for Mosquitto, which decides who may connect, read and
write, and a bridge, which routes calls and talks to a language model. A
gateway lets in what speaks HTTP, such as clients of OpenAI's API. The hub
needs no account and no network: without a model it understands simple
sentences by rules of its own.")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  ${package_files}/postinst ${package_files}/prerm ${package_files}/postrm ${package_files}/conffiles)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)

# All libraries come from the distribution (scripts/setup installs them); none is vendored or downloaded.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(Boost 1.81 CONFIG REQUIRED)  # headers only: Asio
find_package(nlohmann_json REQUIRED)
find_package(tl-expected REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(spdlog REQUIRED)
find_package(CURL REQUIRED)
find_package(CLI11 REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(SQLiteCpp REQUIRED)
find_package(valijson REQUIRED)
find_package(prometheus-cpp REQUIRED)

find_package(mimalloc REQUIRED)

pkg_check_modules(libmosquitto REQUIRED IMPORTED_TARGET libmosquitto)
pkg_check_modules(cjose REQUIRED IMPORTED_TARGET cjose)
pkg_check_modules(utf8proc REQUIRED IMPORTED_TARGET libutf8proc)
pkg_check_modules(sodium REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(edit REQUIRED IMPORTED_TARGET libedit)
find_package(ZLIB REQUIRED)
pkg_check_modules(archive REQUIRED IMPORTED_TARGET libarchive)

find_path(RAPIDJSON_INCLUDE_DIR rapidjson/reader.h REQUIRED)
find_path(MOSQUITTO_INCLUDE_DIR mosquitto_broker.h REQUIRED)

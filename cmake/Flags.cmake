# Flags that every target of the project gets through `gatehouse_flags`. Libraries of others come in as SYSTEM.
add_library(gatehouse_flags INTERFACE)
target_include_directories(gatehouse_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(gatehouse_flags INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast -Wcast-align
    -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough -Werror>
  $<$<COMPILE_LANGUAGE:C>:-Wall -Wextra>
  -fstack-protector-strong -fno-omit-frame-pointer)
if(CMAKE_BUILD_TYPE STREQUAL "Release" OR CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
  target_compile_definitions(gatehouse_flags INTERFACE _FORTIFY_SOURCE=2)
endif()
if(GATEHOUSE_SANITIZE)
  target_compile_options(gatehouse_flags INTERFACE -fsanitize=${GATEHOUSE_SANITIZE} -fno-sanitize-recover=all)
  # With sanitizers g++ 12 sees uninitialized values in the standard library where there are none.
  target_compile_options(gatehouse_flags INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  target_link_options(gatehouse_flags INTERFACE -fsanitize=${GATEHOUSE_SANITIZE})
endif()
target_link_options(gatehouse_flags INTERFACE -Wl,-z,relro,-z,now)

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(TOMLPP REQUIRED IMPORTED_TARGET tomlplusplus)
pkg_check_modules(SYSTEMD REQUIRED IMPORTED_TARGET libsystemd)
pkg_check_modules(CRYPTO REQUIRED IMPORTED_TARGET libcrypto)
pkg_check_modules(GSSAPI REQUIRED IMPORTED_TARGET krb5-gssapi)
pkg_check_modules(KRB5 REQUIRED IMPORTED_TARGET krb5)
pkg_check_modules(TIRPC REQUIRED IMPORTED_TARGET libtirpc)
pkg_check_modules(PROMETHEUS REQUIRED IMPORTED_TARGET prometheus-cpp-core)
pkg_check_modules(MICROHTTPD REQUIRED IMPORTED_TARGET libmicrohttpd)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)

# gatehouse_library(NAME SOURCES... ): one static library a folder, warnings as errors.
function(gatehouse_library name)
  add_library(${name} STATIC ${ARGN})
  target_link_libraries(${name} PUBLIC gatehouse_flags)
endfunction()

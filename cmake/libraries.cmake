# External libraries, by the names that relay_module(... LIBS) takes. Only native and tests use any.
find_package(OpenSSL 3.0 REQUIRED)
find_package(Threads REQUIRED)
find_package(ZLIB REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(libevent REQUIRED IMPORTED_TARGET libevent libevent_pthreads)
pkg_check_modules(hwloc REQUIRED IMPORTED_TARGET hwloc)
pkg_check_modules(cmocka REQUIRED IMPORTED_TARGET cmocka)
pkg_check_modules(jemalloc REQUIRED IMPORTED_TARGET jemalloc)

add_library(openssl INTERFACE)
target_link_libraries(openssl INTERFACE OpenSSL::SSL OpenSSL::Crypto)
add_library(libevent INTERFACE)
target_link_libraries(libevent INTERFACE PkgConfig::libevent)
add_library(zlib INTERFACE)
target_link_libraries(zlib INTERFACE ZLIB::ZLIB)
add_library(hwloc INTERFACE)
target_link_libraries(hwloc INTERFACE PkgConfig::hwloc)
add_library(pthread INTERFACE)
target_link_libraries(pthread INTERFACE Threads::Threads)

# Whose malloc the programs use. Sanitizers bring their own: there, jemalloc is an empty name and LOOM_JEMALLOC is not
# defined, as with libc.
set(LOOM_ALLOCATOR jemalloc CACHE STRING "jemalloc or libc")
add_library(jemalloc INTERFACE)
if(LOOM_ALLOCATOR STREQUAL "jemalloc" AND NOT LOOM_SANITIZED)
    target_link_libraries(jemalloc INTERFACE PkgConfig::jemalloc)
    target_compile_definitions(jemalloc INTERFACE LOOM_JEMALLOC=1)
endif()

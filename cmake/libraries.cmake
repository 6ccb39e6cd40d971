# External libraries, by the names that relay_module(... LIBS) takes. The I/O-free modules use none.
find_package(OpenSSL 3.0 REQUIRED)
find_package(Threads REQUIRED)
find_package(ZLIB REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(libevent REQUIRED IMPORTED_TARGET libevent libevent_pthreads)
pkg_check_modules(hwloc REQUIRED IMPORTED_TARGET hwloc)
pkg_check_modules(cmocka REQUIRED IMPORTED_TARGET cmocka)
pkg_check_modules(jemalloc REQUIRED IMPORTED_TARGET jemalloc)
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)

add_library(openssl INTERFACE)
target_link_libraries(openssl INTERFACE OpenSSL::SSL OpenSSL::Crypto)
add_library(libevent INTERFACE)
target_link_libraries(libevent INTERFACE PkgConfig::libevent)
add_library(zlib INTERFACE)
target_link_libraries(zlib INTERFACE ZLIB::ZLIB)
add_library(zstd INTERFACE)
target_link_libraries(zstd INTERFACE PkgConfig::zstd)
add_library(hwloc INTERFACE)
target_link_libraries(hwloc INTERFACE PkgConfig::hwloc)
# Files that people meet: YAML, JSON and what is packed by xz.
pkg_check_modules(yaml REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(jansson REQUIRED IMPORTED_TARGET jansson)
pkg_check_modules(lzma REQUIRED IMPORTED_TARGET liblzma)
pkg_check_modules(igraph REQUIRED IMPORTED_TARGET igraph)
foreach(library yaml jansson lzma igraph) # igraph is under the GPL: for topologies/ alone
    add_library(${library} INTERFACE)
    target_link_libraries(${library} INTERFACE PkgConfig::${library})
endforeach()

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

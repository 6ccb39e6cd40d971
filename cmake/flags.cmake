# One kind of build per preset; every flag that differs between them is here.
set(LOOM_KIND dev CACHE STRING "dev, release, asan, tsan, lint, fuzz or cov: set by the preset")

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_C_VISIBILITY_PRESET hidden) # so that -fPIC does not keep gcc from inlining
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
set(LOOM_TEST_DIR ${CMAKE_BINARY_DIR}/tests)
# An include names a unit by its path below one of these: "wire/cell.h", "cost/price.h", "topology/graph.h".
set(LOOM_INCLUDE_ROOTS ${CMAKE_SOURCE_DIR}/plugin ${CMAKE_SOURCE_DIR}/model ${CMAKE_SOURCE_DIR}/topologies
                       ${CMAKE_SOURCE_DIR}/bench)

include(CheckPIESupported)
check_pie_supported(LANGUAGES C)

add_compile_options(
    -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wswitch-enum -Wvla -Wundef
    -Wformat=2 -Wcast-qual -Wpointer-arith -Wwrite-strings
    -gdwarf-4 # valgrind 3.19 does not read clang 14 DWARF 5
    -fmacro-prefix-map=${CMAKE_SOURCE_DIR}/=)

# Environment of every test, so that a sanitizer's finding is a failure with a stack.
set(LOOM_TEST_ENVIRONMENT "LOOM_SOURCE_DIR=${CMAKE_SOURCE_DIR}" "LOOM_BUILD_DIR=${CMAKE_BINARY_DIR}"
                          "LOOM_KIND=${LOOM_KIND}")
set(LOOM_SANITIZED OFF)

if(LOOM_KIND MATCHES "^(dev|lint)$")
    add_compile_options(-O1)
elseif(LOOM_KIND STREQUAL "release")
    add_compile_options(-O2 -fno-plt -fstack-protector-strong -D_FORTIFY_SOURCE=2)
    set(LOOM_LINK_TIME_OPTIMIZATION -flto=auto -ffat-lto-objects) # for programs that ask for it; others link the same objects
    add_link_options(-Wl,-z,relro,-z,now)
elseif(LOOM_KIND STREQUAL "asan")
    set(LOOM_SANITIZED ON)
    set(flags -fsanitize=address,undefined -fno-sanitize-recover=all)
    add_compile_options(-O1 -fno-omit-frame-pointer ${flags})
    add_link_options(${flags})
elseif(LOOM_KIND STREQUAL "tsan")
    set(LOOM_SANITIZED ON)
    add_compile_options(-O1 -fno-omit-frame-pointer -fsanitize=thread)
    add_link_options(-fsanitize=thread)
elseif(LOOM_KIND STREQUAL "fuzz")
    set(LOOM_SANITIZED ON)
    set(flags -fsanitize=address,undefined -fno-sanitize-recover=all)
    add_compile_options(-O1 -fno-omit-frame-pointer -fsanitize=fuzzer-no-link ${flags})
    add_link_options(${flags})
elseif(LOOM_KIND STREQUAL "cov")
    add_compile_options(-O0 --coverage -fprofile-update=atomic)
    add_link_options(--coverage)
else()
    message(FATAL_ERROR "LOOM_KIND is '${LOOM_KIND}': expected dev, release, asan, tsan, lint, fuzz or cov")
endif()

if(LOOM_SANITIZED)
    set(support ${CMAKE_SOURCE_DIR}/tests/support)
    list(APPEND LOOM_TEST_ENVIRONMENT
         "ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1"
         "LSAN_OPTIONS=suppressions=${support}/lsan.supp:print_suppressions=0"
         "UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1"
         "TSAN_OPTIONS=suppressions=${support}/tsan.supp:second_deadlock_stack=1")
endif()

if(LOOM_KIND STREQUAL "lint")
    find_program(CLANG_TIDY clang-tidy REQUIRED)
    find_program(CPPCHECK cppcheck REQUIRED)
    set(CMAKE_C_CLANG_TIDY ${CLANG_TIDY} --quiet)
    set(CMAKE_C_CPPCHECK
        ${CPPCHECK} --quiet --std=c11 --error-exitcode=1 --inline-suppr --enable=warning,performance,portability
        --suppressions-list=${CMAKE_SOURCE_DIR}/tools/checks/cppcheck.txt)
endif()

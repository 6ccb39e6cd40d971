# Tests: C programs, fuzzers and pytest files. Labels: unit corpus golden litmus sim native tidy interop, and
# `long` (only with tools/test --long) and `sanitized` (an interop test that presets asan and tsan run too).

function(relay_test_properties name)
    cmake_parse_arguments(arg "SERIAL" "TIMEOUT" "LABELS" ${ARGN})
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 60)
    endif()
    set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}" TIMEOUT ${arg_TIMEOUT} SKIP_RETURN_CODE 77
                         ENVIRONMENT "${LOOM_TEST_ENVIRONMENT}" WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
    if(arg_SERIAL)
        set_tests_properties(${name} PROPERTIES RUN_SERIAL ON)
    endif()
endfunction()

# Code shared by several tests:   relay_test_library(sim_network SOURCES network.c DEPENDS core origin native)
function(relay_test_library name)
    cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS;LIBS;DEFINES" ${ARGN})
    if(LOOM_KIND STREQUAL "fuzz")
        return()
    endif()
    list(TRANSFORM arg_DEPENDS PREPEND loom_)
    add_library(${name} STATIC ${arg_SOURCES})
    target_include_directories(${name} PUBLIC ${LOOM_INCLUDE_ROOTS} ${CMAKE_SOURCE_DIR}/tests)
    target_link_libraries(${name} PUBLIC ${arg_DEPENDS} ${arg_LIBS} PkgConfig::cmocka)
    target_compile_definitions(${name} PRIVATE ${arg_DEFINES})
endfunction()

# A test program in C:
#   relay_test(sim.transfer LABEL sim SOURCES transfer_test.c DEPENDS core origin TARGETS sim_network
#              LIBS pthread DEFINES _GNU_SOURCE ARGS --seed 7 TIMEOUT 60 [SERIAL] [THREADED])
# DEPENDS are modules, TARGETS are names made by relay_test_library. It exits 77 when it must be skipped.
# THREADED: it starts threads. The thread sanitizer has nothing to find in others, which are not built under preset tsan;
# tidy.threads says which tests these are.
function(relay_test name)
    cmake_parse_arguments(arg "SERIAL;THREADED" "TIMEOUT" "LABEL;SOURCES;DEPENDS;TARGETS;LIBS;DEFINES;ARGS" ${ARGN})
    if(LOOM_KIND STREQUAL "fuzz" OR (LOOM_KIND STREQUAL "tsan" AND NOT arg_THREADED))
        return()
    endif()
    if(arg_THREADED)
        set_property(GLOBAL APPEND PROPERTY LOOM_THREADED_TESTS $<TARGET_FILE:${name}>)
    else()
        set_property(GLOBAL APPEND PROPERTY LOOM_OTHER_TESTS $<TARGET_FILE:${name}>)
    endif()
    list(TRANSFORM arg_DEPENDS PREPEND loom_)
    add_executable(${name} ${arg_SOURCES})
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${LOOM_TEST_DIR})
    target_include_directories(${name} PRIVATE ${LOOM_INCLUDE_ROOTS} ${CMAKE_SOURCE_DIR}/tests)
    target_compile_definitions(${name} PRIVATE ${arg_DEFINES})
    target_link_libraries(${name} PRIVATE ${arg_TARGETS} ${arg_DEPENDS} ${arg_LIBS} PkgConfig::cmocka)
    add_test(NAME ${name} COMMAND ${name} ${arg_ARGS})
    if(arg_SERIAL)
        set(serial SERIAL)
    endif()
    relay_test_properties(${name} LABELS ${arg_LABEL} TIMEOUT ${arg_TIMEOUT} ${serial})
endfunction()

# A fuzzer under preset fuzz; elsewhere (but under tsan: it has one thread) a program that replays tests/corpora/<unit>/.
function(relay_fuzzer unit source)
    cmake_parse_arguments(arg "" "" "TARGETS;LIBS;DEFINES" ${ARGN})
    if(LOOM_KIND STREQUAL "tsan")
        return()
    endif()
    set(corpus ${CMAKE_SOURCE_DIR}/tests/corpora/${unit})
    if(LOOM_KIND STREQUAL "fuzz")
        set(name fuzz.${unit})
        add_executable(${name} ${source})
        target_link_options(${name} PRIVATE -fsanitize=fuzzer)
        add_test(NAME ${name} COMMAND ${CMAKE_SOURCE_DIR}/tests/support/fuzz_run $<TARGET_FILE:${name}> ${corpus}
                                      ${CMAKE_BINARY_DIR}/corpora/${unit})
        relay_test_properties(${name} LABELS fuzz TIMEOUT 100000)
    else()
        set(name corpus.${unit})
        add_executable(${name} ${source} ${CMAKE_SOURCE_DIR}/tests/support/replay_main.c)
        add_test(NAME ${name} COMMAND ${name} ${corpus})
        relay_test_properties(${name} LABELS corpus)
    endif()
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${LOOM_TEST_DIR})
    target_include_directories(${name} PRIVATE ${LOOM_INCLUDE_ROOTS} ${CMAKE_SOURCE_DIR}/tests)
    target_compile_definitions(${name} PRIVATE _GNU_SOURCE ${arg_DEFINES}) # the replay program walks a folder
    target_link_libraries(${name} PRIVATE ${arg_TARGETS} ${arg_LIBS})
endfunction()

# A pytest file, run in the environment that tools/ makes:
#   relay_pytest(interop.transfer LABELS interop sanitized FILE tests/interop/transfer_test.py
#                ARGS -k middle TIMEOUT 300 [SERIAL])
# FILE is relative to the root. Its environment has LOOM_SOURCE_DIR, LOOM_BUILD_DIR, LOOM_RELAY and LOOM_KIND.
# It is skipped as a whole when all its cases are.
function(relay_pytest name)
    cmake_parse_arguments(arg "SERIAL" "FILE;TIMEOUT" "LABELS;ARGS" ${ARGN})
    if(LOOM_KIND STREQUAL "fuzz")
        return()
    endif()
    add_test(NAME ${name} COMMAND ${CMAKE_SOURCE_DIR}/tools/lib/python -m pytest -q -rs -p no:cacheprovider
                                  ${CMAKE_SOURCE_DIR}/${arg_FILE} ${arg_ARGS})
    if(arg_SERIAL)
        set(serial SERIAL)
    endif()
    relay_test_properties(${name} LABELS ${arg_LABELS} TIMEOUT ${arg_TIMEOUT} ${serial})
    set_tests_properties(${name} PROPERTIES SKIP_REGULAR_EXPRESSION "\n[0-9]+ skipped")
    set_property(TEST ${name} APPEND PROPERTY ENVIRONMENT "LOOM_RELAY=${CMAKE_BINARY_DIR}/loom-relay")
endfunction()

# A module: a static library, a test program per unit and a fuzzer per parser.
#
#   relay_module(wire
#       SOURCES cell.c relay_cell.c        the units
#       DEPENDS base                       modules below this one
#       TESTS cell_test.c                  one cmocka program each: ctest unit.wire.cell
#       THREADED ring_threads_test.c       tests too, that start threads: the only ones under preset tsan (tidy.threads)
#       FUZZERS cell_fuzz.c                ctest corpus.cell; under preset fuzz: fuzz.cell
#       LIBS openssl libevent              external libraries (cmake/libraries.cmake): native only
#       DEFINES _GNU_SOURCE                preprocessor definitions of units and tests
#       TEST_DEPENDS native                modules that only the tests need
#       TEST_LIBS zlib)                    external libraries that only the tests need
#
# A module without SOURCES is a name without code, so that others may depend on it already.
function(relay_module name)
    cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS;TESTS;THREADED;FUZZERS;LIBS;DEFINES;TEST_DEPENDS;TEST_LIBS" ${ARGN})
    if(arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "relay_module(${name}): do not know what to do with ${arg_UNPARSED_ARGUMENTS}")
    endif()
    set(target loom_${name})
    list(TRANSFORM arg_DEPENDS PREPEND loom_)
    list(TRANSFORM arg_TEST_DEPENDS PREPEND loom_)

    if(arg_SOURCES)
        add_library(${target} STATIC ${arg_SOURCES})
        set(scope PUBLIC)
    else()
        add_library(${target} INTERFACE)
        set(scope INTERFACE)
    endif()
    target_include_directories(${target} ${scope} ${LOOM_INCLUDE_ROOTS})
    target_link_libraries(${target} ${scope} ${arg_DEPENDS} ${arg_LIBS})
    if(arg_SOURCES)
        target_compile_definitions(${target} PRIVATE ${arg_DEFINES})
        target_compile_options(${target} PRIVATE ${LOOM_LINK_TIME_OPTIMIZATION})
    endif()

    foreach(source IN LISTS arg_TESTS arg_THREADED)
        string(REGEX REPLACE "_test\\.c$" "" unit ${source})
        set(threaded)
        if(source IN_LIST arg_THREADED)
            set(threaded THREADED)
        endif()
        relay_test(unit.${name}.${unit} ${threaded} LABEL unit SOURCES ${source} TARGETS ${target} ${arg_TEST_DEPENDS}
                   LIBS ${arg_TEST_LIBS} DEFINES ${arg_DEFINES})
    endforeach()
    foreach(source IN LISTS arg_FUZZERS)
        string(REGEX REPLACE "_fuzz\\.c$" "" unit ${source})
        relay_fuzzer(${unit} ${source} TARGETS ${target} ${arg_TEST_DEPENDS} LIBS ${arg_TEST_LIBS}
                     DEFINES ${arg_DEFINES})
    endforeach()
endfunction()

# Every program that is installed or measured: what preset release builds of itself in tools/test.
add_custom_target(programs)

# A whole program at build/<preset>/<name>:   relay_program(loom-relay SOURCES main.c DEPENDS native)
function(relay_program name)
    cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS;LIBS;DEFINES" ${ARGN})
    if(LOOM_KIND STREQUAL "fuzz")
        return()
    endif()
    list(TRANSFORM arg_DEPENDS PREPEND loom_)
    add_executable(${name} ${arg_SOURCES})
    add_dependencies(programs ${name})
    target_link_libraries(${name} PRIVATE ${arg_DEPENDS} ${arg_LIBS})
    target_compile_definitions(${name} PRIVATE ${arg_DEFINES})
endfunction()

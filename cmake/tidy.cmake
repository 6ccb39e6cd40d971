# House rules that run as tests, label tidy; and the targets fmt and coverage. Included after the modules.
set(checks ${CMAKE_SOURCE_DIR}/tools/checks)
set(python ${CMAKE_SOURCE_DIR}/tools/lib/python)

add_custom_target(fmt COMMAND ${checks}/format --write USES_TERMINAL)
if(LOOM_KIND STREQUAL "cov")
    add_custom_target(coverage COMMAND ${python} ${checks}/coverage.py ${CMAKE_BINARY_DIR} USES_TERMINAL)
endif()

function(relay_tidy name)
    add_test(NAME tidy.${name} COMMAND ${ARGN})
    relay_test_properties(tidy.${name} LABELS tidy TIMEOUT 120)
endfunction()

if(LOOM_KIND MATCHES "^(dev|lint)$")
    relay_tidy(format ${checks}/format)
    relay_tidy(ruff ${checks}/ruff)
    relay_tidy(layers ${python} ${checks}/layers.py)
    relay_tidy(house ${python} ${checks}/house.py)
    relay_tidy(checks ${python} -m pytest -q -p no:cacheprovider ${checks}/tests) # that each check can fail
endif()

# Which programs can start a thread: what the linker has kept says it.
if(LOOM_KIND STREQUAL "dev")
    get_property(threaded GLOBAL PROPERTY LOOM_THREADED_TESTS)
    get_property(others GLOBAL PROPERTY LOOM_OTHER_TESTS)
    list(JOIN threaded "\n" threaded)
    list(JOIN others "\n" others)
    file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/tests_threaded.txt CONTENT "${threaded}\n")
    file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/tests_other.txt CONTENT "${others}\n")
    relay_tidy(threads ${python} ${checks}/threads.py ${CMAKE_BINARY_DIR}/tests_threaded.txt ${CMAKE_BINARY_DIR}/tests_other.txt)
endif()

# The I/O-free libraries: only where neither a sanitizer nor gcov adds symbols of its own.
if(LOOM_KIND MATCHES "^(dev|release)$")
    set(libraries)
    foreach(module base wire crypt core origin cost des traffic)
        if(NOT TARGET loom_${module})
            continue()
        endif()
        get_target_property(type loom_${module} TYPE)
        if(type STREQUAL "STATIC_LIBRARY")
            list(APPEND libraries $<TARGET_FILE:loom_${module}>)
        endif()
    endforeach()
    if(libraries)
        relay_tidy(core-symbols ${python} ${checks}/core_symbols.py ${libraries})
    endif()
endif()

# House rules that run as tests, label tidy; and the target fmt.
find_program(CLANG_FORMAT clang-format)
set(LOOM_CHECKS ${CMAKE_SOURCE_DIR}/tools/checks)

add_custom_target(fmt COMMAND ${LOOM_CHECKS}/format --write WORKING_DIRECTORY ${CMAKE_SOURCE_DIR} USES_TERMINAL)

# What every test is linked with.
add_library(test_harness STATIC ${CMAKE_SOURCE_DIR}/tests/test.c)
target_include_directories(test_harness PUBLIC ${CMAKE_SOURCE_DIR}/tests)
target_link_libraries(test_harness PUBLIC room_base)
get_filename_component(TALLY_SHARED ${CMAKE_SOURCE_DIR}/../shared ABSOLUTE)
target_compile_definitions(test_harness PUBLIC TALLY_SHARED="${TALLY_SHARED}" TALLY_TESTS="${CMAKE_SOURCE_DIR}/tests")

# A ledger in memory, for the tests that include core_world.h.
add_library(core_world STATIC EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/tests/unit/core_world.c
    ${CMAKE_SOURCE_DIR}/tests/unit/core_makers.c ${CMAKE_SOURCE_DIR}/tests/unit/core_check.c ${CMAKE_SOURCE_DIR}/tests/unit/core_random.c)
target_include_directories(core_world PUBLIC ${CMAKE_SOURCE_DIR}/tests/unit)
target_link_libraries(core_world PUBLIC test_harness room_core)

# One program for each test_*.c of a directory, linked with the rooms that it includes, and with `world` when it includes
# that library's header.
function(add_tests_of directory world timeout)
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/${directory}/test_*.c)
    foreach(source ${sources})
        get_filename_component(name ${source} NAME_WE)
        add_executable(${name} ${source})
        target_link_libraries(${name} PRIVATE test_harness)
        link_rooms_of(${name} ${source})
        file(STRINGS ${source} uses_world REGEX "^#include \"${world}.h\"")
        if(uses_world)
            target_link_libraries(${name} PRIVATE ${world})
        endif()
        add_test(NAME ${name} COMMAND ${name})
        set_tests_properties(${name} PROPERTIES TIMEOUT ${timeout})
    endforeach()
endfunction()
add_tests_of(unit core_world 120)

# The tests of tests/api speak to a running server; the http room's own, for those that include http_world.h, is one in
# the test's process.
add_library(http_world STATIC EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/tests/api/http_world.c
    ${CMAKE_SOURCE_DIR}/tests/api/http_client.c)
target_include_directories(http_world PUBLIC ${CMAKE_SOURCE_DIR}/tests/api)
target_link_libraries(http_world PUBLIC test_harness room_http)
add_tests_of(api http_world 300)

# Writes the reference documents that come from the program's tables: gen_docs docs/reference. test_audit_document says
# when they are out of date.
add_executable(gen_docs EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/tests/gen_docs.c)
target_link_libraries(gen_docs PRIVATE room_core)

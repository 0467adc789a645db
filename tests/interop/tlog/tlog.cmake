# The log's files, written by this project and judged by two verifiers that are not its own.
add_executable(write_log ${CMAKE_CURRENT_LIST_DIR}/write_log.c)
target_link_libraries(write_log PRIVATE test_harness)
link_rooms_of(write_log ${CMAKE_CURRENT_LIST_DIR}/write_log.c)
add_test(NAME tlog_verifiers COMMAND python3 -B ${CMAKE_CURRENT_LIST_DIR}/test_verifiers.py
         $<TARGET_FILE:write_log> ${CMAKE_CURRENT_BINARY_DIR})
set_tests_properties(tlog_verifiers PROPERTIES LABELS interop TIMEOUT 300)
# The same two verifiers before a running server.
if(TARGET tally)
    add_test(NAME tlog_live COMMAND python3 -B ${CMAKE_CURRENT_LIST_DIR}/test_live.py)
    set_tests_properties(tlog_live PROPERTIES LABELS interop TIMEOUT 300
        ENVIRONMENT "TALLY=$<TARGET_FILE:tally>;TALLY_BUILD=${CMAKE_CURRENT_BINARY_DIR}")
endif()

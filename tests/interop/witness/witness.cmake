# Witnesses that are not ours cosign our ledgers, and a log that is not ours is cosigned by our witness.
if(TARGET tally)
    add_test(NAME foreign_witnesses COMMAND python3 -B ${CMAKE_CURRENT_LIST_DIR}/test_foreign_witnesses.py
             ${CMAKE_CURRENT_BINARY_DIR})
    set_tests_properties(foreign_witnesses PROPERTIES LABELS interop TIMEOUT 900
                         ENVIRONMENT "TALLY=$<TARGET_FILE:tally>")
endif()

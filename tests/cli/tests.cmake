# The command line as people and scripts use it: one program for each test_cli_*.py, on the real server.
file(GLOB cli_scripts CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/test_cli_*.py)
if(TARGET tally)
    foreach(source ${cli_scripts})
        get_filename_component(name ${source} NAME_WE)
        add_test(NAME ${name} COMMAND python3 -B ${source})
        set_tests_properties(${name} PROPERTIES LABELS cli TIMEOUT 1200
            ENVIRONMENT "TALLY=$<TARGET_FILE:tally>;TALLY_SHARED=${TALLY_SHARED}")
    endforeach()
endif()

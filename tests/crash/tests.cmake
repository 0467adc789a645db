# Servers that are killed, starved, stopped and lied to. Each test_crash_*.py is one program, on the real server.
file(GLOB crash_scripts CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/test_crash_*.py)
if(TARGET tally)
    foreach(source ${crash_scripts})
        get_filename_component(name ${source} NAME_WE)
        add_test(NAME ${name} COMMAND python3 -B ${source})
        set_tests_properties(${name} PROPERTIES LABELS crash TIMEOUT 900 ENVIRONMENT "TALLY=$<TARGET_FILE:tally>")
    endforeach()
endif()

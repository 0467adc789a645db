# What the API promises, asked of a real server: one program for each test_api_*.py. Each makes its own ledgers.
file(GLOB api_scripts CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/test_api_*.py)
if(TARGET tally)
    foreach(source ${api_scripts})
        get_filename_component(name ${source} NAME_WE)
        add_test(NAME ${name} COMMAND python3 -B ${source})
        set_tests_properties(${name} PROPERTIES LABELS api TIMEOUT 300 ENVIRONMENT "TALLY=$<TARGET_FILE:tally>")
    endforeach()
endif()

# Witnesses and the ledgers that have them, as processes. Each test_witness_*.py is one program.
file(GLOB witness_scripts CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/test_witness_*.py)
if(TARGET tally)
    foreach(source ${witness_scripts})
        get_filename_component(name ${source} NAME_WE)
        add_test(NAME ${name} COMMAND python3 -B ${source})
        set_tests_properties(${name} PROPERTIES LABELS witness TIMEOUT 600 ENVIRONMENT "TALLY=$<TARGET_FILE:tally>")
    endforeach()
endif()

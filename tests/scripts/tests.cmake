# The gates and the front door have tests of their own: one program for each test_*.py.
file(GLOB script_tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/test_*.py)
foreach(source ${script_tests})
    get_filename_component(name ${source} NAME_WE)
    add_test(NAME scripts_${name} COMMAND python3 -B ${source})
    set_tests_properties(scripts_${name} PROPERTIES LABELS unit TIMEOUT 120)
endforeach()

# Servers that are killed, starved, stopped and lied to. Each test_crash_*.py is one program, on the real server.
file(GLOB crash_scripts CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/test_crash_*.py)
# The disk that fails at the call it is told: loaded before a server, so without the rooms' flags and sanitizers.
add_library(disk_shim MODULE ${CMAKE_CURRENT_LIST_DIR}/disk_shim.c)
target_compile_definitions(disk_shim PRIVATE _GNU_SOURCE)
target_compile_options(disk_shim PRIVATE -Wall -Wextra -Wshadow -Wconversion -Werror)
target_link_libraries(disk_shim PRIVATE Threads::Threads)
if(TARGET tally)
    foreach(source ${crash_scripts})
        get_filename_component(name ${source} NAME_WE)
        add_test(NAME ${name} COMMAND python3 -B ${source})
        set_tests_properties(${name} PROPERTIES LABELS crash TIMEOUT 900 ENVIRONMENT "TALLY=$<TARGET_FILE:tally>;DISK_SHIM=$<TARGET_FILE:disk_shim>")
    endforeach()
endif()

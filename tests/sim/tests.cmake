# The core, simulated from seeds, with an oracle of its own.
file(GLOB sim_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.c)
add_executable(test_simulation ${sim_sources})
target_include_directories(test_simulation PRIVATE ${CMAKE_CURRENT_LIST_DIR})
target_link_libraries(test_simulation PRIVATE core_world room_engine)
add_test(NAME test_simulation COMMAND test_simulation)
set_tests_properties(test_simulation PROPERTIES LABELS sim TIMEOUT 3600)

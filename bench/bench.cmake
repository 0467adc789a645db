# Each bench/bench_*.c is one program that measures; the other sources here are what they share, of which a program
# takes what it uses. Target: benches.
add_custom_target(benches)
file(GLOB bench_programs CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/bench/bench_*.c)
file(GLOB bench_shared CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/bench/*.c)
list(REMOVE_ITEM bench_shared ${bench_programs})
add_library(bench_shared STATIC EXCLUDE_FROM_ALL ${bench_shared})
target_include_directories(bench_shared PUBLIC ${CMAKE_SOURCE_DIR}/bench)
target_link_libraries(bench_shared PUBLIC room_engine PkgConfig::SQLITE)
foreach(source ${bench_programs})
    get_filename_component(name ${source} NAME_WE)
    add_executable(${name} EXCLUDE_FROM_ALL ${source})
    link_rooms_of(${name} ${source})
    target_link_libraries(${name} PRIVATE bench_shared)
    add_dependencies(benches ${name})
endforeach()

# That it runs, not how fast: small data, one round, nothing judged.
if(TALLY_TESTS AND TARGET tally)
    add_test(NAME bench_build COMMAND ${CMAKE_COMMAND} --build ${CMAKE_BINARY_DIR} --target benches)
    add_test(NAME bench_smoke COMMAND python3 -B ${CMAKE_SOURCE_DIR}/bench/run --tally $<TARGET_FILE:tally>
        --programs ${CMAKE_BINARY_DIR} --json ${CMAKE_BINARY_DIR}/bench.json --scale 0.0005 --rounds 1 --seconds 1
        --only engine --only http --only ledger)
    set_tests_properties(bench_build PROPERTIES LABELS bench-smoke FIXTURES_SETUP benches TIMEOUT 600)
    set_tests_properties(bench_smoke PROPERTIES LABELS bench-smoke FIXTURES_REQUIRED benches TIMEOUT 300)
endif()

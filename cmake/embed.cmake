# Texts that belong in the program as files of their own kind: embed_text(target symbol file) compiles
# `const char symbol[]`, NUL-terminated, into the target. Generated at build time as <symbol>.auto.c; run as a script
# (cmake -P) this file is the generator.
if(CMAKE_SCRIPT_MODE_FILE)
    file(READ ${EMBED_FILE} bytes HEX)
    string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${bytes}")
    string(REPLACE "'\\x0a'," "'\\n',\n" bytes "${bytes}")
    file(WRITE ${EMBED_OUTPUT} "/* Generated from a text file by cmake/embed.cmake. */\n"
        "extern const char ${EMBED_SYMBOL}[];\nconst char ${EMBED_SYMBOL}[] = {\n${bytes}0};\n")
    return()
endif()

set(EMBED_SCRIPT ${CMAKE_CURRENT_LIST_FILE})
function(embed_text target symbol file)
    set(output ${CMAKE_CURRENT_BINARY_DIR}/${symbol}.auto.c)
    add_custom_command(OUTPUT ${output}
        COMMAND ${CMAKE_COMMAND} -DEMBED_FILE=${file} -DEMBED_SYMBOL=${symbol} -DEMBED_OUTPUT=${output} -P ${EMBED_SCRIPT}
        DEPENDS ${file} ${EMBED_SCRIPT} VERBATIM)
    target_sources(${target} PRIVATE ${output})
endfunction()

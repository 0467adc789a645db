# The HTTP parser, as the target `llhttp`: the packaged library where a release has one (Debian 13), else the sources
# that the package node-llhttp carries (Debian 12), compiled here.
#
# The sources are somebody else's: our warnings are off for them, and they see our headers only as far as the compiler
# does. LLHTTP_STRICT_MODE makes 8.1.0 refuse a space before a header's colon; later versions are strict unless told
# otherwise and have no such switch.
pkg_check_modules(LLHTTP QUIET IMPORTED_TARGET libllhttp)
if(LLHTTP_FOUND)
    add_library(llhttp INTERFACE)
    target_link_libraries(llhttp INTERFACE PkgConfig::LLHTTP)
    return()
endif()

find_path(LLHTTP_INCLUDE_DIR llhttp.h PATHS /usr/share/include PATH_SUFFIXES llhttp)
find_path(LLHTTP_SOURCE_DIR llhttp.c PATHS /usr/share/llhttp /usr/local/share/llhttp)
if(NOT LLHTTP_INCLUDE_DIR OR NOT LLHTTP_SOURCE_DIR)
    message(FATAL_ERROR "llhttp, the HTTP parser, is missing. Install the package node-llhttp (Debian 12) or "
        "libllhttp-dev (Debian 13), or set LLHTTP_INCLUDE_DIR and LLHTTP_SOURCE_DIR to where its llhttp.h and llhttp.c are.")
endif()
add_library(llhttp STATIC ${LLHTTP_SOURCE_DIR}/api.c ${LLHTTP_SOURCE_DIR}/http.c ${LLHTTP_SOURCE_DIR}/llhttp.c)
target_include_directories(llhttp SYSTEM PUBLIC ${LLHTTP_INCLUDE_DIR})
target_compile_definitions(llhttp PUBLIC LLHTTP_STRICT_MODE=1)
target_compile_options(llhttp PRIVATE -w)

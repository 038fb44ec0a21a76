# sluice_layer(NAME SOURCES … LINKS …): a static library `sluice_NAME` with our warnings as errors.

add_library(sluice_options INTERFACE)
target_compile_options(sluice_options INTERFACE -Wall -Wextra -Werror -Wno-missing-field-initializers -fno-math-errno -fno-trapping-math)
if(SLUICE_MARCH)
  target_compile_options(sluice_options INTERFACE -march=${SLUICE_MARCH})
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 reports these in Abseil's and its own headers.
  target_compile_options(sluice_options INTERFACE -Wno-maybe-uninitialized -Wno-array-bounds -Wno-stringop-overflow
                                                  -Wno-stringop-overread -Wno-restrict -Wno-subobject-linkage)
else()
  target_compile_options(sluice_options INTERFACE -Wno-unknown-pragmas -Wno-pass-failed)  # for GCC's vectoriser
endif()
if(SLUICE_SANITIZE)
  target_compile_options(sluice_options INTERFACE -fsanitize=${SLUICE_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(sluice_options INTERFACE -fsanitize=${SLUICE_SANITIZE})
endif()

function(sluice_layer name)
  cmake_parse_arguments(PARSE_ARGV 1 in "" "" "SOURCES;LINKS;PRIVATE_LINKS")
  add_library(sluice_${name} STATIC ${in_SOURCES})
  target_include_directories(sluice_${name} PUBLIC $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}>
                                                   $<BUILD_INTERFACE:${CMAKE_BINARY_DIR}/generated>)
  target_link_libraries(sluice_${name} PUBLIC ${in_LINKS} PRIVATE $<BUILD_INTERFACE:sluice_options> ${in_PRIVATE_LINKS})
  target_compile_features(sluice_${name} PUBLIC cxx_std_20)
endfunction()

# sluice_export_only(TARGET PATTERN …): a shared library or plug-in shows the symbols of these patterns (those of a
# linker's version script) and no other.
function(sluice_export_only target)
  set(script ${CMAKE_CURRENT_BINARY_DIR}/${target}.map)
  string(REPLACE ";" "; " patterns "${ARGN}")
  file(CONFIGURE OUTPUT ${script} CONTENT "{ global: ${patterns}; local: *; };\n" @ONLY)
  target_link_options(${target} PRIVATE "LINKER:--version-script=${script}")
  set_target_properties(${target} PROPERTIES LINK_DEPENDS ${script})
  if(NOT SLUICE_SANITIZE)
    target_link_options(${target} PRIVATE LINKER:-z,defs)
  endif()
endfunction()

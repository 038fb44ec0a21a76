# libsluice.so, and what `cmake --install` brings: headers, libraries and the package that find_package(Sluice) finds.
include(CMakePackageConfigHelpers)

set(layers core proto io ops kernels_cpu graph runtime)
if(TARGET sluice_models)
  list(APPEND layers models)
endif()
set(archives ${layers})
list(TRANSFORM archives PREPEND sluice_)
# What the public headers include.
set(public_links absl::status absl::statusor absl::strings absl::inlined_vector absl::span absl::flat_hash_map
                 absl::flat_hash_set absl::function_ref absl::hash Threads::Threads)

# One shared library of all layers, which shows what the headers mark with SLUICE_API and nothing else. It is made of the
# objects; the archives after them only bring the libraries that they need.
add_library(sluice_shared SHARED)
foreach(archive IN LISTS archives)
  target_sources(sluice_shared PRIVATE $<TARGET_OBJECTS:${archive}>)
endforeach()
set_target_properties(sluice_shared PROPERTIES OUTPUT_NAME sluice VERSION ${PROJECT_VERSION} LINKER_LANGUAGE CXX
                                               SOVERSION ${PROJECT_VERSION_MAJOR} EXPORT_NAME shared)
target_link_libraries(sluice_shared PRIVATE ${archives} INTERFACE ${public_links})
sluice_export_only(sluice_shared "extern \"C++\" { sluice::*" "typeinfo?for?sluice::*" "vtable?for?sluice::*" "}")

# The static libraries under one name.
add_library(sluice_static INTERFACE)
set_target_properties(sluice_static PROPERTIES EXPORT_NAME static)
target_link_libraries(sluice_static INTERFACE ${archives})
foreach(layer IN LISTS layers)
  set_target_properties(sluice_${layer} PROPERTIES EXPORT_NAME ${layer})
endforeach()

# The generator of typed builders, for ops outside the tree.
set_target_properties(sluice_opgen_library PROPERTIES EXPORT_NAME opgen)

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/Sluice)
install(TARGETS sluice_static ${archives} sluice_opgen_library EXPORT SluiceStaticTargets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS sluice_shared EXPORT SluiceSharedTargets
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
foreach(kind Static Shared)
  install(EXPORT Sluice${kind}Targets NAMESPACE Sluice:: DESTINATION ${package})
endforeach()
install(CODE "
  set(SOURCE \"${CMAKE_SOURCE_DIR}\")
  set(BINARY \"${CMAKE_BINARY_DIR}\")
  set(DESTINATION \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_INCLUDEDIR}\")
  include(\"${CMAKE_SOURCE_DIR}/cmake/install_headers.cmake\")")

configure_package_config_file(cmake/SluiceConfig.cmake.in ${CMAKE_BINARY_DIR}/SluiceConfig.cmake
                              INSTALL_DESTINATION ${package} NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
# Before version 1 every minor version may break.
write_basic_package_version_file(${CMAKE_BINARY_DIR}/SluiceConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/SluiceConfig.cmake ${CMAKE_BINARY_DIR}/SluiceConfigVersion.cmake
              cmake/SluiceOps.cmake cmake/registration.cmake
        DESTINATION ${package})

# find_package(evenflow) for other projects: the target evenflow::evenflow.
include(CMakePackageConfigHelpers)

get_property(rooms GLOBAL PROPERTY EVENFLOW_ROOMS)
list(REMOVE_ITEM rooms evenflow_cli evenflow_serve)

add_library(evenflow INTERFACE)
add_library(evenflow::evenflow ALIAS evenflow)
target_link_libraries(evenflow INTERFACE ${rooms})

install(TARGETS evenflow ${rooms} EXPORT evenflowTargets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS evenflow_program RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY include/evenflow DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT evenflowTargets NAMESPACE evenflow:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/evenflow)
configure_package_config_file(cmake/evenflowConfig.cmake.in "${PROJECT_BINARY_DIR}/evenflowConfig.cmake"
                              INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/evenflow)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/evenflowConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/evenflowConfig.cmake" "${PROJECT_BINARY_DIR}/evenflowConfigVersion.cmake"
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/evenflow)

# `cmake --install`: the tools, and a CMake package for programs that use models (find_package(dlc)). The runtime's own
# files are in runtime/CMakeLists.txt. An installed tree can be moved.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

foreach(tool dlc dlc-opt dlc-conformance)
  if(TARGET ${tool})
    install(TARGETS ${tool} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  endif()
endforeach()

set(DLC_PACKAGE_FOLDER ${CMAKE_INSTALL_LIBDIR}/cmake/dlc)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/dlcConfig.cmake.in ${PROJECT_BINARY_DIR}/cmake/dlcConfig.cmake
  INSTALL_DESTINATION ${DLC_PACKAGE_FOLDER} PATH_VARS CMAKE_INSTALL_BINDIR)
# Before 1.0 a minor version may change what programs use.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/cmake/dlcConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(EXPORT dlcTargets NAMESPACE dlc:: DESTINATION ${DLC_PACKAGE_FOLDER})
install(FILES ${PROJECT_BINARY_DIR}/cmake/dlcConfig.cmake ${PROJECT_BINARY_DIR}/cmake/dlcConfigVersion.cmake
  ${CMAKE_CURRENT_LIST_DIR}/dlcAddModel.cmake DESTINATION ${DLC_PACKAGE_FOLDER})

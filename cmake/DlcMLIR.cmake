# LLVM and MLIR 22 through their shared libraries, and helpers for dialects.
find_package(MLIR 22.1 REQUIRED CONFIG PATHS /usr/lib/llvm-22/lib/cmake/mlir)
list(APPEND CMAKE_MODULE_PATH ${MLIR_CMAKE_DIR} ${LLVM_CMAKE_DIR})
include(TableGen)
include(AddLLVM)
include(AddMLIR)
include_directories(SYSTEM ${MLIR_INCLUDE_DIRS}) # mlir_tablegen takes its -I from the folder
separate_arguments(DLC_LLVM_DEFINITIONS NATIVE_COMMAND "${LLVM_DEFINITIONS}")

# What every target that uses MLIR needs. Link this, never add_mlir_library: that drags static archives in.
add_library(dlc_mlir INTERFACE)
target_include_directories(dlc_mlir SYSTEM INTERFACE ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
target_include_directories(dlc_mlir INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/runtime/include ${PROJECT_BINARY_DIR})
target_compile_definitions(dlc_mlir INTERFACE ${DLC_LLVM_DEFINITIONS})
target_compile_options(dlc_mlir INTERFACE -fno-exceptions $<$<COMPILE_LANGUAGE:CXX>:-Wno-unused-parameter>)
target_link_libraries(dlc_mlir INTERFACE MLIR LLVM)

# dlc_library(<name> SOURCES ... DEPS <targets> [PCH <header>]): a static library of the compiler.
function(dlc_library name)
  cmake_parse_arguments(A "" "PCH" "SOURCES;DEPS;GENERATED" ${ARGN})
  add_library(${name} STATIC ${A_SOURCES})
  target_link_libraries(${name} PUBLIC dlc_mlir ${A_DEPS})
  if(A_GENERATED)
    add_dependencies(${name} ${A_GENERATED})
  endif()
  if(A_PCH)
    target_precompile_headers(${name} PRIVATE ${A_PCH})
  endif()
endfunction()

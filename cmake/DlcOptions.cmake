# Language, warnings, sanitizers, ccache and the linker, for every target.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
# Installed tools find LLVM's and MLIR's libraries where the build found them.
set(CMAKE_INSTALL_RPATH_USE_LINK_PATH ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
# No NDEBUG: the checks of casts and ranges in LLVM's headers turn what would be a wrong artifact into an error. They need
# nothing of LLVM's libraries, and most of a compilation's time is spent in these.
set(CMAKE_CXX_FLAGS_RELEASE "-O2")
set(CMAKE_C_FLAGS_RELEASE "-O2")

find_program(DLC_CCACHE ccache)
if(DLC_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${DLC_CCACHE} CACHE STRING "")
  set(CMAKE_CXX_COMPILER_LAUNCHER ${DLC_CCACHE} CACHE STRING "")
endif()
find_program(DLC_LLD NAMES ld.lld-22 ld.lld PATHS /usr/lib/llvm-22/bin)
if(DLC_LLD AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_link_options(--ld-path=${DLC_LLD})
endif()

add_compile_options(-Wall -Wextra -Wno-unused-parameter)
if(DLC_WERROR)
  add_compile_options(-Werror)
endif()
if(DLC_SANITIZE)
  # The packaged LLVM is built without vtables for every type that UBSan's vptr check wants.
  add_compile_options(-fsanitize=${DLC_SANITIZE} -fno-sanitize=vptr -fno-omit-frame-pointer -g)
  add_link_options(-fsanitize=${DLC_SANITIZE} -fno-sanitize=vptr)
endif()

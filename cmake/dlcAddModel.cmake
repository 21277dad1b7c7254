# dlc_add_model(<target> <model.onnx> [NAME name] [SHARED] [OPTIONS option...])
#
# Compiles a model while building, whenever it or the compiler changes, and adds it to a target of the same folder.
#
# As it is, the model becomes part of the target: its object is linked in, the target may #include "<name>.h", and gets
# dlc::rt_static. With SHARED the model stays a file, which the macro DLC_MODEL_<NAME>_FILE names (a string with its
# absolute path in the build tree), and the target gets dlc::rt.
#
# NAME is the model's name in the artifact and that of its files; default: the source's file name without extension.
# OPTIONS go to `dlc compile`: --target x86-64-v3 --dim batch=1. Without --target, code is for the building machine.
# Files that the model refers to (external data) are not watched for changes.
function(dlc_add_model target model)
  cmake_parse_arguments(PARSE_ARGV 2 A "SHARED" "NAME" "OPTIONS")
  if(A_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "dlc_add_model: unknown arguments: ${A_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT TARGET ${target})
    message(FATAL_ERROR "dlc_add_model: expected a target, got '${target}'")
  endif()
  get_target_property(folder ${target} SOURCE_DIR)
  if(NOT folder STREQUAL CMAKE_CURRENT_SOURCE_DIR)
    message(FATAL_ERROR "dlc_add_model: expected a target of this folder, got '${target}' of ${folder}")
  endif()
  if(NOT TARGET dlc::compiler)
    message(FATAL_ERROR "dlc_add_model: needs the program dlc, which is not installed; set DLC_EXECUTABLE")
  endif()
  cmake_path(ABSOLUTE_PATH model BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}" NORMALIZE)
  if(NOT A_NAME)
    cmake_path(GET model STEM LAST_ONLY A_NAME)
  endif()

  set(folder "${CMAKE_CURRENT_BINARY_DIR}/dlc_models/${target}")
  file(MAKE_DIRECTORY "${folder}")
  if(A_SHARED)
    set(kind so)
    set(files "${folder}/${A_NAME}.so")
  else()
    set(kind obj)
    set(files "${folder}/${A_NAME}.o" "${folder}/${A_NAME}.h")
  endif()
  list(GET files 0 output)
  add_custom_command(OUTPUT ${files}
    COMMAND dlc::compiler compile "${model}" --name "${A_NAME}" --emit ${kind} -o "${output}" ${A_OPTIONS}
    DEPENDS "${model}" dlc::compiler
    COMMENT "Compiling the model ${A_NAME}" VERBATIM)

  if(A_SHARED)
    string(MAKE_C_IDENTIFIER "${A_NAME}" id)
    string(TOUPPER "DLC_MODEL_${id}_FILE" macro)
    add_custom_target(${target}_${id}_model DEPENDS ${files})
    add_dependencies(${target} ${target}_${id}_model)
    target_compile_definitions(${target} PRIVATE "${macro}=\"${output}\"")
    target_link_libraries(${target} PRIVATE dlc::rt)
  else()
    set_source_files_properties("${output}" PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
    target_sources(${target} PRIVATE ${files})
    target_include_directories(${target} PRIVATE "${folder}")
    target_link_libraries(${target} PRIVATE dlc::rt_static)
  endif()
endfunction()

# Headers of other libraries and of the language that most files read: parsed once per target, which halves the time of a
# build. Highway's and HDF5's are read by few.
set(EVENFLOW_PRECOMPILED_HEADERS <algorithm> <cmath> <cstdint> <functional> <map> <memory> <optional> <span> <string>
    <string_view> <vector> <fmt/format.h> <nlohmann/json.hpp>)

function(evenflow_precompile target)
  if(EVENFLOW_PRECOMPILE)
    target_precompile_headers(${target} PRIVATE ${EVENFLOW_PRECOMPILED_HEADERS} ${ARGN})
    # What ccache needs to see through a precompiled header, and false alarms on std::string (GCC's bug 105651), which GCC
    # does not recognize as a system header's any more.
    target_compile_options(${target} PRIVATE
      "$<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess;-Wno-stringop-overflow;-Wno-stringop-overread;-Wno-array-bounds>")
  endif()
endfunction()

# evenflow_room(name [FOLDERS dir ...] [KNOWS room ...] [LIBRARIES target ...] [PRIVATE_LIBRARIES target ...])
# A room is the static library evenflow_<name> made of the .cpp files of its folder and of FOLDERS (sub-folders that
# are not registries), linked only to the rooms it may know. Its tests (*_test.cpp, anywhere below) make one program.
function(evenflow_room name)
  cmake_parse_arguments(R "" "" "FOLDERS;KNOWS;LIBRARIES;PRIVATE_LIBRARIES" ${ARGN})
  set(patterns "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
  foreach(folder IN LISTS R_FOLDERS)
    list(APPEND patterns "${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cpp")
  endforeach()
  file(GLOB sources CONFIGURE_DEPENDS ${patterns})
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
  add_library(evenflow_${name} STATIC ${sources})
  add_library(evenflow::${name} ALIAS evenflow_${name})
  set_target_properties(evenflow_${name} PROPERTIES EXPORT_NAME ${name})
  target_compile_features(evenflow_${name} PUBLIC cxx_std_20)
  target_include_directories(evenflow_${name}
    PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
           $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src>)
  list(TRANSFORM R_KNOWS PREPEND evenflow_)
  target_link_libraries(evenflow_${name} PUBLIC ${R_KNOWS} ${R_LIBRARIES} PRIVATE $<BUILD_INTERFACE:evenflow_warnings>)
  foreach(library IN LISTS R_PRIVATE_LIBRARIES)
    target_link_libraries(evenflow_${name} PRIVATE ${library})
  endforeach()
  evenflow_precompile(evenflow_${name})
  set_property(GLOBAL APPEND PROPERTY EVENFLOW_ROOMS evenflow_${name})

  if(EVENFLOW_BUILD_TESTS)
    file(GLOB_RECURSE tests CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*_test.cpp")
    if(tests)
      evenflow_test_program(${name}_test ${tests})
      target_link_libraries(${name}_test PRIVATE evenflow_${name})
    endif()
  endif()
endfunction()

# evenflow_test_program(name source ...): a GoogleTest program whose tests ctest runs one by one.
function(evenflow_test_program name)
  add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE GTest::gtest_main evenflow_warnings)
  target_compile_definitions(${name} PRIVATE EVENFLOW_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  evenflow_precompile(${name} <gtest/gtest.h>)
  if(EVENFLOW_ONE_PROCESS_PER_ROOM)
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES TIMEOUT 1200)
  else()
    gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST NO_PRETTY_VALUES PROPERTIES TIMEOUT 300)
  endif()
endfunction()

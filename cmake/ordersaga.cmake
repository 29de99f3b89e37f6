# What every target of ours has in common, and the functions that make one.

add_library(ordersaga_options INTERFACE)
target_include_directories(ordersaga_options INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(ordersaga_options INTERFACE -Wall -Wextra -Wpedantic -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC 12 sees overlaps in std::string's operator+ that are not there, when it optimizes (GCC bug 105651).
  target_compile_options(ordersaga_options INTERFACE -Wno-restrict)
endif()

set(ORDERSAGA_SANITIZE "" CACHE STRING "Sanitizers for all of our code, for instance address,undefined")
if(ORDERSAGA_SANITIZE)
  add_compile_options(-fsanitize=${ORDERSAGA_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${ORDERSAGA_SANITIZE})
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()
find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM)
  add_link_options(-fuse-ld=mold)
endif()

# ordersaga_library(<folder's name> SOURCES … DEPS …): one library a folder, with its real dependencies only.
function(ordersaga_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPS" ${ARGN})
  add_library(ordersaga_${name} STATIC ${arg_SOURCES})
  target_link_libraries(ordersaga_${name} PUBLIC ordersaga_options ${arg_DEPS})
endfunction()

# ordersaga_test(<name> SOURCES … DEPS …): a GoogleTest program. The name's suffix is its level, and its CTest label:
# _test pure, _pgtest Postgres, _kafkatest Kafka, _e2etest both and the daemon.
function(ordersaga_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPS" ${ARGN})
  string(REGEX MATCH "_(test|pgtest|kafkatest|e2etest)$" suffix ${name})
  if(NOT suffix)
    message(FATAL_ERROR "${name}: a test's name ends with its level")
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ordersaga_options ${arg_DEPS} GTest::gtest_main)
  add_test(NAME ${name} COMMAND ${name})
  string(SUBSTRING ${suffix} 1 -1 label)
  set_tests_properties(${name} PROPERTIES LABELS ${label})
  set_property(GLOBAL APPEND PROPERTY ORDERSAGA_${label}_TARGETS ${name})
endfunction()

# cmake -DBUILD=<build folder> -DSOURCE=<source folder> -DGENERATOR=<generator> -P run.cmake
# Installs the build into an empty folder, builds another project against it and runs its program.
set(work "${BUILD}/install_test")
file(REMOVE_RECURSE "${work}")
function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()
run(${CMAKE_COMMAND} --install "${BUILD}" --prefix "${work}/prefix")
run(${CMAKE_COMMAND} -S "${SOURCE}/tests/install" -B "${work}/build" -G "${GENERATOR}" -DCMAKE_BUILD_TYPE=Release
    "-DCMAKE_PREFIX_PATH=${work}/prefix" "-DQUICKSTART=${SOURCE}/examples/quickstart.cpp")
run(${CMAKE_COMMAND} --build "${work}/build")
run("${work}/build/quickstart")

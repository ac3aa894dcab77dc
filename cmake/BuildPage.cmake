# cmake -DNPM=... -DSOURCE=web -DBUILD=folder -P: builds the page in a copy of web/, so that the sources stay as they are.
file(REMOVE_RECURSE "${BUILD}/src") # else files that are gone from the sources would still be compiled
file(COPY "${SOURCE}/" DESTINATION "${BUILD}" PATTERN node_modules EXCLUDE PATTERN dist EXCLUDE)
file(SHA256 "${SOURCE}/package-lock.json" lock)
set(installed "${BUILD}/node_modules/.evenflow-${lock}")
if(NOT EXISTS "${installed}")
  # Not `npm ci`: it insists on the optional packages of other platforms, which a registry's mirror may lack. The lock file
  # is followed all the same.
  execute_process(COMMAND ${NPM} install --no-save --no-audit --no-fund WORKING_DIRECTORY "${BUILD}" RESULT_VARIABLE failed
                  OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT failed)
    file(WRITE "${installed}" "")
  endif()
endif()
if(NOT failed)
  execute_process(COMMAND ${NPM} run build WORKING_DIRECTORY "${BUILD}" RESULT_VARIABLE failed
                  OUTPUT_VARIABLE output ERROR_VARIABLE output)
endif()
if(failed)
  message(WARNING "The report's page could not be built; evenflow report will not write HTML.\n${output}")
  file(MAKE_DIRECTORY "${BUILD}/dist")
  file(WRITE "${BUILD}/dist/index.html" "")
else()
  file(TOUCH "${BUILD}/dist/index.html")
endif()

# The page of reports: web/ built by Vite from locked npm packages into one HTML file, which report/page.cpp embeds.
# Without npm, or without the packages' registry, the build goes on with an empty page, and `evenflow report` says so.
option(EVENFLOW_WEB "Build the HTML report's page (needs npm)" ON)
set(EVENFLOW_WEB_DIR "${CMAKE_BINARY_DIR}/web" CACHE PATH "Where the page is built; several builds may share it")

set(EVENFLOW_PAGE "${EVENFLOW_WEB_DIR}/dist/index.html")
find_program(NPM npm)
if(EVENFLOW_WEB AND NPM)
  file(GLOB_RECURSE web_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/web/src/*")
  list(APPEND web_sources "${PROJECT_SOURCE_DIR}/web/index.html" "${PROJECT_SOURCE_DIR}/web/package-lock.json"
       "${PROJECT_SOURCE_DIR}/web/vite.config.ts" "${PROJECT_SOURCE_DIR}/web/tsconfig.json")
  add_custom_command(OUTPUT "${EVENFLOW_PAGE}"
    COMMAND ${CMAKE_COMMAND} -DNPM=${NPM} -DSOURCE=${PROJECT_SOURCE_DIR}/web -DBUILD=${EVENFLOW_WEB_DIR}
            -P ${PROJECT_SOURCE_DIR}/cmake/BuildPage.cmake
    DEPENDS ${web_sources} "${PROJECT_SOURCE_DIR}/cmake/BuildPage.cmake"
    COMMENT "Building the report's page (npm, Vite)" VERBATIM)
else()
  message(STATUS "npm was not found or EVENFLOW_WEB is off: evenflow report will not write HTML")
  set(EVENFLOW_PAGE "${CMAKE_BINARY_DIR}/no_page.html")
  file(WRITE "${EVENFLOW_PAGE}" "")
endif()

# The dashboard: copies the committed web/dist (made by scripts/web), with compressed copies, to the directory that the web
# door of a build tree uses (gateway/dashboard/files.h). Needs no npm.
set(web_dir ${CMAKE_BINARY_DIR}/share/strawberry/web)
file(GLOB_RECURSE web_files CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/web/dist ${PROJECT_SOURCE_DIR}/web/dist/*)
list(JOIN web_files "\n" web_list)
set(web_made "")
foreach(file ${web_files})
  set(source ${PROJECT_SOURCE_DIR}/web/dist/${file})
  cmake_path(GET file PARENT_PATH directory)
  add_custom_command(OUTPUT ${web_dir}/${file} ${web_dir}/${file}.gz
    COMMAND ${CMAKE_COMMAND} -E make_directory ${web_dir}/${directory}
    COMMAND ${CMAKE_COMMAND} -E copy ${source} ${web_dir}/${file}
    COMMAND gzip -9nkf ${web_dir}/${file}
    DEPENDS ${source} VERBATIM)
  list(APPEND web_made ${web_dir}/${file} ${web_dir}/${file}.gz)
endforeach()

# Removes the files of earlier builds: their names hold a hash, so they would accumulate.
set(web_stamp ${CMAKE_BINARY_DIR}/web-files.txt)
set(old_list "")
if(EXISTS ${web_stamp})
  file(READ ${web_stamp} old_list)
endif()
if(NOT old_list STREQUAL web_list)
  file(REMOVE_RECURSE ${web_dir})
  file(WRITE ${web_stamp} "${web_list}")
endif()
add_custom_target(web_files ALL DEPENDS ${web_made})
add_dependencies(strawberry-gateway web_files)

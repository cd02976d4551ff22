# Debian packages of this build: `cpack -G DEB` in its folder, or ./dev package. README.md tells why they are as they are.
if(NOT CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  message(FATAL_ERROR "DLT_DEBIAN_PACKAGES is for CMAKE_INSTALL_PREFIX=/usr, not ${CMAKE_INSTALL_PREFIX}")
endif()
set(DLT_PACKAGE_MAINTAINER "DLT maintainers <dlt@packages.invalid>" CACHE STRING "Who made these packages")
set(DLT_PACKAGE_RELEASE 1)
set(version ${PROJECT_VERSION}-${DLT_PACKAGE_RELEASE})

# Component -> package. The library's name is its SONAME, the daemon's is not Debian's.
set(DLT_PACKAGE_library libdlt-user0)
set(DLT_PACKAGE_development libdlt-user-dev)
set(DLT_PACKAGE_daemon dlt-daemon-ng)
set(DLT_PACKAGE_bench dlt-bench)

# Both changelogs and the copyright go into every package.
file(STRINGS ${PROJECT_SOURCE_DIR}/packaging/debian/changelog first_line LIMIT_COUNT 1)
if(NOT first_line MATCHES "^dlt \\(${version}\\) ")
  message(FATAL_ERROR "packaging/debian/changelog begins with '${first_line}', the version is ${version}")
endif()
set(made ${PROJECT_BINARY_DIR}/packaging)
file(MAKE_DIRECTORY ${made})
dlt_compress(${PROJECT_SOURCE_DIR}/packaging/debian/changelog ${made}/changelog.Debian.gz)
dlt_compress(${PROJECT_SOURCE_DIR}/CHANGELOG.md ${made}/changelog.gz)
set(components library development)
if(TARGET dlt-daemon)
  list(APPEND components daemon)
endif()
if(TARGET dlt-bench)
  list(APPEND components bench)
endif()
foreach(component ${components})
  install(FILES ${made}/changelog.Debian.gz ${made}/changelog.gz ${PROJECT_SOURCE_DIR}/packaging/debian/copyright
          DESTINATION share/doc/${DLT_PACKAGE_${component}} COMPONENT ${component})
endforeach()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME dlt)
set(CPACK_PACKAGE_VENDOR dlt)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_SOURCE_DIR}/build/packages)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_SET_DESTDIR ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ
    WORLD_EXECUTE)
set(CPACK_COMPONENTS_ALL ${components})
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_DEB_COMPONENT_INSTALL ON)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER ${DLT_PACKAGE_MAINTAINER})
set(CPACK_DEBIAN_PACKAGE_RELEASE ${DLT_PACKAGE_RELEASE})
set(CPACK_DEBIAN_PACKAGE_SOURCE dlt)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_BINARY_DIR}/libdlt-user)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")

# dlt_package(COMPONENT SECTION SYNOPSIS TEXT)
macro(dlt_package component section synopsis text)
  string(TOUPPER ${component} upper)
  set(CPACK_DEBIAN_${upper}_PACKAGE_NAME ${DLT_PACKAGE_${component}})
  set(CPACK_DEBIAN_${upper}_PACKAGE_SECTION ${section})
  set(CPACK_DEBIAN_${upper}_DESCRIPTION "${synopsis}\n${text}")
  set(CPACK_COMPONENT_${upper}_DESCRIPTION "${synopsis}\n${text}")
endmacro()

dlt_package(library libs "DLT logging library for C++ applications"
"Diagnostic log and trace (DLT, AUTOSAR): applications hand typed messages to\nthis library, which delivers them to a DLT daemon. A log call takes no lock\n\
and makes no system call; every loss is counted by cause.\n.\nIt installs beside COVESA's libdlt2, whose applications it does not serve.")

dlt_package(development libdevel "DLT logging library for C++ applications - development files"
"Headers, CMake and pkg-config files of libdlt-user, and the manual page of its\nenvironment. It needs a compiler for C++20.")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "${DLT_PACKAGE_library} (= ${version})")

dlt_package(daemon misc "DLT daemon in place of COVESA's"
"Diagnostic log and trace (DLT, AUTOSAR): receives log messages from\napplications, passes them to every viewer, recorder and tool that is\n\
connected, and stores them in files. It speaks DLT version 1.\n.\nIt takes the place of the package dlt-daemon; libdlt2, dlt-tools and other\npackages of that project stay as they are.")
set(CPACK_DEBIAN_DAEMON_PACKAGE_DEPENDS
    "systemd | systemd-standalone-sysusers, systemd | systemd-standalone-tmpfiles")
set(CPACK_DEBIAN_DAEMON_PACKAGE_PROVIDES dlt-daemon)
set(CPACK_DEBIAN_DAEMON_PACKAGE_CONFLICTS dlt-daemon)
set(CPACK_DEBIAN_DAEMON_PACKAGE_REPLACES dlt-daemon)
set(CPACK_DEBIAN_DAEMON_PACKAGE_SUGGESTS "dlt-tools, zstd")
foreach(script postinst prerm postrm conffiles)
  list(APPEND CPACK_DEBIAN_DAEMON_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/packaging/debian/daemon/${script})
endforeach()

dlt_package(bench utils "benchmark for the DLT library and daemon"
"Measures throughput, latency, overflow, concurrency and more of libdlt-user and\nits daemon from both ends, and counts what was delivered.")
set(CPACK_DEBIAN_BENCH_PACKAGE_DEPENDS "${DLT_PACKAGE_library} (= ${version})")
set(CPACK_DEBIAN_BENCH_PACKAGE_RECOMMENDS "${DLT_PACKAGE_daemon}")

set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")  # each has its own
set(CPACK_POST_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/packaging/finish.cmake)
include(CPack)

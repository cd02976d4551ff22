// The files of report/ as they stand there. Made by report/embed.cmake at build time.
#pragma once

#include <string_view>

namespace dlt::bench::page {

extern const std::string_view uplot_iife_min_js;
extern const std::string_view uplot_min_css;
extern const std::string_view page_js;
extern const std::string_view page_css;
extern const std::string_view license_uplot;

}  // namespace dlt::bench::page

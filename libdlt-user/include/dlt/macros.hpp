// The log call as macros: the same as the functions, but the arguments are not evaluated when the level is off.
//
//   DLT_DEBUG(route, "graph {}", dump_graph());      // dump_graph() runs only if debug is on
#pragma once

#include "dlt/log.hpp"

#define DLT_LOG_AT(CONTEXT, LEVEL, ...)                                                                 \
  ([&](const auto& dlt_context_) __attribute__((always_inline))->bool {                                 \
    return dlt_context_.enabled(LEVEL) && ::dlt::detail::log_enabled(dlt_context_, LEVEL, __VA_ARGS__); \
  }(CONTEXT))

#define DLT_FATAL(CONTEXT, ...) DLT_LOG_AT(CONTEXT, ::dlt::Level::fatal, __VA_ARGS__)
#define DLT_ERROR(CONTEXT, ...) DLT_LOG_AT(CONTEXT, ::dlt::Level::error, __VA_ARGS__)
#define DLT_WARN(CONTEXT, ...) DLT_LOG_AT(CONTEXT, ::dlt::Level::warn, __VA_ARGS__)
#define DLT_INFO(CONTEXT, ...) DLT_LOG_AT(CONTEXT, ::dlt::Level::info, __VA_ARGS__)
#define DLT_DEBUG(CONTEXT, ...) DLT_LOG_AT(CONTEXT, ::dlt::Level::debug, __VA_ARGS__)
#define DLT_VERBOSE(CONTEXT, ...) DLT_LOG_AT(CONTEXT, ::dlt::Level::verbose, __VA_ARGS__)

// Everything that an application needs to log: include this one header, link DltUser::dlt-user.
#pragma once

#include "dlt/context.hpp"
#include "dlt/encode.hpp"
#include "dlt/log.hpp"
#include "dlt/macros.hpp"
#include "dlt/options.hpp"
#include "dlt/session.hpp"
#include "dlt/stats.hpp"

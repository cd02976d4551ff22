// Opens directories and makes files so that nobody else decides where they are.
//
// A directory is walked to name by name. On the way and at its end a symbolic link is followed only if root or this
// process's user made it: what somebody planted in a folder that everybody may write to leads nowhere. Inside a
// directory no link is ever followed. Any thread; blocking calls that do not wait.
#pragma once

#include <string>
#include <vector>

#include <sys/stat.h>

#include "session/fd.hpp"

namespace dlt::daemon {

// What the last directory has to be, and what is made if it is not there.
struct DirectoryRule {
  bool own;      // it belongs to root or this user, and others may write to it only if it is sticky, as /tmp is
  bool parents;  // missing ones are made as well
  mode_t mode;   // of what is made
};
inline constexpr DirectoryRule storage_rule{true, true, 0750};
// Nothing but the names of a lock and of sockets is made or replaced there, so whose it is does not matter.
inline constexpr DirectoryRule socket_rule{false, false, 0755};

// The directory with this absolute path; nothing and `problem`, which names the path that is wrong.
[[nodiscard]] Fd open_directory(const std::string& path, const DirectoryRule& rule, std::string& problem);

// Without the last name; of an absolute path.
[[nodiscard]] std::string directory_of(const std::string& path);

// What is in it, but for "." and ".."; nothing where it cannot be read. Throws std::bad_alloc; an iterator of
// std::filesystem ends the process instead.
[[nodiscard]] std::vector<std::string> names_in(const std::string& directory);

// A new file for writing: its descriptor, or -1 and errno. A name that is taken, by whatever, is EEXIST.
[[nodiscard]] int create_beneath(int directory, const char* name, mode_t mode) noexcept;

// Root, or the user this process acts as: nobody that one has to beware of.
[[nodiscard]] bool is_trusted(uid_t owner) noexcept;

}  // namespace dlt::daemon

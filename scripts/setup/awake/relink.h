#pragma once

#include <initializer_list>

namespace cardinal {

// A function that a library imports, by its linker's name, and what it is to call instead.
struct Replacement {
  template <typename Function>
  Replacement(const char* name, Function* function) : name(name), function(reinterpret_cast<void*>(function)) {}

  const char* name;
  void* function;
};

// Makes the loaded libraries whose file names begin with `prefix` call other functions than those that they were linked
// to; whoever else calls those is not concerned. False where none of them imports any.
bool Relink(const char* prefix, std::initializer_list<Replacement> replacements);

}  // namespace cardinal

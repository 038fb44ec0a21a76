// Whether a picture's text is well-formed XML, as far as elements, attributes and entities go.
#pragma once

#include <string>
#include <vector>

namespace sluice::tools {

// Empty where it is; else what is wrong.
inline std::string XmlComplaint(const std::string& text) {
  std::vector<std::string> open;
  for (size_t i = 0; i < text.size();) {
    if (text[i] == '&') {
      size_t end = text.find(';', i);
      if (end == std::string::npos || end - i > 10) return "a bare &";
      i = end + 1;
      continue;
    }
    if (text[i] != '<') {
      ++i;
      continue;
    }
    if (text.compare(i, 4, "<!--") == 0) {
      i = text.find("-->", i);
      if (i == std::string::npos) return "a comment without end";
      i += 3;
      continue;
    }
    size_t end = i + 1;
    for (bool quoted = false; end < text.size() && (quoted || text[end] != '>'); ++end) {
      if (text[end] == '"') quoted = !quoted;
      if (text[end] == '<') return "< in a tag: " + text.substr(i, 60);
    }
    if (end == text.size()) return "a tag without end: " + text.substr(i, 60);
    std::string tag = text.substr(i + 1, end - i - 1);
    std::string name = tag.substr(0, tag.find_first_of(" \n/", 1));
    if (tag[0] == '/') {
      if (open.empty() || open.back() != tag.substr(1)) return "a stray " + tag;
      open.pop_back();
    } else if (tag[0] != '?' && tag[0] != '!' && tag.back() != '/') {
      open.push_back(name);
    }
    i = end + 1;
  }
  return open.empty() ? "" : "<" + open.back() + "> is not closed";
}

inline int CountOf(const std::string& text, const std::string& part) {
  int count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

}  // namespace sluice::tools

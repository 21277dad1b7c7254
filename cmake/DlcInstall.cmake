# `cmake --install`: filled by the targets' own install rules.

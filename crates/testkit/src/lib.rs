//! Given/when/then, generators, memory ports, fake clock. A dev-dependency only.

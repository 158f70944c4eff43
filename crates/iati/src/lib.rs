//! IATI in: reads published activities and plans the commands that book them.

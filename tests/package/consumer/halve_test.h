#pragma once

// Runs a graph with an op of this project. Returns 0 where it computes what it should; else prints what went wrong.
int halve_test();

"""The outside things of mining: database, event questions, pm4py, Graphviz, worker processes."""

"""The core: arrays, the graph, how an operation is declared, the walk back. It knows no operation."""

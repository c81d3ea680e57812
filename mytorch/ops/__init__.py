"""The operations: functions on arrays, each with its gradient formulas beside it."""

"""Layers, losses and models: torch.nn's names. Names only; the code is in the modules."""

from .container import ModuleDict, ModuleList, ParameterDict, ParameterList, Sequential
from .module import Module
from .parameter import Buffer, Parameter

"""``import torch`` means mytorch from here on, for code that was written for PyTorch and is not edited::

    python -m mytorch train.py …       # a script
    python -m mytorch -m package …     # a module
    import mytorch.as_torch            # in a notebook, before anything that imports torch

``finder.py`` finds what is imported, ``face.py`` is the module ``torch``, ``run.py`` runs a program.
``names/`` holds the modules that packages import and that mean little without PyTorch's C++: a name there
does what it says, or raises NotImplementedError when it is used. Nothing below this room knows of it.
"""

from .finder import install

install()

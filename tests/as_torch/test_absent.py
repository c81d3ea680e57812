"""Parts of torch of which nothing is here: their names are found, and refused when used."""

from tests.as_torch.programs import lines


def test_a_part_that_is_not_here():
    assert lines("""
        import importlib
        module = importlib.import_module("torch.distributed.fsdp.wrap")
        print(module.Policy is module.Policy, isinstance(3, module.Policy), hasattr(module, "__wrapped__"))
        for refused in (module.Policy, module.wrap):
            try:
                refused()
            except NotImplementedError as error:
                print("whole tensors" in str(error))
        try:
            importlib.import_module("torch.nn.nothing")
        except ModuleNotFoundError as error:
            print(error.name)
    """) == ["True False False", "True", "True", "torch.nn.nothing"]
